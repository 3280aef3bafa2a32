import { suite } from 'uvu'
import { replaceSetOperations } from '#src/planner/optimize/replace-set-operations.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/replace-set-operations')

const cases: readonly RuleCase[] = [
  {
    name: 'intersect',
    sql: 'select a from t intersect select x from u',
    before: `
      Intersect false
      :- Project [a#1]
      :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Project [x#7]
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Distinct
      +- Join LeftSemi, (a#1 <=> x#7)
         :- Project [a#1]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [x#7]
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'except, two columns',
    sql: 'select a, s from t except select x, y from u',
    before: `
      Except false
      :- Project [a#1, s#3]
      :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Project [x#7, y#8]
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Distinct
      +- Join LeftAnti, ((a#1 <=> x#7) AND (s#3 <=> y#8))
         :- Project [a#1, s#3]
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [x#7, y#8]
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'all forms stay',
    sql: 'select a from t intersect all select x from u',
    before: `
      Intersect All true
      :- Project [a#1]
      :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      +- Project [x#7]
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]

ruleCases(test, replaceSetOperations, cases)

test.run()
