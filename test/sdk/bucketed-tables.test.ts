/** Bucketed tables, end to end in local mode: what their files hold, plans without exchanges, and the same rows as without buckets. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { SparkSession, SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/bucketed-tables')
const folder = mkdtempSync(join(tmpdir(), 'spk-buckets-'))
let spark: SparkSession

test.before(async () => {
  spark = await SparkSession.builder()
    .master('local[2]')
    .config({
      'spark.sql.session.timeZone': 'UTC',
      'spark.sql.warehouse.dir': join(folder, 'warehouse'),
      'spark.local.dir': join(folder, 'scratch'),
      'spark.sql.autoBroadcastJoinThreshold': '-1',
      'spk.sql.fileOrder.enabled': 'false',
    })
    .create()
  const filled = (name: string, clause: string, from: string) => spark.sql(`CREATE TABLE ${name} USING parquet ${clause} AS ${from}`).collect()
  const orders = 'SELECT id AS k, id % 7 AS c, string(id % 50) AS s FROM range(2000)'
  await filled('orders', 'CLUSTERED BY (k) SORTED BY (c) INTO 4 BUCKETS', orders)
  await filled('plain', '', orders)
  await filled('lines', 'CLUSTERED BY (k) INTO 4 BUCKETS', 'SELECT id % 2500 AS k, id AS line, int(id % 2500) AS i FROM range(6000)')
  await filled('eight', 'CLUSTERED BY (k) INTO 8 BUCKETS', 'SELECT id % 300 AS k, id AS v FROM range(900)')
  await filled('pairs', 'CLUSTERED BY (s, c) INTO 4 BUCKETS', orders)
})
test.after(async () => {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
})

const rows = (sql: string) => spark.sql(sql).collectArrays()
const sorted = async (sql: string) => (await rows(sql)).map(r => r.join('|')).sort()
const locationOf = async (table: string): Promise<string> => {
  const line = (await rows(`DESCRIBE EXTENDED ${table}`)).find(([name]) => name === 'Location')
  return String(line?.[1]).slice('file:'.length)
}
async function withConf<T>(settings: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  for (const [key, value] of Object.entries(settings)) spark.conf.set(key, value)
  try {
    return await work()
  } finally {
    for (const key of Object.keys(settings)) spark.conf.unset(key)
  }
}
async function fails(work: () => Promise<unknown>, code: string): Promise<void> {
  const error = await work().then(
    () => undefined,
    (e: unknown) => e,
  )
  assert.ok(error instanceof SpkError, `${code} was not raised: ${String(error)}`)
  assert.is(error.code, code, error.message)
}

test('each file holds the rows of one bucket, in order, and its number', async () => {
  await spark.sql("INSERT INTO orders SELECT id, 3, 'added' FROM range(3000, 3100)").collect()
  const files = readdirSync(await locationOf('orders')).filter(name => name.startsWith('part-'))
  const bucketOf = new Map<unknown, string>()
  for (const name of files) {
    const [, bucket = ''] = /^part-(\d{5})-[^_]+_\1\.c000\.snappy\.parquet$/.exec(name) ?? []
    assert.ok(bucket !== '' && Number(bucket) < 4, name)
    const held = await spark.read.parquet(join(await locationOf('orders'), name)).collectArrays()
    const order = held.map(r => Number(r[1]))
    assert.equal(
      order,
      [...order].sort((a, b) => a - b),
    )
    for (const [k] of held) {
      assert.is(bucketOf.get(k) ?? bucket, bucket, `key ${k} is in two buckets`)
      bucketOf.set(k, bucket)
    }
  }
  assert.is(bucketOf.size, 2100)
  assert.is(new Set(bucketOf.values()).size, 4)
  assert.equal(await rows('SELECT count(*), count(DISTINCT k) FROM orders'), [[2100, 2100]])
  await spark.sql("INSERT OVERWRITE orders SELECT * FROM orders WHERE s <> 'added'").collect()
})

/** Query, exchanges, scans that are read by buckets. */
const plans: readonly (readonly [string, number, number])[] = [
  ['SELECT o.k, line FROM orders o JOIN lines l ON o.k = l.k', 0, 2],
  ['SELECT o.k, line FROM orders o FULL JOIN lines l ON o.k = l.k', 0, 2],
  ['SELECT k FROM orders LEFT ANTI JOIN lines USING (k)', 0, 2],
  ['SELECT /*+ MERGE(o) */ o.k, line FROM orders o LEFT JOIN lines l ON o.k = l.k AND c < 5', 0, 2],
  ['SELECT o.k, o.c, count(*) AS n FROM orders o JOIN lines l ON o.k = l.k GROUP BY o.k, o.c', 0, 2],
  ['SELECT k, sum(line) AS s, count(DISTINCT i) AS n FROM lines GROUP BY k', 0, 1],
  ['SELECT DISTINCT k FROM lines', 0, 1],
  ['SELECT k, line, row_number() OVER (PARTITION BY k ORDER BY line) AS n FROM lines WHERE line % 3 = 0', 0, 1],
  // The other side is brought to the buckets.
  ['SELECT o.k, l.k AS b FROM orders o JOIN plain l ON o.k = l.k', 1, 1],
  ['SELECT o.k, v FROM orders o JOIN eight l ON o.k = l.k', 1, 1],
  ['SELECT p.k, o.k AS b FROM pairs p JOIN plain o ON p.c = o.c AND p.s = o.s AND p.k < o.k', 1, 1],
  ['SELECT s, c, k, count(*) AS n FROM pairs GROUP BY s, c, k', 0, 1],
  // Buckets by other columns, another type, or part of what is asked for, do not help.
  ['SELECT s, count(*) AS n FROM pairs GROUP BY s', 1, 0],
  ['SELECT o.k, l.k AS b FROM orders o JOIN lines l ON o.c = l.line', 2, 0],
  ['SELECT a.i, b.i AS j FROM lines a JOIN lines b ON a.i = b.i', 2, 0],
  ['SELECT c, count(*) AS n FROM orders GROUP BY c', 1, 0],
  ['SELECT k + 1 AS k1, count(*) AS n FROM orders GROUP BY k + 1', 1, 0],
  ['SELECT k, line FROM lines WHERE k = 12', 0, 0],
  ['SELECT o.k, x.n FROM orders o JOIN (SELECT k, count(*) AS n FROM lines GROUP BY k) x ON o.k = x.k', 0, 2],
  ['SELECT k, count(*) AS n FROM (SELECT k FROM orders UNION ALL SELECT k FROM lines) GROUP BY k', 1, 0],
]
for (const [sql, exchanges, bucketed] of plans) {
  test(sql, async () => {
    const plan = (await spark.sql(sql).explainString()).split('== Final')[0] ?? ''
    assert.is(plan.match(/Exchange /g)?.length ?? 0, exchanges, plan)
    assert.is(plan.match(/Bucketed: true/g)?.length ?? 0, bucketed, plan)
    const found = await sorted(sql)
    for (const off of ['spark.sql.sources.bucketing.enabled', 'spark.sql.sources.bucketing.autoBucketedScan.enabled']) {
      await withConf({ [off]: 'false' }, async () => assert.equal(await sorted(sql), found, off))
    }
  })
}

test('options: no buckets at all, and buckets wherever a table has them', async () => {
  const sql = 'SELECT c, count(*) AS n FROM orders GROUP BY c'
  const plan = () => spark.sql(sql).explainString()
  assert.match(await plan(), /Bucketed: false \(disabled by query planner\)/)
  await withConf({ 'spark.sql.sources.bucketing.enabled': 'false' }, async () => assert.not.match(await plan(), /Bucketed/))
  await withConf({ 'spark.sql.sources.bucketing.autoBucketedScan.enabled': 'false' }, async () => {
    assert.match(await plan(), /Bucketed: true, hashpartitioned\(k, 4\) by buckets, SelectedBucketsCount: 4 out of 4/)
  })
  assert.match(await spark.sql('SELECT k, count(*) FROM orders GROUP BY k').explainString('formatted'), /\nBucketed: true\n/)
})

test('what is told of a table, and what is refused', async () => {
  const told = (await rows('DESCRIBE EXTENDED orders')).map(r => r.join('|'))
  for (const line of ['Num Buckets|4|', 'Bucket Columns|[`k`]|', 'Sort Columns|[`c`]|']) assert.ok(told.includes(line), told.join('\n'))
  const refused: readonly (readonly [string, string])[] = [
    ['CLUSTERED BY (a) INTO 0 BUCKETS', 'INVALID_BUCKET_COUNT'],
    ['CLUSTERED BY (a) INTO 100001 BUCKETS', 'INVALID_BUCKET_COUNT'],
    ['CLUSTERED BY (z) INTO 2 BUCKETS', 'COLUMN_NOT_DEFINED_IN_TABLE'],
    ['CLUSTERED BY (a) SORTED BY (z) INTO 2 BUCKETS', 'COLUMN_NOT_DEFINED_IN_TABLE'],
    ['CLUSTERED BY (a, A) INTO 2 BUCKETS', 'COLUMN_ALREADY_EXISTS'],
    ['CLUSTERED BY (a) SORTED BY (b, b) INTO 2 BUCKETS', 'COLUMN_ALREADY_EXISTS'],
    ['PARTITIONED BY (b) CLUSTERED BY (b) INTO 2 BUCKETS', 'SPK_BUCKET_BY_PARTITION_COLUMN'],
    ['CLUSTERED BY (a) INTO 2 BUCKETS CLUSTERED BY (b) INTO 2 BUCKETS', 'DUPLICATE_CLAUSES'],
    ['CLUSTERED BY (a) SORTED BY (b DESC) INTO 2 BUCKETS', '_LEGACY_ERROR_TEMP_0035'],
    ['CLUSTERED BY (a) INTO many BUCKETS', 'PARSE_SYNTAX_ERROR'],
  ]
  for (const [clause, code] of refused) {
    await fails(async () => spark.sql(`CREATE TABLE bad (a INT, b INT) USING parquet ${clause}`).collect(), code)
  }
})

test('a file that tells no bucket is an error where buckets count, and a row elsewhere', async () => {
  await spark.sql('CREATE TABLE odd USING parquet CLUSTERED BY (k) INTO 4 BUCKETS AS SELECT id % 5 AS k FROM range(20)').collect()
  await spark
    .range(2)
    .toDF('k')
    .write.mode('append')
    .parquet(await locationOf('odd'))
  assert.equal(await rows('SELECT count(*) FROM odd'), [[22]])
  await fails(() => rows('SELECT k, count(*) FROM odd GROUP BY k'), 'INVALID_BUCKET_FILE')
  await withConf({ 'spark.sql.sources.bucketing.enabled': 'false' }, async () => {
    assert.equal(await rows('SELECT count(*) FROM (SELECT k, count(*) FROM odd GROUP BY k)'), [[5]])
  })
})

test('df.write: saveAsTable with bucketBy and sortBy, append, overwrite, insertInto', async () => {
  const df = spark.sql('SELECT id % 10 AS k, id AS v FROM range(100)')
  await df.write.bucketBy(3, 'k').sortBy('v').saveAsTable('saved')
  const told = (await rows('DESCRIBE EXTENDED saved')).map(r => r.join('|'))
  for (const line of ['Num Buckets|3|', 'Bucket Columns|[`k`]|', 'Sort Columns|[`v`]|']) assert.ok(told.includes(line), told.join('\n'))
  await fails(() => df.write.saveAsTable('saved'), 'TABLE_OR_VIEW_ALREADY_EXISTS')
  await df.write.mode('ignore').saveAsTable('saved')
  await df.select('v', 'k').write.mode('append').bucketBy(3, 'K').sortBy('V').saveAsTable('saved')
  await df.write.insertInto('saved')
  assert.equal(await rows('SELECT k, count(*), max(v) FROM saved GROUP BY k ORDER BY k LIMIT 2'), [
    [0, 30, 90],
    [1, 30, 91],
  ])
  await fails(() => df.write.mode('append').saveAsTable('saved'), 'SPK_TABLE_BUCKETING_MISMATCH')
  await fails(() => df.write.mode('append').bucketBy(4, 'k').sortBy('v').saveAsTable('saved'), 'SPK_TABLE_BUCKETING_MISMATCH')
  await fails(() => df.write.format('json').mode('append').bucketBy(3, 'k').sortBy('v').saveAsTable('saved'), 'SPK_TABLE_FORMAT_MISMATCH')
  await fails(
    () => df.select('k').write.mode('append').bucketBy(3, 'k').sortBy('v').saveAsTable('saved'),
    'INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS',
  )
  await df.write.mode('overwrite').insertInto('saved')
  assert.equal(await rows('SELECT count(*) FROM saved'), [[100]])
  await spark.table('saved').limit(7).write.mode('overwrite').saveAsTable('saved')
  assert.equal(await rows('SELECT count(*) FROM saved'), [[7]])
  assert.ok(!(await rows('DESCRIBE EXTENDED saved')).some(([name]) => name === 'Num Buckets'))
  await fails(async () => df.write.bucketBy(3, 'k').save(join(folder, 'out')), 'SPK_INVALID_CALL')
  await fails(async () => df.write.bucketBy(3, 'k').insertInto('saved'), 'SPK_INVALID_CALL')
  await fails(async () => df.write.sortBy('k').saveAsTable('saved2'), 'SORT_BY_WITHOUT_BUCKETING')
  await fails(async () => df.write.format('noop').saveAsTable('saved2'), 'SPK_INVALID_CALL')
  await fails(async () => df.write.bucketBy(2.5, 'k').saveAsTable('saved2'), 'INVALID_BUCKET_COUNT')
})

test('an external table keeps its files, which may be others than its buckets', async () => {
  const path = join(folder, 'external')
  await spark.range(10).toDF('k').write.parquet(path)
  await spark.sql(`CREATE TABLE ext (k BIGINT) USING parquet CLUSTERED BY (k) INTO 4 BUCKETS LOCATION '${path}'`).collect()
  await spark.sql('INSERT INTO ext SELECT id FROM range(10)').collect()
  assert.not.match(await spark.sql('SELECT k, count(*) FROM ext GROUP BY k').explainString(), /Bucketed: true/)
  assert.equal(await rows('SELECT count(*), min(n) FROM (SELECT k, count(*) AS n FROM ext GROUP BY k)'), [[10, 2]])
})

const keys: Readonly<Record<string, string>> = {
  int: 'CAST(id % 17 AS INT)',
  string: "CASE WHEN id % 5 = 0 THEN NULL ELSE concat('é', id % 13) END",
  double: "CASE id % 6 WHEN 0 THEN -0.0D WHEN 1 THEN 0.0D WHEN 2 THEN double('NaN') WHEN 3 THEN NULL ELSE id % 6 + 0.5D END",
  decimal: 'CAST(id % 9 AS DECIMAL(20,2)) / 4',
  date: "CASE WHEN id % 3 = 0 THEN NULL ELSE DATE'2026-01-01' + CAST(id % 11 AS INT) END",
  timestamp: "TIMESTAMP'2026-01-01 00:00:00' + make_dt_interval(0, CAST(id % 19 AS INT))",
  boolean: 'id % 2 = 0',
  struct: "named_struct('x', id % 4, 'y', CASE WHEN id % 3 = 0 THEN NULL ELSE string(id % 3) END)",
  array: 'array(id % 3, NULL, id % 2)',
}
let made = 0
test('keys of any type: joins, groups and windows give the same rows as without buckets', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        type: fc.constantFrom(...Object.keys(keys)),
        left: fc.integer({ min: 1, max: 9 }),
        right: fc.constantFrom(0, 1, 3, 8),
        sizes: fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 120 })),
        adaptive: fc.boolean(),
        join: fc.constantFrom('JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'),
        equal: fc.constantFrom('=', '<=>'),
      }),
      async ({ type, left, right, sizes, adaptive, join: kind, equal }) => {
        const [a, b] = [`a${made}`, `b${made++}`]
        const fill = (name: string, n: number, buckets: number) =>
          spark
            .sql(
              `CREATE TABLE ${name} ${buckets === 0 ? '' : `CLUSTERED BY (k) INTO ${buckets} BUCKETS `}AS SELECT ${keys[type]} AS k, id AS v FROM range(${n})`,
            )
            .collect()
        await fill(a, sizes[0], left)
        await fill(b, sizes[1], right)
        const queries = [
          `SELECT a.v, b.v AS w FROM ${a} a ${kind} ${b} b ON a.k ${equal} b.k`,
          `SELECT string(k) AS k, n, s FROM (SELECT k, count(*) AS n, sum(v) AS s FROM ${a} GROUP BY k)`,
          `SELECT v, rank() OVER (PARTITION BY k ORDER BY v) AS r FROM ${a}`,
          `SELECT count(*) AS n FROM ${a} LEFT SEMI JOIN ${b} USING (k)`,
        ]
        await withConf({ 'spark.sql.adaptive.enabled': String(adaptive) }, async () => {
          for (const sql of queries) {
            const found = await sorted(sql)
            await withConf({ 'spark.sql.sources.bucketing.enabled': 'false' }, async () => assert.equal(await sorted(sql), found, sql))
          }
        })
        await spark.sql(`DROP TABLE ${a}`).collect()
        await spark.sql(`DROP TABLE ${b}`).collect()
      },
    ),
    { numRuns: Number(process.env['SPK_FUZZ_RUNS'] ?? 12) },
  )
})

test.run()
