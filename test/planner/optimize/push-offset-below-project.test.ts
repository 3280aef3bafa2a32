import { suite } from 'uvu'
import { pushOffsetBelowProject } from '#src/planner/optimize/push-offset-below-project.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-offset-below-project')

const cases: readonly RuleCase[] = [
  {
    name: 'below a projection',
    sql: 'select a + 1 as x from t offset 3',
    before: `
      Offset 3
      +- Project [(a#1 + 1) AS x#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [(a#1 + 1) AS x#6]
      +- Offset 3
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, pushOffsetBelowProject, cases)

test.run()
