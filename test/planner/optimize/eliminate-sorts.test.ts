import { suite } from 'uvu'
import { eliminateSorts } from '#src/planner/optimize/eliminate-sorts.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/eliminate-sorts')

const cases: readonly RuleCase[] = [
  {
    name: 'a sort below a sort',
    sql: 'select * from (select a, b from t order by b) order by a',
    before: `
      Sort [a#1 ASC NULLS FIRST], true
      +- Project [a#1, b#2]
         +- Sort [b#2 ASC NULLS FIRST], true
            +- Project [a#1, b#2]
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Sort [a#1 ASC NULLS FIRST], true
      +- Project [a#1, b#2]
         +- Project [a#1, b#2]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a sort below a sum',
    sql: 'select sum(b) as x from (select * from t order by a)',
    before: `
      Aggregate [], [sum(b#2) AS x#6]
      +- Sort [a#1 ASC NULLS FIRST], true
         +- Project [a#1, b#2, s#3, d#4, p#5]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Aggregate [], [sum(b#2) AS x#6]
      +- Project [a#1, b#2, s#3, d#4, p#5]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'first() sees the order',
    sql: 'select first(b) as x from (select * from t order by a)',
    before: `
      Aggregate [], [first(b#2) AS x#6]
      +- Sort [a#1 ASC NULLS FIRST], true
         +- Project [a#1, b#2, s#3, d#4, p#5]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a limit needs its sort',
    sql: 'select * from (select a from t order by b limit 3) order by a',
    before: `
      Sort [a#1 ASC NULLS FIRST], true
      +- Project [a#1]
         +- Limit 3
            +- Sort [b#2 ASC NULLS FIRST], true
               +- Project [a#1, b#2]
                  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, eliminateSorts, cases)

test.run()
