import { suite } from 'uvu'
import { combineUnions } from '#src/planner/optimize/combine-unions.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/combine-unions')

const cases: readonly RuleCase[] = [
  {
    name: 'a union in a union',
    sql: 'select a from t union all select x from u union all select a from u',
    before: `
      Union false, false
      :- Union false, false
      :  :- Project [a#1]
      :  :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      :  +- Project [x#7]
      :     +- Relation [a#6, x#7, y#8] parquet
      +- Project [a#10]
         +- Relation [a#10, x#11, y#12] parquet
    `,
    after: `
      Union false, false
      :- Project [a#1]
      :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      :- Project [x#7]
      :  +- Relation [a#6, x#7, y#8] parquet
      +- Project [a#10]
         +- Relation [a#10, x#11, y#12] parquet
    `,
  },
  {
    name: 'a distinct union keeps its place',
    sql: 'select a from t union select x from u union all select a from u',
    before: `
      Union false, false
      :- Distinct
      :  +- Union false, false
      :     :- Project [a#1]
      :     :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
      :     +- Project [x#7]
      :        +- Relation [a#6, x#7, y#8] parquet
      +- Project [a#10]
         +- Relation [a#10, x#11, y#12] parquet
    `,
  },
]

ruleCases(test, combineUnions, cases)

test.run()
