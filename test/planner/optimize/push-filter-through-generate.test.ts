import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { pushFilterThroughGenerate } from '#src/planner/optimize/push-filter-through-generate.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-filter-through-generate')

const cases: readonly RuleCase[] = [
  {
    name: 'a condition on the input goes below',
    sql: 'select a, x from t lateral view explode(array(a, 1)) v as x where a > 1',
    before: `
      Project [a#1, x#6]
      +- Filter (a#1 > 1)
         +- Generate explode(array(a#1, 1)), false, [x#6]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1, x#6]
      +- Generate explode(array(a#1, 1)), false, [x#6]
         +- Filter (a#1 > 1)
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'one on what is made stays',
    sql: 'select a, x from t lateral view explode(array(a, 1)) v as x where a > 1 and x > 2',
    before: `
      Project [a#1, x#6]
      +- Filter ((a#1 > 1) AND (x#6 > 2))
         +- Generate explode(array(a#1, 1)), false, [x#6]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1, x#6]
      +- Filter (x#6 > 2)
         +- Generate explode(array(a#1, 1)), false, [x#6]
            +- Filter (a#1 > 1)
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'on what is made alone',
    sql: 'select a, x from t lateral view explode(array(a, 1)) v as x where x > 2',
    before: `
      Project [a#1, x#6]
      +- Filter (x#6 > 2)
         +- Generate explode(array(a#1, 1)), false, [x#6]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, pushFilterThroughGenerate, cases, [pushFilterThroughProject, collapseProjects])

test.run()
