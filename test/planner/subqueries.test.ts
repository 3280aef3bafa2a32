/** Subqueries of every kind give what DuckDB gives: in every place, correlated and not, with NULLs on both sides. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runGraph } from '../support/run-graph.js'
import { type Both, bothTables, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/subqueries')

test.before(async context => {
  context.both = await bothTables({
    t: 'SELECT CASE WHEN i % 7 = 3 THEN NULL ELSE i % 10 END::INTEGER AS a, (i * 7 % 5)::INTEGER AS b, i::BIGINT AS id FROM range(23) v(i)',
    u: "SELECT CASE WHEN i % 5 = 2 THEN NULL ELSE i % 6 END::INTEGER AS a, (i % 4)::INTEGER AS c, 'u' || i AS s FROM range(17) v(i)",
    w: 'SELECT (i % 3)::INTEGER AS a, (i % 2)::INTEGER AS c FROM range(5) v(i)',
    empty: 'SELECT 1::INTEGER AS a, 2::INTEGER AS c WHERE false',
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

const queries: readonly string[] = [
  // EXISTS
  'select * from t where exists (select 1 from u where u.a = t.a)',
  'select * from t where not exists (select * from u where u.a = t.a and u.c > 1)',
  'select * from t where exists (select 1 from u where u.c > 100)',
  'select * from t where not exists (select 1 from u where u.c > 100)',
  'select * from t where exists (select 1 from u) and b > 2',
  'select * from t where exists (select 1 from u where u.a > t.b and u.c = t.b)',
  'select * from t where exists (select 1 from u where u.a <> t.a)',
  'select * from t where exists (select max(c) from u where u.a = t.a)',
  'select * from t where exists (select max(c) from u where u.a = t.a having count(*) > 2)',
  'select * from t where not exists (select max(c) from u where u.a = t.a having count(*) < 3)',
  'select * from t where exists (select 1 from u where u.a = t.a limit 1)',
  'select * from t where exists (select a from u where u.a = t.a group by a having count(*) > 1)',
  'select * from t where exists (select u.a from u join w on u.c = w.c where w.a = t.a)',
  'select * from t where exists (select 1 from u where u.a = t.a union all select 1 from w where w.a = t.b)',
  'select * from t where exists (select 1 from u where u.a = t.a) or b = 3',
  'select * from t where exists (select 1 from u where u.a = t.a) or exists (select 1 from w where w.c < t.b)',
  'select id, exists (select 1 from u where u.a = t.a) e, not exists (select 1 from u where u.c >= t.b) n from t',
  'select id, exists (select 1 from empty) e, exists (select 1 from u) f from t',
  'select b, count(*) from t group by b having exists (select 1 from u where u.c = t.b)',
  // A value from around in the list below a filter, a join, a limit.
  'select * from t where exists (select * from (select t.b + c as z from u) where z = 4)',
  'select * from t where not exists (select * from (select c, t.b as z from u where u.a = t.a) where z = c)',
  'select id, exists (select * from (select t.b + c as z from u) where z = 4) e from t',
  'select * from t where exists (select * from (select z + 1 as y from (select t.b + c as z from u)) where y = 6)',
  'select * from t where exists (select * from (select t.b + c as z from u) v join w on v.z = w.a)',
  'select * from t where exists (select 1 from (select c, s from u where u.a = t.a order by s limit 1) where c = 2)',
  'select * from t where exists (select 1 from (select c from u where u.a = t.a order by s limit 1) v join w on v.c = w.c)',
  'select * from t where exists (select 1 from (select row_number() over (order by c) k from (select distinct c from u where u.a = t.a)) where k = 2)',
  // Beside an aggregate over no rows too.
  'select * from t where exists (select * from (select count(*) n, t.b as z from u where u.a = t.id) where z = 2 and n = 0)',
  'select id, (select count(*) * 10 + t.b from u where u.a = t.id) v, (select case when count(*) = 0 then t.id end from u where u.a = t.id) w from t',
  // IN
  'select * from t where a in (select a from u)',
  'select * from t where a not in (select a from u)',
  'select * from t where a not in (select a from u where a is not null)',
  'select * from t where a not in (select a from empty)',
  'select * from t where b not in (select a from w)',
  'select * from t where a not in (select c from u where u.a = t.b)',
  'select * from t where a in (select c from u where u.a = t.b)',
  'select * from t where (a, b) in (select a, c from u)',
  'select * from t where a + 1 in (select cast(c as bigint) from u)',
  'select * from t where a in (select a from u order by c, s limit 3)',
  'select * from t where a in (select max(a) from u where u.c = t.b)',
  'select * from t where a not in (select max(a) from u where u.c = t.b)',
  'select * from t where a not in (select count(*) from u where u.c = t.b)',
  'select * from t where a in (select a from u) or b = 2',
  'select * from t where not (a in (select a from u) or b = 2)',
  'select * from t where (a in (select a from u)) is null',
  'select id, a in (select a from u) x, a not in (select a from u where c = 1) y, b in (select a from w) z from t',
  'select id, a in (select a from empty) x, a in (select c from u where u.a = t.b) y from t',
  'select case when a in (select a from u) then 1 else 0 end f, count(*) from t group by 1',
  'select sum(case when a in (select a from u) then 1 else 0 end) from t',
  // scalars
  'select * from t where b > (select avg(c) from u)',
  'select id, (select max(s) from u) m from t',
  'select id, (select a from empty) m from t',
  'select id, (select count(*) from u where u.a = t.a) n, (select max(c) from u where u.a = t.a) m from t',
  'select id, (select sum(c) + 1 from u where u.a = t.a) n from t',
  'select id, (select coalesce(sum(c), -1) from u where u.a = t.a) n from t',
  'select id, (select count(*) from u where u.a < t.a) n from t',
  'select id, (select count(*) from u where u.a = t.a having count(*) > 1) n from t',
  'select id, (select count(*) from u where u.a = t.a having sum(c) is null) n from t',
  'select id, (select s from u where u.a = t.a order by s desc limit 1) n from t',
  'select id, (select s from u where u.c < t.b order by s limit 1) n from t',
  'select id, (select t.b + max(c) from u where u.a = t.b) n from t',
  'select id, (select max(c + t.b) from u) n from t',
  'select id, (select max(x) from (select c + t.b as x from u where u.a = t.a)) n from t',
  'select id, (select count(distinct c) from u where u.a = t.a) n from t',
  'select * from t where b = (select min(c) from u where u.a = t.a)',
  'select * from t where b > (select 0.2 * avg(c) from u where u.a = t.a) and a < (select max(a) from w)',
  'select b, sum(a) from t group by b having sum(a) > (select avg(a) from u)',
  'select b, (select max(s) from u where u.c = t.b) m, count(*) from t group by b',
  'select b, count(*) n from t group by b order by (select max(s) from u where u.c = t.b), b',
  'select id, (select max(c) from u where u.a = (select max(a) from w where w.c = u.c)) n from t',
  'select id, (select count(*) from u where exists (select 1 from w where w.a = u.a and w.c < t.b)) n from t',
  'select id, (select count(*) from u where u.a in (select w.a from w where w.c = t.b)) n from t',
  'select id, (select max(x) from (select max(c) x from u where u.a = t.a union all select min(c) from w where w.a = t.b)) n from t',
  'select id, (select count(*) from (select distinct c from u where u.a = t.a)) n from t',
  'select id, (select count(*) from (select distinct c from u where u.a < t.a)) n from t',
  'select t.id, u.s from t join u on t.a = u.a and u.c in (select c from w)',
  'select t.id, u.s from t left join u on t.a = u.a and u.c > (select min(c) from w)',
  'with c as (select * from u where a in (select a from w)) select * from t where exists (select 1 from c where c.a = t.a) and a in (select a from c)',
  'select b, count(*) from t group by b having exists (select 1 from u where u.c < max(t.a))',
  'select b from t group by b having max(a) = (select max(c) + max(t.a) - 3 from u where u.a < 4)',
  'select not (a is null) x, count(*) from t group by a is null',
  // lateral
  'select t.id, l.* from t, lateral (select b) l',
  'select t.id, l.* from t, lateral (select t.b, c from u where u.a = t.a) l',
  'select (with q as (select t.b) select * from q) x from t',
  'select t.id, l.s from t, lateral (select s from u where u.a = t.a) l',
  'select t.id, l.n from t, lateral (select count(*) n from u where u.a = t.a) l',
  'select t.id, l.n from t left join lateral (select count(*) n from u where u.a = t.a group by c) l on true',
  'select t.id, l.n from t left join lateral (select max(c) n from u where u.a = t.a) l on l.n > 1',
  'select t.id, l.s from t, lateral (select s from u where u.c <= t.b order by s limit 2) l',
  'select t.id, l.x from t, lateral (select t.b + 1 as x) l',
  'select t.id, l.x, m.y from t, lateral (select max(c) + t.b as x from u where u.a = t.a) l, lateral (select l.x * 2 as y) m',
]

for (const sql of queries) test(sql, ({ both }) => sameAsDuckdb(both, sql))

// DuckDB's rows with NULLs are unknown even where another column differs.
for (const where of ['', 'where c < 2']) {
  test(`rows not in rows ${where}`, ({ both }) =>
    sameAsDuckdb(
      both,
      `select * from t where (a, b) not in (select a, c from u ${where})`,
      `select * from t where not exists (select 1 from (select * from u ${where}) u where (t.a = u.a or t.a is null or u.a is null) and t.b = u.c)`,
    ))
}

test('a cross join with a condition is an inner one', ({ both }) =>
  sameAsDuckdb(both, 'select t.id, u.c from t cross join u on t.a = u.a', 'select t.id, u.c from t join u on t.a = u.a'))

// What DuckDB itself cannot plan.
test('the inner side of an outer join reads what is around', ({ both }) =>
  sameAsDuckdb(
    both,
    'select id, (select count(*) from u left join w on u.a = w.a and w.c = t.b) n from t',
    'select id, (select count(*) from u left join (select a from w where w.c = t.b) w on u.a = w.a) n from t',
  ))
test('IN in the condition of an outer join', ({ both }) =>
  sameAsDuckdb(
    both,
    'select t.id, u.s from t left join u on t.a = u.a and t.b in (select a from w)',
    'select t.id, u.s from (select *, b in (select a from w) f from t) t left join u on t.a = u.a and f',
  ))

test('rows in rows as a value', ({ both }) =>
  sameAsDuckdb(
    both,
    'select id, (a, b) in (select a, c from u) x from t',
    'select id, case when exists (select 1 from u where t.a = u.a and t.b = u.c) then true when exists (select 1 from u where (t.a = u.a or t.a is null or u.a is null) and t.b = u.c) then null else false end x from t',
  ))

test('a scalar subquery of several rows fails when it runs', async ({ both }) => {
  for (const sql of ['select (select a from u) from t', 'select (select c from u where u.a = t.a) from t']) {
    const planned = await both.small.plan(sql)
    try {
      await runGraph(both.small.connection, planned.graph)
    } catch (error) {
      assert.match(String(error), 'SCALAR_SUBQUERY_TOO_MANY_ROWS')
      continue
    }
    assert.unreachable()
  }
})

test.run()
