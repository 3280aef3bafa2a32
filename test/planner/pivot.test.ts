/** PIVOT, UNPIVOT and TABLESAMPLE. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SpkError } from '#src/core/errors.js'
import { runGraph } from '../support/run-graph.js'
import { type Both, bothTables, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/pivot')

test.before(async context => {
  context.both = await bothTables({
    sales:
      "SELECT ['java', 'net', 'go'][1 + i % 3] AS course, (2012 + i % 2)::INTEGER AS year, (i * 100)::INTEGER AS earned, 'r' || (i % 2) AS region FROM range(13) v(i) WHERE i <> 3",
    wide: 'SELECT i::INTEGER AS id, CASE WHEN i = 1 THEN NULL ELSE i * 2 END::INTEGER AS a, (i * 3)::BIGINT AS b, i + 1 AS c FROM range(4) v(i)',
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

const queries: readonly (readonly [string, string])[] = [
  [
    "select * from (select year, course, earned from sales) pivot (sum(earned) for course in ('java', 'net'))",
    "select year, sum(earned) filter (where course = 'java'), sum(earned) filter (where course = 'net') from sales group by year",
  ],
  [
    'select * from sales pivot (sum(earned) s, max(earned) m for year in (2012 y12, 2013 as y13, 2014))',
    'select course, region, sum(earned) filter (where year = 2012), max(earned) filter (where year = 2012), sum(earned) filter (where year = 2013), max(earned) filter (where year = 2013), null, null from sales group by course, region',
  ],
  [
    "select * from (select year, course, region, earned from sales) pivot (count(*) for (course, region) in (('java', 'r0') as a, ('go', 'r1') as b, ('go', 'none') as c)) ",
    "select year, earned, nullif(count(*) filter (where course = 'java' and region = 'r0'), 0), nullif(count(*) filter (where course = 'go' and region = 'r1'), 0), null from sales group by year, earned",
  ],
  [
    "select * from (select course, earned from sales) pivot (sum(earned) for course in ('java', 'go'))",
    "select sum(earned) filter (where course = 'java'), sum(earned) filter (where course = 'go') from sales",
  ],
  [
    'select * from wide unpivot (v for name in (a, b))',
    "select id, c, 'a', a::bigint from wide where a is not null union all select id, c, 'b', b from wide",
  ],
  [
    'select * from wide unpivot include nulls (v for name in (a as x, c))',
    "select id, b, 'x', a::bigint from wide union all select id, b, 'c', c from wide",
  ],
  [
    'select * from wide unpivot ((v, w) for name in ((a, b) as ab, (b, c)))',
    "select id, 'ab', a::bigint, b from wide union all select id, 'b_c', b, c from wide",
  ],
  [
    'select name, sum(v) s, count(*) n, max(id) i from wide unpivot include nulls (v for name in (a, b)) group by name',
    "select 'a', sum(a), count(*), max(id) from wide union all select 'b', sum(b), count(*), max(id) from wide",
  ],
  ['select id, max(name) m from wide unpivot include nulls (v for name in (a, b)) group by id', "select id, 'b' from wide"],
  [
    'select name, count(*) from (select * from wide where id % 5 = 7) unpivot include nulls (v for name in (a, b)) group by name',
    'select 1, 1 where false',
  ],
  ['select count(*) from sales tablesample (100 percent)', 'select count(*) from sales'],
  ['select count(*) from sales tablesample (3 rows)', 'select 3'],
  ['select count(*) from sales tablesample (0 percent)', 'select 0'],
]
for (const [sql, duck] of queries) test(sql, ({ both }) => sameAsDuckdb(both, sql, duck))

test('names of pivoted columns', async ({ both }) => {
  const names = async (sql: string) => (await both.small.plan(sql)).schema.fields.map(f => f.name).join()
  assert.is(await names("select * from (select course, earned from sales) pivot (sum(earned) for course in ('java', 'go' as g))"), 'java,g')
  assert.is(await names("select * from (select course, earned from sales) pivot (sum(earned) as s for course in ('java', 'go' as g))"), 'java,g')
  assert.is(
    await names("select * from (select course, earned from sales) pivot (sum(earned) as s, avg(earned) for course in ('java'))"),
    'java_s,java_avg(earned)',
  )
})

test('a sample has about its part of the rows', async ({ both }) => {
  const planned = await both.small.plan('select count(*) from range(10000) tablesample (20 percent)')
  const [[count] = []] = (await runGraph(both.small.connection, planned.graph)).rows
  assert.ok(Number(count) > 1500 && Number(count) < 2500, count)
})

const refused: readonly (readonly [string, string])[] = [
  ["select * from sales pivot (sum(earned) for nope in ('a'))", 'UNRESOLVED_COLUMN.WITH_SUGGESTION'],
  ['select * from sales pivot (sum(earned) for course in (year))', 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION'],
  ['select * from sales pivot (earned for course in (1))', 'UNSUPPORTED_PIVOT_AGGREGATE'],
  ["select * from sales pivot (sum(earned) for (course, year) in ('java'))", 'PIVOT_VALUE_DATA_TYPE_MISMATCH'],
  ['select * from wide unpivot ((v, w) for name in ((a, b), (c)))', 'UNPIVOT_VALUE_SIZE_MISMATCH'],
]
for (const [sql, code] of refused) {
  test(`${code}: ${sql}`, async ({ both }) => {
    try {
      await both.small.plan(sql)
    } catch (error) {
      assert.is((error as SpkError).code, code)
      return
    }
    assert.unreachable()
  })
}

test.run()
