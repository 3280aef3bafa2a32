/** Tables and views of a session, end to end in local mode. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SparkSession, SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/tables')
const folder = mkdtempSync(join(tmpdir(), 'spk-tables-'))
let spark: SparkSession

test.before(async () => {
  spark = await SparkSession.builder()
    .master('local[2]')
    .config({ 'spark.sql.session.timeZone': 'UTC', 'spark.sql.warehouse.dir': join(folder, 'warehouse'), 'spark.local.dir': join(folder, 'scratch') })
    .create()
})
test.after(async () => {
  await spark.stop()
  const left = readdirSync(join(folder, 'warehouse'))
  rmSync(folder, { recursive: true, force: true })
  assert.equal(left, [], 'managed tables end with the session')
})

const rows = (sql: string) => spark.sql(sql).collectArrays()
async function fails(sql: string, code: string): Promise<void> {
  const error = await spark
    .sql(sql)
    .collect()
    .then(
      () => undefined,
      (e: unknown) => e,
    )
  assert.ok(error instanceof SpkError, `${sql} did not fail`)
  assert.is(error.code, code, error.message)
}

for (const format of ['parquet', 'csv', 'json']) {
  test(`${format}: created empty, filled, read, overwritten, emptied, dropped`, async () => {
    await spark.sql(`CREATE TABLE t (a INT, b STRING, c DATE, d DECIMAL(5,2)) USING ${format}`).collect()
    assert.equal(await rows('SELECT * FROM t'), [])
    await spark.sql("INSERT INTO t VALUES (1, 'x', DATE'2026-01-31', 1.5), (2, NULL, NULL, NULL)").collect()
    await spark.sql("INSERT INTO t (b, a) SELECT 'only b', 3").collect()
    const text = (sql: string) => rows(sql).then(all => all.map(r => r.join()))
    assert.equal(await text('SELECT a, b, string(c), string(d) FROM t ORDER BY a'), ['1,x,2026-01-31,1.50', '2,,,', '3,only b,,'])
    await spark.sql('INSERT OVERWRITE t SELECT a + 10, upper(b), c, d FROM t WHERE a < 3').collect()
    assert.equal(await text('SELECT a, b FROM t ORDER BY a'), ['11,X', '12,'])
    await spark.sql('TRUNCATE TABLE t').collect()
    assert.equal(await rows('SELECT * FROM t'), [])
    await spark.sql('DROP TABLE t').collect()
    await fails('SELECT * FROM t', 'TABLE_OR_VIEW_NOT_FOUND')
  })
}

test('statements take effect in order, awaited or not', async () => {
  spark.sql('CREATE TABLE q (a INT)')
  for (let i = 0; i < 3; i++) spark.sql(`INSERT INTO q VALUES (${i})`)
  assert.equal(await rows('SELECT sum(a), count(*) FROM q'), [[3, 3]])
  spark.sql('DROP TABLE q')
  await fails('SELECT * FROM q', 'TABLE_OR_VIEW_NOT_FOUND')
})

test('schemas and full names', async () => {
  await spark.sql('CREATE SCHEMA s').collect()
  await spark.sql('CREATE TABLE s.t AS SELECT 1 AS a').collect()
  assert.equal(await rows('SELECT s.t.a, spark_catalog.s.t.a, t.a FROM spark_catalog.s.t'), [[1, 1, 1]])
  await spark.sql('USE s').collect()
  assert.equal(await rows('SELECT a FROM t'), [[1]])
  await fails('DROP SCHEMA s', 'SCHEMA_NOT_EMPTY')
  await spark.sql('DROP SCHEMA s CASCADE').collect()
  await fails('USE s', 'SCHEMA_NOT_FOUND')
})

test('views are read anew; temp views hide tables', async () => {
  await spark.sql('CREATE TABLE base (a INT)').collect()
  await spark.sql('CREATE VIEW v (x) AS SELECT a FROM base').collect()
  await spark.sql('INSERT INTO base VALUES (7)').collect()
  assert.equal(await rows('SELECT x FROM v'), [[7]])
  spark.sql('CREATE TEMP VIEW base AS SELECT 8 AS a')
  assert.equal(await rows('SELECT a FROM base'), [[8]])
  assert.equal(await rows('SELECT a FROM default.base'), [[7]])
  await fails('CREATE VIEW w AS SELECT * FROM base', 'INVALID_TEMP_OBJ_REFERENCE')
  await fails('CREATE VIEW v AS SELECT 1', 'TABLE_OR_VIEW_ALREADY_EXISTS')
  await fails('DROP TABLE v', 'WRONG_COMMAND_FOR_OBJECT_TYPE')
  await spark.sql('DROP VIEW v').collect()
  spark.sql('DROP VIEW base')
  await spark.sql('DROP TABLE base').collect()
})

test('a view is checked when it is made, and one that fails leaves the one before', async () => {
  await spark.sql('CREATE TEMP VIEW one AS SELECT 1 AS x').collect()
  await fails('CREATE OR REPLACE TEMP VIEW one AS SELECT nope FROM one', 'UNRESOLVED_COLUMN.WITH_SUGGESTION')
  await spark.sql('CREATE OR REPLACE TEMP VIEW one AS SELECT x + 1 AS y FROM one').collect()
  assert.equal(await rows('SELECT y FROM one'), [[2]])
  await fails('CREATE TEMP VIEW two AS SELECT * FROM nosuch', 'TABLE_OR_VIEW_NOT_FOUND')
  await fails('SELECT * FROM two', 'TABLE_OR_VIEW_NOT_FOUND')
  for (const kind of ['TEMP VIEW', 'VIEW']) {
    await fails(`CREATE ${kind} two (a, b) AS SELECT 1`, 'CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS')
    await fails(`CREATE ${kind} two (a) AS SELECT 1, 2`, 'CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS')
    await fails(`CREATE ${kind} two (a, A) AS SELECT 1, 2`, 'COLUMN_ALREADY_EXISTS')
    await fails(`CREATE ${kind} two AS SELECT 1 AS a, 2 AS a`, 'COLUMN_ALREADY_EXISTS')
  }
  await spark.sql('DROP VIEW one').collect()
})

test('partition columns go last; a partition is overwritten alone', async () => {
  await spark.sql('CREATE TABLE p (k INT, v STRING, n INT) USING parquet PARTITIONED BY (k)').collect()
  await spark.sql("INSERT INTO p PARTITION (k = 1) VALUES ('a', 1)").collect()
  await spark.sql("INSERT INTO p VALUES ('b', 2, 2)").collect()
  await spark.sql("INSERT OVERWRITE p PARTITION (k = 2) VALUES ('c', 3)").collect()
  assert.equal(await rows('SELECT * FROM p ORDER BY k'), [
    ['a', 1, 1],
    ['c', 3, 2],
  ])
  await fails("INSERT INTO p PARTITION (v = 'x') VALUES (1, 2)", 'NON_PARTITION_COLUMN')
  await spark.sql('DROP TABLE p').collect()
})

test('what a table does not take', async () => {
  await spark.sql('CREATE TABLE f (a INT, b TINYINT DEFAULT 5)').collect()
  await fails('CREATE TABLE f (a INT)', 'TABLE_OR_VIEW_ALREADY_EXISTS')
  await spark.sql('CREATE TABLE IF NOT EXISTS f (z INT)').collect()
  await fails('CREATE TABLE g (a INT, A INT)', 'COLUMN_ALREADY_EXISTS')
  await fails('INSERT INTO f VALUES (1)', 'INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS')
  await fails('INSERT INTO f VALUES (1, 2, 3)', 'INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS')
  await fails("INSERT INTO f VALUES ('1', 2)", 'INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST')
  await fails('INSERT INTO f VALUES (1, 300)', 'CAST_OVERFLOW_IN_TABLE_INSERT')
  await fails('INSERT INTO f (a, c) VALUES (1, 2)', 'UNRESOLVED_COLUMN.WITH_SUGGESTION')
  await fails('INSERT INTO nowhere VALUES (1)', 'TABLE_OR_VIEW_NOT_FOUND')
  await spark.sql('INSERT INTO f (a) VALUES (1)').collect()
  await spark.sql('INSERT INTO f VALUES (2, DEFAULT)').collect()
  await spark.sql('INSERT INTO f BY NAME SELECT 7 AS b, 3 AS a').collect()
  assert.equal(await rows('SELECT * FROM f ORDER BY a'), [
    [1, 5],
    [2, 5],
    [3, 7],
  ])
  await spark.sql('DROP TABLE f').collect()
})

test('a table at a place of its own keeps its files', async () => {
  const place = join(folder, 'kept')
  await spark.sql(`CREATE TABLE k USING csv LOCATION '${place}' AS SELECT 1 AS a, 'x' AS b`).collect()
  await spark.sql('DROP TABLE k').collect()
  assert.ok(existsSync(join(place, '_SUCCESS')))
  await spark.sql(`CREATE TABLE k (a INT, b STRING) USING csv OPTIONS (path '${place}')`).collect()
  assert.equal(await rows('SELECT * FROM k'), [[1, 'x']])
  await spark.sql('DROP TABLE k').collect()
})

// As Spark 4.2 lists them.
test('SHOW TABLES and the catalog list tables, views and temp views', async () => {
  const other = await SparkSession.builder()
    .master('local[1]')
    .config({ 'spark.sql.warehouse.dir': join(folder, 'listed'), 'spark.local.dir': join(folder, 'scratch') })
    .create()
  try {
    const list = (sql: string) => other.sql(sql).collectArrays()
    await list('CREATE TABLE t USING parquet AS SELECT 1 AS a')
    await list('CREATE VIEW pv AS SELECT 1 AS x')
    await list('CREATE SCHEMA sc')
    await list('CREATE TABLE sc.u USING parquet AS SELECT 1 AS a')
    other.sql('CREATE TEMP VIEW v AS SELECT 1')
    const temp = ['', 'v', true]
    assert.equal(await list('SHOW TABLES'), [['default', 'pv', false], ['default', 't', false], temp])
    assert.equal(await list('SHOW TABLES IN sc'), [['sc', 'u', false], temp])
    assert.equal(await list('SHOW VIEWS'), [['default', 'pv', false], temp])
    assert.equal(await list('SHOW VIEWS IN spark_catalog.sc'), [temp])
    assert.equal(await list("SHOW TABLES LIKE 't*'"), [['default', 't', false]])
    const error = await list('SHOW TABLES IN nope').catch((e: unknown) => e)
    assert.is((error as SpkError).code, 'SCHEMA_NOT_FOUND')
    assert.equal(
      other.catalog.listTables().map(t => [t.name, t.tableType, t.namespace.join('.')]),
      [
        ['pv', 'VIEW', 'default'],
        ['t', 'MANAGED', 'default'],
        ['v', 'TEMPORARY', ''],
      ],
    )
    assert.equal(
      ['t', 'sc.u', 'v', 'u', 'nope'].map(name => other.catalog.tableExists(name)),
      [true, true, true, false, false],
    )
  } finally {
    await other.stop()
  }
})

test('functions tell of the catalogue, the current schema and the user', async () => {
  await spark.sql('CREATE SCHEMA told').collect()
  await spark.sql('USE told').collect()
  const [[catalog, schema, database, bare, user, same] = []] = await rows(
    'SELECT current_catalog(), current_schema(), current_database(), current_schema, current_user(), current_user = session_user()',
  )
  await spark.sql('USE default').collect()
  assert.equal([catalog, schema, database, bare, same], ['spark_catalog', 'told', 'told', 'told', true])
  assert.ok(typeof user === 'string' && user !== '')
  assert.equal(await rows('SELECT current_schema()'), [['default']])
})

test.run()
