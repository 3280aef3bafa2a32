import { suite } from 'uvu'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-filter-through-project')

const cases: readonly RuleCase[] = [
  {
    name: 'over what a column stands for',
    sql: 'select x from (select a + 1 as x, s from t) where x > 3',
    before: `
      Project [x#6]
      +- Filter (x#6 > 3)
         +- Project [(a#1 + 1) AS x#6, s#3]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [x#6]
      +- Project [(a#1 + 1) AS x#6, s#3]
         +- Filter ((a#1 + 1) > 3)
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'not below random values',
    sql: 'select r from (select rand() as r from t) where r > 0.5',
    before: `
      Project [r#6]
      +- Filter (r#6 > cast(0.5 as double))
         +- Project [rand() AS r#6]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, pushFilterThroughProject, cases)

test.run()
