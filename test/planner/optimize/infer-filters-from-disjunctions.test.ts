import { suite } from 'uvu'
import { inferFiltersFromDisjunctions } from '#src/planner/optimize/infer-filters-from-disjunctions.js'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/infer-filters-from-disjunctions')

const cases: readonly RuleCase[] = [
  {
    name: 'both sides',
    sql: 'select t.s from t, u where t.a = u.a and (t.b = 1L and u.x = 2 or t.b = 3L and u.x = 4)',
    before: `
      Project [s#3]
      +- Join Inner, ((a#1 = a#6) AND (((b#2 = 1) AND (x#7 = 2)) OR ((b#2 = 3) AND (x#7 = 4))))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [s#3]
      +- Join Inner, ((a#1 = a#6) AND (((b#2 = 1) AND (x#7 = 2)) OR ((b#2 = 3) AND (x#7 = 4))))
         :- Filter ((b#2 = 1) OR (b#2 = 3))
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Filter ((x#7 = 2) OR (x#7 = 4))
            +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'one side, as not every branch speaks of the other',
    sql: 'select t.s from t, u where t.a = u.a and (t.b = 1L and u.x = 2 or t.b = 3L)',
    before: `
      Project [s#3]
      +- Join Inner, ((a#1 = a#6) AND (((b#2 = 1) AND (x#7 = 2)) OR (b#2 = 3)))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
    after: `
      Project [s#3]
      +- Join Inner, ((a#1 = a#6) AND (((b#2 = 1) AND (x#7 = 2)) OR (b#2 = 3)))
         :- Filter ((b#2 = 1) OR (b#2 = 3))
         :  +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'a branch that speaks of both together gives nothing',
    sql: 'select t.s from t, u where t.a = u.a or t.a = 5',
    before: `
      Project [s#3]
      +- Join Inner, ((a#1 = a#6) OR (a#1 = 5))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'not the side that an outer join keeps',
    sql: 'select t.s from t left join u on t.a = u.a and (t.b = 1L and u.x = 2 or t.b = 3L and u.x = 4)',
    before: `
      Project [s#3]
      +- Join LeftOuter, ((a#1 = a#6) AND (((b#2 = 1) AND (x#7 = 2)) OR ((b#2 = 3) AND (x#7 = 4))))
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]

ruleCases(test, inferFiltersFromDisjunctions, cases, [pushFilterThroughJoin])

test.run()
