import { suite } from 'uvu'
import { pullOutJoinKeys } from '#src/planner/optimize/pull-out-join-keys.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/pull-out-join-keys')

const cases: readonly RuleCase[] = [
  {
    name: 'a cast key becomes a column',
    sql: 'select t.s, u.y from t join u on t.b = u.a',
    before: `
      Project [s#3, y#8]
      +- Join Inner, (b#2 = cast(a#6 as bigint))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [s#3, y#8]
      +- Project [a#1, b#2, s#3, d#4, p#5, a#6, x#7, y#8]
         +- Join Inner, (b#2 = a#1001)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Project [a#6, x#7, y#8, cast(a#6 as bigint) AS a#1001]
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'plain columns stay',
    sql: 'select t.s from t join u on t.a = u.a and t.b > u.x',
    before: `
      Project [s#3]
      +- Join Inner, ((a#1 = a#6) AND (b#2 > cast(x#7 as bigint)))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'an expression of one side',
    sql: 'select t.s from t left join u on t.a + 1 = u.x',
    before: `
      Project [s#3]
      +- Join LeftOuter, ((a#1 + 1) = x#7)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [s#3]
      +- Project [a#1, b#2, s#3, d#4, p#5, a#6, x#7, y#8]
         +- Join LeftOuter, (key#1001 = x#7)
            :- Project [a#1, b#2, s#3, d#4, p#5, (a#1 + 1) AS key#1001]
            :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]

ruleCases(test, pullOutJoinKeys, cases)

test.run()
