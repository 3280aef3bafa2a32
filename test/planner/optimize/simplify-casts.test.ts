import { suite } from 'uvu'
import { simplifyCasts } from '#src/planner/optimize/simplify-casts.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/simplify-casts')

const cases: readonly RuleCase[] = [
  {
    name: 'widening below a cast goes',
    sql: 'select cast(cast(a as bigint) as int) as x from t',
    before: `
      Project [cast(cast(a#1 as bigint) as int) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1 AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'narrowing below a cast stays',
    sql: 'select cast(cast(b as int) as bigint) as x from t',
    before: `
      Project [cast(cast(b#2 as int) as bigint) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a text of a decimal keeps its scale',
    sql: 'select cast(cast(p as decimal(12,4)) as string) as x from t',
    before: `
      Project [cast(cast(p#5 as decimal(12,4)) as string) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, simplifyCasts, cases)

test.run()
