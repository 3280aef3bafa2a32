import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { injectFiltersBeforeExchanges } from '#src/planner/optimize/inject-runtime-filters.js'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/inject-filters-before-exchanges')

const wanted = "(select y.a, y.b from spread y join few k on y.a = k.a where k.y = 'k')"
const cases: readonly RuleCase[] = [
  {
    name: 'rows without a partner are not moved',
    sql: `select x.b, z.b from spread x join ${wanted} z on x.a = z.a`,
    before: `
      Project [b#2, b#7]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#6, b#7]
            +- Join Inner, (a#6 = a#11)
               :- Relation [a#6, b#7, s#8, d#9, p#10] parquet
               +- Filter (y#13 = k)
                  +- Relation [a#11, x#12, y#13] parquet
    `,
    after: `
      Project [b#2, b#7]
      +- Join Inner, (a#1 = a#6)
         :- Join LeftSemi, (a#1 = a#1001), rightHint=(strategy=broadcast)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Project [a#1001]
         :     +- Filter (y#1003 = k)
         :        +- Relation [a#1001, x#1002, y#1003] parquet
         +- Project [a#6, b#7]
            +- Join Inner, (a#6 = a#11)
               :- Relation [a#6, b#7, s#8, d#9, p#10] parquet
               +- Filter (y#13 = k)
                  +- Relation [a#11, x#12, y#13] parquet
    `,
  },
  {
    name: 'those of the padded side',
    sql: `select x.b, z.b from ${wanted} z left join spread x on x.a = z.a`,
    before: `
      Project [b#10, b#2]
      +- Join LeftOuter, (a#9 = a#1)
         :- Project [a#1, b#2]
         :  +- Join Inner, (a#1 = a#6)
         :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :     +- Filter (y#8 = k)
         :        +- Relation [a#6, x#7, y#8] parquet
         +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
    after: `
      Project [b#10, b#2]
      +- Join LeftOuter, (a#9 = a#1)
         :- Project [a#1, b#2]
         :  +- Join Inner, (a#1 = a#6)
         :     :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :     +- Filter (y#8 = k)
         :        +- Relation [a#6, x#7, y#8] parquet
         +- Join LeftSemi, (a#9 = a#1001), rightHint=(strategy=broadcast)
            :- Relation [a#9, b#10, s#11, d#12, p#13] parquet
            +- Project [a#1001]
               +- Filter (y#1003 = k)
                  +- Relation [a#1001, x#1002, y#1003] parquet
    `,
  },
  {
    name: 'not those of the kept side',
    sql: `select x.b, z.b from spread x left join ${wanted} z on x.a = z.a`,
    before: `
      Project [b#2, b#7]
      +- Join LeftOuter, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#6, b#7]
            +- Join Inner, (a#6 = a#11)
               :- Relation [a#6, b#7, s#8, d#9, p#10] parquet
               +- Filter (y#13 = k)
                  +- Relation [a#11, x#12, y#13] parquet
    `,
  },
  {
    name: 'nothing moves where both sides lie in order',
    sql: `select x.b, z.b from big x join ${wanted.replace('spread', 'big')} z on x.a = z.a`,
    before: `
      Project [b#2, b#7]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#6, b#7]
            +- Join Inner, (a#6 = a#11)
               :- Relation [a#6, b#7, s#8, d#9, p#10] parquet
               +- Filter (y#13 = k)
                  +- Relation [a#11, x#12, y#13] parquet
    `,
  },
  {
    name: 'nor where a side is broadcast',
    sql: `select x.b from spread x join (select a from few where y = 'k') z on x.a = z.a`,
    before: `
      Project [b#2]
      +- Join Inner, (a#1 = a#6)
         :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         +- Project [a#6]
            +- Filter (y#8 = k)
               +- Relation [a#6, x#7, y#8] parquet
    `,
  },
]

ruleCases(test, injectFiltersBeforeExchanges, cases, [pushFilterThroughProject, pushFilterThroughJoin, pushFilterThroughProject, collapseProjects])

test.run()
