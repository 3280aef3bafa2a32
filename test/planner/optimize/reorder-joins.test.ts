import { suite } from 'uvu'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { reorderJoins } from '#src/planner/optimize/reorder-joins.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/reorder-joins')

const cases: readonly RuleCase[] = [
  {
    name: 'no product where a condition avoids it',
    sql: 'select t.s from t, u, t v where t.a = v.a and v.b = u.a',
    before: `
      Project [s#3]
      +- Join Inner, ((a#1 = a#9) AND (b#10 = cast(a#6 as bigint)))
         :- Join Cross
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
    after: `
      Project [s#3]
      +- Join Inner, (a#1 = a#9)
         :- Join Inner, (b#10 = cast(a#6 as bigint))
         :  :- Relation [a#9, b#10, s#11, d#12, p#13] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'an order without products stays',
    sql: 'select t.s from t join u on t.a = u.a join t v on u.x = v.a',
    before: `
      Project [s#3]
      +- Join Inner, (x#7 = a#9)
         :- Join Inner, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
  },
  {
    name: 'an outer join is one input',
    sql: 'select t.s from t cross join (select u.x from u left join t w on u.a = w.a) o, t v where v.a = t.a and v.b = o.x',
    before: `
      Project [s#3]
      +- Join Inner, ((a#14 = a#1) AND (b#15 = cast(x#7 as bigint)))
         :- Join Cross
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Project [x#7]
         :     +- Join LeftOuter, (a#6 = a#9)
         :        :- Relation [a#6, x#7, y#8] parquet
         :        +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
         +- Relation [a#14, b#15, s#16, d#17, p#18] parquet
    `,
    after: `
      Project [s#3]
      +- Join Inner, (a#14 = a#1)
         :- Join Inner, (b#15 = cast(x#7 as bigint))
         :  :- Relation [a#14, b#15, s#16, d#17, p#18] parquet
         :  +- Project [x#7]
         :     +- Join LeftOuter, (a#6 = a#9)
         :        :- Relation [a#6, x#7, y#8] parquet
         :        +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, reorderJoins, cases, [pushFilterThroughJoin])

test.run()
