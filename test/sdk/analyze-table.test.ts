/** ANALYZE TABLE end to end: what it finds, where it is shown, when it is forgotten, what is refused. Expected by Spark where Spark has the same lines. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SparkSession, SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/analyze-table')
const folder = mkdtempSync(join(tmpdir(), 'spk-analyze-'))
let spark: SparkSession

test.before(async () => {
  spark = await SparkSession.builder()
    .master('local[2]')
    .config({ 'spark.sql.session.timeZone': 'America/New_York', 'spark.sql.warehouse.dir': join(folder, 'warehouse'), 'spark.local.dir': folder })
    .create()
  await spark.sql('CREATE TABLE t (a INT, s STRING, d DATE, m DECIMAL(5,2), b BOOLEAN, bi BINARY, arr ARRAY<INT>, ts TIMESTAMP)').collect()
  await spark
    .sql(
      `INSERT INTO t SELECT id, 'x' || id % 3, DATE'2020-01-01' + CAST(id AS INT), id / 10, id % 2 = 0, CAST('ab' AS BINARY), array(1),
              TIMESTAMP'2020-01-01 00:00:00Z' + INTERVAL '1' SECOND * (id % 4) FROM range(100)`,
    )
    .collect()
  await spark.sql('INSERT INTO t VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)').collect()
})
test.after(async () => {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
})

const lines = async (sql: string) => (await spark.sql(sql).collectArrays()).map(row => row.slice(0, 2).map(String))
const fact = async (sql: string, name: string) => (await lines(sql)).find(([n]) => n === name)?.[1]

async function fails(sql: string, code: string): Promise<void> {
  const error = await Promise.resolve()
    .then(() => spark.sql(sql).collect())
    .then(
      () => undefined,
      (e: unknown) => e,
    )
  assert.ok(error instanceof SpkError, `${sql} did not fail`)
  assert.is(error.code, code, error.message)
}

test('bytes without a scan, then rows', async () => {
  assert.is(await fact('DESCRIBE EXTENDED t', 'Statistics'), undefined)
  await spark.sql('ANALYZE TABLE t COMPUTE STATISTICS NOSCAN').collect()
  assert.match((await fact('DESCRIBE EXTENDED t', 'Statistics')) ?? '', /^\d{4,5} bytes$/)
  await spark.sql('ANALYZE TABLE t COMPUTE STATISTICS').collect()
  assert.match((await fact('DESCRIBE EXTENDED t', 'Statistics')) ?? '', /^\d{4,5} bytes, 101 rows$/)
  assert.is(await fact('DESCRIBE EXTENDED t a', 'distinct_count'), 'NULL')
})

test('columns: ends, NULLs, distinct values, lengths', async () => {
  await spark.sql('ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a, S, d, m, b, bi, ts').collect()
  // min, max, nulls, fewest and most distinct values, average and largest length
  const expected: Readonly<Record<string, readonly [string, string, string, number, number, string, string]>> = {
    a: ['0', '99', '1', 95, 100, '4', '4'],
    s: ['NULL', 'NULL', '1', 3, 3, '2', '2'],
    d: ['2020-01-01', '2020-04-09', '1', 95, 100, '4', '4'],
    m: ['0.00', '9.90', '1', 95, 100, '8', '8'],
    b: ['false', 'true', '1', 2, 2, '1', '1'],
    bi: ['NULL', 'NULL', '1', 1, 1, '2', '2'],
    ts: ['2020-01-01 00:00:00.000000 +0000', '2020-01-01 00:00:03.000000 +0000', '1', 4, 4, '8', '8'],
  }
  for (const [name, [min, max, nulls, fewest, most, average, longest]] of Object.entries(expected)) {
    const facts = Object.fromEntries(await lines(`DESCRIBE EXTENDED t ${name}`))
    assert.equal(
      [facts['col_name'], facts['min'], facts['max'], facts['num_nulls'], facts['avg_col_len'], facts['max_col_len'], facts['histogram']],
      [name, min, max, nulls, average, longest, 'NULL'],
    )
    const distinct = Number(facts['distinct_count'])
    assert.ok(distinct >= fewest && distinct <= most, `${name}: ${distinct}`)
  }
  assert.equal(await lines('DESCRIBE t a'), [
    ['col_name', 'a'],
    ['data_type', 'int'],
    ['comment', 'NULL'],
  ])
})

test('histograms: bins of equal height; statistics of other columns stay', async () => {
  spark.conf.set('spark.sql.statistics.histogram.enabled', 'true')
  spark.conf.set('spark.sql.statistics.histogram.numBins', '4')
  await spark.sql('ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a, d, ts, s').collect()
  const bins = (await lines('DESCRIBE EXTENDED t a')).filter(([n]) => n?.startsWith('bin_') || n === 'histogram')
  assert.equal(
    bins.map(([n, v]) => `${n} ${v?.replace(/, distinct.*/, '')}`),
    [
      'histogram height: 25.25, num_of_bins: 4',
      'bin_0 lower_bound: 0.0, upper_bound: 24.0',
      'bin_1 lower_bound: 24.0, upper_bound: 49.0',
      'bin_2 lower_bound: 49.0, upper_bound: 74.0',
      'bin_3 lower_bound: 74.0, upper_bound: 99.0',
    ],
  )
  for (const [, text = ''] of bins.slice(1)) {
    const distinct = Number(/distinct_count: (\d+)/.exec(text)?.[1])
    assert.ok(distinct >= 22 && distinct <= 28, text)
  }
  assert.match((await fact('DESCRIBE EXTENDED t d', 'bin_0')) ?? '', /^lower_bound: 18262\.0, upper_bound: 18286\.0/)
  assert.match((await fact('DESCRIBE EXTENDED t ts', 'bin_3')) ?? '', /upper_bound: 1577836803000000\.0, distinct_count: 1$/)
  assert.is(await fact('DESCRIBE EXTENDED t s', 'histogram'), 'NULL')
  assert.is(await fact('DESCRIBE EXTENDED t m', 'max'), '9.90')
  spark.conf.unset('spark.sql.statistics.histogram.enabled')
})

test('INSERT forgets them, or keeps the size alone', async () => {
  await spark.sql('CREATE TABLE w AS SELECT id FROM range(10)').collect()
  await spark.sql('ANALYZE TABLE w COMPUTE STATISTICS FOR ALL COLUMNS').collect()
  assert.match((await fact('DESCRIBE EXTENDED w', 'Statistics')) ?? '', /10 rows$/)
  await spark.sql('INSERT INTO w VALUES (11)').collect()
  assert.is(await fact('DESCRIBE EXTENDED w', 'Statistics'), undefined)
  assert.is(await fact('DESCRIBE EXTENDED w id', 'max'), 'NULL')
  spark.conf.set('spark.sql.statistics.size.autoUpdate.enabled', 'true')
  await spark.sql('ANALYZE TABLE w COMPUTE STATISTICS FOR COLUMNS id').collect()
  await spark.sql('INSERT INTO w VALUES (12)').collect()
  assert.match((await fact('DESCRIBE EXTENDED w', 'Statistics')) ?? '', /^\d+ bytes$/)
  assert.is(await fact('DESCRIBE EXTENDED w id', 'max'), 'NULL')
  await spark.sql('ANALYZE TABLE w COMPUTE STATISTICS').collect()
  await spark.sql('TRUNCATE TABLE w').collect()
  assert.is(await fact('DESCRIBE EXTENDED w', 'Statistics')?.then(s => s?.endsWith('rows')), false)
  spark.conf.unset('spark.sql.statistics.size.autoUpdate.enabled')
})

test('what was found out proves nothing of rows that have come since', async () => {
  const path = join(folder, 'grown')
  await spark.sql(`CREATE TABLE grown (a DECIMAL(15,2), b DECIMAL(15,2)) USING parquet LOCATION '${path}'`).collect()
  await spark.sql('INSERT INTO grown VALUES (1, 2)').collect()
  await spark.sql('ANALYZE TABLE grown COMPUTE STATISTICS FOR ALL COLUMNS').collect()
  await spark
    .sql('SELECT CAST(9999999999999.99 AS DECIMAL(15,2)) AS a, CAST(9999999999999.99 AS DECIMAL(15,2)) AS b')
    .write.mode('append')
    .parquet(path)
  assert.equal(await lines('SELECT sum(a * b) FROM grown'), [['99999999999999800000000002.0001']])
})

test('all tables of a schema, and views of files', async () => {
  await spark.sql('CREATE SCHEMA s').collect()
  await spark.sql('CREATE TABLE s.one AS SELECT 1 AS x').collect()
  await spark.sql('CREATE VIEW s.view AS SELECT 1 AS x').collect()
  await spark.sql('ANALYZE TABLES IN s COMPUTE STATISTICS').collect()
  assert.match((await fact('DESCRIBE EXTENDED s.one', 'Statistics')) ?? '', /, 1 rows$/)
  const path = join(folder, 'csv')
  await spark.range(50).write.option('header', true).csv(path)
  spark.read.option('header', true).schema('id INT').csv(path).createOrReplaceTempView('files')
  await spark.sql('ANALYZE TABLE files COMPUTE STATISTICS FOR COLUMNS id').collect()
  assert.match((await fact('DESCRIBE EXTENDED files', 'Statistics')) ?? '', /, 50 rows$/)
  assert.is(await fact('DESCRIBE EXTENDED files id', 'max'), '49')
  assert.equal(await spark.sql('SELECT count(*), sum(id) FROM files WHERE id < 10').collectArrays(), [[10, 45]])
})

/** Rows that EXPLAIN COST has for the first node of the optimized plan, of a kind; undefined where none are known. */
async function estimated(sql: string, node: string): Promise<number | undefined> {
  const [[text = ''] = []] = await spark.sql(`EXPLAIN COST ${sql}`).collectArrays()
  const line = String(text)
    .split('\n')
    .find(l => l.replace(/^[ :+-]*/, '').startsWith(node))
  const rows = /rowCount=([\d.E+]+)/.exec(line ?? '')?.[1]
  return rows === undefined ? undefined : Number(rows)
}

test('a view that is replaced, or dropped, while it is analyzed stays so', async () => {
  const path = join(folder, 'replaced')
  await spark.range(100).write.parquet(path)
  for (const name of ['replaced', 'dropped']) {
    spark.read.parquet(path).createOrReplaceTempView(name)
    const analyzing = spark.sql(`ANALYZE TABLE ${name} COMPUTE STATISTICS FOR ALL COLUMNS`)
    // By now it has begun, and its queries are not even planned.
    await new Promise(resolve => setImmediate(resolve))
    if (name === 'replaced') spark.range(5).createOrReplaceTempView(name)
    else spark.catalog.dropTempView(name)
    await analyzing.collect()
  }
  assert.is(await spark.table('replaced').count(), 5)
  await fails('SELECT * FROM dropped', 'TABLE_OR_VIEW_NOT_FOUND')
})

test('estimates: by distinct values and, where values are skewed, by histograms', async () => {
  // Nine in ten values are below 100, the others up to 100,000; CSV has no footers that would know.
  await spark.sql('CREATE TABLE skewed (v INT, k INT, s STRING) USING csv').collect()
  await spark.sql("INSERT INTO skewed SELECT IF(id % 10 = 0, id * 10, id % 100), id % 40, 's' || id % 7 FROM range(10000)").collect()
  await spark.sql('CREATE TABLE keys (k INT, n STRING) USING csv').collect()
  await spark.sql("INSERT INTO keys SELECT id, 'n' || id FROM range(40)").collect()
  const low = 'SELECT * FROM skewed WHERE v < 100'
  assert.is(await estimated(low, 'Filter'), undefined)
  await spark.sql('ANALYZE TABLE skewed COMPUTE STATISTICS FOR COLUMNS v, k, s').collect()
  await spark.sql('ANALYZE TABLE keys COMPUTE STATISTICS FOR ALL COLUMNS').collect()
  const within = async (sql: string, node: string, rows: number, part: number) => {
    const found = await estimated(sql, node)
    assert.ok(found !== undefined && Math.abs(found - rows) <= rows * part, `${sql}: ${found} for ${rows}`)
  }
  assert.ok(((await estimated(low, 'Filter')) ?? 0) < 100, 'the ends alone take the values to lie evenly')
  spark.conf.set('spark.sql.statistics.histogram.enabled', 'true')
  spark.conf.set('spark.sql.statistics.histogram.numBins', '50')
  await spark.sql('ANALYZE TABLE skewed COMPUTE STATISTICS FOR COLUMNS v').collect()
  await within(low, 'Filter', 9001, 0.05)
  await within('SELECT * FROM skewed WHERE v >= 50000 AND v <= 75000', 'Filter', 250, 0.3)
  await within('SELECT * FROM skewed WHERE v = 17', 'Filter', 100, 0.5)
  await within("SELECT * FROM skewed WHERE s = 's3'", 'Filter', 1429, 0.1)
  await within('SELECT k, count(*) FROM skewed GROUP BY k', 'Aggregate', 40, 0.1)
  await within('SELECT * FROM skewed a JOIN keys b ON a.k = b.k', 'Join', 10000, 0.1)
  await within("SELECT * FROM skewed a JOIN keys b ON a.k = b.k WHERE n = 'n3'", 'Join', 250, 0.2)
  spark.conf.unset('spark.sql.statistics.histogram.enabled')
  spark.conf.unset('spark.sql.statistics.histogram.numBins')
})

test('what is refused', async () => {
  await fails('ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS arr', 'UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE')
  await fails('ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS', 'UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE')
  await fails('ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS nosuch', 'COLUMN_NOT_FOUND')
  await fails('ANALYZE TABLE nosuch COMPUTE STATISTICS', 'TABLE_OR_VIEW_NOT_FOUND')
  await fails('ANALYZE TABLE s.view COMPUTE STATISTICS', 'UNSUPPORTED_FEATURE.ANALYZE_VIEW')
  await fails('ANALYZE TABLES IN nosuch COMPUTE STATISTICS NOSCAN', 'SCHEMA_NOT_FOUND')
  await fails('ANALYZE TABLE t COMPUTE STATISTICS foo', 'INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN')
  await fails('ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS', 'PARSE_SYNTAX_ERROR')
  await fails('DESCRIBE t nosuch', 'COLUMN_NOT_FOUND')
  spark.range(1).createOrReplaceTempView('no_files')
  await fails('ANALYZE TABLE no_files COMPUTE STATISTICS', 'UNSUPPORTED_FEATURE.ANALYZE_UNCACHED_TEMP_VIEW')
})

test.run()
