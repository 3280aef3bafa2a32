import { suite } from 'uvu'
import { pushFilterThroughAggregate } from '#src/planner/optimize/push-filter-through-aggregate.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-filter-through-aggregate')

const cases: readonly RuleCase[] = [
  {
    name: 'keys go below, aggregates stay',
    sql: "select s, sum(b) as sb from t group by s having s = 'x' and sum(b) > 3",
    before: `
      Filter ((s#3 = x) AND (sb#6 > cast(3 as bigint)))
      +- Aggregate [s#3], [s#3, sum(b#2) AS sb#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
    after: `
      Filter (sb#6 > cast(3 as bigint))
      +- Aggregate [s#3], [s#3, sum(b#2) AS sb#6]
         +- Filter (s#3 = x)
            +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
  {
    name: 'a global aggregate keeps its filter',
    sql: 'select count(*) as c from t having count(*) > 1',
    before: `
      Filter (c#6 > cast(1 as bigint))
      +- Aggregate [], [count(1) AS c#6]
         +- Relation [a#1, b#2, s#3, d#4, p#5] parquet
    `,
  },
]

ruleCases(test, pushFilterThroughAggregate, cases)

test.run()
