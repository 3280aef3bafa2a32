import { suite } from 'uvu'
import { eliminateOuterJoins } from '#src/planner/optimize/eliminate-outer-joins.js'
import { simplifyBooleans } from '#src/planner/optimize/simplify-booleans.js'
import { updateNullability } from '#src/planner/optimize/update-nullability.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/update-nullability')
const cases: readonly RuleCase[] = [
  {
    name: 'a column that an inner join does not pad',
    sql: 'select u.x, u.a is null as n from t left join u on t.a = u.a where u.x = 1',
    before: `
      Project [x#7, (a#6 IS NULL) AS n#9]
      +- Filter (x#7 = 1)
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [x#7, false AS n#9]
      +- Filter (x#7 = 1)
         +- Join Inner, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'one that an outer join pads',
    sql: 'select u.x, u.a is null as n from t left join u on t.a = u.a where t.b = 1',
    before: `
      Project [x#7, (a#6 IS NULL) AS n#9]
      +- Filter (b#2 = cast(1 as bigint))
         +- Join LeftOuter, (a#1 = a#6)
            :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]
ruleCases(test, simplifyBooleans, cases, [eliminateOuterJoins, updateNullability])
test.run()
