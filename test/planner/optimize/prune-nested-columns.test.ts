import { suite } from 'uvu'
import { pruneColumns } from '#src/planner/optimize/prune-columns.js'
import { pruneNestedColumns } from '#src/planner/optimize/prune-nested-columns.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/prune-nested-columns')

const cases: readonly RuleCase[] = [
  {
    name: 'one field of a struct',
    sql: 'select k, v.a from nested',
    before: `
      Project [k#1, v#2.a AS a#4]
      +- Relation [k#1, v#2, l#3] parquet
    `,
    after: `
      Project [k#1, v.a#1001 AS a#4]
      +- Relation [k#1, v.a#1001, l#3] parquet
    `,
  },
  {
    name: 'fields inside fields, and each once',
    sql: 'select v.in.x, v.in.x + 1, v.b from nested where v.in.x > 5',
    before: `
      Project [v#2.in.x AS x#4, (v#2.in.x + cast(1 as bigint)) AS (v.in.x + 1)#5, v#2.b AS b#6]
      +- Filter (v#2.in.x > cast(5 as bigint))
         +- Relation [k#1, v#2, l#3] parquet
    `,
    after: `
      Project [v.in.x#1001 AS x#4, (v.in.x#1001 + cast(1 as bigint)) AS (v.in.x + 1)#5, v.b#1002 AS b#6]
      +- Filter (v.in.x#1001 > cast(5 as bigint))
         +- Relation [k#1, v.in.x#1001, v.b#1002, l#3] parquet
    `,
  },
  {
    name: 'a struct inside is read whole when all of it is wanted',
    sql: 'select v.in, v.in.x from nested',
    before: `
      Project [v#2.in AS in#4, v#2.in.x AS x#5]
      +- Relation [k#1, v#2, l#3] parquet
    `,
    after: `
      Project [v.in#1001 AS in#4, v.in#1001.x AS x#5]
      +- Relation [k#1, v.in#1001, l#3] parquet
    `,
  },
  {
    name: 'the whole struct stays when it is read as such',
    sql: 'select v, v.a from nested',
    before: `
      Project [v#2, v#2.a AS a#4]
      +- Relation [k#1, v#2, l#3] parquet
    `,
  },
  {
    name: 'also when only whether it is NULL is asked',
    sql: 'select v.a from nested where v is not null',
    before: `
      Project [v#2.a AS a#4]
      +- Filter (v#2 IS NOT NULL)
         +- Relation [k#1, v#2, l#3] parquet
    `,
  },
  {
    name: 'every field is wanted: footers tell of them',
    sql: 'select v.a, v.b, v.in.x, v.in.y from nested',
    before: `
      Project [v#2.a AS a#4, v#2.b AS b#5, v#2.in.x AS x#6, v#2.in.y AS y#7]
      +- Relation [k#1, v#2, l#3] parquet
    `,
    after: `
      Project [v.a#1001 AS a#4, v.b#1002 AS b#5, v.in.x#1003 AS x#6, v.in.y#1004 AS y#7]
      +- Relation [k#1, v.a#1001, v.b#1002, v.in.x#1003, v.in.y#1004, l#3] parquet
    `,
  },
  {
    name: 'in keys, groups and aggregates',
    sql: 'select v.b, sum(v.a) from nested group by v.b having max(v.in.x) > 1',
    before: `
      Project [b#4, sum(v.a)#5]
      +- Filter (max(v#2.in.x)#6 > cast(1 as bigint))
         +- Aggregate [v#2.b], [v#2.b AS b#4, sum(v#2.a) AS sum(v.a)#5, max(v#2.in.x) AS max(v#2.in.x)#6]
            +- Relation [k#1, v#2, l#3] parquet
    `,
    after: `
      Project [b#4, sum(v.a)#5]
      +- Filter (max(v#2.in.x)#6 > cast(1 as bigint))
         +- Aggregate [v.b#1001], [v.b#1001 AS b#4, sum(v.a#1002) AS sum(v.a)#5, max(v.in.x#1003) AS max(v#2.in.x)#6]
            +- Relation [k#1, v.b#1001, v.a#1002, v.in.x#1003, l#3] parquet
    `,
  },
  {
    name: 'passed on by a projection, and NULL beyond an outer join',
    sql: 'select t.s, n.v.a from t left join (select v, k from nested where v.in.x = 7) n on n.k = t.a',
    before: `
      Project [s#3, v#7.a AS a#9]
      +- Join LeftOuter, (k#6 = a#1)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [v#7, k#6]
            +- Filter (v#7.in.x = cast(7 as bigint))
               +- Relation [k#6, v#7, l#8] parquet
    `,
    after: `
      Project [s#3, v.a#1001 AS a#9]
      +- Join LeftOuter, (k#6 = a#1)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [v.a#1001, v.in.x#1002, k#6]
            +- Filter (v.in.x#1002 = cast(7 as bigint))
               +- Relation [k#6, v.a#1001, v.in.x#1002, l#8] parquet
    `,
  },
  {
    name: 'a union passes columns on by their place',
    sql: 'select u.v.a from (select v from nested union all select v from nested) u',
    before: `
      Project [v#7.a AS a#8]
      +- Union false, false
         :- Project [v#2]
         :  +- Relation [k#1, v#2, l#3] parquet
         +- Project [v#5]
            +- Relation [k#4, v#5, l#6] parquet
    `,
    after: `
      Project [v.a#1001 AS a#8]
      +- Union false, false
         :- Project [v.a#1004 AS v.a#1002]
         :  +- Project [v.a#1004]
         :     +- Relation [k#1, v.a#1004, l#3] parquet
         +- Project [v.a#1005 AS v.a#1003]
            +- Project [v.a#1005]
               +- Relation [k#4, v.a#1005, l#6] parquet
    `,
  },
  {
    name: 'not where one input wants the whole',
    sql: 'select v.a from (select v from nested union all select v from nested intersect select v from nested)',
    before: `
      Project [v#10.a AS a#11]
      +- Union false, false
         :- Project [v#2]
         :  +- Relation [k#1, v#2, l#3] parquet
         +- Intersect false
            :- Project [v#5]
            :  +- Relation [k#4, v#5, l#6] parquet
            +- Project [v#8]
               +- Relation [k#7, v#8, l#9] parquet
    `,
    after: `
      Project [v.a#1001 AS a#11]
      +- Union false, false
         :- Project [v.a#1004 AS v.a#1002]
         :  +- Project [v.a#1004]
         :     +- Relation [k#1, v.a#1004, l#3] parquet
         +- Project [v#5.a AS v.a#1003]
            +- Intersect false
               :- Project [v#5]
               :  +- Relation [k#4, v#5, l#6] parquet
               +- Project [v#8]
                  +- Relation [k#7, v#8, l#9] parquet
    `,
  },
  {
    name: 'other names, above and below a union',
    sql: 'select y.w.x from (select v.in as w, k from (select v, 1 as k from nested union all select v, k from nested)) y join t on y.k = t.a',
    before: `
      Project [w#10.x AS x#16]
      +- Join Inner, (k#9 = a#11)
         :- Project [v#8.in AS w#10, k#9]
         :  +- Union false, false
         :     :- Project [v#2, 1 AS k#4]
         :     :  +- Relation [k#1, v#2, l#3] parquet
         :     +- Project [v#6, k#5]
         :        +- Relation [k#5, v#6, l#7] parquet
         +- Relation [a#11, b#12, s#13, d#14, p#15] parquet
    `,
    after: `
      Project [w.x#1001 AS x#16]
      +- Join Inner, (k#9 = a#11)
         :- Project [v.in.x#1005 AS w.x#1001, k#9]
         :  +- Union false, false
         :     :- Project [v.in.x#1008 AS v.in.x#1006, k#4]
         :     :  +- Project [v.in.x#1010 AS v.in.x#1008, k#4]
         :     :     +- Project [v.in.x#1010, 1 AS k#4]
         :     :        +- Relation [k#1, v.in.x#1010, l#3] parquet
         :     +- Project [v.in.x#1009 AS v.in.x#1007, k#5]
         :        +- Project [v.in.x#1011 AS v.in.x#1009, k#5]
         :           +- Project [v.in.x#1011, k#5]
         :              +- Relation [k#5, v.in.x#1011, l#7] parquet
         +- Relation [a#11, b#12, s#13, d#14, p#15] parquet
    `,
  },
  {
    name: 'a list of structs stays whole',
    sql: 'select l.p from nested',
    before: `
      Project [getfield_each(l#3, p) AS p#4]
      +- Relation [k#1, v#2, l#3] parquet
    `,
  },
]

ruleCases(test, pruneNestedColumns, cases)

ruleCases(
  test,
  pruneColumns,
  [
    {
      name: 'a field that only a filter reads ends there',
      sql: 'select t.s from t join (select v, k from nested where v.in.x = 7) n on n.k = t.a and n.v.a = 1',
      before: `
      Project [s#3]
      +- Join Inner, ((k#6 = a#1) AND (v.a#1001 = 1))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [v.a#1001, v.in.x#1002, k#6]
            +- Filter (v.in.x#1002 = cast(7 as bigint))
               +- Relation [k#6, v.a#1001, v.in.x#1002, l#8] parquet
    `,
      after: `
      Project [s#3]
      +- Join Inner, ((k#6 = a#1) AND (v.a#1001 = 1))
         :- Relation [a#1, s#3] parquet
         +- Project [v.a#1001, k#6]
            +- Filter (v.in.x#1002 = cast(7 as bigint))
               +- Relation [k#6, v.a#1001, v.in.x#1002] parquet
    `,
    },
  ],
  [pruneNestedColumns],
)

test.run()
