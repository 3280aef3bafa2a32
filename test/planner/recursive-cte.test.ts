/** WITH RECURSIVE: in one task, over tables, twice in a query, and what is refused. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { runGraph } from '../support/run-graph.js'
import { type Both, bothTables, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/recursive-cte')

test.before(async context => {
  context.both = await bothTables({
    edges: 'SELECT (i)::INTEGER AS src, (i * 2 % 13)::INTEGER AS dst FROM range(1, 13) v(i)',
    parts: "SELECT i::INTEGER AS id, CASE WHEN i > 0 THEN ((i - 1) // 2)::INTEGER END AS parent, 'p' || i AS name FROM range(15) v(i)",
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

const queries: readonly string[] = [
  'with recursive r as (select 0 as level union all select level + 1 from r where level < 9) select * from r',
  'with recursive r(n, s) as (select 1, cast(1 as bigint) union all select n + 1, s + n from r where n < 20) select max(n), sum(s) from r',
  'with recursive tree(id, name, depth) as (select id, name, 0 from parts where parent is null union all select p.id, p.name, depth + 1 from parts p join tree t on p.parent = t.id) select * from tree',
  'with recursive tree(id, depth) as (select id, 0 from parts where parent is null union all select p.id, depth + 1 from tree t join parts p on p.parent = t.id where depth < 2) select depth, count(*) from tree group by depth',
  'with recursive walk(place, steps) as (select 1, 0 union all select e.dst, steps + 1 from walk w, edges e where e.src = w.place and steps < 5) select w.steps, e.dst from walk w join edges e on w.place = e.src',
  'with recursive a as (select 1 n union all select n + 1 from a where n < 4), b as (select n * 10 m from a) select a.n, b.m from a join b on a.n * 10 = b.m',
  'with recursive r as (select 1 n union all select n + 1 from r where n < 4) select x.n, y.n from r x join r y on x.n = y.n + 1',
  'with recursive r as (select 1 n union all select n + 1 from r where n < 4) select id, (select count(*) from r where r.n > p.id) c from parts p',
  'with recursive plain as (select 1 n union all select 2) select * from plain',
  'select * from parts where id in (with recursive r as (select 2 n union all select n + 2 from r where n < 8) select n from r)',
  // The step is a union, or equal rows of a round count once.
  'with recursive r(n) as (select 1 union all (select n + 1 from r where n < 3 union all select n + 10 from r where n < 3)) select * from r',
  'with recursive r(n) as (select 1 union all select n + 1 from (select n from r where n < 5 union all select n from r where n < 3)) select n, count(*) from r group by n',
  'with recursive walk(place, steps) as (select 1, 0 union all (select e.dst, steps + 1 from walk w, edges e where e.src = w.place and steps < 4 union all select e.src, steps + 1 from walk w, edges e where e.dst = w.place and steps < 4)) select * from walk',
  'with recursive r(n) as (select 1 union all (select n + 1 from r where n < 4 union select n + 1 from r where n < 3)) select * from r',
  'with recursive r(n) as (select 1 union all select distinct n + x from r, (values (1), (1), (2)) v(x) where n < 6) select * from r',
  'with recursive r(n) as (select 1 union all select n + 1 from (select * from r intersect select src from edges where src < 5)) select * from r',
]
for (const sql of queries) test(sql, ({ both }) => sameAsDuckdb(both, sql))

test('a recursion without an end goes on as far as LIMIT asks', async ({ both }) => {
  const planned = await both.small.plan('with recursive r(n) as (select 1 union all select n + 1 from r) select * from r limit 5')
  assert.is((await runGraph(both.small.connection, planned.graph)).rows.length, 5)
})

const refused: readonly (readonly [string, string])[] = [
  ['with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r', 'RECURSION_LEVEL_LIMIT_EXCEEDED'],
  [
    'with recursive r(n) max recursion level 5 as (select 1 union all select n + 1 from r where n < 10) select count(*) from r',
    'RECURSION_LEVEL_LIMIT_EXCEEDED',
  ],
  // A side of the step that reads no last round gives its rows in every round.
  [
    'with recursive r(n) as (select 1 union all (select n + 1 from r where n < 3 union all select 5)) select count(*) from r',
    'RECURSION_LEVEL_LIMIT_EXCEEDED',
  ],
  ['with recursive r as (select 0 as n union select (n + 1) % 10 from r) select * from r', 'UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE'],
  ['with recursive r(n) as (select n + 1 from r where n < 9) select * from r', 'INVALID_RECURSIVE_CTE'],
  ['with recursive r(n) as (select n + 1 from r union all values 0) select * from r', 'INVALID_RECURSIVE_CTE'],
  ['with recursive r(n) as (select 1 union all select max(n) + 1 from r) select * from r', 'INVALID_RECURSIVE_REFERENCE.PLACE'],
  ['with recursive r(n) as (select 1 union all select n + 1 from edges left join r on src = n) select * from r', 'INVALID_RECURSIVE_REFERENCE.PLACE'],
  [
    'with recursive r(n, m) as (select 1, 1 union all select n + 1, cast(n as bigint) from r where n < 5) select * from r',
    'CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE',
  ],
]
for (const [sql, code] of refused) {
  test(`${code}: ${sql}`, async ({ both }) => {
    try {
      await runGraph(both.small.connection, (await both.small.plan(sql)).graph)
    } catch (error) {
      assert.match(error instanceof SpkError ? error.code : String(error), code)
      return
    }
    assert.unreachable()
  })
}

test.run()
