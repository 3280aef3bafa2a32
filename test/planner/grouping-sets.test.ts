/** GROUPING SETS, ROLLUP and CUBE, several DISTINCT aggregates and FILTER give what DuckDB gives. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runGraph } from '../support/run-graph.js'
import { type Both, bothTables, refusals, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/grouping-sets')

test.before(async context => {
  context.both = await bothTables({
    t: "SELECT CASE WHEN i % 7 = 3 THEN NULL ELSE i % 3 END::INTEGER AS a, (i * 7 % 4)::INTEGER AS b, 's' || (i % 2) AS s, i::BIGINT AS id, (i % 5)::DOUBLE AS d FROM range(41) v(i)",
    empty: 'SELECT 1::INTEGER AS a, 2::INTEGER AS b WHERE false',
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

/** Spark's text and, where it is another one, DuckDB's. */
const queries: readonly (string | readonly [string, string])[] = [
  'select a, b, sum(id) s, count(*) n from t group by rollup(a, b)',
  'select a, b, avg(d) s, min(id) n from t group by cube(a, b)',
  'select a, b, s, count(*) n from t group by grouping sets ((a, b), (s), ())',
  ['select a, b, sum(id) from t group by a, b with rollup', 'select a, b, sum(id) from t group by rollup(a, b)'],
  ['select a, b, sum(id) from t group by a, b with cube', 'select a, b, sum(id) from t group by cube(a, b)'],
  ['select a, b, sum(id) from t group by a, b grouping sets ((a), (b))', 'select a, b, sum(id) from t group by grouping sets ((a), (b))'],
  ['select a, b, sum(id) from t group by a, b grouping sets ((a))', 'select a, null::int, sum(id) from t group by a'],
  'select s, a, b, sum(id) from t group by s, rollup(a, b)',
  'select a, b, grouping(a) ga, grouping(b) gb, sum(id) from t group by rollup(a, b)',
  [
    'select a, b, grouping_id() g, grouping_id(a, b) h, count(*) from t group by cube(a, b)',
    'select a, b, grouping_id(a, b) g, grouping_id(a, b) h, count(*) from t group by cube(a, b)',
  ],
  ['select grouping_id() g, sum(id) s from t group by grouping sets (()) order by grouping_id()', 'select 0::bigint g, sum(id) s from t'],
  ['select sum(b) s from empty group by grouping sets (()) having grouping_id() = 0', 'select sum(b) s from empty'],
  ['select sum(b) s, count(*) n from t where a * 2 % 2 = 1 group by grouping sets ((), ())', 'select id s, id n from t where id < 0'],
  'select a, sum(a) s, max(b) m from t group by rollup(a)',
  'select a + 1 x, b, sum(id) from t group by rollup(a + 1, b)',
  [
    'select a, b, sum(id) from t group by cube(a, b) having grouping__id > 0',
    'select a, b, sum(id) from t group by cube(a, b) having grouping_id(a, b) > 0',
  ],
  'select a + 1 x, sum(id) from t group by rollup(x)',
  'select 1 + grouping(a) + sum(b) x from t group by rollup(a)',
  'select a, b, sum(id) s from t group by rollup(a, b) having grouping(b) = 1',
  'select a, b, sum(id) s from t group by rollup(a, b) having sum(id) > 100 and a is not null',
  'select a, b, count(distinct s) n, count(distinct id) m, sum(d) x from t group by rollup(a, b)',
  'select a, b, median(d) x from t group by rollup(a, b)',
  'select a, b, sum(id) s, rank() over (partition by grouping(a) + grouping(b) order by sum(id) desc) r from t group by rollup(a, b)',
  'select a, sum(id) s from (select a, b, id from t where b > 1) group by grouping sets ((a), (a))',
  'select * from (select a, b, sum(id) s from t group by rollup(a, b)) where a = 1',
  'select * from (select a, b, sum(id) s from t group by cube(a, b)) where b is null and a is not null',
  'select a, b, s, d, avg(id) x, count(*) n, max(id) m from t group by cube(a, b, s, d)',
  'select a, b, s, min(d) x, count(b) n from t group by grouping sets ((s), (a, b), (b, s), (b), (a, b), ())',
  'select x, y, count(*) n from (select a x, a + 1 y, b from t union all select b, a, b from t) group by rollup(x, y)',
  // read twice, with columns of its own each time
  [
    'select * from (select b, min(a) m, sum(id) s from t group by rollup(b)) g, lateral (select min(id) i, count(*) n from t where t.a = g.m)',
    'select b, m, s, (select min(id) from t where t.a = g.m) i, (select count(*) from t where t.a = g.m) n from (select b, min(a) m, sum(id) s from t group by rollup(b)) g',
  ],
  // aggregates that read a column of the query around it
  [
    'select distinct a, (select max(s) from (select sum(u.id + t.a) s from t u where u.id > t.a group by rollup(u.b, u.s))) x from t',
    'select a, max(s) x from (select a, sum(id + a) s from (select distinct a from t) left join (select b, s as c, id from t) on id > a group by a, grouping sets ((b, c), (b), ())) group by a',
  ],
  // several DISTINCT aggregates, FILTER
  'select count(distinct a), count(distinct b), sum(distinct d), count(*) from t',
  'select s, count(distinct a), count(distinct b), sum(distinct d), avg(id) from t group by s',
  'select s, count(distinct a) filter (where b > 1) x, sum(id) filter (where b > 1) y, count(*) filter (where a is null) z from t group by s',
  'select count(distinct a, b) x from (select a, b from t where a is not null)',
]
for (const q of queries) {
  const [sql, duck] = typeof q === 'string' ? [q, q] : q
  test(sql, ({ both }) => sameAsDuckdb(both, sql, duck.replace('count(distinct a, b)', 'count(distinct (a, b))')))
}

test('ORDER BY the keys and grouping()', ({ both }) =>
  sameAsDuckdb(both, 'select a, b, sum(id) s from t group by rollup(a, b) order by grouping(a), grouping(b), a, b', undefined, true))

test('over no rows there are no groups, not even the one of all', async ({ both }) => {
  const planned = await both.small.plan('select a, count(*) from empty group by rollup(a)')
  assert.equal((await runGraph(both.small.connection, planned.graph)).rows, [])
})

test('nor where no row passes a filter', async ({ both }) => {
  const planned = await both.small.plan('select a, b, count(*) from t where id % 50 = 45 group by cube(a, b)')
  assert.match(planned.explain(), 'GroupingSets')
  assert.equal((await runGraph(both.small.connection, planned.graph)).rows, [])
})

test('the one set of no keys is a group over no rows too', async ({ both }) => {
  const planned = await both.small.plan('select count(*), grouping_id() from empty group by grouping sets (())')
  assert.equal((await runGraph(both.small.connection, planned.graph)).rows, [['0', '0']])
})

test('sets are made of partial states, not of rows', async ({ both }) => {
  const text = (await both.large.plan('select a, b, sum(id) s from t group by rollup(a, b)')).explain()
  assert.match(text, /GroupingSets \[\[[\s\S]*mode=partial[\s\S]*FileScan/)
})

const refused: readonly (readonly [string, string])[] = [
  ['select a, grouping(b) from t group by rollup(a)', 'GROUPING_COLUMN_MISMATCH'],
  ['select a, b, grouping_id(b) from t group by rollup(a, b)', 'GROUPING_ID_COLUMN_MISMATCH'],
  ['select grouping(a) from t group by grouping sets (())', 'GROUPING_COLUMN_MISMATCH'],
  ['select grouping_id(a), sum(id) from t group by grouping sets (())', 'GROUPING_ID_COLUMN_MISMATCH'],
  ['select sum(id) from t group by grouping sets (()) order by grouping(a)', 'GROUPING_COLUMN_MISMATCH'],
  ['select a, b, sum(id) from t group by rollup(a)', 'MISSING_AGGREGATION'],
  ['select a, grouping(a) from t group by a', 'UNSUPPORTED_GROUPING_EXPRESSION'],
]
refusals(test, refused)

test.run()
