import { suite } from 'uvu'
import { removeRepeatedGroups } from '#src/planner/optimize/remove-repeated-groups.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/remove-repeated-groups')

const cases: readonly RuleCase[] = [
  {
    name: 'the same key twice',
    sql: 'select s, count(*) as c from t group by s, upper(s), s',
    before: `
      Aggregate [s#3, upper(s#3), s#3], [s#3, count(1) AS c#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Aggregate [s#3, upper(s#3)], [s#3, count(1) AS c#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'different keys stay',
    sql: 'select s, count(*) as c from t group by s, a',
    before: `
      Aggregate [s#3, a#1], [s#3, count(1) AS c#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, removeRepeatedGroups, cases)

test.run()
