import { tableFromIPC } from 'apache-arrow'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { parseTableSchema } from '#src/planner/parse/parse.js'
import { col } from '#src/sql/column.js'
import { encodeRows } from '#src/sql/encode.js'
import { planTree } from '../planner/parse/plan-tree.js'
import { testSession } from './sessions.js'

const test = suite('sql/session')

const schema = parseTableSchema('a INT, s STRING')
const batch = encodeRows(
  [
    [1, 'x'],
    [2, null],
  ],
  schema,
)

test('collect plans with the settings of the session and gives rows', async () => {
  const session = testSession({ 'spark.sql.shuffle.partitions': '7' })
  session.schema = schema
  session.onRun = () => [batch]
  session.spark.conf.set('spark.sql.ansi.enabled', false)
  assert.equal(await session.spark.table('t').filter('a > 0').collect(), [
    { a: 1, s: 'x' },
    { a: 2, s: null },
  ])
  assert.is(planTree(session.plans[0]?.plan as never), 'Filter a > 0\n  UnresolvedRelation t')
  assert.equal(session.plans[0]?.context.conf, { 'spark.sql.shuffle.partitions': '7', 'spark.sql.ansi.enabled': 'false' })
  assert.equal(session.runs[0]?.conf, { 'spark.sql.shuffle.partitions': '7', 'spark.sql.ansi.enabled': 'false' })
  assert.is(session.runs[0]?.plan, 'the plan')
})

test('a job is described by the action and the line that called it', async () => {
  const session = testSession()
  await session.spark.table('t').collect()
  assert.match(session.runs[0]?.description ?? '', /^collect at session\.test\.[jt]s:\d+$/)
})

test('actions add to the plan what they need', async () => {
  const session = testSession()
  session.schema = parseTableSchema('count BIGINT')
  session.onRun = () => [encodeRows([[3]], session.schema)]
  const t = session.spark.table('t')
  assert.is(await t.count(), 3)
  await t.first()
  await t.take(4)
  await t.isEmpty()
  await t.showString(2)
  assert.equal(
    session.plans.map(p => planTree(p.plan).split('\n')[0]),
    ['Aggregate [] [count(1) AS count]', 'Limit 1', 'Limit 4', 'Limit 1', 'Limit 3'],
  )
})

test('a file that changed is planned and run once more, and once only', async () => {
  const session = testSession()
  let runs = 0
  session.onRun = () => {
    if (++runs === 1) throw new SpkError('SPK_FILE_CHANGED', 'changed', { retryable: true })
    return [batch]
  }
  assert.is((await session.spark.table('t').collect()).length, 2)
  assert.is(session.plans.length, 2)
  session.onRun = () => {
    runs++
    throw new SpkError('SPARK_JOB_FAILED', 'failed', { cause: new SpkError('SPK_FILE_CHANGED', 'changed') })
  }
  runs = 0
  await session.spark
    .table('t')
    .collect()
    .then(
      () => assert.unreachable(),
      (e: SpkError) => assert.is(e.code, 'SPARK_JOB_FAILED'),
    )
  assert.is(runs, 2)
})

test('another failure is not tried again', async () => {
  const session = testSession()
  session.onRun = () => {
    throw new SpkError('DIVIDE_BY_ZERO', 'no')
  }
  await session.spark
    .table('t')
    .collect()
    .then(
      () => assert.unreachable(),
      (e: SpkError) => assert.is(e.code, 'DIVIDE_BY_ZERO'),
    )
  assert.is(session.runs.length, 1)
})

test('rows of the program need no job', async () => {
  const session = testSession()
  const df = session.spark.createDataFrame([
    { id: 1, name: 'Ada' },
    { id: 2, name: null },
  ])
  assert.equal(await df.collect(), [
    { id: 1, name: 'Ada' },
    { id: 2, name: null },
  ])
  assert.equal(await df.dtypes(), [
    ['id', 'bigint'],
    ['name', 'string'],
  ])
  assert.is(session.runs.length, 0)
})

test('many rows of the program are several partitions', () => {
  const { spark } = testSession()
  const { plan } = spark.createDataFrame(
    Array.from({ length: 25_000 }, (_, i) => [i]),
    'i INT',
  )
  assert.is(plan.kind === 'LocalRelation' && plan.partitions.length, 2)
})

test('temp views by SQL and by API; a view keeps the views it was made of', async () => {
  const { spark } = testSession()
  spark.sql('CREATE TEMP VIEW v AS SELECT 1')
  spark.table('v').filter(col('a')).createOrReplaceTempView('w')
  spark.sql('CREATE OR REPLACE TEMP VIEW V AS SELECT 2')
  const plan = spark.runner.views.get(['W'])
  assert.is(plan && planTree(plan), 'Filter a\n  SubqueryAlias v\n    Project [1]\n      OneRowRelation')
  spark.sql('CREATE OR REPLACE TEMP VIEW x AS WITH v AS (SELECT 3) SELECT * FROM v')
  const x = spark.runner.views.get(['x'])
  assert.match(x ? planTree(x) : '', /Project \[\*\]\n {4}UnresolvedRelation v$/)
  assert.equal(
    spark.catalog.listTables().map(t => t.name),
    ['V', 'w', 'x'],
  )
  assert.throws(() => spark.sql('CREATE TEMP VIEW v AS SELECT 1'), /TEMP_TABLE_OR_VIEW_ALREADY_EXISTS/)
  spark.sql('DROP VIEW v')
  spark.sql('DROP VIEW IF EXISTS v')
  await spark
    .sql('DROP VIEW v')
    .collect()
    .then(
      () => assert.unreachable(),
      (e: Error) => assert.match(e.message, /TABLE_OR_VIEW_NOT_FOUND/),
    )
  assert.ok(spark.catalog.dropTempView('w'))
  assert.not(spark.catalog.dropTempView('w'))
})

test('SET and RESET', async () => {
  const { spark } = testSession({ 'spark.sql.shuffle.partitions': '7' })
  assert.equal(await spark.sql('SET spark.sql.shuffle.partitions = 9').collect(), [{ key: 'spark.sql.shuffle.partitions', value: '9' }])
  assert.is(spark.conf.get('spark.sql.shuffle.partitions'), '9')
  assert.equal(await spark.sql('SET spark.sql.shuffle.partitions').collect(), [{ key: 'spark.sql.shuffle.partitions', value: '9' }])
  spark.sql('RESET')
  assert.is(spark.conf.get('spark.sql.shuffle.partitions'), '7')
  assert.is(spark.conf.get('spark.sql.ansi.enabled'), 'true')
  assert.throws(() => spark.conf.get('spark.no.such'), /SQL_CONF_NOT_FOUND/)
})

test('settings: typed, warned about, refused', () => {
  const session = testSession()
  const { conf } = session.spark
  assert.throws(() => conf.set('spark.sql.shuffle.partitions', 'many'), /SPK_BAD_CONFIG_VALUE.*whole number/)
  assert.throws(() => conf.set('spark.executor.memory', '2g'), /CANNOT_MODIFY_CONFIG/)
  conf.set('spark.sql.shuffel.partitions', 3)
  assert.match(session.terminal.errors, /Unknown configuration key.*did you mean spark\.sql\.shuffle\.partitions/)
  assert.is(conf.get('spark.sql.shuffel.partitions'), '3')
})

test('EXPLAIN is a row of text, made when asked for', async () => {
  const session = testSession()
  const df = session.spark.sql('EXPLAIN EXTENDED SELECT 1')
  assert.equal(await df.collect(), [{ plan: 'extended Project' }])
  await session.spark.table('t').explain(true)
  assert.is(session.terminal.printed, 'extended UnresolvedRelation\n')
})

test('DESCRIBE and SHOW answer from temp views; what is not supported says so', async () => {
  const session = testSession()
  session.schema = schema
  session.spark.sql('CREATE TEMP VIEW people AS SELECT 1 AS a')
  session.spark.sql('CREATE TEMP VIEW places AS SELECT 1 AS a')
  const rows = (text: string): Promise<unknown[][]> => session.spark.sql(text).collectArrays()
  assert.equal(await rows('DESCRIBE people'), [
    ['a', 'int', null],
    ['s', 'string', null],
  ])
  assert.equal(await rows("SHOW TABLES LIKE 'pe*|x'"), [['', 'people', true]])
  assert.equal(await session.spark.sql('SHOW VIEWS').collect(), [
    { namespace: '', viewName: 'people', isTemporary: true },
    { namespace: '', viewName: 'places', isTemporary: true },
  ])
  assert.equal(await rows('SHOW COLUMNS IN people'), [['a'], ['s']])
  for (const text of ['ALTER TABLE t RENAME TO u', 'DELETE FROM t', 'CREATE GLOBAL TEMPORARY VIEW v AS SELECT 1']) {
    assert.throws(() => session.spark.sql(text), /UNSUPPORTED_FEATURE.SQL_STATEMENT.*0A000/)
  }
})

test('parameters of sql()', () => {
  const { spark } = testSession()
  assert.is(planTree(spark.sql('SELECT :a', { a: "x'" }).plan).split('\n')[0], "Project ['x\\'']")
  assert.is(planTree(spark.sql('SELECT ?, ?', [1, col('c')]).plan).split('\n')[0], 'Project [1, c]')
})

test('places in a plan that comes from another text are dropped', () => {
  const { spark } = testSession()
  const a = spark.sql('SELECT a FROM t')
  const b = spark.sql('SELECT b FROM   u')
  const { plan } = a.union(b)
  const spans = plan.kind === 'SetOperation' ? [plan.left.span !== undefined, plan.right.span !== undefined] : []
  assert.equal(spans, [true, false])
})

test('writes go out with their format, options and mode', async () => {
  const session = testSession()
  await session.spark.table('t').write.mode('overwrite').option('Header', true).csv('/out/x')
  assert.equal(session.plans[0]?.write, {
    kind: 'write',
    write: { format: 'csv', path: '/out/x', options: { header: 'true', mode: 'overwrite' } },
  })
  await session.spark.table('t').write.format('noop').mode('overwrite').save()
  assert.equal(session.plans[1]?.write, { kind: 'noop' })
})

test('printing goes to the terminal', async () => {
  const session = testSession()
  session.schema = schema
  session.onRun = () => [batch]
  await session.spark.table('t').show()
  await session.spark.table('t').printSchema()
  assert.is(
    session.terminal.printed,
    '+---+----+\n|  a|   s|\n+---+----+\n|  1|   x|\n|  2|NULL|\n+---+----+\n\nroot\n |-- a: integer (nullable = true)\n |-- s: string (nullable = true)\n\n',
  )
})

test('rows as an iterator and as Arrow', async () => {
  const { spark } = testSession()
  const df = spark.createDataFrame([[1, 'x']], 'a INT, s STRING')
  const rows: unknown[] = []
  for await (const row of df.toLocalIterator()) rows.push(row)
  assert.equal(rows, [{ a: 1, s: 'x' }])
  const table = await df.toArrow()
  assert.equal(
    table.toArray().map(row => row.toJSON()),
    [{ a: 1, s: 'x' }],
  )
  assert.equal(
    tableFromIPC(await df.toArrowIPC()).schema.fields.map(f => `${f}`),
    table.schema.fields.map(f => `${f}`),
  )
  const none = await spark.createDataFrame([], 'a INT, s STRING').toArrow()
  assert.equal([none.numRows, none.schema.names], [0, ['a', 's']])
})

test('stop ends the application once', async () => {
  const { spark } = testSession()
  await Promise.all([spark.stop(), spark.stop()])
})

test.run()
