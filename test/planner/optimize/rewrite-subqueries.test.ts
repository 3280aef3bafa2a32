import { suite } from 'uvu'
import { rewriteSubqueries } from '#src/planner/optimize/rewrite-subqueries.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/rewrite-subqueries')

const cases: readonly RuleCase[] = [
  {
    name: 'EXISTS is a semi join',
    sql: 'select a from t where exists (select 1 from u where u.a = t.a)',
    before: `
      Project [a#1]
      +- Filter exists#10 [a#1]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Join LeftSemi, (a#6 = a#1)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [1 AS 1#9, a#6]
            +- SubqueryAlias u
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'NOT EXISTS is an anti join',
    sql: 'select a from t where b > 1 and not exists (select 1 from u where u.a = t.a and u.x > 2)',
    before: `
      Project [a#1]
      +- Filter ((b#2 > cast(1 as bigint)) AND (NOT exists#10 [a#1]))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Join LeftAnti, (a#6 = a#1)
         :- Filter (b#2 > cast(1 as bigint))
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [1 AS 1#9, a#6]
            +- Filter (x#7 > 2)
               +- SubqueryAlias u
                  +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'NOT IN counts what is unknown',
    sql: 'select a from t where a not in (select x from u)',
    before: `
      Project [a#1]
      +- Filter (NOT (a#1 IN (list#9 [])))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Project [a#1, b#2, s#3, d#4, p#5]
         +- Filter ((all#1004 = 0) OR ((a#1 IS NOT NULL) AND (all#1004 = present#1005)))
            +- Join Cross
               :- Join LeftAnti, (a#1 = x#7)
               :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
               :  +- Project [x#7]
               :     +- SubqueryAlias u
               :        +- Relation [a#6, x#7, y#8] parquet
               +- Aggregate [], [count(1) AS all#1004, count(x#1002) AS present#1005]
                  +- Project [x#1002]
                     +- SubqueryAlias u
                        +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'a correlated value is a left join on groups',
    sql: 'select b, (select max(x) from u where u.a = t.a) from t',
    before: `
      Project [b#2, scalar-subquery#10 [a#1] AS scalarsubquery()#11]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [b#2, max(x)#9 AS scalarsubquery()#11]
      +- Join LeftOuter, (a#6 = a#1)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Aggregate [a#6], [max(x#7) AS max(x)#9, a#6]
            +- SubqueryAlias u
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'count of nothing is 0',
    sql: 'select b, (select count(*) from u where u.a = t.a) from t',
    before: `
      Project [b#2, scalar-subquery#10 [a#1] AS scalarsubquery()#11]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [b#2, CASE WHEN (matched#1001 IS NULL) THEN 0 ELSE count(1)#9 END AS scalarsubquery()#11]
      +- Join LeftOuter, (a#6 = a#1)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [count(1)#9, a#6, true AS matched#1001]
            +- Aggregate [a#6], [count(1) AS count(1)#9, a#6]
               +- SubqueryAlias u
                  +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'a value without correlation is a cross join',
    sql: 'select a from t where a > (select max(x) from u)',
    before: `
      Project [a#1]
      +- Filter (a#1 > scalar-subquery#10 [])
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Project [a#1, b#2, s#3, d#4, p#5]
         +- Filter (a#1 > max(x)#9)
            +- Join Cross
               :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
               +- Aggregate [], [max(x#7) AS max(x)#9]
                  +- SubqueryAlias u
                     +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'an inequality goes by the combinations',
    sql: 'select b, (select max(x) from u where u.a < t.a) from t',
    before: `
      Project [b#2, scalar-subquery#10 [a#1] AS scalarsubquery()#11]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [b#2, max(x)#9 AS scalarsubquery()#11]
      +- Join LeftOuter, (a#1 <=> a#1008)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [max(x)#1006 AS max(x)#9, a#1008]
            +- Join LeftOuter, (a#1008 <=> a#1001)
               :- Aggregate [a#1008], [a#1008]
               :  +- Relation [a#1008, b#1009, s#1010, d#1011, p#1012] parquet
               +- Aggregate [a#1001], [max(x#7) AS max(x)#1006, true AS matched#1007, a#1001]
                  +- Filter (a#6 < a#1001)
                     +- Join Cross
                        :- Aggregate [a#1001], [a#1001]
                        :  +- Relation [a#1001, b#1002, s#1003, d#1004, p#1005] parquet
                        +- SubqueryAlias u
                           +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'a lateral join',
    sql: 'select t.b, l.x from t, lateral (select x from u where u.a = t.a) l',
    before: `
      Project [b#2, x#7]
      +- LateralJoin Inner
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [x#7]
            +- Filter (a#6 = a#1)
               +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2, x#7]
      +- Project [a#1, b#2, s#3, d#4, p#5, x#7]
         +- Join Inner, (a#6 = a#1)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Project [x#7, a#6]
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'nothing to do',
    sql: 'select a from t where a > 1',
    before: `
      Project [a#1]
      +- Filter (a#1 > 1)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, rewriteSubqueries, cases)

test.run()
