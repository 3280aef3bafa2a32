import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { combineFilters } from '#src/planner/optimize/combine-filters.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/combine-filters')

const cases: readonly RuleCase[] = [
  {
    name: 'two filters are one',
    sql: 'select * from (select * from t where a > 1) where b > 2',
    before: `
      Filter (b#2 > cast(2 as bigint))
      +- Filter (a#1 > 1)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Filter ((a#1 > 1) AND (b#2 > cast(2 as bigint)))
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, combineFilters, cases, [collapseProjects])

test.run()
