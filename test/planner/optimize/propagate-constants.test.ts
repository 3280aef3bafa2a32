import { suite } from 'uvu'
import { foldConstants } from '#src/planner/optimize/fold-constants.js'
import { propagateConstants } from '#src/planner/optimize/propagate-constants.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/propagate-constants')

const cases: readonly RuleCase[] = [
  {
    name: 'into a comparison',
    sql: 'select b from u, t where t.b = 5L and t.b > u.x',
    before: `
      Project [b#5]
      +- Filter ((b#5 = 5) AND (b#5 > cast(x#2 as bigint)))
         +- Join Cross
            :- Relation [a#1, x#2, y#3] parquet
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Project [b#5]
      +- Filter ((b#5 = 5) AND (5 > cast(x#2 as bigint)))
         +- Join Cross
            :- Relation [a#1, x#2, y#3] parquet
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'into several places',
    sql: "select t.b from t, u where t.a = 5 and (t.a < u.x or not (t.a = u.a) and u.y = 'a')",
    before: `
      Project [b#2]
      +- Filter ((a#1 = 5) AND ((a#1 < x#7) OR ((NOT (a#1 = a#6)) AND (y#8 = a))))
         +- Join Cross
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter ((a#1 = 5) AND ((5 < x#7) OR ((NOT (5 = a#6)) AND (y#8 = a))))
         +- Join Cross
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'an equality of columns stays',
    sql: 'select t.b from t, u where t.a = 5 and t.a = u.a',
    before: `
      Project [b#2]
      +- Filter ((a#1 = 5) AND (a#1 = a#6))
         +- Join Cross
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not into what may fail',
    sql: 'select b from t where a = 0 and 10 / a > 1',
    before: `
      Project [b#2]
      +- Filter ((a#1 = 0) AND ((10.0 / cast(a#1 as double)) > 1.0))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'not from an alternative',
    sql: 'select b from t where b = 5L or b + 1L > 7L',
    before: `
      Project [b#2]
      +- Filter ((b#2 = 5) OR ((b#2 + 1) > 7))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'two values of one column: neither goes into the other',
    sql: 'select b from t where b = 5L and b = 6L',
    before: `
      Project [b#2]
      +- Filter ((b#2 = 5) AND (b#2 = 6))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a floating-point number is not what it equals',
    sql: "select b from t where d = 0D and cast(d as string) = '-0.0'",
    before: `
      Project [b#2]
      +- Filter ((d#4 = 0.0) AND (cast(d#4 as string) = -0.0))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'not from NULL',
    sql: 'select b from t where s = null and length(s) > 1',
    before: `
      Project [b#2]
      +- Filter ((s#3 = NULL) AND (length(s#3) > 1))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]
ruleCases(test, propagateConstants, cases, [foldConstants])
test.run()
