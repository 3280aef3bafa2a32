import { suite } from 'uvu'
import { pushPartialAggregation } from '#src/planner/optimize/push-partial-aggregation.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-partial-aggregation')

const cases: readonly RuleCase[] = [
  {
    name: 'a random key is drawn for each row, not for each group',
    sql: 'select count(*) from big join few on big.a = few.a group by y, rand(1) < 0.5',
    before: `
      Aggregate [y#8, (rand(1, 10) < cast(0.5 as double))], [count(1) AS count(1)#9]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'rows of few groups are grouped before the join',
    sql: 'select y, sum(d), avg(p), count(*) from big join few on big.a = few.a group by y',
    before: `
      Aggregate [y#8], [y#8, sum(d#4) AS sum(d)#9, avg(p#5) AS avg(p)#10, count(1) AS count(1)#11]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Aggregate [y#8], [y#8, sum(partial_sum#1001) AS sum(d)#9, avg_finish(sum(partial_sum#1002), sum_counts(partial_count#1003)) AS avg(p)#10, sum_counts(partial_count#1004) AS count(1)#11]
      +- Project [y#8, partial_sum#1001, partial_sum#1002, partial_count#1003, partial_count#1004]
         +- Join Inner, (a#1 = a#6)
            :- PartialAggregate [a#1], [a#1, sum(d#4) AS partial_sum#1001, sum(p#5) AS partial_sum#1002, count(p#5) AS partial_count#1003, count(1) AS partial_count#1004]
            :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'what a projection computes for functions is computed below',
    sql: 'select y, sum(v) from (select y, d * 2 as v from big join few on big.a = few.a) group by y',
    before: `
      Aggregate [y#8], [y#8, sum(v#9) AS sum(v)#10]
      +- Project [y#8, (d#4 * cast(2 as double)) AS v#9]
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Aggregate [y#8], [y#8, sum(partial_sum#1001) AS sum(v)#10]
      +- Project [y#8, partial_sum#1001]
         +- Project [y#8, partial_sum#1001]
            +- Join Inner, (a#1 = a#6)
               :- PartialAggregate [a#1], [a#1, sum((d#4 * cast(2 as double))) AS partial_sum#1001]
               :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'of the padded side, where NULL does not count',
    sql: 'select y, count(b) from few left join big on big.a = few.a group by y',
    before: `
      Aggregate [y#3], [y#3, count(b#5) AS count(b)#9]
      +- Join LeftOuter, (a#4 = a#1)
         :- Relation [a#1, x#2, y#3] parquet
         +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
    after: `
      Aggregate [y#3], [y#3, sum_counts(partial_count#1001) AS count(b)#9]
      +- Project [y#3, partial_count#1001]
         +- Join LeftOuter, (a#4 = a#1)
            :- Relation [a#1, x#2, y#3] parquet
            +- PartialAggregate [a#4], [a#4, count(b#5) AS partial_count#1001]
               +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'not where padded rows count',
    sql: 'select y, count(*) from few left join big on big.a = few.a group by y',
    before: `
      Aggregate [y#3], [y#3, count(1) AS count(1)#9]
      +- Join LeftOuter, (a#4 = a#1)
         :- Relation [a#1, x#2, y#3] parquet
         +- Relation [a#4, b#5, s#6, d#7, p#8] parquet
    `,
  },
  {
    name: 'a sum of bigint may overflow for rows without a partner',
    sql: 'select y, sum(b) from big join few on big.a = few.a group by y',
    before: `
      Aggregate [y#8], [y#8, sum(b#2) AS sum(b)#9]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'what may fail for rows without a partner stays',
    sql: 'select y, max(a div x) from (select big.a, cast(big.d as int) as x, y from big join few on big.a = few.a) group by y',
    before: `
      Aggregate [y#8], [y#8, max((cast(a#1 as bigint) div cast(x#9 as bigint))) AS max((a div x))#10]
      +- Project [a#1, cast(d#4 as int) AS x#9, y#8]
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'distinct values stay',
    sql: 'select y, count(distinct big.s) from big join few on big.a = few.a group by y',
    before: `
      Aggregate [y#8], [y#8, count(distinct s#3) AS count(DISTINCT s)#9]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'values of both sides stay',
    sql: 'select y, max(d), max(few.x) from big join few on big.a = few.a group by y',
    before: `
      Aggregate [y#8], [y#8, max(d#4) AS max(d)#9, max(x#7) AS max(x)#10]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'about as many groups as rows',
    sql: 'select y, big.d, count(*) from big join few on big.a = few.a group by y, big.d',
    before: `
      Aggregate [y#8, d#4], [y#8, d#4, count(1) AS count(1)#9]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'few rows are not worth it',
    sql: 'select y, sum(d) from t join few on t.a = few.a group by y',
    before: `
      Aggregate [y#8], [y#8, sum(d#4) AS sum(d)#9]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'each input of a union that has joins below',
    sql: 'select y, max(d) from (select y, d from big join few on big.a = few.a union all select y, d from big join few on big.a = few.a) group by y',
    before: `
      Aggregate [y#17], [y#17, max(d#18) AS max(d)#19]
      +- Union false, false
         :- Project [y#8, d#4]
         :  +- Join Inner, (a#1 = a#6)
         :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :     +- Relation [a#6, x#7, y#8] parquet
         +- Project [y#16, d#12]
            +- Join Inner, (a#9 = a#14)
               :- Relation [a#9, b#10, s#11, d#12, p#13] parquet
               +- Relation [a#14, x#15, y#16] parquet
    `,
    after: `
      Aggregate [y#17], [y#17, max(partial_max#1001) AS max(d)#19]
      +- Union false, false
         :- Project [y#8, partial_max#1002]
         :  +- Project [y#8, partial_max#1002]
         :     +- Project [y#8, partial_max#1002]
         :        +- Join Inner, (a#1 = a#6)
         :           :- PartialAggregate [a#1], [a#1, max(d#4) AS partial_max#1002]
         :           :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :           +- Relation [a#6, x#7, y#8] parquet
         +- Project [y#16, partial_max#1003]
            +- Project [y#16, partial_max#1003]
               +- Project [y#16, partial_max#1003]
                  +- Join Inner, (a#9 = a#14)
                     :- PartialAggregate [a#9], [a#9, max(d#12) AS partial_max#1003]
                     :  +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
                     +- Relation [a#14, x#15, y#16] parquet
    `,
  },
]

ruleCases(test, pushPartialAggregation, cases)

test.run()
