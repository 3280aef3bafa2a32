import { suite } from 'uvu'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-filter-through-join')

const cases: readonly RuleCase[] = [
  {
    name: 'inner: each side its own, the rest joins',
    sql: 'select t.b from t join u on t.a = u.a where t.b > 1 and u.x < 5 and t.b > u.x',
    before: `
      Project [b#2]
      +- Filter (((b#2 > cast(1 as bigint)) AND (x#7 < 5)) AND (b#2 > cast(x#7 as bigint)))
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, ((a#1 = a#6) AND (b#2 > cast(x#7 as bigint)))
         :- Filter (b#2 > cast(1 as bigint))
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (x#7 < 5)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: only the left side',
    sql: 'select t.b from t left join u on t.a = u.a where t.b > 1 and u.x is null',
    before: `
      Project [b#2]
      +- Filter ((b#2 > cast(1 as bigint)) AND (x#7 IS NULL))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter (x#7 IS NULL)
         +- Join LeftOuter, (a#1 = a#6)
            :- Filter (b#2 > cast(1 as bigint))
            :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'left: ON goes to the right side',
    sql: 'select t.b from t left join u on t.a = u.a and u.x > 1 and t.b > 2',
    before: `
      Project [b#2]
      +- Join LeftOuter, (((a#1 = a#6) AND (x#7 > 1)) AND (b#2 > cast(2 as bigint)))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join LeftOuter, ((a#1 = a#6) AND (b#2 > cast(2 as bigint)))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (x#7 > 1)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'right: mirrored',
    sql: 'select t.b from t right join u on t.a = u.a and t.b > 2 where u.x > 1 and t.b > 1',
    before: `
      Project [b#2]
      +- Filter ((x#7 > 1) AND (b#2 > cast(1 as bigint)))
         +- Join RightOuter, ((a#1 = a#6) AND (b#2 > cast(2 as bigint)))
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Filter (b#2 > cast(1 as bigint))
         +- Join RightOuter, (a#1 = a#6)
            :- Filter (b#2 > cast(2 as bigint))
            :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Filter (x#7 > 1)
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'full: nothing moves',
    sql: 'select t.b from t full join u on t.a = u.a and t.b > 2 where u.x > 1',
    before: `
      Project [b#2]
      +- Filter (x#7 > 1)
         +- Join FullOuter, ((a#1 = a#6) AND (b#2 > cast(2 as bigint)))
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'semi: both sides of ON, the left above',
    sql: 'select t.b from t left semi join u on t.a = u.a and u.x > 1 and t.b > 2 where t.d > 1',
    before: `
      Project [b#2]
      +- Filter (d#4 > cast(1 as double))
         +- Join LeftSemi, (((a#1 = a#6) AND (x#7 > 1)) AND (b#2 > cast(2 as bigint)))
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join LeftSemi, (a#1 = a#6)
         :- Filter (b#2 > cast(2 as bigint))
         :  +- Filter (d#4 > cast(1 as double))
         :     +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (x#7 > 1)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'anti: ON of the left side stays',
    sql: 'select t.b from t left anti join u on t.a = u.a and u.x > 1 and t.b > 2 where t.d > 1',
    before: `
      Project [b#2]
      +- Filter (d#4 > cast(1 as double))
         +- Join LeftAnti, (((a#1 = a#6) AND (x#7 > 1)) AND (b#2 > cast(2 as bigint)))
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join LeftAnti, ((a#1 = a#6) AND (b#2 > cast(2 as bigint)))
         :- Filter (d#4 > cast(1 as double))
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter (x#7 > 1)
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'a cross join with a condition is an inner join',
    sql: 'select t.b from t, u where t.a = u.a',
    before: `
      Project [b#2]
      +- Filter (a#1 = a#6)
         +- Join Cross
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]

ruleCases(test, pushFilterThroughJoin, cases)

test.run()
