import { suite } from 'uvu'
import { pushLimitDown } from '#src/planner/optimize/push-limit-down.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-limit-down')

const cases: readonly RuleCase[] = [
  {
    name: 'below a projection',
    sql: 'select a + 1 as x from t limit 3',
    before: `
      Limit 3
      +- Project [(a#1 + 1) AS x#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [(a#1 + 1) AS x#6]
      +- Limit 3
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'the smaller of two',
    sql: 'select * from (select a from t limit 5) limit 3',
    before: `
      Limit 3
      +- Project [a#1]
         +- Limit 5
            +- Project [a#1]
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Project [a#1]
         +- Limit 3
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'into a union',
    sql: 'select a from t union all select x from u limit 3',
    before: `
      Limit 3
      +- Union false, false
         :- Project [a#1]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [x#7]
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Limit 3
      +- Union false, false
         :- Project [a#1]
         :  +- Limit 3
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [x#7]
            +- Limit 3
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]

ruleCases(test, pushLimitDown, cases)

test.run()
