import { suite } from 'uvu'
import { replaceDistinctWithAggregate } from '#src/planner/optimize/replace-distinct-with-aggregate.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/replace-distinct-with-aggregate')

const cases: readonly RuleCase[] = [
  {
    name: 'distinct columns are groups',
    sql: 'select distinct a, s from t',
    before: `
      Distinct
      +- Project [a#1, s#3]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Aggregate [a#1, s#3], [a#1, s#3]
      +- Project [a#1, s#3]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, replaceDistinctWithAggregate, cases)

test.run()
