import { suite } from 'uvu'
import { foldConstants } from '#src/planner/optimize/fold-constants.js'
import { simplifyBooleans } from '#src/planner/optimize/simplify-booleans.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/simplify-booleans')

const cases: readonly RuleCase[] = [
  {
    name: 'true and, false or',
    sql: 'select a from t where (1 = 1 and a > 1) or 1 = 2',
    before: `
      Project [a#1]
      +- Filter ((true AND (a#1 > 1)) OR false)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter (a#1 > 1)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'decided conjunction',
    sql: 'select a from t where a > 1 and 1 = 2',
    before: `
      Project [a#1]
      +- Filter ((a#1 > 1) AND false)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter false
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'negated comparisons turn round',
    sql: 'select a from t where not (a > 1) and not (s is null)',
    before: `
      Project [a#1]
      +- Filter ((NOT (a#1 > 1)) AND (NOT (s#3 IS NULL)))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter ((a#1 <= 1) AND (s#3 IS NOT NULL))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'never NULL',
    sql: 'select a from u where a is not null',
    before: `
      Project [a#1]
      +- Filter (a#1 IS NOT NULL)
         +- Relation [a#1, x#2, y#3] parquet
    `,
    after: `
      Project [a#1]
      +- Filter true
         +- Relation [a#1, x#2, y#3] parquet
    `,
  },
  {
    name: 'decided branches of CASE',
    sql: 'select case when 1 = 2 then a when 1 = 1 then x else 3 end as c from u',
    before: `
      Project [CASE WHEN false THEN a#1 WHEN true THEN x#2 ELSE 3 END AS c#4]
      +- Relation [a#1, x#2, y#3] parquet
    `,
    after: `
      Project [x#2 AS c#4]
      +- Relation [a#1, x#2, y#3] parquet
    `,
  },
  {
    name: 'the same condition twice',
    sql: 'select a from t where a > 1 and a > 1',
    before: `
      Project [a#1]
      +- Filter ((a#1 > 1) AND (a#1 > 1))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter (a#1 > 1)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a common factor',
    sql: "select a from t where (a = 1 and b = 2) or (s = 'x' and a = 1) or (a = 1 and b = 7)",
    before: `
      Project [a#1]
      +- Filter ((((a#1 = 1) AND (b#2 = 2)) OR ((s#3 = x) AND (a#1 = 1))) OR ((a#1 = 1) AND (b#2 = 7)))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter ((a#1 = 1) AND (((b#2 = 2) OR (s#3 = x)) OR (b#2 = 7)))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a factor that is all of one side',
    sql: "select a from t where a = 1 or (s = 'x' and a = 1)",
    before: `
      Project [a#1]
      +- Filter ((a#1 = 1) OR ((s#3 = x) AND (a#1 = 1)))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter (a#1 = 1)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, simplifyBooleans, cases, [foldConstants])

test.run()
