import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { foldConstants } from '#src/planner/optimize/fold-constants.js'
import { inferWindowGroupLimit } from '#src/planner/optimize/infer-window-group-limit.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/infer-window-group-limit')

const ranked = (functions: string, condition: string) => `select a from (select a, b, ${functions} from t) where ${condition}`

const cases: readonly RuleCase[] = [
  {
    name: 'the first rows of each group',
    sql: ranked('row_number() over (partition by a order by b desc) r', 'r <= 3'),
    before: `
      Project [a#1]
      +- Filter (row_number()#7 <= 3)
         +- Window [row_number() windowspecdefinition(a#1, b#2 DESC NULLS LAST) AS row_number()#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter (row_number()#7 <= 3)
         +- Window [row_number() windowspecdefinition(a#1, b#2 DESC NULLS LAST) AS row_number()#7]
            +- WindowGroupLimit [a#1], [b#2 DESC NULLS LAST], row_number(), 3
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'fewer than',
    sql: ranked('rank() over (partition by a order by b) r', '11 > r and b > 2'),
    before: `
      Project [a#1]
      +- Filter ((11 > rank()#7) AND (b#2 > 2))
         +- Window [rank() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS rank()#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter ((11 > rank()#7) AND (b#2 > 2))
         +- Window [rank() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS rank()#7]
            +- WindowGroupLimit [a#1], [b#2 ASC NULLS FIRST], rank(), 10
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'one of some',
    sql: ranked('dense_rank() over (order by b) r', 'r in (1, 4, 2)'),
    before: `
      Project [a#1]
      +- Filter (dense_rank()#7 IN (1, 4, 2))
         +- Window [dense_rank() windowspecdefinition(b#2 ASC NULLS FIRST) AS dense_rank()#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter (dense_rank()#7 IN (1, 4, 2))
         +- Window [dense_rank() windowspecdefinition(b#2 ASC NULLS FIRST) AS dense_rank()#7]
            +- WindowGroupLimit [], [b#2 ASC NULLS FIRST], dense_rank(), 4
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'numbers before ranks, and sums up to the row',
    sql: `select a from (select a, rank() over w r, row_number() over w n, sum(b) over (partition by a order by b rows between unbounded preceding and current row) s
      from t window w as (partition by a order by b)) where r < 3 and n <= 20 and s > 5`,
    before: `
      Project [a#1]
      +- Filter (((rank()#9 < 3) AND (row_number()#10 <= 20)) AND (sum(b)#11 > 5))
         +- Window [rank() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS rank()#9, row_number() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS row_number()#10, sum(b#2) windowspecdefinition(a#1, b#2 ASC NULLS FIRST, specifiedwindowframe(rows, unbounded preceding, currentrow)) AS sum(b)#11]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- Filter (((rank()#9 < 3) AND (row_number()#10 <= 20)) AND (sum(b)#11 > 5))
         +- Window [rank() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS rank()#9, row_number() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS row_number()#10, sum(b#2) windowspecdefinition(a#1, b#2 ASC NULLS FIRST, specifiedwindowframe(rows, unbounded preceding, currentrow)) AS sum(b)#11]
            +- WindowGroupLimit [a#1], [b#2 ASC NULLS FIRST], row_number(), 20
               +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'no rank is below one',
    sql: ranked('rank() over (partition by a order by b) r', 'r < 1'),
    before: `
      Project [a#1]
      +- Filter (rank()#7 < 1)
         +- Window [rank() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS rank()#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Project [a#1]
      +- LocalRelation <empty>, [a#1, b#2, s#3, d#4, p#5, rank()#7]
    `,
  },
  {
    name: 'not below a sum over the rows of the same rank, some of which might be missing',
    sql: ranked('row_number() over (partition by a order by b) r, sum(d) over (partition by a order by b) s', 'r = 1'),
    before: `
      Project [a#1]
      +- Filter (row_number()#8 = 1)
         +- Window [row_number() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS row_number()#8, sum(d#4) windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS sum(d)#9]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'nor below what looks ahead',
    sql: ranked('row_number() over (partition by a order by b) r, lead(b) over (partition by a order by b) s', 'r = 1'),
    before: `
      Project [a#1]
      +- Filter (row_number()#8 = 1)
         +- Window [row_number() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS row_number()#8, lead(b#2, 1, NULL) windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS lead(b, 1, NULL)#9]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'nor below the share of a group',
    sql: ranked('rank() over (partition by a order by b) r, percent_rank() over (partition by a order by b) s', 'r = 1'),
    before: `
      Project [a#1]
      +- Filter (rank()#8 = 1)
         +- Window [rank() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS rank()#8, percent_rank() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS percent_rank()#9]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'from some rank on',
    sql: ranked('row_number() over (partition by a order by b) r', 'r >= 3'),
    before: `
      Project [a#1]
      +- Filter (row_number()#7 >= 3)
         +- Window [row_number() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS row_number()#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a limit above the threshold',
    sql: ranked('row_number() over (partition by a order by b) r', 'r <= 1001'),
    before: `
      Project [a#1]
      +- Filter (row_number()#7 <= 1001)
         +- Window [row_number() windowspecdefinition(a#1, b#2 ASC NULLS FIRST) AS row_number()#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'an order by chance',
    sql: ranked('row_number() over (partition by a order by rand()) r', 'r <= 3'),
    before: `
      Project [a#1]
      +- Filter (row_number()#7 <= 3)
         +- Window [row_number() windowspecdefinition(a#1, rand() ASC NULLS FIRST) AS row_number()#7]
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, inferWindowGroupLimit, cases, [pushFilterThroughProject, collapseProjects, foldConstants])

test.run()
