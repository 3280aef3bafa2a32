import { suite } from 'uvu'
import { collapseProjects } from '#src/planner/optimize/collapse-projects.js'
import { pushFilterThroughJoin } from '#src/planner/optimize/push-filter-through-join.js'
import { pushFilterThroughProject } from '#src/planner/optimize/push-filter-through-project.js'
import { pushSemiJoins } from '#src/planner/optimize/push-semi-joins.js'
import { rewriteSubqueries } from '#src/planner/optimize/rewrite-subqueries.js'
import { type RuleCase, ruleCases } from '../../support/rule-cases.js'

const test = suite('planner/optimize/push-semi-joins')

const cases: readonly RuleCase[] = [
  {
    name: 'few rows are left: before the join',
    sql: 'select t.b, u.x from t join u on t.a = u.a where t.a in (select a from t where b = 1 and d = 2)',
    before: `
      Project [b#2, x#7]
      +- Join LeftSemi, (a#1 = a#9)
         :- Join Inner, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Project [a#9]
            +- Filter ((b#10 = cast(1 as bigint)) AND (d#12 = cast(2 as double)))
               +- SubqueryAlias t
                  +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
    after: `
      Project [b#2, x#7]
      +- Join Inner, (a#1 = a#6)
         :- Join LeftSemi, (a#1 = a#9)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Project [a#9]
         :     +- Filter ((b#10 = cast(1 as bigint)) AND (d#12 = cast(2 as double)))
         :        +- SubqueryAlias t
         :           +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
         +- Relation [a#6, x#7, y#8] parquet
    `,
  },
  {
    name: 'most rows are left: after it',
    sql: 'select t.b, u.x from t join u on t.a = u.a where exists (select 1 from t t2 where t2.a = t.a and t2.b <> t.b)',
    before: `
      Project [b#2, x#7]
      +- Join LeftSemi, ((a#9 = a#1) AND (NOT (b#10 = b#2)))
         :- Join Inner, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Project [1 AS 1#14, a#9, b#10]
            +- SubqueryAlias t2
               +- SubqueryAlias t
                  +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
  },
  {
    name: 'a condition on both sides stays',
    sql: 'select t.b, u.x from t join u on t.a = u.a where exists (select 1 from t t2 where t2.a = t.b and t2.b = u.x and t2.d = 1)',
    before: `
      Project [b#2, x#7]
      +- Join LeftSemi, ((cast(a#9 as bigint) = b#2) AND (b#10 = cast(x#7 as bigint)))
         :- Join Inner, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Project [1 AS 1#14, a#9, b#10]
            +- Filter (d#12 = cast(1 as double))
               +- SubqueryAlias t2
                  +- SubqueryAlias t
                     +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
  },
  {
    name: 'of an outer join only the kept side',
    sql: 'select t.b, u.x from t left join u on t.a = u.a where u.x in (select a from t where b = 1 and d = 2)',
    before: `
      Project [b#2, x#7]
      +- Join LeftSemi, (x#7 = a#9)
         :- Join LeftOuter, (a#1 = a#6)
         :  :- Relation [a#1, b#2, s#3, d#4, p#5] parquet
         :  +- Relation [a#6, x#7, y#8] parquet
         +- Project [a#9]
            +- Filter ((b#10 = cast(1 as bigint)) AND (d#12 = cast(2 as double)))
               +- SubqueryAlias t
                  +- Relation [a#9, b#10, s#11, d#12, p#13] parquet
    `,
  },
]

ruleCases(test, pushSemiJoins, cases, [rewriteSubqueries, pushFilterThroughProject, pushFilterThroughJoin, collapseProjects])

test.run()
