import { suite } from 'uvu'
import { combineFilters } from '#src/planner/optimize/combine-filters.js'
import { pruneFiles } from '#src/planner/optimize/prune-files.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/prune-files')

const cases: readonly RuleCase[] = [
  {
    name: 'by a number',
    sql: 'select a from parts where a between 150 and 180',
    before: `
      Project [a#1]
      +- Filter ((a#1 >= 150) AND (a#1 <= 180))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
    after: `
      Project [a#1]
      +- Filter ((a#1 >= 150) AND (a#1 <= 180))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 2 4
    `,
  },
  {
    name: 'by a string',
    sql: "select a from parts where s = 'banana'",
    before: `
      Project [a#1]
      +- Filter (s#3 = banana)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
    after: `
      Project [a#1]
      +- Filter (s#3 = banana)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 4
    `,
  },
  {
    name: 'by an end that is cut short: what begins with it may be there',
    sql: "select a from parts where s >= 'zucchini, pickled the way'",
    before: `
      Project [a#1]
      +- Filter (s#3 >= zucchini, pickled the way)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
    after: `
      Project [a#1]
      +- Filter (s#3 >= zucchini, pickled the way)
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 3 4
    `,
  },
  {
    name: 'by the beginning of a string',
    sql: "select a from parts where s like 'me%'",
    before: `
      Project [a#1]
      +- Filter s#3 LIKE me%
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
    after: `
      Project [a#1]
      +- Filter s#3 LIKE me%
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 2 4
    `,
  },
  {
    name: 'by one of some',
    sql: "select a from parts where s in ('cherry', 'plum')",
    before: `
      Project [a#1]
      +- Filter (s#3 IN (cherry, plum))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
    after: `
      Project [a#1]
      +- Filter (s#3 IN (cherry, plum))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 3 4
    `,
  },
  {
    name: 'by both of two',
    sql: "select a from parts where s > 'melon' and a < 150",
    before: `
      Project [a#1]
      +- Filter ((s#3 > melon) AND (a#1 < 150))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
    after: `
      Project [a#1]
      +- Filter ((s#3 > melon) AND (a#1 < 150))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 2 4
    `,
  },
  {
    name: 'either of two keeps both',
    sql: "select a from parts where s < 'b' or a > 250",
    before: `
      Project [a#1]
      +- Filter ((s#3 < b) OR (a#1 > 250))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
    after: `
      Project [a#1]
      +- Filter ((s#3 < b) OR (a#1 > 250))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 3 4
    `,
  },
  {
    name: 'every file may match',
    sql: "select a from parts where s <> 'banana' and length(s) > 3",
    before: `
      Project [a#1]
      +- Filter ((NOT (s#3 = banana)) AND (length(s#3) > 3))
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet, files 1 2 3 4
    `,
  },
]

ruleCases(test, pruneFiles, cases, [pushFilterThroughProject, combineFilters], plan =>
  plan.kind === 'Scan' ? `, files ${plan.files.map(f => /(\d+)\.parquet/.exec(f.file.uri)?.[1]).join(' ')}` : '',
)

test.run()
