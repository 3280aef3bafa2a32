import { suite } from 'uvu'
import { pushFilterThroughUnion } from '#src/planner/optimize/push-filter-through-union.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-filter-through-union')

const cases: readonly RuleCase[] = [
  {
    name: 'into every input',
    sql: 'select * from (select a from t union all select x from u) v where v.a > 1',
    before: `
      Project [a#9]
      +- Filter (a#9 > 1)
         +- Union false, false
            :- Project [a#1]
            :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Project [x#7]
               +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [a#9]
      +- Union false, false
         :- Filter (a#1 > 1)
         :  +- Project [a#1]
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (x#7 > 1)
            +- Project [x#7]
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]

ruleCases(test, pushFilterThroughUnion, cases)

test.run()
