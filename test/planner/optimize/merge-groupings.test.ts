import { suite } from 'uvu'
import { mergeGroupings } from '#src/planner/optimize/merge-groupings.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/merge-groupings')

const cases: readonly RuleCase[] = [
  {
    name: 'a condition on the keys differs',
    sql: `select x.c, y.d from (select a, b, count(*) as c from (select * from t where a = 1 and s = 'q') group by a, b) x
          join (select b, a, count(*) + 1 as d from (select * from t where s = 'q' and a = 2) group by a, b) y on x.b = y.b`,
    before: `
      Project [c#6, d#12]
      +- Join Inner, (b#2 = b#8)
         :- Aggregate [a#1, b#2], [a#1, b#2, count(1) AS c#6]
         :  +- Project [a#1, b#2, s#3, d#4, p#5]
         :     +- Filter ((a#1 = 1) AND (s#3 = q))
         :        +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Aggregate [a#7, b#8], [b#8, a#7, (count(1) + cast(1 as bigint)) AS d#12]
            +- Project [a#7, b#8, s#9, d#10, p#11]
               +- Filter ((s#9 = q) AND (a#7 = 2))
                  +- Relation [a#7, b#8, s#9, d#10, p#11] parquet
    `,
    after: `
      Project [c#6, d#12]
      +- Join Inner, (b#2 = b#8)
         :- Project [a#1003 AS a#1, b#1004 AS b#2, count#1008 AS c#6]
         :  +- Filter (a#1003 = 1)
         :     +- Aggregate [a#1003, b#1004], [a#1003, b#1004, count(1) AS count#1008]
         :        +- Filter ((s#1005 = q) AND ((a#1003 = 1) OR (a#1003 = 2)))
         :           +- Relation [a#1003, b#1004, s#1005, d#1006, p#1007] parquet
         +- Project [b#1010 AS b#8, a#1009 AS a#7, (count#1014 + cast(1 as bigint)) AS d#12]
            +- Filter (a#1009 = 2)
               +- Aggregate [a#1009, b#1010], [a#1009, b#1010, count(1) AS count#1014]
                  +- Filter ((s#1011 = q) AND ((a#1009 = 1) OR (a#1009 = 2)))
                     +- Relation [a#1009, b#1010, s#1011, d#1012, p#1013] parquet
    `,
  },
  {
    name: 'a condition on something else',
    sql: `select x.c, y.c from (select a, count(*) as c from (select * from t where s = 'q') group by a) x
          join (select a, count(*) as c from (select * from t where s = 'r') group by a) y on x.a = y.a`,
    before: `
      Project [c#6, c#12]
      +- Join Inner, (a#1 = a#7)
         :- Aggregate [a#1], [a#1, count(1) AS c#6]
         :  +- Project [a#1, b#2, s#3, d#4, p#5]
         :     +- Filter (s#3 = q)
         :        +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Aggregate [a#7], [a#7, count(1) AS c#12]
            +- Project [a#7, b#8, s#9, d#10, p#11]
               +- Filter (s#9 = r)
                  +- Relation [a#7, b#8, s#9, d#10, p#11] parquet
    `,
  },
  {
    name: 'other functions, which may fail on the rows of the other place',
    sql: `select x.c, y.c from (select a, b, count(*) as c from (select * from t where a = 1) group by a, b) x
          join (select a, b, sum(b) as c from (select * from t where a = 2) group by a, b) y on x.b = y.b`,
    before: `
      Project [c#6, c#12]
      +- Join Inner, (b#2 = b#8)
         :- Aggregate [a#1, b#2], [a#1, b#2, count(1) AS c#6]
         :  +- Project [a#1, b#2, s#3, d#4, p#5]
         :     +- Filter (a#1 = 1)
         :        +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Aggregate [a#7, b#8], [a#7, b#8, sum(b#8) AS c#12]
            +- Project [a#7, b#8, s#9, d#10, p#11]
               +- Filter (a#7 = 2)
                  +- Relation [a#7, b#8, s#9, d#10, p#11] parquet
    `,
  },
]

ruleCases(test, mergeGroupings, cases)

test.run()
