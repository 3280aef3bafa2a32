import { suite } from 'uvu'
import { foldConstants } from '#src/planner/optimize/fold-constants.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/fold-constants')

const cases: readonly RuleCase[] = [
  {
    name: 'arithmetic and comparison',
    sql: 'select 1 + 2 * 3 as x, a from t where 1 < 2',
    before: `
      Project [(1 + (2 * 3)) AS x#6, a#1]
      +- Filter (1 < 2)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [7 AS x#6, a#1]
      +- Filter true
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'overflow stays, to fail when it runs',
    sql: 'select 2147483647 + 1 as x from t',
    before: `
      Project [(2147483647 + 1) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'division stays',
    sql: 'select 1 / 0 as x from t',
    before: `
      Project [(cast(1 as double) / cast(0 as double)) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [(1.0 / 0.0) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a text as a date',
    sql: "select a from t where date '2024-01-01' = '2024-01-01'",
    before: `
      Project [a#1]
      +- Filter (DATE '2024-01-01' = cast(2024-01-01 as date))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter true
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, foldConstants, cases)

test.run()
