import { suite } from 'uvu'
import { propagateNulls } from '#src/planner/optimize/propagate-nulls.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/propagate-nulls')

const cases: readonly RuleCase[] = [
  {
    name: 'a strict call of NULL',
    sql: 'select a + null as x, upper(null) as y from t',
    before: `
      Project [(a#1 + NULL) AS x#6, upper(NULL) AS y#7]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [NULL AS x#6, NULL AS y#7]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'coalesce is not strict',
    sql: 'select coalesce(a, null) as x from t',
    before: `
      Project [coalesce(a#1, NULL) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, propagateNulls, cases)

test.run()
