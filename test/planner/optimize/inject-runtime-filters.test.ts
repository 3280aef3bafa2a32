import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { injectRuntimeFilters } from '#src/planner/optimize/inject-runtime-filters.js'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { rewriteSubqueries } from '#src/planner/optimize/rewrite-subqueries.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/inject-runtime-filters')

const grouped = '(select a, sum(b) as n from big group by a)'
const k = "(select a from few where y = 'k')"
const cases: readonly RuleCase[] = [
  {
    name: 'groups that a small side wants',
    sql: `select g.n from ${k} k join ${grouped} g on k.a = g.a`,
    before: `
      Project [n#9]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Project [n#9]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Join LeftSemi, (a#4 = a#1001), rightHint=(strategy=broadcast)
               :- Relation [a#4, b#5, s#6, d#7, p#8] parquet
               +- Project [a#1001]
                  +- Filter (y#1003 = k)
                     +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'groups on the padded side',
    sql: `select g.n from ${k} k left join ${grouped} g on k.a = g.a`,
    before: `
      Project [n#9]
      +- Join LeftOuter, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Project [n#9]
      +- Join LeftOuter, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Join LeftSemi, (a#4 = a#1001), rightHint=(strategy=broadcast)
               :- Relation [a#4, b#5, s#6, d#7, p#8] parquet
               +- Project [a#1001]
                  +- Filter (y#1003 = k)
                     +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'not on the kept side',
    sql: `select g.n from ${grouped} g left join ${k} k on k.a = g.a`,
    before: `
      Project [n#6]
      +- Join LeftOuter, (a#7 = a#1)
         :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#7]
            +- Filter (y#9 = k)
               +- Relation [a#7, x#8, y#9] parquet
    `,
  },
  {
    name: 'of a semi join the right side',
    sql: `select k.a from ${k} k left semi join ${grouped} g on k.a = g.a`,
    before: `
      Join LeftSemi, (a#1 = a#4)
      :- Project [a#1]
      :  +- Filter (y#3 = k)
      :     +- Relation [a#1, x#2, y#3] parquet
      +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
         +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Join LeftSemi, (a#1 = a#4)
      :- Project [a#1]
      :  +- Filter (y#3 = k)
      :     +- Relation [a#1, x#2, y#3] parquet
      +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
         +- Join LeftSemi, (a#4 = a#1001), rightHint=(strategy=broadcast)
            :- Relation [a#4, b#5, s#6, d#7, p#8] parquet
            +- Project [a#1001]
               +- Filter (y#1003 = k)
                  +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'of a semi join the left side',
    sql: `select g.a from ${grouped} g left semi join ${k} k on k.a = g.a`,
    before: `
      Project [a#1]
      +- Join LeftSemi, (a#7 = a#1)
         :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#7]
            +- Filter (y#9 = k)
               +- Relation [a#7, x#8, y#9] parquet
    `,
    after: `
      Project [a#1]
      +- Join LeftSemi, (a#7 = a#1)
         :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :  +- Join LeftSemi, (a#1 = a#1001), rightHint=(strategy=broadcast)
         :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :     +- Project [a#1001]
         :        +- Filter (y#1003 = k)
         :           +- Relation [a#1001, x#1002, y#1003] parquet
         +- Project [a#7]
            +- Filter (y#9 = k)
               +- Relation [a#7, x#8, y#9] parquet
    `,
  },
  {
    name: 'of an anti join the right side',
    sql: `select k.a from ${k} k left anti join ${grouped} g on k.a = g.a`,
    before: `
      Join LeftAnti, (a#1 = a#4)
      :- Project [a#1]
      :  +- Filter (y#3 = k)
      :     +- Relation [a#1, x#2, y#3] parquet
      +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
         +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Join LeftAnti, (a#1 = a#4)
      :- Project [a#1]
      :  +- Filter (y#3 = k)
      :     +- Relation [a#1, x#2, y#3] parquet
      +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
         +- Join LeftSemi, (a#4 = a#1001), rightHint=(strategy=broadcast)
            :- Relation [a#4, b#5, s#6, d#7, p#8] parquet
            +- Project [a#1001]
               +- Filter (y#1003 = k)
                  +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'not of an anti join the left side',
    sql: `select g.a from ${grouped} g left anti join ${k} k on k.a = g.a`,
    before: `
      Project [a#1]
      +- Join LeftAnti, (a#7 = a#1)
         :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#7]
            +- Filter (y#9 = k)
               +- Relation [a#7, x#8, y#9] parquet
    `,
  },
  {
    name: 'not of a full join',
    sql: `select k.a from ${k} k full join ${grouped} g on k.a = g.a`,
    before: `
      Project [a#1]
      +- Join FullOuter, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not by null-safe equality',
    sql: `select k.a from ${k} k join ${grouped} g on k.a <=> g.a`,
    before: `
      Project [a#1]
      +- Join Inner, (a#1 <=> a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not by a column that is no key of the groups',
    sql: `select k.a from ${k} k join (select d, max(a) as m from big group by d) g on k.a = g.m`,
    before: `
      Project [a#1]
      +- Join Inner, (a#1 = m#9)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [d#7], [d#7, max(a#4) AS m#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not below a limit',
    sql: `select k.a from ${k} k join (select a, sum(b) as n from big group by a limit 5000000) g on k.a = g.a`,
    before: `
      Project [a#1]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Limit 5000000
            +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
               +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not below what counts rows',
    sql: `select g.n from ${k} k join (select a, max(i) as n from (select a, monotonically_increasing_id() as i from big where rand(1) < 0.5) group by a) g on k.a = g.a`,
    before: `
      Project [n#12]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, max(i#11) AS n#12]
            +- Project [a#4, monotonically_increasing_id(10) AS i#11]
               +- Filter (rand(1, 9) < cast(0.5 as double))
                  +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Project [n#12]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, max(i#11) AS n#12]
            +- Join LeftSemi, (a#4 = a#1001), rightHint=(strategy=broadcast)
               :- Project [a#4, monotonically_increasing_id(10) AS i#11]
               :  +- Filter (rand(1, 9) < cast(0.5 as double))
               :     +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
               +- Project [a#1001]
                  +- Filter (y#1003 = k)
                     +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'windows that are partitioned by the key',
    sql: `select k.a from ${k} k join (select a, row_number() over (partition by a order by b) as n from big) g on k.a = g.a`,
    before: `
      Project [a#1]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Project [a#4, row_number()#10 AS n#9]
            +- Window [row_number() windowspecdefinition(a#4, b#5 ASC NULLS FIRST) AS row_number()#10]
               +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Project [a#1]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Project [a#4, row_number()#10 AS n#9]
            +- Window [row_number() windowspecdefinition(a#4, b#5 ASC NULLS FIRST) AS row_number()#10]
               +- Join LeftSemi, (a#4 = a#1001), rightHint=(strategy=broadcast)
                  :- Relation [a#4, b#5, s#6, d#7, p#8] parquet
                  +- Project [a#1001]
                     +- Filter (y#1003 = k)
                        +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'not other windows',
    sql: `select k.a from ${k} k join (select a, row_number() over (partition by b order by a) as n from big) g on k.a = g.a`,
    before: `
      Project [a#1]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Project [a#4, row_number()#10 AS n#9]
            +- Window [row_number() windowspecdefinition(b#5, a#4 ASC NULLS FIRST) AS row_number()#10]
               +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'through a union, to each input',
    sql: `select k.a from ${k} k join (select a, count(*) as n from (select a from big where b > 1 union all select a from big where b > 2) group by a) g on k.a = g.a`,
    before: `
      Project [a#1]
      +- Join Inner, (a#1 = a#14)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#14], [a#14, count(1) AS n#15]
            +- Union false, false
               :- Project [a#4]
               :  +- Filter (b#5 > cast(1 as bigint))
               :     +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
               +- Project [a#9]
                  +- Filter (b#10 > cast(2 as bigint))
                     +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
    after: `
      Project [a#1]
      +- Join Inner, (a#1 = a#14)
         :- Project [a#1]
         :  +- Filter (y#3 = k)
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#14], [a#14, count(1) AS n#15]
            +- Union false, false
               :- Project [a#4]
               :  +- Join LeftSemi, (a#4 = a#1001), rightHint=(strategy=broadcast)
               :     :- Filter (b#5 > cast(1 as bigint))
               :     :  +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
               :     +- Project [a#1001]
               :        +- Filter (y#1003 = k)
               :           +- Relation [a#1001, x#1002, y#1003] parquet
               +- Project [a#9]
                  +- Join LeftSemi, (a#9 = a#1004), rightHint=(strategy=broadcast)
                     :- Filter (b#10 > cast(2 as bigint))
                     :  +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
                     +- Project [a#1004]
                        +- Filter (y#1006 = k)
                           +- Relation [a#1004, x#1005, y#1006] parquet
    `,
  },
  {
    name: 'a correlated scalar subquery, by the smallest part that has the key',
    sql: "select big.b from big, few where big.a = few.a and few.y = 'k' and big.b < (select avg(b) from big v where v.a = few.a)",
    before: `
      Project [b#2]
      +- Filter (cast(b#2 as double) < avg(b)#14)
         +- Join LeftOuter, (a#9 = a#6)
            :- Join Inner, (a#1 = a#6)
            :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            :  +- Filter (y#8 = k)
            :     +- Relation [a#6, x#7, y#8] parquet
            +- Aggregate [a#9], [avg(b#10) AS avg(b)#14, a#9]
               +- SubqueryAlias v
                  +- SubqueryAlias big
                     +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
    after: `
      Project [b#2]
      +- Filter (cast(b#2 as double) < avg(b)#14)
         +- Join LeftOuter, (a#9 = a#6)
            :- Join Inner, (a#1 = a#6)
            :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            :  +- Filter (y#8 = k)
            :     +- Relation [a#6, x#7, y#8] parquet
            +- Aggregate [a#9], [avg(b#10) AS avg(b)#14, a#9]
               +- SubqueryAlias v
                  +- SubqueryAlias big
                     +- Join LeftSemi, (a#9 = a#1002), rightHint=(strategy=broadcast)
                        :- Relation [a#9, b#10, s#11, d#12, p#13] parquet
                        +- Project [a#1002]
                           +- Filter (y#1004 = k)
                              +- Relation [a#1002, x#1003, y#1004] parquet
    `,
  },
  {
    name: 'not by rows that are different each time',
    sql: `select g.n from (select a from few where rand() < 0.5) k join ${grouped} g on k.a = g.a`,
    before: `
      Project [n#9]
      +- Join Inner, (a#1 = a#4)
         :- Project [a#1]
         :  +- Filter (rand() < cast(0.5 as double))
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not by the first rows that come',
    sql: `select g.n from (select a from few limit 10) k join ${grouped} g on k.a = g.a`,
    before: `
      Project [n#9]
      +- Join Inner, (a#1 = a#4)
         :- Limit 10
         :  +- Project [a#1]
         :     +- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not by a side without a condition',
    sql: `select g.n from few join ${grouped} g on few.a = g.a`,
    before: `
      Project [n#9]
      +- Join Inner, (a#1 = a#4)
         :- Relation [a#1, x#2, y#3] parquet
         +- Aggregate [a#4], [a#4, sum(b#5) AS n#9]
            +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not by a large side',
    sql: `select g.n from (select a from big where d = 1) b join ${grouped} g on b.a = g.a`,
    before: `
      Project [n#11]
      +- Join Inner, (a#1 = a#6)
         :- Project [a#1]
         :  +- Filter (d#4 = cast(1 as double))
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Aggregate [a#6], [a#6, sum(b#7) AS n#11]
            +- Relation [a#6, b#7, s#8, d#9, p#10] parquet
    `,
  },
  {
    name: 'what stands twice: neither, when one has another filter',
    sql: `with g as ${grouped} select x.n from g x join ${k} k on k.a = x.a join g y on y.n = x.n`,
    before: `
      Project [n#6]
      +- Join Inner, (n#15 = n#6)
         :- Join Inner, (a#7 = a#1)
         :  :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :  :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Project [a#7]
         :     +- Filter (y#9 = k)
         :        +- Relation [a#7, x#8, y#9] parquet
         +- Aggregate [a#10], [a#10, sum(b#11) AS n#15]
            +- Relation [a#10, b#11, s#12, d#13, p#14] parquet
    `,
  },
  {
    name: 'what stands twice: both, when they have the same',
    sql: `with g as ${grouped} select x.n from g x join ${k} k on k.a = x.a join g y on y.a = x.a`,
    before: `
      Project [n#6]
      +- Join Inner, (a#10 = a#1)
         :- Join Inner, (a#7 = a#1)
         :  :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :  :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Project [a#7]
         :     +- Filter (y#9 = k)
         :        +- Relation [a#7, x#8, y#9] parquet
         +- Aggregate [a#10], [a#10, sum(b#11) AS n#15]
            +- Relation [a#10, b#11, s#12, d#13, p#14] parquet
    `,
    after: `
      Project [n#6]
      +- Join Inner, (a#10 = a#1)
         :- Join Inner, (a#7 = a#1)
         :  :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :  :  +- Join LeftSemi, (a#1 = a#1001), rightHint=(strategy=broadcast)
         :  :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  :     +- Project [a#1001]
         :  :        +- Filter (y#1003 = k)
         :  :           +- Relation [a#1001, x#1002, y#1003] parquet
         :  +- Project [a#7]
         :     +- Filter (y#9 = k)
         :        +- Relation [a#7, x#8, y#9] parquet
         +- Aggregate [a#10], [a#10, sum(b#11) AS n#15]
            +- Join LeftSemi, (a#10 = a#1004), rightHint=(strategy=broadcast)
               :- Relation [a#10, b#11, s#12, d#13, p#14] parquet
               +- Project [a#1004]
                  +- Filter (y#1006 = k)
                     +- Relation [a#1004, x#1005, y#1006] parquet
    `,
  },
  {
    name: 'what stands twice: neither, when the filters differ in a number inside a text',
    sql: `with g as ${grouped} select x.n from (select g.n from g join (select a from few where y = 'k#12') k on k.a = g.a) x
      join (select g.n from g join (select a from few where y = 'k#13') k on k.a = g.a) y on y.n = x.n`,
    before: `
      Project [n#6]
      +- Join Inner, (n#15 = n#6)
         :- Project [n#6]
         :  +- Join Inner, (a#7 = a#1)
         :     :- Aggregate [a#1], [a#1, sum(b#2) AS n#6]
         :     :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :     +- Project [a#7]
         :        +- Filter (y#9 = k#12)
         :           +- Relation [a#7, x#8, y#9] parquet
         +- Project [n#15]
            +- Join Inner, (a#16 = a#10)
               :- Aggregate [a#10], [a#10, sum(b#11) AS n#15]
               :  +- Relation [a#10, b#11, s#12, d#13, p#14] parquet
               +- Project [a#16]
                  +- Filter (y#18 = k#13)
                     +- Relation [a#16, x#17, y#18] parquet
    `,
  },
]
ruleCases(test, injectRuntimeFilters, cases, [rewriteSubqueries, pushFilterThroughProject, pushFilterThroughJoin, collapseProjects])
test.run()
