import { suite } from 'uvu'
import { removeLiteralGroups } from '#src/planner/optimize/remove-literal-groups.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/remove-literal-groups')

const cases: readonly RuleCase[] = [
  {
    name: 'beside a column',
    sql: "select s, 1 as one, count(*) as c from t group by s, 1 + 0, 'x'",
    before: `
      Aggregate [s#3, (1 + 0), x], [s#3, 1 AS one#6, count(1) AS c#7]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Aggregate [s#3, (1 + 0)], [s#3, 1 AS one#6, count(1) AS c#7]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'the only key stays',
    sql: "select count(*) as c from t group by 'x'",
    before: `
      Aggregate [x], [count(1) AS c#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, removeLiteralGroups, cases)

test.run()
