/** Conditions of every shape, in WHERE, ON and HAVING, filter what DuckDB's do: AND and OR nested either way, NULLs, conditions that move. */
import { suite } from 'uvu'
import { type Both, bothTables, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/conditions')

test.before(async context => {
  context.both = await bothTables({
    t: 'SELECT CASE WHEN i % 7 = 3 THEN NULL ELSE i % 10 END::INTEGER AS a, (i * 7 % 5)::INTEGER AS b, i::BIGINT AS id FROM range(23) v(i)',
    u: 'SELECT CASE WHEN i % 5 = 2 THEN NULL ELSE i % 6 END::INTEGER AS a, (i % 4)::INTEGER AS c FROM range(17) v(i)',
  })
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

const queries: readonly string[] = [
  'select * from t where a > 1 and (b = 1 or id > 10)',
  'select * from t where a > 1 and (b = 1 or id > 10 or a = 3)',
  'select * from t where (a = 1 or b = 2) and (b = 1 or id > 10)',
  'select * from t where a = 1 or b = 2 and id > 10 or a is null',
  'select * from t where not (a = 1 or b = 2) and (id < 5 or id > 15)',
  'select * from (select * from t where a = 1 or b = 2) where id > 3',
  'select * from (select * from t where id > 3) where a = 1 or b = 2',
  'select a, count(*) from t where a > 1 or b > 1 group by a having count(*) > 1 and (a = 3 or a = 4)',
  'select t.id, u.c from t join u on t.a = u.a and (t.b = u.c or t.id > 10) where t.b > 0 and (u.c = 1 or t.id < 15)',
  'select t.id, u.c from t left join u on t.a = u.a and (t.b = 1 or u.c = 2) where t.id > 2 and (u.c is null or u.c = 2)',
]
for (const sql of queries) test(sql, ({ both }) => sameAsDuckdb(both, sql))

test.run()
