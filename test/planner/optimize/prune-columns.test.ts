import { suite } from 'uvu'
import { pruneColumns } from '#src/planner/optimize/prune-columns.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/prune-columns')

const cases: readonly RuleCase[] = [
  {
    name: 'down to the scan',
    sql: 'select a from t where b > 1',
    before: `
      Project [a#1]
      +- Filter (b#2 > cast(1 as bigint))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter (b#2 > cast(1 as bigint))
         +- Relation [a#1, b#2] parquet
    `,
  },
  {
    name: 'unused expressions and aggregates',
    sql: 'select x from (select a + 1 as x, s as y from t)',
    before: `
      Project [x#6]
      +- Project [(a#1 + 1) AS x#6, s#3 AS y#7]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [x#6]
      +- Project [(a#1 + 1) AS x#6]
         +- Relation [a#1] parquet
    `,
  },
  {
    name: 'unused aggregates',
    sql: 'select c from (select s, count(*) as c, sum(b) as sb from t group by s)',
    before: `
      Project [c#6]
      +- Aggregate [s#3], [s#3, count(1) AS c#6, sum(b#2) AS sb#7]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [c#6]
      +- Aggregate [s#3], [count(1) AS c#6]
         +- Relation [s#3] parquet
    `,
  },
  {
    name: 'both sides of a join are narrow',
    sql: 'select t.s from t join u on t.a = u.a where u.x > 1',
    before: `
      Project [s#3]
      +- Filter (x#7 > 1)
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [s#3]
      +- Filter (x#7 > 1)
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, s#3] parquet
            +- Relation [a#6, x#7] parquet
    `,
  },
  {
    name: 'a count needs one column, the narrowest',
    sql: 'select count(*) as c from t',
    before: `
      Aggregate [], [count(1) AS c#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Aggregate [], [count(1) AS c#6]
      +- Relation [a#1] parquet
    `,
  },
  {
    name: 'positions of a union',
    sql: 'select v.s from (select a, s from t union all select x, y from u) v',
    before: `
      Project [s#10]
      +- Union false, false
         :- Project [a#1, s#3]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [x#7, y#8]
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [s#10]
      +- Union false, false
         :- Project [s#3]
         :  +- Relation [s#3] parquet
         +- Project [y#8]
            +- Relation [y#8] parquet
    `,
  },
  {
    name: 'below a sort',
    sql: 'select s from t order by d',
    before: `
      Project [s#3]
      +- Sort [d#4 ASC NULLS FIRST], true
         +- Project [s#3, d#4]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [s#3]
      +- Sort [d#4 ASC NULLS FIRST], true
         +- Project [s#3, d#4]
            +- Relation [s#3, d#4] parquet
    `,
  },
]

ruleCases(test, pruneColumns, cases)

test.run()
