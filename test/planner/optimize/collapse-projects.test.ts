import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/collapse-projects')

const cases: readonly RuleCase[] = [
  {
    name: 'a choice of columns',
    sql: 'select a from (select a, b from t)',
    before: `
      Project [a#1]
      +- Project [a#1, b#2]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'an expression used once',
    sql: 'select x + 1 as y from (select a * 2 as x from t)',
    before: `
      Project [(x#6 + 1) AS y#7]
      +- Project [(a#1 * 2) AS x#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [((a#1 * 2) + 1) AS y#7]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'an expression used twice stays',
    sql: 'select x + x as y from (select a * 2 as x from t)',
    before: `
      Project [(x#6 + x#6) AS y#7]
      +- Project [(a#1 * 2) AS x#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'random values stay',
    sql: 'select r + 1 as y from (select rand() as r from t)',
    before: `
      Project [(r#6 + cast(1 as double)) AS y#7]
      +- Project [rand() AS r#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'all columns as they are',
    sql: 'select a, b, s, d, p from t',
    before: `
      Project [a#1, b#2, s#3, d#4, p#5]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, collapseProjects, cases)

test.run()
