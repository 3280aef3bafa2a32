/** What a program may rely on beyond right rows: limits, cancelling, the splitting of files, what a write leaves behind, and Arrow for other libraries. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { tableFromIPC } from 'apache-arrow'
import { col, functions, SparkSession, type SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'

const test = suite('sdk/guarantees')
const folder = mkdtempSync(join(tmpdir(), 'spk-guarantees-'))
const open = (master: string, settings: Readonly<Record<string, string>> = {}) =>
  SparkSession.builder()
    .master(master)
    .config({ 'spark.ui.showConsoleProgress': false, 'spark.local.dir': join(folder, 'scratch'), ...settings })
    .create()
const spark = await open('local[2]')

test.after(async () => {
  await spark.stop()
  const left = readdirSync(join(folder, 'scratch'))
  rmSync(folder, { recursive: true, force: true })
  assert.equal(left, [])
})

const failure = (run: Promise<unknown>): Promise<SpkError> =>
  run.then(
    () => assert.unreachable('it did not fail') as never,
    (e: SpkError) => e,
  )

const names = (path: string): string[] => (existsSync(path) ? readdirSync(path).sort() : [])

test('results beyond spark.driver.maxResultSize end the query with an error that names the setting; the session goes on', async () => {
  const small = await open('local[2]', { 'spark.driver.maxResultSize': '100k' })
  try {
    const error = await failure(small.range(0, 100_000, 1, 4).collect())
    assert.is(error.code, 'SPK_MAX_RESULT_SIZE')
    assert.match(error.message, /spark\.driver\.maxResultSize \(100\.0 KiB\)/)
    assert.is(await small.range(0, 100_000, 1, 4).count(), 100_000)
    assert.is((await small.range(0, 1000, 1, 4).collect()).length, 1000)
  } finally {
    await small.stop()
  }
})

test('a cancelled action rejects with its reason, frees the only slot and leaves nothing of what it wrote', async () => {
  const one = await open('local[1]')
  const path = join(folder, 'cancelled')
  try {
    // It would take hours.
    const endless = failure(one.sql('SELECT a.id FROM range(1000000) a JOIN range(1000000) b ON a.id + b.id = 3').write.json(path))
    await eventually(
      'its task writes',
      () => names(path).includes('_temporary') && readdirSync(path, { recursive: true }).some(f => `${f}`.endsWith('.json')),
    )
    const waiting = failure(one.range(7).count())
    assert.is(one.interruptAll('enough'), 2)
    for (const error of [await endless, await waiting]) {
      assert.is(error.code, 'SPARK_JOB_CANCELLED')
      assert.is(error.sqlState, 'XXKDA')
      assert.match(error.message, /enough/)
    }
    assert.is(await one.range(7).count(), 7)
    assert.equal(names(path), [])
    assert.is(one.interruptAll(), 0)
  } finally {
    await one.stop()
  }
})

test('a query runs under the settings that it is planned under, whatever is set meanwhile', async () => {
  const path = join(folder, 'settings')
  await spark.range(3).write.parquet(path)
  spark.conf.set('spark.sql.session.timeZone', 'UTC')
  const hours = spark.read
    .parquet(path)
    .selectExpr("hour(timestamp'2024-01-01 00:00:00Z' + make_interval(0, 0, 0, 0, cast(id AS INT))) h")
    .collectArrays()
  // By now it waits for footers.
  await new Promise(resolve => setImmediate(resolve))
  spark.conf.set('spark.sql.session.timeZone', 'Asia/Tokyo')
  assert.equal((await hours).flat().sort(), [0, 1, 2])
  spark.conf.unset('spark.sql.session.timeZone')
})

test('one Parquet file of many row groups is read by all slots', async () => {
  const path = join(folder, 'one-file')
  await spark.range(0, 200_000, 1, 1).write.option('rowGroupSize', 20_000).parquet(path)
  assert.is(readdirSync(path).filter(f => f.endsWith('.parquet')).length, 1)
  spark.conf.set('spark.sql.files.openCostInBytes', 1)
  const df = spark.read.parquet(path).agg(functions.count('*').as('n'), functions.sum('id').as('s'), functions.countDistinct('id').as('d'))
  assert.equal(await df.collect(), [{ n: 200_000, s: (199_999 * 200_000) / 2, d: 200_000 }])
  const [scan] = df.lastStages().filter(s => s.name.includes('Scan parquet'))
  spark.conf.unset('spark.sql.files.openCostInBytes')
  assert.ok((scan?.tasks ?? 0) >= 2, `${scan?.tasks} tasks`)
})

const ids = async (path: string): Promise<number[]> =>
  (await spark.read.schema('id BIGINT').json(path).orderBy('id').collect()).map(r => Number(r['id']))

test('save modes', async () => {
  const path = join(folder, 'modes')
  const save = (mode: string, from: number) =>
    spark
      .range(from, from + 2, 1, 1)
      .write.mode(mode)
      .json(path)
  assert.is((await save('ignore', 0)).length, 1)
  assert.equal(await ids(path), [0, 1])
  for (const mode of ['error', 'errorifexists', 'default', 'ErrorIfExists'])
    assert.is((await failure(save(mode, 5))).code, 'PATH_ALREADY_EXISTS', mode)
  assert.equal(await save('ignore', 5), [])
  assert.equal(await ids(path), [0, 1])
  await save('append', 10)
  assert.equal(await ids(path), [0, 1, 10, 11])
  await save('overwrite', 20)
  assert.equal(await ids(path), [20, 21])
  assert.equal(
    names(path).map(n => n.replace(/-.*/, '')),
    ['_SUCCESS', 'part'],
  )
  assert.throws(() => spark.range(1).write.mode('upsert'), /INVALID_SAVE_MODE/)
})

test('a write that fails leaves nothing: no folder, no file, and what was there as it was', async () => {
  const fails = spark.sql('SELECT id, 1 / (id - 900) AS x FROM range(0, 1000, 1, 4)')
  for (const format of ['parquet', 'csv', 'json']) {
    const fresh = join(folder, `fails-${format}`)
    assert.is((await failure(fails.write.format(format).save(fresh))).code, 'DIVIDE_BY_ZERO')
    assert.not.ok(existsSync(fresh), format)
    const there = join(folder, `there-${format}`)
    await spark.range(3).write.format(format).save(there)
    const before = names(there)
    for (const mode of ['append', 'overwrite']) {
      assert.is((await failure(fails.write.format(format).mode(mode).save(there))).code, 'DIVIDE_BY_ZERO')
      assert.equal(names(there), before, `${format} ${mode}`)
    }
  }
})

test('attempts that failed leave nothing visible, not even when all have', async () => {
  const retrying = await open('local[2,4]')
  const path = join(folder, 'retried')
  try {
    const error = await failure(retrying.sql('SELECT 1 / (id - 1) AS x FROM range(0, 2, 1, 2)').write.json(path))
    assert.is(error.code, 'DIVIDE_BY_ZERO')
    assert.match(error.message, /failed 4 times/)
    assert.equal(names(path), [])
    await retrying.range(2).write.json(path)
    assert.equal(
      names(path).filter(n => /^[._]/.test(n)),
      ['_SUCCESS'],
    )
  } finally {
    await retrying.stop()
  }
})

test('Ctrl-C in the midst of a write: the write is taken back, scratch goes, nothing is printed; a handler of the program is its own', async () => {
  const path = join(folder, 'interrupted')
  const own = join(folder, 'own-scratch')
  const entry = new URL('../../../dist/sdk/index.js', import.meta.url).href
  for (const [handler, expected] of [
    ['', 130],
    ["process.on('SIGINT', async () => { spark.interruptAll(); await spark.stop(); process.exit(7) })", 7],
  ] as const) {
    const program = `
      import { SparkSession } from ${JSON.stringify(entry)}
      const spark = await SparkSession.builder().master('local[2]').config('spark.local.dir', ${JSON.stringify(own)}).getOrCreate()
      ${handler}
      await spark.sql('SELECT a.id FROM range(1000000) a JOIN range(1000000) b ON a.id + b.id = 3').write.json(${JSON.stringify(path)}).catch(() => {})
      await new Promise(() => setTimeout(() => {}, 1e6))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString()
      })
    }
    const ended = once(child, 'close')
    await eventually('a task writes', () => names(path).length > 0 && readdirSync(path, { recursive: true }).some(f => `${f}`.endsWith('.json')))
    child.kill('SIGINT')
    assert.equal((await ended)[0], expected, output)
    assert.is(output, '')
    assert.equal(names(own), [])
    assert.equal(names(path), [])
  }
})

test('an error has the stack of the call, its code, and nothing of the machinery', async () => {
  async function myReport(): Promise<void> {
    await spark.sql('SELECT sum(1 / (id - 5)) FROM range(10)').show()
  }
  const planned = (): Promise<unknown> => spark.sql('SELECT nope').schema()
  const parsed = async (): Promise<unknown> => spark.sql('SELEC 1')
  for (const [call, code] of [
    [myReport, 'DIVIDE_BY_ZERO'],
    [planned, 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION'],
    [parsed, 'PARSE_SYNTAX_ERROR'],
  ] as const) {
    const error = await failure(call())
    const stack = error.stack ?? ''
    assert.ok(stack.startsWith(`SpkError: ${error.message}\n`), stack)
    const frames = stack.slice(stack.indexOf(error.message) + error.message.length)
    assert.match(frames, new RegExp(`at (async )?${call.name} \\(.*guarantees\\.test`))
    assert.not.match(frames, /\/(kernel|planner|actors|sql)\//)
    assert.is(error.cause, undefined)
    const shown = inspect(error)
    assert.is(shown.split(`[${code}]`).length, 2, shown)
    assert.ok(shown.endsWith(`{\n  code: '${code}'\n}`), shown)
  }
})

test('rows as a table of apache-arrow, and as a stream for other libraries', async () => {
  const df = spark.sql(
    "SELECT id, CAST(id AS DECIMAL(10,2)) AS d, IF(id = 1, NULL, concat('n', id)) AS s, array(id, NULL) AS l, TIMESTAMP '2026-01-01 00:00:00 UTC' AS t FROM range(0, 3, 1, 2) ORDER BY id",
  )
  const table = await df.toArrow()
  assert.is(table.numRows, 3)
  assert.equal(
    table.schema.fields.map(f => `${f.name}: ${f.type}`),
    ['id: Int64', 'd: Decimal[10e+2]', 's: Utf8', 'l: List<Int64>', 't: Timestamp<MICROSECOND, UTC>'],
  )
  assert.equal(Array.from(table.getChild('id') ?? [], Number), [0, 1, 2])
  assert.equal([...(table.getChild('s') ?? [])], ['n0', null, 'n2'])
  const same = tableFromIPC(await df.toArrowIPC())
  assert.equal(`${same.schema}`, `${table.schema}`)
  assert.equal([...(same.getChild('s') ?? [])], ['n0', null, 'n2'])
  const none = await df.filter(col('id').gt(5)).toArrow()
  assert.equal([none.numRows, none.schema.names], [0, ['id', 'd', 's', 'l', 't']])
})

test.run()
