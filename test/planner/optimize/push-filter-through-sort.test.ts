import { suite } from 'uvu'
import { pushFilterThroughSort } from '#src/planner/optimize/push-filter-through-sort.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-filter-through-sort')

const cases: readonly RuleCase[] = [
  {
    name: 'below a sort',
    sql: 'select * from (select * from t order by a) where b > 1',
    before: `
      Project [a#1, b#2, s#3, d#4, p#5]
      +- Filter (b#2 > cast(1 as bigint))
         +- Sort [a#1 ASC NULLS FIRST], true
            +- Project [a#1, b#2, s#3, d#4, p#5]
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1, b#2, s#3, d#4, p#5]
      +- Sort [a#1 ASC NULLS FIRST], true
         +- Filter (b#2 > cast(1 as bigint))
            +- Project [a#1, b#2, s#3, d#4, p#5]
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'below distinct',
    sql: 'select * from (select distinct a from t) where a > 1',
    before: `
      Project [a#1]
      +- Filter (a#1 > 1)
         +- Distinct
            +- Project [a#1]
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Distinct
         +- Filter (a#1 > 1)
            +- Project [a#1]
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, pushFilterThroughSort, cases)

test.run()
