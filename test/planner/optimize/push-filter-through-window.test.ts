import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { pushFilterThroughWindow } from '#src/planner/optimize/push-filter-through-window.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-filter-through-window')

const cases: readonly RuleCase[] = [
  {
    name: 'a condition on the partition key goes below',
    sql: 'select * from (select a, b, sum(b) over (partition by a) x from t) where a > 1',
    before: `
      Project [a#1, b#2, sum(b)#7 AS x#6]
      +- Filter (a#1 > 1)
         +- Window [sum(b#2) windowspecdefinition(a#1) AS sum(b)#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1, b#2, sum(b)#7 AS x#6]
      +- Window [sum(b#2) windowspecdefinition(a#1) AS sum(b)#7]
         +- Filter (a#1 > 1)
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'one on the function stays',
    sql: 'select * from (select a, b, sum(b) over (partition by a) x from t) where x > 1 and a > 1',
    before: `
      Project [a#1, b#2, sum(b)#7 AS x#6]
      +- Filter ((sum(b)#7 > cast(1 as bigint)) AND (a#1 > 1))
         +- Window [sum(b#2) windowspecdefinition(a#1) AS sum(b)#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1, b#2, sum(b)#7 AS x#6]
      +- Filter (sum(b)#7 > cast(1 as bigint))
         +- Window [sum(b#2) windowspecdefinition(a#1) AS sum(b)#7]
            +- Filter (a#1 > 1)
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'one on another column stays',
    sql: 'select * from (select a, b, sum(b) over (partition by a) x from t) where b > 1',
    before: `
      Project [a#1, b#2, sum(b)#7 AS x#6]
      +- Filter (b#2 > cast(1 as bigint))
         +- Window [sum(b#2) windowspecdefinition(a#1) AS sum(b)#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, pushFilterThroughWindow, cases, [pushFilterThroughProject, collapseProjects])

test.run()
