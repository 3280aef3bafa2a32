import { suite } from 'uvu'
import { eliminateOuterJoins } from '#src/planner/optimize/eliminate-outer-joins.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/eliminate-outer-joins')

const cases: readonly RuleCase[] = [
  {
    name: 'left: a comparison with the padded side',
    sql: 'select t.b from t left join u on t.a = u.a where u.x > 1',
    before: `
      Project [b#2]
      +- Filter (x#7 > 1)
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter (x#7 > 1)
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: a comparison with the kept side',
    sql: 'select t.b from t left join u on t.a = u.a where t.b > 1',
    before: `
      Project [b#2]
      +- Filter (b#2 > cast(1 as bigint))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: is null keeps padded rows',
    sql: 'select t.b from t left join u on t.a = u.a where u.x is null',
    before: `
      Project [b#2]
      +- Filter (x#7 IS NULL)
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: is not null does not',
    sql: 'select t.b from t left join u on t.a = u.a where u.x is not null',
    before: `
      Project [b#2]
      +- Filter (x#7 IS NOT NULL)
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter (x#7 IS NOT NULL)
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: coalesce may keep them',
    sql: 'select t.b from t left join u on t.a = u.a where coalesce(u.x, 1) = 1',
    before: `
      Project [b#2]
      +- Filter (coalesce(x#7, 1) = 1)
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: coalesce of columns of the padded side alone',
    sql: "select t.b from t left join u on t.a = u.a where coalesce(u.x, u.a) = 1 or u.y = 'a'",
    before: `
      Project [b#2]
      +- Filter ((coalesce(x#7, a#6) = 1) OR (y#8 = a))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter ((coalesce(x#7, a#6) = 1) OR (y#8 = a))
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: an alternative keeps them',
    sql: 'select t.b from t left join u on t.a = u.a where u.x > 1 or t.b = 1',
    before: `
      Project [b#2]
      +- Filter ((x#7 > 1) OR (b#2 = cast(1 as bigint)))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: a case that gives NULL',
    sql: 'select t.b from t left join u on t.a = u.a where t.b > case when u.x is null then null else 5 end',
    before: `
      Project [b#2]
      +- Filter (b#2 > cast(CASE WHEN (x#7 IS NULL) THEN NULL ELSE 5 END as bigint))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter (b#2 > cast(CASE WHEN (x#7 IS NULL) THEN NULL ELSE 5 END as bigint))
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: a case that gives a value',
    sql: 'select t.b from t left join u on t.a = u.a where t.b > case when u.x is null then 7 else 5 end',
    before: `
      Project [b#2]
      +- Filter (b#2 > cast(CASE WHEN (x#7 IS NULL) THEN 7 ELSE 5 END as bigint))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: null-safe equality with a literal',
    sql: 'select t.b from t left join u on t.a = u.a where u.x <=> 1',
    before: `
      Project [b#2]
      +- Filter (x#7 <=> 1)
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter (x#7 <=> 1)
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: in a list, under a projection',
    sql: 'select * from (select t.b, u.x + 1 as z from t left join u on t.a = u.a) where z in (1, 2)',
    before: `
      Project [b#2, z#9]
      +- Filter (z#9 IN (1, 2))
         +- Project [b#2, (x#7 + 1) AS z#9]
            +- Join LeftOuter, (a#1 = a#6)
               :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
               +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2, z#9]
      +- Filter (z#9 IN (1, 2))
         +- Project [b#2, (x#7 + 1) AS z#9]
            +- Join Inner, (a#1 = a#6)
               :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: what is random keeps the join',
    sql: 'select t.b from t left join u on t.a = u.a where u.x > rand()',
    before: `
      Project [b#2]
      +- Filter (cast(x#7 as double) > rand())
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'right',
    sql: 'select u.x from t right join u on t.a = u.a where t.b = 1',
    before: `
      Project [x#7]
      +- Filter (b#2 = cast(1 as bigint))
         +- Join RightOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [x#7]
      +- Filter (b#2 = cast(1 as bigint))
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'full: the left side alone',
    sql: 'select u.x from t full join u on t.a = u.a where t.b = 1',
    before: `
      Project [x#7]
      +- Filter (b#2 = cast(1 as bigint))
         +- Join FullOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [x#7]
      +- Filter (b#2 = cast(1 as bigint))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'full: the right side alone',
    sql: 'select u.x from t full join u on t.a = u.a where not (u.x = 1)',
    before: `
      Project [x#7]
      +- Filter (NOT (x#7 = 1))
         +- Join FullOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [x#7]
      +- Filter (NOT (x#7 = 1))
         +- Join RightOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'full: both',
    sql: 'select u.x from t full join u on t.a = u.a where t.b = u.x',
    before: `
      Project [x#7]
      +- Filter (b#2 = cast(x#7 as bigint))
         +- Join FullOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [x#7]
      +- Filter (b#2 = cast(x#7 as bigint))
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'full: neither',
    sql: 'select u.x from t full join u on t.a = u.a where coalesce(t.a, u.a) = 1',
    before: `
      Project [x#7]
      +- Filter (coalesce(a#1, a#6) = 1)
         +- Join FullOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'by the condition of an inner join above',
    sql: 'select t.b from t left join u on t.a = u.a join u v on v.x = u.x',
    before: `
      Project [b#2]
      +- Join Inner, (x#10 = x#7)
         :- Join LeftOuter, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Relation [a#9, x#10, y#11] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (x#10 = x#7)
         :- Join Inner, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Relation [a#9, x#10, y#11] parquet
    `,
  },
  {
    name: 'by the condition of a left join above, of its right side',
    sql: 'select v.y from u v left join (select t.b, u.x from t left join u on t.a = u.a) w on v.x = w.x',
    before: `
      Project [y#3]
      +- Join LeftOuter, (x#2 = x#10)
         :- Relation [a#1, x#2, y#3] parquet
         +- Project [b#5, x#10]
            +- Join LeftOuter, (a#4 = a#9)
               :- Relation [a#4, b#5, s#6, d#7, p#8] parquet
               +- Relation [a#9, x#10, y#11] parquet
    `,
    after: `
      Project [y#3]
      +- Join LeftOuter, (x#2 = x#10)
         :- Relation [a#1, x#2, y#3] parquet
         +- Project [b#5, x#10]
            +- Join Inner, (a#4 = a#9)
               :- Relation [a#4, b#5, s#6, d#7, p#8] parquet
               +- Relation [a#9, x#10, y#11] parquet
    `,
  },
  {
    name: 'not of its left side',
    sql: 'select t.b from t left join u on t.a = u.a left join u v on v.x = u.x',
    before: `
      Project [b#2]
      +- Join LeftOuter, (x#10 = x#7)
         :- Join LeftOuter, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Relation [a#9, x#10, y#11] parquet
    `,
  },
]
ruleCases(test, eliminateOuterJoins, cases)

test.run()
