/**
 * The queries of a suite over small tables made from seeds, on spk itself against DuckDB alone: row for row, in every way that must not change an answer,
 * with at least four partitions; and every query finds something. The test files name the suite and where spk runs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { difference, type Result } from '../../scripts/tpc/compare.js'
import { DuckDbSide } from '../../scripts/tpc/duckdb-side.js'
import { type SpkSide, startSpk } from '../../scripts/tpc/spk-side.js'
import { queriesOf, type SuiteName } from '../../scripts/tpc/suites.js'
import { tpcdsTables } from '../support/tpcds-tables.js'
import { tpchTables } from '../support/tpch-tables.js'

export const broadcastOff = { 'spark.sql.autoBroadcastJoinThreshold': '-1' }
export const adaptiveOff = { 'spark.sql.adaptive.enabled': 'false' }

export type Way = Readonly<Record<string, string>>

interface Context {
  folder: string
  duckdb: DuckDbSide
  spk: SpkSide
}

/** Rows from which a table gets four files, so that four tasks read it. */
const manyRows = 1000

/** Writes a suite's tables as Parquet. */
export async function writeTables(tables: Readonly<Record<string, string>>, folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  for (const [name, sql] of Object.entries(tables)) {
    await connection.run(`CREATE TABLE ${name} AS ${sql}`)
    const rows = Number((await connection.runAndReadAll(`SELECT count(*) FROM ${name}`)).getRows()[0]?.[0])
    const files = rows >= manyRows ? 4 : 1
    mkdirSync(join(folder, name))
    for (let i = 0; i < files; i++)
      await connection.run(
        `COPY (SELECT * FROM ${name} WHERE rowid % ${files} = ${i} ORDER BY rowid) TO '${join(folder, name, `part-${i}.parquet`)}' (FORMAT parquet)`,
      )
  }
  connection.closeSync()
  instance.closeSync()
}

/** The tests of a suite: one per query. `local`: in this process, else two executors over NATS. */
export function seededSuite(title: string, name: SuiteName, local: boolean, ways: readonly Way[]): void {
  const test = suite<Context>(title)
  test.before(async context => {
    context.folder = mkdtempSync(join(tmpdir(), 'spk-tpc-'))
    await writeTables(name === 'tpch' ? tpchTables : tpcdsTables, context.folder)
    context.duckdb = await DuckDbSide.open(context.folder, 1)
    context.spk = await startSpk({
      data: context.folder,
      local,
      memory: '600m',
      conf: { 'spark.sql.shuffle.partitions': '4', 'spark.sql.files.maxPartitionBytes': '65536', 'spark.sql.files.openCostInBytes': '0' },
    })
  })
  test.after(async ({ folder, duckdb, spk }) => {
    await spk.stop()
    duckdb.close()
    rmSync(folder, { recursive: true })
  })

  for (const query of queriesOf(name)) {
    test(query.name, async ({ duckdb, spk }) => {
      const expected = await duckdb.rows(query.text)
      assert.ok(
        expected.rows.some(row => row.some(cell => cell !== null)),
        'the query finds nothing',
      )
      for (const way of ways) {
        for (const [key, value] of Object.entries(way)) spk.spark.conf.set(key, value)
        let actual: Result
        try {
          actual = await spk.rows(query.text)
        } finally {
          for (const key of Object.keys(way)) spk.spark.conf.unset(key)
        }
        assert.is(await difference(query.text, actual, expected, text => duckdb.rows(text)), undefined, JSON.stringify(way))
      }
    })
  }
  test.run()
}
