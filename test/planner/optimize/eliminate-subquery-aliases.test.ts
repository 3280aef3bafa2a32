import { suite } from 'uvu'
import { eliminateSubqueryAliases } from '#src/planner/optimize/eliminate-subquery-aliases.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/eliminate-subquery-aliases')

const cases: readonly RuleCase[] = [
  {
    name: 'aliases of tables and subqueries',
    sql: 'select x.a from (select a from t) x',
    before: `
      Project [a#1]
      +- SubqueryAlias x
         +- Project [a#1]
            +- SubqueryAlias t
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Project [a#1]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, eliminateSubqueryAliases, cases)

test.run()
