/** Window functions, QUALIFY and named windows give what DuckDB gives, whatever exchanges their partitions need. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Both, bothTables, refusals, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/windows')

test.before(async context => {
  context.both = await bothTables({
    t: `SELECT CASE WHEN i % 7 = 3 THEN NULL ELSE i % 5 END::INTEGER AS a, (i * 7 % 4)::INTEGER AS b, i::BIGINT AS id, ((i * 37 % 11) / 2)::DECIMAL(8, 2) AS p,
      (i * 13 % 10)::DOUBLE AS d, DATE '2024-01-01' + (i * 5 % 17)::INTEGER AS day, CASE WHEN i % 3 = 0 THEN NULL ELSE 's' || (i % 6) END AS s FROM range(31) v(i)`,
    u: 'SELECT (i % 4)::INTEGER AS a, i::BIGINT AS x FROM range(9) v(i)',
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

const queries: readonly string[] = [
  'select id, row_number() over (partition by a order by id) r, rank() over (partition by a order by b) k, dense_rank() over (partition by a order by b desc) dk from t',
  'select id, row_number() over (order by id) r, percent_rank() over (order by b) p, cume_dist() over (order by b) c, ntile(4) over (order by id) n from t',
  'select id, sum(b) over (partition by a) s, avg(d) over (partition by a order by id) v, count(*) over () n, min(s) over (partition by b) m from t',
  'select id, lag(b) over (partition by a order by id) l, lead(b, 2) over (partition by a order by id) l2, lag(b, 1, -1) over (partition by a order by id desc) l3 from t',
  'select id, first_value(s) over (partition by a order by id) f, last_value(s) over (partition by a order by id rows between current row and unbounded following) l, nth_value(b, 2) over (partition by a order by id) n from t',
  'select id, first_value(s ignore nulls) over (partition by a order by id) f, lag(s ignore nulls) over (partition by a order by id) g from t',
  'select id, sum(b) over (partition by a order by id rows between 2 preceding and 1 following) s from t',
  'select id, sum(b) over (partition by a order by id rows between 1 following and 3 following) s from t',
  'select id, sum(b) over (order by b range between 1 preceding and 1 following) s, sum(b) over (order by b desc range between unbounded preceding and 1 preceding) q from t',
  'select id, sum(b) over (order by d range between 1.5 preceding and current row) s from t',
  "select id, count(*) over (order by day range between interval '3' day preceding and current row) s from t",
  'select id, sum(b) filter (where b > 1) over (partition by a) s, count(s) over (partition by a order by b, id) c from t',
  'select id, stddev(d) over (partition by a) x, sum(p) over (partition by a order by b range between unbounded preceding and unbounded following) y from t',
  'select id, sum(b) over w s, count(*) over w2 c from t window w as (partition by a order by id), w2 as (partition by b)',
  'select a, sum(b) s, rank() over (order by sum(b) desc, a) r, sum(sum(b)) over () total from t group by a',
  'select a, b, count(*) n, sum(count(*)) over (partition by a) m, avg(sum(d)) over (partition by a order by b rows unbounded preceding) z from t group by a, b',
  'select a, grouped, row_number() over (order by grouped, a) r from (select a, max(b) grouped from t group by a)',
  'select a, b, id from t qualify row_number() over (partition by a order by id desc) = 1',
  'select a, id, rank() over (partition by b order by id) r from t where id > 5 qualify r <= 2',
  // HAVING comes before the windows, whether it names what is selected or not.
  'select a, b, count(*) n, sum(count(*)) over (partition by b) m from t group by a, b having count(*) > 1',
  'select a, sum(count(*)) over () m, sum(b) s from t group by a having s > 8 and max(id) > 5 order by a',
  'select a, b, sum(count(*)) over (partition by a) s from t group by cube(a, b) having count(*) > 2',
  'select b, sum(d) total from t group by b having sum(d) > 1 qualify rank() over (order by total desc) < 3',
  'select id, sum(b) over (partition by a) / count(*) over (partition by a) q, 100 * sum(b) over (partition by a) / sum(b) over () p from t',
  'select t.id, u.x, row_number() over (partition by t.a order by t.id, u.x) r from t join u on t.a = u.a',
  'select * from (select a, id, row_number() over (partition by a order by id) r from t) where r = 1 and a > 2',
  'select * from (select a, b, id, sum(id) over (partition by a, b) s, sum(id) over (partition by a) q from t) where a = 2',
  'select id, max(x) over (partition by a) from (select id, a, sum(b) over (partition by a order by id) x from t)',
  'select distinct a, sum(b) over (partition by a) s from t',
  'select id, (select max(x) from u where u.a = t.a) m, sum(b) over (partition by a) s from t',
  'select id, row_number() over (partition by a + 1 order by id) r, sum(b) over (partition by a + 1, b % 2) s from t',
  'select a, max(id) over (partition by a) m from t union all select a, sum(x) over (partition by a) from u',
]
for (const sql of queries) test(sql, ({ both }) => sameAsDuckdb(both, sql))

test('the edge of a frame among the rows that pass a filter', ({ both }) =>
  sameAsDuckdb(
    both,
    'select id, first_value(b) filter (where b > 1) over (partition by a order by id) f, last_value(b) filter (where b > 1) over (partition by a order by id) l from t',
    'select id, first_value(case when b > 1 then b end ignore nulls) over (partition by a order by id) f, last_value(case when b > 1 then b end ignore nulls) over (partition by a order by id) l from t',
  ))

test('a window function over values of another', async ({ both }) => {
  const nested = 'select id, sum(rank() over (order by a)) over (partition by b) s, rank() over (order by a) r from t'
  const written = 'select id, sum(r) over (partition by b) s, r from (select id, b, rank() over (order by a) r from t)'
  await sameAsDuckdb(both, nested, written)
})

test('ORDER BY a window function', ({ both }) =>
  sameAsDuckdb(both, 'select id from t order by sum(b) over (partition by a) desc, id', undefined, true))

const refused: readonly (readonly [string, string])[] = [
  ['select row_number() over (partition by a) from t', 'WINDOW_FUNCTION_FRAME_NOT_ORDERED'],
  ['select sum(b) over w from t', 'MISSING_WINDOW_SPECIFICATION'],
  ['select count(distinct b) over (partition by a) from t', 'DISTINCT_WINDOW_FUNCTION_UNSUPPORTED'],
  [
    'select sum(b) over (order by b rows between current row and 2147483648 following) from t',
    'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE',
  ],
  ['select sum(b) over (order by b range between 1 following and 1 preceding) from t', 'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON'],
  ['select sum(b) over (order by a, b range between 1 preceding and current row) from t', 'DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER'],
  ['select sum(b) over (range between 1 preceding and current row) from t', 'DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER'],
  ['select sum(b) over (order by s range between 1 preceding and current row) from t', 'DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE'],
  ['select id from t where row_number() over (order by id) = 1', 'WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE'],
  ['select a, sum(b) over () from t group by a', 'MISSING_AGGREGATION'],
  ['select abs(a) over () from t', 'UNSUPPORTED_EXPR_FOR_WINDOW'],
  // As a key of GROUP BY: first what it reads must be grouped.
  ['select count(*) from t group by row_number() over (order by id)', 'UNSUPPORTED_EXPR_FOR_OPERATOR'],
  ['select row_number() over (order by id), count(*) from t group by 1', 'MISSING_AGGREGATION'],
  ['select row_number() over (order by id) r, count(*) from t group by r', 'MISSING_AGGREGATION'],
  ['select row_number() over (order by id) r, count(*) from t group by all', 'MISSING_AGGREGATION'],
  ['select row_number() over (order by id), count(*) from t group by id, 1', 'UNSUPPORTED_EXPR_FOR_OPERATOR'],
  ['select rank() over (order by 1), count(*) from t group by 1', 'UNSUPPORTED_EXPR_FOR_OPERATOR'],
  ['select id from t qualify row_number() over (order by id) = 1 and sum(b) > 1', 'QUALIFY_AGGREGATE_NOT_ALLOWED'],
  ['select id, row_number() over (order by id) r from t qualify sum(b) > 1', 'QUALIFY_AGGREGATE_NOT_ALLOWED'],
  ['select a from t group by a qualify sum(a) > 0 and rank() over (order by a) = 1', 'QUALIFY_AGGREGATE_NOT_ALLOWED'],
  ['select id from t qualify row_number() over (order by sum(b)) = 1', 'MISSING_GROUP_BY'],
  ['select id from t qualify id > 1', 'QUALIFY_REQUIRES_WINDOW_FUNCTION'],
  ['select * from (select id, row_number() over (order by id) r from t) qualify r = 1', 'QUALIFY_REQUIRES_WINDOW_FUNCTION'],
]
refusals(test, refused)

const exchanges: readonly (readonly [string, number])[] = [
  ['select a, sum(s) over (partition by a) from (select a, b, sum(id) s from t group by a, b)', 2],
  ['select a, b, sum(id) over (partition by a, b), sum(id) over (partition by a) from t', 1],
  ['select a, row_number() over (partition by a order by n) from (select a, count(*) n from t group by a)', 1],
]
for (const [sql, count] of exchanges) {
  test(`exchanges: ${sql}`, async ({ both }) => {
    const text = (await both.large.plan(sql, { 'spark.sql.shuffle.partitions': '4' })).explain()
    assert.is(text.split('Exchange hash').length - 1, count, text)
  })
}

test.run()
