import { suite } from 'uvu'
import { propagateFoldables } from '#src/planner/optimize/propagate-foldables.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/propagate-foldables')

const cases: readonly RuleCase[] = [
  {
    name: 'above an aggregation, in filters and projections',
    sql: "select kind, c from (select s, 'x' as kind, count(*) as c from t group by s) where kind = 'y'",
    before: `
      Project [kind#6, c#7]
      +- Filter (kind#6 = y)
         +- Aggregate [s#3], [s#3, x AS kind#6, count(1) AS c#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [x AS kind#6, c#7]
      +- Filter (x = y)
         +- Aggregate [s#3], [s#3, x AS kind#6, count(1) AS c#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'through an inner join into its condition',
    sql: 'select l.a from (select a, 3L as k from t) l join t r on l.k = r.b',
    before: `
      Project [a#1]
      +- Join Inner, (k#6 = b#8)
         :- Project [a#1, 3 AS k#6]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#7, b#8, s#9, d#10, p#11] parquet
    `,
    after: `
      Project [a#1]
      +- Join Inner, (3 = b#8)
         :- Project [a#1, 3 AS k#6]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#7, b#8, s#9, d#10, p#11] parquet
    `,
  },
  {
    name: 'not of the side that a left join fills with NULLs',
    sql: 'select r.k from t l left join (select a, 3 as k from t) r on l.a = r.a where r.k is null',
    before: `
      Project [k#11]
      +- Filter (k#11 IS NULL)
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Project [a#6, 3 AS k#11]
               +- Relation [a#6, b#7, s#8, d#9, p#10] parquet
    `,
  },
]

ruleCases(test, propagateFoldables, cases)

test.run()
