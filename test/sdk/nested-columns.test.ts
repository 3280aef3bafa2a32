/** Fields inside structs of Parquet files: read apart, they give what reading the whole struct gives, whatever fields a file has, and fewer bytes are read. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { field, struct, types } from '#src/core/types.js'
import { scanSql } from '#src/kernel/scan-sql.js'

const test = suite('sdk/nested-columns')
const folder = mkdtempSync(join(tmpdir(), 'spk-nested-'))
let spark: SparkSession

/** Files of one table: with all fields, with another order of them, with fewer, without the struct, with none of the fields, with columns named like fields. */
const files = [
  `SELECT i AS k, CASE WHEN i % 7 = 0 THEN NULL ELSE {'a': nullif(i % 5, 3), 'b': 't' || i, 'n': CASE WHEN i % 4 > 0 THEN {'x': i * 10, 'y': 'y' || i % 3} END} END AS v,
          [{'p': i, 'q': 'q' || i}] AS l FROM range(200) t(i)`,
  `SELECT i AS k, {'n': {'y': 'y' || i % 3, 'x': i::INTEGER}, 'a': i % 5, 'b': 'u' || i} AS v, [{'p': i, 'q': NULL}] AS l FROM range(200, 300) t(i)`,
  `SELECT {'a': i % 5} AS v, i AS k, NULL AS l FROM range(300, 350) t(i)`,
  `SELECT i AS k FROM range(350, 360) t(i)`,
  `SELECT i AS k, {'other': i, 'n': {'z': i}} AS v FROM range(360, 370) t(i)`,
  `SELECT i AS k, {'other': i} AS v FROM range(370, 380) t(i)`,
  `SELECT i AS k, {'a': 1, 'n': {'x': i}} AS v, TIMESTAMPTZ '2020-01-01 00:00:00Z' AS "V.a", -i AS "v.n.x" FROM range(380, 390) t(i)`,
]

test.before(async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  mkdirSync(join(folder, 'n'))
  for (const [i, sql] of files.entries()) await connection.run(`COPY (${sql}) TO '${join(folder, 'n', `${i}.parquet`)}' (ROW_GROUP_SIZE 2048)`)
  await connection.run(
    `COPY (SELECT {'a': i, 'b': 'b' || lpad(i::VARCHAR, 5, '0')} AS v FROM range(10000) t(i)) TO '${join(folder, 'ordered.parquet')}' (ROW_GROUP_SIZE 2048)`,
  )
  connection.closeSync()
  instance.closeSync()
  spark = await SparkSession.builder().master('local[2]').create()
  const schema = 'k BIGINT, v STRUCT<a: BIGINT, b: STRING, n: STRUCT<x: BIGINT, y: STRING>>, l ARRAY<STRUCT<p: BIGINT, q: STRING>>'
  await spark.read.schema(schema).parquet(join(folder, 'n')).createOrReplaceTempView('n')
  await spark.sql('SELECT id AS k, id % 3 AS g FROM range(0, 400, 1, 2)').createOrReplaceTempView('r')
})
test.after(async () => {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
})

const key = 'spark.sql.optimizer.nestedSchemaPruning.enabled'

async function rowsWith(pruned: boolean, sql: string): Promise<string[]> {
  spark.conf.set(key, pruned)
  const text = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
  return (await spark.sql(sql).collectArrays()).map(row => JSON.stringify(row, text)).sort()
}

async function scanOf(sql: string): Promise<string> {
  spark.conf.set(key, true)
  const plan = await spark.sql(sql).explainString('formatted')
  return /ReadSchema: (.*)/.exec(plan)?.[1] ?? plan
}

/** Queries, and what is read for them. */
const queries: readonly (readonly [sql: string, read: string])[] = [
  ['SELECT k, v.a FROM n', 'struct<k:bigint,v:struct<a:bigint>>'],
  ['SELECT k, v.a FROM n WHERE v.n.x BETWEEN 350 AND 389', 'struct<k:bigint,v:struct<a:bigint,n:struct<x:bigint>>>'],
  ['SELECT k FROM n WHERE v.a IS NULL', 'struct<k:bigint,v:struct<a:bigint>>'],
  ["SELECT v.n.x, count(*) FROM n WHERE v.n.y = 'y1' GROUP BY v.n.x", 'struct<v:struct<n:struct<x:bigint,y:string>>>'],
  ['SELECT v.n, v.n.x FROM n', 'struct<v:struct<n:struct<x:bigint,y:string>>>'],
  ['SELECT r.g, n.v.b FROM r LEFT JOIN n ON r.k = n.v.n.x AND n.v.a > 1', 'struct<v:struct<b:string,n:struct<x:bigint>,a:bigint>>'],
  ['SELECT k, v.b, row_number() OVER (PARTITION BY v.a ORDER BY v.n.x, k) FROM n', 'struct<k:bigint,v:struct<b:string,a:bigint,n:struct<x:bigint>>>'],
  ["SELECT x.v.a FROM (SELECT v, k FROM n WHERE v.b > 't2' ORDER BY k LIMIT 50) x", 'struct<k:bigint,v:struct<a:bigint,b:string>>'],
  ['SELECT v.a FROM n WHERE k IN (SELECT v.n.x FROM n)', 'struct<k:bigint,v:struct<a:bigint>>'],
  ["SELECT u.v.a FROM (SELECT v, k FROM n UNION ALL SELECT v, k + 1 FROM n) u WHERE u.v.b > 't2'", 'struct<v:struct<a:bigint,b:string>>'],
  ['SELECT x.w.y, r.g FROM (SELECT v.n AS w, k FROM n) x JOIN r ON x.k = r.k', 'struct<k:bigint,v:struct<n:struct<y:string>>>'],
  [
    'SELECT x.w.y, r.g FROM r LEFT JOIN (SELECT v.n AS w, k FROM n) x ON x.k = r.k AND x.w.x > 100',
    'struct<k:bigint,v:struct<n:struct<y:string,x:bigint>>>',
  ],
  [
    'SELECT y.w.x, y.k FROM (SELECT v.n AS w, k FROM (SELECT v, 1 AS k FROM n UNION ALL SELECT v, k FROM n WHERE v.a = 1)) y JOIN r ON y.k = r.k',
    'struct<v:struct<n:struct<x:bigint>>>',
  ],
  [
    'SELECT z.q.x FROM (SELECT p.n AS q, k FROM (SELECT v AS p, k FROM n ORDER BY k LIMIT 90) x JOIN r USING (k)) z LEFT JOIN r ON z.q.x = r.k',
    'struct<k:bigint,v:struct<n:struct<x:bigint>>>',
  ],
  [
    'SELECT w.b, max(w.a) FROM (SELECT v AS w FROM n UNION ALL SELECT v FROM n UNION SELECT v FROM n) GROUP BY w.b',
    'struct<v:struct<a:bigint,b:string,n:struct<x:bigint,y:string>>>',
  ],
  ['SELECT v FROM n WHERE v.a = 2', 'struct<v:struct<a:bigint,b:string,n:struct<x:bigint,y:string>>>'],
  ['SELECT v.a, v IS NULL FROM n', 'struct<v:struct<a:bigint,b:string,n:struct<x:bigint,y:string>>>'],
]
for (const [sql, read] of queries) {
  test(sql, async () => {
    const rows = await rowsWith(true, sql)
    assert.ok(rows.length > 5)
    assert.equal(rows, await rowsWith(false, sql))
    assert.is(await scanOf(sql), read)
  })
}

/** Relations of a struct `w` and a key `k`. */
const sources = [
  'SELECT v AS w, k FROM n',
  'SELECT v AS w, k FROM n UNION ALL SELECT v, k + 7 FROM n WHERE v.a > 1',
  'SELECT v AS w, k FROM n ORDER BY v.n.x, k LIMIT 120',
  'SELECT x.v AS w, x.k FROM r LEFT JOIN n x ON x.v.n.x = r.k OR x.k = r.k',
  'SELECT y.w, y.k FROM (SELECT v AS w, k, row_number() OVER (PARTITION BY v.a ORDER BY k) AS i FROM n) y WHERE i < 9',
  'SELECT max(v) AS w, k % 50 AS k FROM n GROUP BY k % 50',
  'SELECT DISTINCT v AS w, k FROM n',
  'SELECT struct(v.a, v.b, v.n) AS w, k FROM n',
  'SELECT v AS w, k FROM n WHERE v.n.x IN (SELECT v.n.x FROM n WHERE v.a = 2)',
  'SELECT coalesce(v, v) AS w, k FROM n EXCEPT SELECT v, k FROM n WHERE v.b IS NULL',
]
const columns = [
  'w.a',
  'w.b',
  'w.n.x',
  'w.n.y',
  'w.n',
  'w',
  'w.a + w.n.x',
  'w IS NULL',
  'w.n IS NULL',
  'struct(w.a, w.n.y)',
  'sum(w.a) OVER (PARTITION BY w.n.y)',
  'q.g',
]
const conditions = ['true', 'w.a > 1', "w.n.y = 'y1'", 'w.n IS NOT NULL', "w.b LIKE 't1%'", 'q.g < 2', 'NOT (w.a = 2 AND w.n.x > 300)']

test('random queries give the same with and without', async () => {
  const query = fc
    .tuple(
      fc.constantFrom(...sources),
      fc.uniqueArray(fc.constantFrom(...columns), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...conditions),
      fc.constantFrom('JOIN', 'LEFT JOIN'),
    )
    .map(
      ([source, list, condition, join]) =>
        `SELECT p.k, ${list.join(', ')} FROM (${source}) p ${join} (SELECT k, g FROM r) q ON p.k = q.k WHERE ${condition}`,
    )
  await fc.assert(
    fc.asyncProperty(query, async sql => assert.equal(await rowsWith(true, sql), await rowsWith(false, sql), sql)),
    { numRuns: Number(process.env['SPK_FUZZ_RUNS'] ?? 25) },
  )
})

test('DuckDB reads the field alone', async () => {
  const uri = join(folder, 'n', '0.parquet')
  const inner = struct([field('a', types.long), field('b', types.string)])
  const sql = scanSql(
    {
      kind: 'scan',
      name: 'n',
      format: 'parquet',
      options: {},
      schema: struct([field('v.a', types.long)]),
      fileSchema: struct([field('v', inner)]),
      fields: { 'v.a': ['v', 'a'] },
      splits: [{ file: { uri, size: 0, mtimeMs: 0 }, bytes: 0 }],
    },
    new Map(),
  )
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const text = String((await connection.runAndReadAll(`EXPLAIN SELECT * FROM (${sql}) WHERE "v.a" > 3`)).getRows()[0]?.[1])
  connection.closeSync()
  instance.closeSync()
  assert.match(text, /Projections:\s*v\.a\W/)
})

test('row groups are left out by the ends of fields', async () => {
  spark.conf.set(key, true)
  for (const [condition, rows] of [
    ['v.a BETWEEN 2100 AND 2200', '2,048'],
    ["v.b >= 'b09999'", '1,808'],
  ]) {
    const text = await spark.sql(`SELECT count(v.a) FROM parquet.\`${join(folder, 'ordered.parquet')}\` WHERE ${condition}`).explainString('analyze')
    assert.is(/read ([\d,]+) rows/.exec(text)?.[1], rows, text)
  }
})

test('fields whose paths are written alike are not read for each other', async () => {
  const path = join(folder, 'alike.parquet')
  await spark.sql("SELECT id AS k, named_struct('a', named_struct('b', id * 2), 'a.b', id * 3) AS v FROM range(10)").write.parquet(path)
  const side = (value: string) => `(SELECT /*+ REPARTITION(3, k) */ k, ${value} AS w FROM parquet.\`${path}\`)`
  const sql = `SELECT sum(x.w) AS twice, sum(y.w) AS thrice FROM ${side('v.a.b')} x JOIN ${side('v.`a.b`')} y ON x.k = y.k`
  assert.equal(await rowsWith(true, sql), ['[90,135]'])
})

test('the key switches it off', async () => {
  spark.conf.set(key, false)
  assert.match(
    await spark.sql('SELECT v.a FROM n').explainString('formatted'),
    'ReadSchema: struct<v:struct<a:bigint,b:string,n:struct<x:bigint,y:string>>>',
  )
})

test.run()
