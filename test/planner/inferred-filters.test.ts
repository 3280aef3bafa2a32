/**
 * Filters that joins make for their sides, against DuckDB alone: runtime filters below groups, windows and exchanges (made for small tables here, too), what
 * equalities carry over, outer joins that become inner, subqueries in one pass. NULL keys on both sides, keys without a partner, and empty sides.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Both, bothTables, sameAsDuckdb } from '../support/same-as-duckdb.js'

const test = suite<{ both: Both }>('planner/inferred-filters')

/** However small: filters are made. */
const always = { 'spark.sql.optimizer.runtime.bloomFilter.applicationSideScanSizeThreshold': '0' }

test.before(async context => {
  context.both = await bothTables({
    facts: `SELECT CASE WHEN i % 13 = 0 THEN NULL ELSE (i * 7919) % 500 END AS k, i % 7 AS g, i AS v, (i % 100)::DECIMAL(10, 2) AS p, CASE WHEN i % 11 = 0 THEN NULL ELSE 'n' || (i % 5) END AS s FROM range(6000) t(i)`,
    dims: `SELECT CASE WHEN i % 97 = 0 THEN NULL ELSE i + 100 END AS k, 'n' || (i % 40) AS name, i % 3 AS m FROM range(500) t(i)`,
  })
})
test.after(context => Promise.all([context.both.small.close(), context.both.large.close()]).then(() => undefined))

const few = "(SELECT k, m FROM dims WHERE name = 'n3')"
const grouped = '(SELECT k, count(*) AS n, sum(v) AS total FROM facts GROUP BY k)'

/** Queries, and whether their plans must have a runtime filter where keys may be broadcast. */
const queries: readonly (readonly [sql: string, filter: boolean])[] = [
  [`SELECT d.k, f.n, f.total FROM ${few} d JOIN ${grouped} f ON d.k = f.k`, true],
  [`SELECT d.k, d.m, f.n FROM ${few} d LEFT JOIN ${grouped} f ON d.k = f.k`, true],
  [`SELECT d.k, f.n FROM ${grouped} f RIGHT JOIN ${few} d ON d.k = f.k`, true],
  [`SELECT d.k, f.n FROM ${grouped} f LEFT JOIN ${few} d ON d.k = f.k`, false],
  [`SELECT d.k, f.n FROM ${grouped} f FULL JOIN ${few} d ON d.k = f.k`, false],
  [`SELECT d.k FROM ${few} d WHERE EXISTS (SELECT 1 FROM ${grouped} f WHERE f.k = d.k AND f.n > 5)`, true],
  [`SELECT d.k, d.m FROM ${few} d WHERE NOT EXISTS (SELECT 1 FROM ${grouped} f WHERE f.k = d.k AND f.n > 5)`, true],
  [`SELECT d.k, d.m FROM ${few} d WHERE d.k NOT IN (SELECT f.k FROM ${grouped} f WHERE f.k IS NOT NULL AND f.n > 5)`, false],
  [`SELECT f.v FROM facts f JOIN dims d ON f.k = d.k WHERE d.name = 'n3' AND f.v < (SELECT 1.2 * avg(v) FROM facts g WHERE g.k = d.k)`, true],
  [`SELECT d.k, (SELECT max(v) FROM facts g WHERE g.k = d.k) AS most FROM dims d WHERE d.name = 'n3'`, true],
  [`SELECT d.k, (SELECT count(*) FROM facts g WHERE g.k = d.k) AS n FROM dims d WHERE d.name = 'n3'`, true],
  [
    `SELECT d.k, f.v, f.r FROM ${few} d JOIN (SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v) AS r FROM facts) f ON d.k = f.k WHERE f.r < 3`,
    true,
  ],
  [
    `SELECT d.k, u.n FROM ${few} d JOIN (SELECT k, count(*) AS n FROM (SELECT k FROM facts WHERE g = 1 UNION ALL SELECT k FROM facts WHERE g = 2) GROUP BY k) u ON u.k = d.k`,
    true,
  ],
  [`SELECT d.k, f.g, f.n FROM ${few} d JOIN (SELECT k, g, count(*) AS n FROM facts GROUP BY ROLLUP (k, g)) f ON f.k = d.k`, true],
  [`WITH t AS ${grouped} SELECT a.k, a.n, b.total FROM t a JOIN t b ON a.k = b.k JOIN ${few} d ON d.k = a.k`, true],
  [`SELECT d.k, f.n FROM (SELECT k FROM dims WHERE name = 'n1x') d LEFT JOIN ${grouped} f ON d.k = f.k`, true],
  [`SELECT f.v, d.m FROM facts f JOIN dims d ON f.k = d.k WHERE f.k BETWEEN 150 AND 160`, false],
  [`SELECT f.v, d.m FROM facts f LEFT JOIN dims d ON f.k = d.k WHERE f.k IN (150, 151, 7) OR f.k = 160`, false],
  [`SELECT d.k, f.v FROM facts f RIGHT JOIN dims d ON f.k = d.k AND f.v < 3000 WHERE d.k < 110`, false],
  [`SELECT f.v FROM (SELECT * FROM facts WHERE k < 140) f WHERE f.k NOT IN (SELECT k FROM dims WHERE k > 120)`, false],
  [`SELECT f.v FROM facts f JOIN dims d ON f.k = d.k JOIN dims e ON e.k = d.k WHERE e.k = 130`, false],
  [`SELECT f.v, d.m FROM facts f LEFT JOIN dims d ON f.k = d.k WHERE d.m > 1`, false],
  [`SELECT f.v, d.k FROM facts f FULL JOIN dims d ON f.k = d.k WHERE d.m = 1`, false],
  [`SELECT f.v, d.k FROM facts f FULL JOIN dims d ON f.k = d.k WHERE coalesce(f.v, 1) = 1`, false],
  [`SELECT f.v, d.k FROM facts f FULL JOIN dims d ON f.k = d.k WHERE f.g = d.m`, false],
  [`SELECT f.v FROM facts f LEFT JOIN dims d ON f.k = d.k WHERE CASE WHEN d.m IS NULL THEN NULL ELSE d.m END = 1`, false],
  [
    `SELECT (SELECT count(*) FROM facts WHERE k < 50) AS a, (SELECT sum(p) FROM facts WHERE s = 'n1') AS b, (SELECT count(DISTINCT g) FROM facts) AS c, (SELECT max(v) FROM facts WHERE k > 900) AS d`,
    false,
  ],
  [
    `SELECT * FROM (SELECT count(*) AS a FROM facts f JOIN dims d ON f.k = d.k WHERE d.m = 1 AND f.g = 2) x, (SELECT avg(v) AS b FROM facts f JOIN dims d ON f.k = d.k WHERE d.m = 2 AND f.g = 2) y`,
    false,
  ],
  [`SELECT v FROM facts WHERE v > (SELECT avg(v) FROM facts WHERE g = 1) AND v < (SELECT 1.1 * avg(v) FROM facts WHERE g = 2)`, false],
]

for (const [sql, filter] of queries) {
  test(sql, async ({ both }) => {
    await sameAsDuckdb(both, sql, sql, false, always)
    const plan = (await both.small.plan(sql, always)).explain('cost')
    if (filter) assert.match(plan, /Join LeftSemi,.*rightHint=\(strategy=broadcast\)/)
  })
}

test('switched off, and where nothing may be broadcast, no filter is made', async ({ both }) => {
  const sql = `SELECT d.k, f.n FROM ${few} d JOIN ${grouped} f ON d.k = f.k`
  for (const setting of [{ 'spark.sql.optimizer.runtime.bloomFilter.enabled': 'false' }, { 'spark.sql.autoBroadcastJoinThreshold': '-1' }])
    assert.not.match((await both.small.plan(sql, { ...always, ...setting })).explain('cost'), /LeftSemi/)
})

test.run()
