import { suite } from 'uvu'
import { attachJoinHints } from '#src/planner/optimize/attach-join-hints.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/attach-join-hints')

const cases: readonly RuleCase[] = [
  {
    name: 'a hint below an alias reaches the join',
    sql: 'select /*+ broadcast(u) */ t.b from t join u on t.a = u.a',
    before: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- ResolvedHint (strategy=broadcast)
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6), rightHint=(strategy=broadcast)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'a hint that reaches no join is dropped',
    sql: 'select /*+ broadcast(t) */ a from t',
    before: `
      Project [a#1]
      +- ResolvedHint (strategy=broadcast)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, attachJoinHints, cases)

test.run()
