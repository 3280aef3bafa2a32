/** The first rows of each group of a window: kept before the exchange as after it, they are those that DuckDB gives, and fewer rows move. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Both, bothTables, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/window-group-limits')

test.before(async context => {
  context.both = await bothTables({
    t: `SELECT CASE WHEN i % 11 = 3 THEN NULL ELSE i % 5 END::INTEGER AS a, CASE WHEN i % 13 = 4 THEN NULL ELSE (i * 7 % 40) END::INTEGER AS b, i::BIGINT AS id,
      CASE WHEN i % 3 = 0 THEN NULL ELSE 's' || (i % 6) END AS s, (i * 37 % 101) / 4.0::DOUBLE AS d FROM range(600) v(i)`,
    u: 'SELECT (i % 4)::INTEGER AS a, i::BIGINT AS x FROM range(50) v(i)',
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

/** Queries, and what their plans keep before an exchange; none: nothing. */
const queries: readonly (readonly [sql: string, limit?: string])[] = [
  ['select * from (select *, row_number() over (partition by a order by b desc, id) r from t) where r <= 3', 'row_number(), 3'],
  ['select * from (select *, rank() over (partition by a order by b) r from t) where r < 5', 'rank(), 4'],
  ['select * from (select *, rank() over (partition by a order by b desc) r from t) where r = 4', 'rank(), 4'],
  ['select * from (select *, dense_rank() over (partition by a order by b nulls last) r from t) where 6 >= r and d > 3', 'dense_rank(), 6'],
  ['select * from (select *, rank() over (order by s desc, d) r from t) where r in (2, 1, 7)', 'rank(), 7'],
  ['select s, id from t qualify row_number() over (partition by s order by d, id) = 1', 'row_number(), 1'],
  ['select * from (select id, b, row_number() over (partition by a % 2, s order by -b, id) r from t) where r <= 2', 'row_number(), 2'],
  [
    'select * from (select id, rank() over w r, row_number() over w n, sum(b) over (partition by a order by d, id rows between unbounded preceding and current row) c from t window w as (partition by a order by d, id)) where r <= 2 and n <= 9',
    'row_number(), 9',
  ],
  ['select * from (select t.id, rank() over (partition by u.a order by t.d) r from t join u on t.id = u.x) where r <= 1', 'rank(), 1'],
  ['select a, count(*), sum(r) from (select a, rank() over (partition by a order by d) r from t) where r <= 2 group by a', 'rank(), 2'],
  ['select * from (select a, n, rank() over (order by n desc, a) r from (select a, count(*) n from t where id > 9 group by a)) where r <= 2'],
  // Most rows would stay.
  ['select * from (select *, row_number() over (partition by id order by b) r from t) where r <= 1'],
  ['select * from (select *, row_number() over (partition by a order by b, id) r from t) where r > 3'],
  ['select * from (select *, rank() over (partition by a order by b) r, sum(d) over (partition by a order by b) c from t) where r <= 2'],
  ['select * from (select *, rank() over (partition by a order by b) r from t) where r < 1'],
]
for (const [sql, limit] of queries) {
  test(sql, async ({ both }) => {
    await sameAsDuckdb(both, sql)
    const plan = (await both.small.plan(sql, { 'spark.sql.autoBroadcastJoinThreshold': '-1' })).explain()
    assert.is(/WindowGroupLimit .*\], (\w+\(\), \d+), Partial\n/.exec(plan)?.[1], limit, plan)
    const off = await both.small.plan(sql, { 'spark.sql.optimizer.windowGroupLimitThreshold': '-1' })
    assert.not.match(off.explain(), 'WindowGroupLimit')
  })
}

test('an exchange that an aggregation below makes on the keys anyway serves without a limit', async ({ both }) => {
  const sql =
    'select * from (select a, b, n, rank() over (partition by b order by n desc, a) r from (select a, b, count(*) n from t group by a, b)) where r <= 1'
  await sameAsDuckdb(both, sql)
  const plan = (await both.large.plan(sql, { 'spark.sql.shuffle.partitions': '4' })).explain()
  assert.not.match(plan, 'WindowGroupLimit')
  assert.is(plan.split('Exchange hash').length - 1, 1, plan)
})

test.run()
