/** Generators: in LATERAL VIEW, in a select list, as tables, lateral, with and without rows to give. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runGraph } from '../support/run-graph.js'
import { type Both, bothTables, refusals, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/generators')

test.before(async context => {
  context.both = await bothTables({
    t: 'SELECT i::INTEGER AS a, CASE WHEN i % 4 = 0 THEN NULL WHEN i % 4 = 1 THEN [] ELSE [i, NULL, i + 1] END::INTEGER[] AS l, i % 3 AS g FROM range(11) v(i)',
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

/** Spark's text and DuckDB's. */
const queries: readonly (readonly [string, string])[] = [
  ['select a, x from t lateral view explode(l) v as x', 'select a, unnest(l) x from t'],
  ['select a, x from t lateral view outer explode(l) v as x', 'select a, unnest(case when len(l) > 0 then l else [null] end) x from t'],
  ['select a, p, x from t lateral view posexplode(l) v as p, x', 'select a, unnest(range(len(l)))::int p, unnest(l) x from t'],
  [
    'select a, pos, col from t lateral view outer posexplode(l) v',
    'select a, unnest(case when len(l) > 0 then range(len(l)) else [null] end)::int pos, unnest(case when len(l) > 0 then l else [null] end) from t',
  ],
  [
    'select a, v.col + 1 from t lateral view explode(l) v where v.col > 4 and a < 9',
    'select a, x + 1 from (select a, unnest(l) x from t) where x > 4 and a < 9',
  ],
  [
    'select a, x, y from t lateral view explode(l) v as x lateral view explode(array(x, a)) w as y',
    'select a, x, unnest([x, a]) y from (select a, unnest(l) x from t)',
  ],
  ['select a, explode(l) from t', 'select a, unnest(l) from t'],
  ['select explode(l) as x, a + 1 b from t', 'select unnest(l), a + 1 from t'],
  ['select a, explode_outer(l) x from t', 'select a, unnest(case when len(l) > 0 then l else [null] end) from t'],
  ['select posexplode(l) as (p, x), a from t', 'select unnest(range(len(l)))::int, unnest(l), a from t'],
  ['select x, count(*) from (select explode(l) x from t) group by x', 'select x, count(*) from (select unnest(l) x from t) group by x'],
  ['select explode(array(1, 2)) x, explode(array(a, 3)) y from t', 'select x, y from t, (values (1), (2)) v(x), unnest([a, 3]) u(y)'],
  ['select explode(collect_list(a)) from t', 'select unnest(list(a)) from t'],
  ["select a, explode(map('k', a, 'm', g)) from t", "select a, unnest(['k', 'm']), unnest([a, g]) from t"],
  [
    "select a, inline(array(named_struct('x', g, 'y', 1), named_struct('x', g + 1L, 'y', 2))) from t",
    'select a, unnest([g, g + 1]), unnest([1, 2]) from t',
  ],
  ['select a, stack(2, a, g, 7) as (x, y) from t', 'select a, unnest([a, 7]), unnest([g, null]) from t'],
  ['select * from explode(array(1, 2, 3)) e(x)', 'select * from (values (1), (2), (3))'],
  ['select * from posexplode(array(5, 6))', 'select * from (values (0, 5), (1, 6))'],
  ["select * from stack(2, 1, 'a', 2, 'b') s(n, c)", "select * from (values (1, 'a'), (2, 'b'))"],
  ['select a, x from t, lateral explode(l) e(x)', 'select a, unnest(l) from t'],
  ['select a, x from t left join lateral explode(l) e(x)', 'select a, unnest(case when len(l) > 0 then l else [null] end) from t'],
  ['select a, x from t join lateral explode(l) e(x) on x > a', 'select a, x from (select a, unnest(l) x from t) where x > a'],
  ['select a, (select max(x) from explode(l) e(x)) m from t', 'select a, list_max(l) from t'],
  [
    'select a, row_number() over (partition by g order by a, x) r from t lateral view explode(l) v as x where x is not null',
    'select a, row_number() over (partition by g order by a, x) from (select a, g, unnest(l) x from t) where x is not null',
  ],
]
for (const [sql, duck] of queries) test(sql, ({ both }) => sameAsDuckdb(both, sql, duck))

test('columns have the names that Spark gives', async ({ both }) => {
  const names = async (sql: string) => (await both.small.plan(sql)).schema.fields.map(f => f.name).join()
  assert.is(await names('select a, explode(l) from t'), 'a,col')
  assert.is(await names('select posexplode(l) from t'), 'pos,col')
  assert.is(await names("select explode(map('k', 1)) from t"), 'key,value')
  assert.is(await names('select stack(2, 1, 2, 3) from t'), 'col0,col1')
  assert.is(await names('select * from t lateral view explode(l) v'), 'a,l,g,col')
})

test('no rows of no rows', async ({ both }) => {
  const planned = await both.small.plan('select a, x from t lateral view explode(l) v as x where a > 100')
  assert.equal((await runGraph(both.small.connection, planned.graph)).rows, [])
})

const refused: readonly (readonly [string, string])[] = [
  ['select 1 + explode(l) from t', 'UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS'],
  ['select explode(a) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
  ['select posexplode(l) as (x, y, z) from t', 'UDTF_ALIAS_NUMBER_MISMATCH'],
  ['select explode(l, 1) from t', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION'],
]
refusals(test, refused)

test.run()
