/** The public API end to end in local mode, as a user's own tests use it: planner, driver, slots, DuckDB and files are the real ones. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { col, Decimal, functions, Interval, SparkSession, Timestamp } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failure } from '../support/failure.js'

const test = suite('sdk/local')
const folder = mkdtempSync(join(tmpdir(), 'spk-test-'))
let spark: SparkSession

test.before(async () => {
  spark = await SparkSession.builder()
    .master('local[2]')
    .config({ 'spark.sql.session.timeZone': 'UTC', 'spark.local.dir': join(folder, 'scratch') })
    .getOrCreate()
})
test.after(async () => {
  await spark.stop()
  const left = readdirSync(join(folder, 'scratch'))
  rmSync(folder, { recursive: true, force: true })
  assert.equal(left, [], 'a stopped session leaves no scratch files')
})

const people = [
  { id: 1, name: 'Ada', country: 'GB', sales: 10.5 },
  { id: 2, name: 'Bo', country: 'SE', sales: 3 },
  { id: 3, name: 'Cy', country: 'GB', sales: null },
  { id: 4, name: null, country: 'CH', sales: 7 },
]

test('columns have the names of the query, repeated ones too', async () => {
  const df = spark.sql("SELECT 1 AS a, 2.50 AS b, 'x' AS a")
  assert.equal(await df.collect(), [{ a: 1, b: Decimal.parse('2.50') }])
  assert.equal(await df.collectArrays(), [[1, Decimal.parse('2.50'), 'x']])
  assert.equal(await df.columns(), ['a', 'b', 'a'])
})

test('filter, group, aggregate, order', async () => {
  const df = spark.createDataFrame(people)
  const totals = df
    .filter(col('id').gt(1).or(col('name').eq('Ada')))
    .groupBy('country')
    .agg(functions.sum('sales').as('total'), functions.count('*').as('n'))
    .orderBy(col('total').desc(), 'country')
  assert.equal(await totals.collect(), [
    { country: 'GB', total: 10.5, n: 2 },
    { country: 'CH', total: 7, n: 1 },
    { country: 'SE', total: 3, n: 1 },
  ])
})

test('SQL over temp views, with parameters', async () => {
  spark.createDataFrame(people).createOrReplaceTempView('people')
  spark.sql('CREATE OR REPLACE TEMP VIEW british AS SELECT id, upper(name) AS name FROM people WHERE country = "GB"')
  const query = 'SELECT p.id, b.name FROM people p LEFT JOIN british b USING (id) WHERE p.id <= :most ORDER BY p.id'
  assert.equal(await spark.sql(query, { most: 3 }).collect(), [
    { id: 1, name: 'ADA' },
    { id: 2, name: null },
    { id: 3, name: 'CY' },
  ])
})

test('joins of one DataFrame with itself by df.col()', async () => {
  const a = spark.createDataFrame(people)
  const b = a.withColumnRenamed('name', 'other')
  const pairs = a
    .join(
      b,
      a
        .col('country')
        .eq(b.col('country'))
        .and(a.col('id').lt(b.col('id'))),
    )
    .select(a.col('id'), b.col('other'))
  assert.equal(await pairs.collect(), [{ id: 1, other: 'Cy' }])
})

test('shuffled joins give what broadcast joins give', async () => {
  const query = 'SELECT a.id % 7 AS k, count(*) AS n FROM range(5000) a JOIN range(0, 10000, 3) b ON a.id = b.id GROUP BY a.id % 7 ORDER BY k'
  const broadcast = await spark.sql(query).collect()
  spark.conf.set('spark.sql.autoBroadcastJoinThreshold', '-1')
  const shuffled = await spark.sql(query).collect()
  spark.conf.unset('spark.sql.autoBroadcastJoinThreshold')
  assert.equal(shuffled, broadcast)
  assert.is(
    broadcast.reduce((sum, r) => sum + Number(r['n']), 0),
    1667,
  )
})

test('the actions', async () => {
  const df = spark.createDataFrame(people).orderBy('id')
  assert.is(await df.count(), 4)
  assert.equal((await df.first())?.name, 'Ada')
  assert.equal(
    (await df.take(2)).map(r => r.id),
    [1, 2],
  )
  assert.equal(
    (await df.head(1)).map(r => r.id),
    [1],
  )
  assert.is(await df.isEmpty(), false)
  assert.is(await df.filter('id > 9').isEmpty(), true)
  assert.is(await df.filter('id > 9').first(), undefined)
  const ids: number[] = []
  for await (const row of df.toLocalIterator()) ids.push(row.id)
  assert.equal(ids, [1, 2, 3, 4])
  assert.is(
    await df.select('id', 'name').showString(2),
    '+---+----+\n| id|name|\n+---+----+\n|  1| Ada|\n|  2|  Bo|\n+---+----+\nonly showing top 2 rows\n',
  )
  assert.match(await df.explainString(true), /== Parsed Logical Plan ==[\s\S]*== Physical Plan ==/)
})

test('stages of the last action', async () => {
  const df = spark.range(0, 1000, 1, 4).groupBy(col('id').mod(7).as('k')).count()
  assert.is((await df.collect()).length, 7)
  const stages = df.lastStages()
  assert.ok(stages.length >= 2)
  assert.ok(stages.every(s => s.state === 'succeeded' && s.completed === s.tasks))
  assert.ok(stages.some(s => s.metrics.shuffleWriteMetrics.bytesWritten > 0))
})

for (const format of ['parquet', 'csv', 'json'] as const) {
  test(`${format}: written, read again, read in part`, async () => {
    const path = join(folder, `people-${format}`)
    const options = format === 'csv' ? { header: true } : {}
    const ddl = 'id INT, name STRING, country STRING, sales DOUBLE'
    const files = await spark.createDataFrame(people, ddl).repartition(2).write.format(format).options(options).save(path)
    assert.equal(readdirSync(path).sort(), ['_SUCCESS', ...files.map(f => basename(f.path))].sort())
    assert.ok(files.length >= 1 && files.every(f => basename(f.path).startsWith('part-')))
    const back = spark.read.format(format).options(options).schema(ddl).load<{ id: number }>(path)
    assert.equal(
      (await back.orderBy('id').collect()).map(r => ({ ...r })),
      people,
    )
    assert.equal(await back.filter('sales > 5').select('id').orderBy('id').collect(), [{ id: 1 }, { id: 4 }])
    const again = await failure(spark.range(1).write.format(format).save(path))
    assert.is(again.code, 'PATH_ALREADY_EXISTS')
    await spark.range(3).write.format(format).mode('overwrite').save(path)
    assert.is(await spark.read.format(format).schema('id BIGINT').load(path).count(), 3)
  })
}

test('noop makes every row and drops it', async () => {
  assert.equal(await spark.range(0, 100, 1, 3).select(col('id').times(2)).write.format('noop').mode('append').save(), [])
  // One that cannot be made fails the job.
  const strict = spark.sql("SELECT CAST(IF(id = 19999, 'x', CAST(id AS STRING)) AS INT) AS n FROM range(20000)")
  assert.is((await failure(strict.write.format('noop').mode('overwrite').save())).code, 'CAST_INVALID_INPUT')
  for (const mode of ['error', 'ignore'])
    assert.is((await failure(spark.range(1).write.format('noop').mode(mode).save())).code, 'UNSUPPORTED_DATA_SOURCE_SAVE_MODE')
})

test('every type goes through a shuffle and back', async () => {
  const types: Readonly<Record<string, readonly unknown[]>> = {
    boolean: [true, false],
    tinyint: [-128, 127],
    bigint: [0, -9223372036854775808n],
    float: [1.5, -0],
    'decimal(5,2)': [Decimal.parse('-999.99')],
    'decimal(38,18)': [Decimal.parse('99999999999999999999.999999999999999999')],
    string: ['', 'é中😀', 'x'.repeat(5000)],
    binary: [new Uint8Array(), Uint8Array.of(0, 255)],
    date: [new Date('1969-12-31')],
    timestamp: [new Timestamp(1769860800123456n)],
    timestamp_ntz: [new Timestamp(-1n)],
    'interval year to month': [new Interval(-14, 0, 0n)],
    'interval day to second': [new Interval(0, 3, 5n)],
    interval: [new Interval(1, -2, 3n)],
    'array<array<string>>': [[[], ['a', null], null]],
    'map<string,int>': [new Map(), new Map([['a', 1]])],
    'struct<a: int, b: struct<c: string>>': [
      { a: 1, b: { c: 'x' } },
      { a: null, b: null },
    ],
  }
  for (const [type, values] of Object.entries(types)) {
    const rows = [...values, null].map((v, i) => ({ i, v }))
    const back = await spark.createDataFrame(rows, `i INT, v ${type}`).repartition(2).orderBy('i').collect()
    assert.equal(
      back.map(r => ({ ...r })),
      rows,
      type,
    )
  }
})

test('errors name what is wrong and where', async () => {
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    ['SELECT\n nme FROM people', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '2:2', /`name`/],
    ['SELECT lenght(name) FROM people', 'UNRESOLVED_ROUTINE', '1:8', /`length`/],
    ['SELECT * FROM peopel', 'TABLE_OR_VIEW_NOT_FOUND', '1:15', /`people`/],
    ['SELECT a.id FROM people a JOIN people b WHERE id = 1', 'AMBIGUOUS_REFERENCE', '1:47', /id/],
  ]
  for (const [sql, code, place, message] of cases) {
    const error = await failure(spark.sql(sql).collect())
    assert.is(error.code, code, sql)
    assert.match(error.message, message)
    assert.is(`${error.context?.line}:${error.context?.column}`, place, sql)
  }
})

test('an error inside a task ends the query with its own code, and the session goes on', async () => {
  assert.is((await failure(spark.sql('SELECT sum(1 / (id - 5)) FROM range(10)').collect())).code, 'DIVIDE_BY_ZERO')
  assert.is((await spark.range(3).collect()).length, 3)
})

test('a place is not told when the plan is made of several texts', async () => {
  const a = spark.sql('SELECT id FROM people')
  const error = await failure(a.filter('nope > 1').collect())
  assert.is(error.code, 'UNRESOLVED_COLUMN.WITH_SUGGESTION')
  if (error.context !== undefined) assert.is(error.context.fragment, 'nope')
})

test('a file that is missing, and one that is no Parquet', async () => {
  assert.is((await failure(spark.read.parquet(join(folder, 'none')).collect())).code, 'PATH_NOT_FOUND')
  const path = join(folder, 'bad.parquet')
  writeFileSync(path, 'no parquet at all')
  const error = await failure(spark.read.parquet(path).collect())
  assert.match(error.message, /bad\.parquet/)
})

test('builder: one session per process, settings of the session apply to it', async () => {
  const same = await SparkSession.builder().config('spark.sql.shuffle.partitions', 5).getOrCreate()
  assert.is(same, spark)
  assert.is(spark.conf.get('spark.sql.shuffle.partitions'), '5')
})

test('no master, or a wrong one', async () => {
  assert.is((await failure(SparkSession.builder().master('spark://host:7077').create())).code, 'SPK_BAD_MASTER_URL')
})

test.run()
