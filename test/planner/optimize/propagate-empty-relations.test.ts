import { suite } from 'uvu'
import { propagateEmptyRelations } from '#src/planner/optimize/propagate-empty-relations.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/propagate-empty-relations')

const cases: readonly RuleCase[] = [
  {
    name: 'no files',
    sql: 'select a + 1 as x from nothing where a > 1 order by x',
    before: `
      Sort [x#6 ASC NULLS FIRST], true
      +- Project [(a#1 + 1) AS x#6]
         +- Filter (a#1 > 1)
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      LocalRelation <empty>, [x#6]
    `,
  },
  {
    name: 'groups of nothing',
    sql: 'select s, sum(b) as x from nothing group by s',
    before: `
      Aggregate [s#3], [s#3, sum(b#2) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      LocalRelation <empty>, [s#3, x#6]
    `,
  },
  {
    name: 'a global aggregate of nothing is a row',
    sql: 'select sum(b) as x from nothing',
    before: `
      Aggregate [], [sum(b#2) AS x#6]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Aggregate [], [sum(b#2) AS x#6]
      +- LocalRelation <empty>, [a#1, b#2, s#3, d#4, p#5]
    `,
  },
  {
    name: 'inner join',
    sql: 'select t.a from t join nothing n on t.a = n.a',
    before: `
      Project [a#1]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, b#7, s#8, d#9, p#10] parquet
    `,
    after: `
      LocalRelation <empty>, [a#1]
    `,
  },
  {
    name: 'left join pads',
    sql: 'select t.a, n.b from t left join nothing n on t.a = n.a',
    before: `
      Project [a#1, b#7]
      +- Join LeftOuter, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, b#7, s#8, d#9, p#10] parquet
    `,
    after: `
      Project [a#1, b#7]
      +- Project [a#1, b#2, s#3, d#4, p#5, NULL AS a#6, NULL AS b#7, NULL AS s#8, NULL AS d#9, NULL AS p#10]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'anti join keeps the left side',
    sql: 'select t.a from t left anti join nothing n on t.a = n.a',
    before: `
      Project [a#1]
      +- Join LeftAnti, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, b#7, s#8, d#9, p#10] parquet
    `,
    after: `
      Project [a#1]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a union loses an input',
    sql: 'select a from t union all select a from nothing',
    before: `
      Union false, false
      :- Project [a#1]
      :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Project [a#6]
         +- Relation [a#6, b#7, s#8, d#9, p#10] parquet
    `,
    after: `
      Project [a#1 AS a#11]
      +- Project [a#1]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'limit 0',
    sql: 'select a from t limit 0',
    before: `
      Limit 0
      +- Project [a#1]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      LocalRelation <empty>, [a#1]
    `,
  },
]

ruleCases(test, propagateEmptyRelations, cases)

test.run()
