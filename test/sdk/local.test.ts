/** A user's first steps in local mode, end to end: the real planner, driver, executor, slots and files in one process. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { col, functions, SparkSession, SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = mkdtempSync(join(tmpdir(), 'spk-local-test-'))
const spark = await SparkSession.builder().master('local[2]').appName('local test').config('spark.local.dir', folder).create()
const test = suite('sdk/local')

test.after(async () => {
  await spark.stop()
  const left = readdirSync(folder).filter(name => name.startsWith('spk-'))
  rmSync(folder, { recursive: true })
  assert.equal(left, [], 'a stopped session leaves no scratch files')
})

const people = () =>
  spark.createDataFrame(
    [
      { id: 1, name: 'Ada', city: 'London' },
      { id: 2, name: 'Bo', city: null },
      { id: 3, name: 'Çelik', city: 'Ankara' },
    ],
    'id INT, name STRING, city STRING',
  )

test('a query over a range', async () => {
  const rows = await spark.sql('SELECT id % 3 AS k, count(*) AS n, sum(id) AS s FROM range(1000) GROUP BY id % 3 ORDER BY k').collect()
  assert.equal(
    rows.map(r => [Number(r['k']), Number(r['n']), Number(r['s'])]),
    [
      [0, 334, 166833],
      [1, 333, 166167],
      [2, 333, 166500],
    ],
  )
})

test('rows of the program, filtered, joined and ordered', async () => {
  const visits = spark.createDataFrame(
    [
      [1, 5],
      [1, 7],
      [3, 1],
      [4, 9],
    ],
    'id INT, minutes INT',
  )
  const rows = await people().join(visits, 'id', 'left').groupBy('name').agg(functions.sum('minutes').as('minutes')).orderBy('name').collect()
  assert.equal(
    rows.map(r => [r['name'], r['minutes'] === null ? null : Number(r['minutes'])]),
    [
      ['Ada', 12],
      ['Bo', null],
      ['Çelik', 1],
    ],
  )
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

test('what is written is what is read, and only a finished write is visible', async () => {
  for (const format of ['parquet', 'csv', 'json'] as const) {
    const path = join(folder, `people-${format}`)
    const writer = people().write.format(format)
    await (format === 'csv' ? writer.option('header', true) : writer).save(path)
    const names = readdirSync(path).filter(name => name !== '_SUCCESS')
    assert.ok(existsSync(join(path, '_SUCCESS')), format)
    assert.ok(names.length > 0 && names.every(name => name.startsWith('part-')), `${format}: ${names.join(', ')}`)
    const reader = spark.read.schema('id INT, name STRING, city STRING').format(format)
    const rows = await (format === 'csv' ? reader.option('header', true) : reader).load(path).orderBy('id').collect()
    assert.equal(rows, await people().collect(), format)
  }
})

test('an existing target is refused with the error that Spark gives', async () => {
  const path = join(folder, 'twice')
  await people().write.parquet(path)
  try {
    await people().write.parquet(path)
    assert.unreachable('the second write was not refused')
  } catch (error) {
    assert.instance(error, SpkError)
    assert.is((error as SpkError).code, 'PATH_ALREADY_EXISTS')
  }
  await people().filter(col('id').gt(1)).write.mode('overwrite').parquet(path)
  assert.is(Number(await spark.read.parquet(path).count()), 2)
})

test('an unknown column is named with what is there', async () => {
  try {
    await people().select('nmae').collect()
    assert.unreachable('an unknown column was taken')
  } catch (error) {
    assert.is((error as SpkError).code, 'UNRESOLVED_COLUMN.WITH_SUGGESTION')
    assert.match((error as SpkError).message, /`?name`?/)
  }
})

test('an error inside a task ends the query with its own code', async () => {
  try {
    await spark.sql('SELECT sum(1 / (id - 5)) FROM range(10)').collect()
    assert.unreachable('a division by zero gave rows')
  } catch (error) {
    assert.is((error as SpkError).code, 'DIVIDE_BY_ZERO')
  }
  assert.is((await spark.range(3).collect()).length, 3, 'the session goes on')
})

test.run()
