import { suite } from 'uvu'
import { eliminateLimits } from '#src/planner/optimize/eliminate-limits.js'
import { pushLimitDown } from '#src/planner/optimize/push-limit-down.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/eliminate-limits')

const cases: readonly RuleCase[] = [
  {
    name: 'one row is enough',
    sql: 'select sum(b) as x from t limit 5',
    before: `
      Limit 5
      +- Aggregate [], [sum(b#2) AS x#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Aggregate [], [sum(b#2) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'constant rows are cut',
    sql: 'select * from values (1), (2), (3) as v(a) limit 2',
    before: `
      Project [a#2]
      +- Project [col1#1 AS a#2]
         +- Limit 2
            +- LocalRelation [col1#1]
    `,
    after: `
      Project [a#2]
      +- Project [col1#1 AS a#2]
         +- LocalRelation [col1#1]
    `,
  },
  {
    name: 'offset 0',
    sql: 'select a from t offset 0',
    before: `
      Offset 0
      +- Project [a#1]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'others stay',
    sql: 'select a from t limit 5',
    before: `
      Project [a#1]
      +- Limit 5
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, eliminateLimits, cases, [pushLimitDown])

test.run()
