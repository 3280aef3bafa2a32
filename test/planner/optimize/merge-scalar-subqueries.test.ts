import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { eliminateSubqueryAliases } from '#src/planner/optimize/eliminate-subquery-aliases.js'
import { mergeScalarSubqueries } from '#src/planner/optimize/merge-scalar-subqueries.js'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { rewriteSubqueries } from '#src/planner/optimize/rewrite-subqueries.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/merge-scalar-subqueries')

const cases: readonly RuleCase[] = [
  {
    name: 'the same rows, other aggregates',
    sql: 'select (select max(b) from t) as x, (select sum(d) from t) as y from u',
    before: `
      Project [max(b)#9 AS x#11, sum(d)#17 AS y#19]
      +- Join Cross
         :- Join Cross
         :  :- Relation [a#1, x#2, y#3] parquet
         :  +- Aggregate [], [max(b#5) AS max(b)#9]
         :     +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
         +- Aggregate [], [sum(d#15) AS sum(d)#17]
            +- Relation [a#12, b#13, s#14, d#15, p#16] parquet
    `,
    after: `
      Project [max(b)#9 AS x#11, sum(d)#17 AS y#19]
      +- Project [a#1, x#2, y#3, max(b)#9, sum(d)#17]
         +- Join Cross
            :- Relation [a#1, x#2, y#3] parquet
            +- Aggregate [], [max(b#5) AS max(b)#9, sum(d#7) AS sum(d)#17]
               +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'other rows',
    sql: 'select (select count(*) from t where a < 5) as x, (select max(b) from t where a > 9) as y from u',
    before: `
      Project [count(1)#9 AS x#11, max(b)#17 AS y#19]
      +- Join Cross
         :- Join Cross
         :  :- Relation [a#1, x#2, y#3] parquet
         :  +- Aggregate [], [count(1) AS count(1)#9]
         :     +- Filter (a#4 < 5)
         :        +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
         +- Aggregate [], [max(b#13) AS max(b)#17]
            +- Filter (a#12 > 9)
               +- Relation [a#12, b#13, s#14, d#15, p#16] parquet
    `,
    after: `
      Project [count(1)#9 AS x#11, max(b)#17 AS y#19]
      +- Project [a#1, x#2, y#3, count(1)#9, max(b)#17]
         +- Join Cross
            :- Relation [a#1, x#2, y#3] parquet
            +- Aggregate [], [count(1) FILTER (WHERE (a#4 < 5)) AS count(1)#9, max(b#5) FILTER (WHERE (a#4 > 9)) AS max(b)#17]
               +- Filter ((a#4 < 5) OR (a#4 > 9))
                  +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'all rows and some',
    sql: 'select (select count(*) from t) as x, (select count(*) from t where a > 9) as y from u',
    before: `
      Project [count(1)#9 AS x#11, count(1)#17 AS y#19]
      +- Join Cross
         :- Join Cross
         :  :- Relation [a#1, x#2, y#3] parquet
         :  +- Aggregate [], [count(1) AS count(1)#9]
         :     +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
         +- Aggregate [], [count(1) AS count(1)#17]
            +- Filter (a#12 > 9)
               +- Relation [a#12, b#13, s#14, d#15, p#16] parquet
    `,
    after: `
      Project [count(1)#9 AS x#11, count(1)#17 AS y#19]
      +- Project [a#1, x#2, y#3, count(1)#9, count(1)#17]
         +- Join Cross
            :- Relation [a#1, x#2, y#3] parquet
            +- Aggregate [], [count(1) AS count(1)#9, count(1) FILTER (WHERE (a#4 > 9)) AS count(1)#17]
               +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'in a condition',
    sql: 'select x from u where x > (select min(a) from t) and x < (select max(a) from t)',
    before: `
      Project [x#2]
      +- Join Inner, (x#2 < max(a)#16)
         :- Join Inner, (x#2 > min(a)#9)
         :  :- Relation [a#1, x#2, y#3] parquet
         :  +- Aggregate [], [min(a#4) AS min(a)#9]
         :     +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
         +- Aggregate [], [max(a#11) AS max(a)#16]
            +- Relation [a#11, b#12, s#13, d#14, p#15] parquet
    `,
    after: `
      Project [x#2]
      +- Filter ((x#2 > min(a)#9) AND (x#2 < max(a)#16))
         +- Join Cross
            :- Relation [a#1, x#2, y#3] parquet
            +- Aggregate [], [min(a#4) AS min(a)#9, max(a#4) AS max(a)#16]
               +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'subqueries of FROM',
    sql: 'select * from (select avg(b) as x from t where a = 1) p, (select count(distinct b) as y from t where a = 2) q',
    before: `
      Join Cross
      :- Aggregate [], [avg(b#2) AS x#6]
      :  +- Filter (a#1 = 1)
      :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Aggregate [], [count(distinct b#8) AS y#12]
         +- Filter (a#7 = 2)
            +- Relation [a#7, b#8, s#9, d#10, p#11] parquet
    `,
    after: `
      Project [x#6, y#12]
      +- Aggregate [], [avg(b#2) FILTER (WHERE (a#1 = 1)) AS x#6, count(distinct b#2) FILTER (WHERE (a#1 = 2)) AS y#12]
         +- Filter ((a#1 = 1) OR (a#1 = 2))
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'over joins, one input of which has other conditions',
    sql: "select * from (select count(*) as x from t join u on t.a = u.a where u.y = 'a' and t.b = 3) p, (select count(*) as y from t join u on t.a = u.a where u.y = 'b' and t.b = 3) q",
    before: `
      Join Cross
      :- Aggregate [], [count(1) AS x#9]
      :  +- Join Inner, (a#1 = a#6)
      :     :- Filter (b#2 = cast(3 as bigint))
      :     :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      :     +- Filter (y#8 = a)
      :        +- Relation [a#6, x#7, y#8] parquet
      +- Aggregate [], [count(1) AS y#18]
         +- Join Inner, (a#10 = a#15)
            :- Filter (b#11 = cast(3 as bigint))
            :  +- Relation [a#10, b#11, s#12, d#13, p#14] parquet
            +- Filter (y#17 = b)
               +- Relation [a#15, x#16, y#17] parquet
    `,
    after: `
      Project [x#9, y#18]
      +- Aggregate [], [count(1) FILTER (WHERE (y#8 = a)) AS x#9, count(1) FILTER (WHERE (y#8 = b)) AS y#18]
         +- Join Inner, (a#1 = a#6)
            :- Filter (b#2 = cast(3 as bigint))
            :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Filter ((y#8 = a) OR (y#8 = b))
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not when two inputs have',
    sql: "select * from (select count(*) as x from t join u on t.a = u.a where u.y = 'a' and t.b = 3) p, (select count(*) as y from t join u on t.a = u.a where u.y = 'b' and t.b = 4) q",
    before: `
      Join Cross
      :- Aggregate [], [count(1) AS x#9]
      :  +- Join Inner, (a#1 = a#6)
      :     :- Filter (b#2 = cast(3 as bigint))
      :     :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      :     +- Filter (y#8 = a)
      :        +- Relation [a#6, x#7, y#8] parquet
      +- Aggregate [], [count(1) AS y#18]
         +- Join Inner, (a#10 = a#15)
            :- Filter (b#11 = cast(4 as bigint))
            :  +- Relation [a#10, b#11, s#12, d#13, p#14] parquet
            +- Filter (y#17 = b)
               +- Relation [a#15, x#16, y#17] parquet
    `,
  },
  {
    name: 'over a semi join, conditions on the left',
    sql: 'select * from (select count(*) as x from t where b = 1 and a in (select a from u)) p, (select count(*) as y from t where b = 2 and a in (select a from u)) q',
    before: `
      Join Cross
      :- Aggregate [], [count(1) AS x#10]
      :  +- Join LeftSemi, (a#1 = a#6)
      :     :- Filter (b#2 = cast(1 as bigint))
      :     :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      :     +- Project [a#6]
      :        +- Relation [a#6, x#7, y#8] parquet
      +- Aggregate [], [count(1) AS y#20]
         +- Join LeftSemi, (a#11 = a#16)
            :- Filter (b#12 = cast(2 as bigint))
            :  +- Relation [a#11, b#12, s#13, d#14, p#15] parquet
            +- Project [a#16]
               +- Relation [a#16, x#17, y#18] parquet
    `,
    after: `
      Project [x#10, y#20]
      +- Aggregate [], [count(1) FILTER (WHERE (b#2 = cast(1 as bigint))) AS x#10, count(1) FILTER (WHERE (b#2 = cast(2 as bigint))) AS y#20]
         +- Join LeftSemi, (a#1 = a#6)
            :- Filter ((b#2 = cast(1 as bigint)) OR (b#2 = cast(2 as bigint)))
            :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not on the right of a semi join',
    sql: 'select * from (select count(*) as x from t where a in (select a from u where x = 1)) p, (select count(*) as y from t where a in (select a from u where x = 2)) q',
    before: `
      Join Cross
      :- Aggregate [], [count(1) AS x#10]
      :  +- Join LeftSemi, (a#1 = a#6)
      :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      :     +- Project [a#6]
      :        +- Filter (x#7 = 1)
      :           +- Relation [a#6, x#7, y#8] parquet
      +- Aggregate [], [count(1) AS y#20]
         +- Join LeftSemi, (a#11 = a#16)
            :- Relation [a#11, b#12, s#13, d#14, p#15] parquet
            +- Project [a#16]
               +- Filter (x#17 = 2)
                  +- Relation [a#16, x#17, y#18] parquet
    `,
  },
  {
    name: 'through computed columns',
    sql: 'select * from (select max(k) as x from (select a + 1 as k, b from t where d = 1D) where b = 1) p, (select min(k) as y from (select a + 1 as k, b from t where d = 2D) where b = 1) q',
    before: `
      Join Cross
      :- Aggregate [], [max(k#6) AS x#7]
      :  +- Project [(a#1 + 1) AS k#6, b#2]
      :     +- Filter (b#2 = cast(1 as bigint))
      :        +- Filter (d#4 = 1.0)
      :           +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Aggregate [], [min(k#13) AS y#14]
         +- Project [(a#8 + 1) AS k#13, b#9]
            +- Filter (b#9 = cast(1 as bigint))
               +- Filter (d#11 = 2.0)
                  +- Relation [a#8, b#9, s#10, d#11, p#12] parquet
    `,
    after: `
      Project [x#7, y#14]
      +- Aggregate [], [max(k#6) FILTER (WHERE own#1003) AS x#7, min(k#6) FILTER (WHERE own#1004) AS y#14]
         +- Project [(a#1 + 1) AS k#6, b#2, (d#4 = 1.0) AS own#1003, (d#4 = 2.0) AS own#1004]
            +- Filter (b#2 = cast(1 as bigint))
               +- Filter ((d#4 = 1.0) OR (d#4 = 2.0))
                  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'not through columns computed by one alone, which may fail',
    sql: 'select * from (select max(k) as x from (select a + 1 as k, b from t where d = 1D) where b = 1) p, (select min(b) as y from t where d = 2D and b = 1) q',
    before: `
      Join Cross
      :- Aggregate [], [max(k#6) AS x#7]
      :  +- Project [(a#1 + 1) AS k#6, b#2]
      :     +- Filter (b#2 = cast(1 as bigint))
      :        +- Filter (d#4 = 1.0)
      :           +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Aggregate [], [min(b#9) AS y#13]
         +- Filter ((d#11 = 2.0) AND (b#9 = cast(1 as bigint)))
            +- Relation [a#8, b#9, s#10, d#11, p#12] parquet
    `,
  },
  {
    name: 'not with arguments that may fail',
    sql: 'select (select max(1 / a) from t where a <> 0) as x, (select max(b) from t where a = 0) as y from u',
    before: `
      Project [max((1 / a))#9 AS x#11, max(b)#17 AS y#19]
      +- Join Cross
         :- Join Cross
         :  :- Relation [a#1, x#2, y#3] parquet
         :  +- Aggregate [], [max((cast(1 as double) / cast(a#4 as double))) AS max((1 / a))#9]
         :     +- Filter (NOT (a#4 = 0))
         :        +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
         +- Aggregate [], [max(b#13) AS max(b)#17]
            +- Filter (a#12 = 0)
               +- Relation [a#12, b#13, s#14, d#15, p#16] parquet
    `,
  },
  {
    name: 'not groups',
    sql: 'select * from (select count(*) as x from t group by a) p, (select count(*) as y from t where b = 1 group by a) q',
    before: `
      Join Cross
      :- Aggregate [a#1], [count(1) AS x#6]
      :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Aggregate [a#7], [count(1) AS y#12]
         +- Filter (b#8 = cast(1 as bigint))
            +- Relation [a#7, b#8, s#9, d#10, p#11] parquet
    `,
  },
  {
    name: 'not other tables',
    sql: 'select (select max(a) from t) as x, (select max(a) from big) as y from u',
    before: `
      Project [max(a)#9 AS x#11, max(a)#17 AS y#19]
      +- Join Cross
         :- Join Cross
         :  :- Relation [a#1, x#2, y#3] parquet
         :  +- Aggregate [], [max(a#4) AS max(a)#9]
         :     +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
         +- Aggregate [], [max(a#12) AS max(a)#17]
            +- Relation [a#12, b#13, s#14, d#15, p#16] parquet
    `,
  },
  {
    name: 'not of rows that are different each time',
    sql: 'select (select max(a) from t where rand() < 0.5) as x, (select min(a) from t where rand() < 0.5) as y from u',
    before: `
      Project [max(a)#9 AS x#11, min(a)#17 AS y#19]
      +- Join Cross
         :- Join Cross
         :  :- Relation [a#1, x#2, y#3] parquet
         :  +- Aggregate [], [max(a#4) AS max(a)#9]
         :     +- Filter (rand() < cast(0.5 as double))
         :        +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
         +- Aggregate [], [min(a#12) AS min(a)#17]
            +- Filter (rand() < cast(0.5 as double))
               +- Relation [a#12, b#13, s#14, d#15, p#16] parquet
    `,
  },
]
ruleCases(test, mergeScalarSubqueries, cases, [
  rewriteSubqueries,
  eliminateSubqueryAliases,
  pushFilterThroughProject,
  pushFilterThroughJoin,
  pushFilterThroughProject,
  collapseProjects,
])
test.run()
