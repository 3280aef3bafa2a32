import { suite } from 'uvu'
import { foldConstants } from '#src/planner/optimize/fold-constants.js'
import { inferFiltersFromConstraints } from '#src/planner/optimize/infer-filters-from-constraints.js'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { rewriteSubqueries } from '#src/planner/optimize/rewrite-subqueries.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/infer-filters-from-constraints')

const cases: readonly RuleCase[] = [
  {
    name: 'a range goes to the other side',
    sql: 'select t.b from t join u on t.a = u.a where t.a > 5',
    before: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Filter (a#1 > 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Filter (a#1 > 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 > 5)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'a constant too, and a list',
    sql: "select t.b from t join u on t.a = u.a and t.s = u.y where t.a = 5 and u.y in ('a', 'b')",
    before: `
      Project [b#2]
      +- Join Inner, ((a#1 = a#6) AND (s#3 = y#8))
         :- Filter (a#1 = 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (y#8 IN (a, b))
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, ((a#1 = a#6) AND (s#3 = y#8))
         :- Filter (s#3 IN (a, b))
         :  +- Filter (a#1 = 5)
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 = 5)
            +- Filter (y#8 IN (a, b))
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not a condition on another column, nor on two',
    sql: 'select t.b from t join u on t.a = u.a where t.b > 5 and t.a < t.b',
    before: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Filter ((b#2 > 5) AND (cast(a#1 as bigint) < b#2))
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not one that may fail',
    sql: 'select t.b from t join u on t.a = u.a where 10 / t.a > 5',
    before: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Filter ((10.0 / cast(a#1 as double)) > 5.0)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'over several joins',
    sql: 'select t.b from t join u on t.a = u.a join u v on u.a = v.a where v.a < 3',
    before: `
      Project [b#2]
      +- Join Inner, (a#6 = a#9)
         :- Join Inner, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Filter (a#9 < 3)
            +- Relation [a#9, x#10, y#11] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (a#6 = a#9)
         :- Filter (a#6 < 3)
         :  +- Join Inner, (a#1 = a#6)
         :     :- Filter (a#1 < 3)
         :     :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :     +- Relation [a#6, x#7, y#8] parquet
         +- Filter (a#9 < 3)
            +- Relation [a#9, x#10, y#11] parquet
    `,
  },
  {
    name: 'from above, when the joins below are of other columns',
    sql: 'select t.b from (select t.b, u.a from t join u on t.s = u.y) t join u v on t.a = v.a join u w on w.x = v.x where w.x = 7',
    before: `
      Project [b#2]
      +- Join Inner, (x#13 = x#10)
         :- Join Inner, (a#6 = a#9)
         :  :- Project [b#2, a#6]
         :  :  +- Join Inner, (s#3 = y#8)
         :  :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  :     +- Relation [a#6, x#7, y#8] parquet
         :  +- Relation [a#9, x#10, y#11] parquet
         +- Filter (x#13 = 7)
            +- Relation [a#12, x#13, y#14] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (x#13 = x#10)
         :- Filter (x#10 = 7)
         :  +- Join Inner, (a#6 = a#9)
         :     :- Project [b#2, a#6]
         :     :  +- Join Inner, (s#3 = y#8)
         :     :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :     :     +- Relation [a#6, x#7, y#8] parquet
         :     +- Relation [a#9, x#10, y#11] parquet
         +- Filter (x#13 = 7)
            +- Relation [a#12, x#13, y#14] parquet
    `,
  },
  {
    name: 'of a left join to the right side',
    sql: 'select t.b from t left join u on t.a = u.a where t.a > 5',
    before: `
      Project [b#2]
      +- Join LeftOuter, (a#1 = a#6)
         :- Filter (a#1 > 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join LeftOuter, (a#1 = a#6)
         :- Filter (a#1 > 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 > 5)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'of a left join not to the left side',
    sql: 'select t.b from t left join u on t.a = u.a and u.a > 5',
    before: `
      Project [b#2]
      +- Join LeftOuter, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 > 5)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'of a right join to the left side',
    sql: 'select t.b from t right join u on t.a = u.a where u.a > 5',
    before: `
      Project [b#2]
      +- Join RightOuter, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 > 5)
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join RightOuter, (a#1 = a#6)
         :- Filter (a#1 > 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 > 5)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'of a full join to none',
    sql: 'select t.b from (select * from t where a > 5) t full join u on t.a = u.a',
    before: `
      Project [b#2]
      +- Join FullOuter, (a#1 = a#6)
         :- Project [a#1, b#2, s#3, d#4, p#5]
         :  +- Filter (a#1 > 5)
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'of a semi join to both',
    sql: 'select t.b from t where t.a < 9 and t.a in (select a from u where a > 5)',
    before: `
      Project [b#2]
      +- Join LeftSemi, (a#1 = a#6)
         :- Filter (a#1 < 9)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#6]
            +- Filter (a#6 > 5)
               +- SubqueryAlias u
                  +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join LeftSemi, (a#1 = a#6)
         :- Filter (a#1 > 5)
         :  +- Filter (a#1 < 9)
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 < 9)
            +- Project [a#6]
               +- Filter (a#6 > 5)
                  +- SubqueryAlias u
                     +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'of an anti join to the right side',
    sql: 'select t.b from (select * from t where a < 9) t left anti join (select * from u where a > 5) u on t.a = u.a',
    before: `
      Project [b#2]
      +- Join LeftAnti, (a#1 = a#6)
         :- Project [a#1, b#2, s#3, d#4, p#5]
         :  +- Filter (a#1 < 9)
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#6, x#7, y#8]
            +- Filter (a#6 > 5)
               +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join LeftAnti, (a#1 = a#6)
         :- Project [a#1, b#2, s#3, d#4, p#5]
         :  +- Filter (a#1 < 9)
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (a#6 < 9)
            +- Project [a#6, x#7, y#8]
               +- Filter (a#6 > 5)
                  +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'from a grouping by the key',
    sql: 'select t.b from t join (select a, count(*) as n from u where a > 5 group by a) g on t.a = g.a',
    before: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Aggregate [a#6], [a#6, count(1) AS n#9]
            +- Filter (a#6 > 5)
               +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Filter (a#1 > 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Aggregate [a#6], [a#6, count(1) AS n#9]
            +- Filter (a#6 > 5)
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not by null-safe equality',
    sql: 'select t.b from t join u on t.a <=> u.a where t.a > 5',
    before: `
      Project [b#2]
      +- Join Inner, (a#1 <=> a#6)
         :- Filter (a#1 > 5)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'rows whose key is often NULL',
    sql: 'select g.b from gaps g join u on g.a = u.a',
    before: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Filter (a#1 IS NOT NULL)
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not those of a side that is kept',
    sql: 'select g.b from gaps g left join u on g.a = u.a',
    before: `
      Project [b#2]
      +- Join LeftOuter, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]
ruleCases(test, inferFiltersFromConstraints, cases, [
  rewriteSubqueries,
  pushFilterThroughProject,
  pushFilterThroughJoin,
  pushFilterThroughProject,
  pushFilterThroughJoin,
  foldConstants,
])
test.run()
