import { suite } from 'uvu'
import { replaceConstantAggregates } from '#src/planner/optimize/replace-constant-aggregates.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/replace-constant-aggregates')

const cases: readonly RuleCase[] = [
  {
    name: 'no aggregate function is needed',
    sql: 'select 1 as one from t having 1 = 1',
    before: `
      Filter (1 = 1)
      +- Aggregate [], [1 AS one#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Filter (1 = 1)
      +- Project [1 AS one#6]
         +- OneRowRelation
    `,
  },
]

ruleCases(test, replaceConstantAggregates, cases)

test.run()
