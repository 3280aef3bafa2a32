import { suite } from 'uvu'
import { foldConstants } from '#src/planner/optimize/fold-constants.js'
import { pruneFilters } from '#src/planner/optimize/prune-filters.js'
import { simplifyBooleans } from '#src/planner/optimize/simplify-booleans.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/prune-filters')

const cases: readonly RuleCase[] = [
  {
    name: 'always true',
    sql: 'select a from t where 1 = 1',
    before: `
      Project [a#1]
      +- Filter true
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'never true',
    sql: 'select a from t where 1 = 2',
    before: `
      Project [a#1]
      +- Filter false
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- LocalRelation <empty>, [a#1, b#2, s#3, d#4, p#5]
    `,
  },
  {
    name: 'NULL is not true',
    sql: 'select a from t where null',
    before: `
      Project [a#1]
      +- Filter NULL
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- LocalRelation <empty>, [a#1, b#2, s#3, d#4, p#5]
    `,
  },
]

ruleCases(test, pruneFilters, cases, [foldConstants, simplifyBooleans])

test.run()
