/**
 * Tables of queries whose text means the same to Spark and to DuckDB: each is planned, cut into stages, run task by task, and compared with DuckDB alone,
 * under several numbers of partitions, with and without broadcast, on files that tell their size and on files that claim to be large.
 */
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { failure } from './failure.js'
import { type TestTables, testTables } from './planner-tables.js'
import { runGraph, textRows } from './run-graph.js'

export interface Both {
  readonly small: TestTables
  readonly large: TestTables
}

export async function bothTables(tables: Readonly<Record<string, string>>): Promise<Both> {
  const both = { small: await testTables(), large: await testTables(100_000) }
  for (const t of [both.small, both.large]) for (const [name, sql] of Object.entries(tables)) await t.add(name, sql, { files: 2 })
  return both
}

const ways: readonly (readonly ['small' | 'large', Readonly<Record<string, string>>])[] = [
  ['small', {}],
  ['small', { 'spark.sql.shuffle.partitions': '3', 'spark.sql.autoBroadcastJoinThreshold': '-1' }],
  ['large', { 'spark.sql.shuffle.partitions': '5' }],
]

/** A test per query that it is refused with this code. */
export function refusals(test: Test<{ both: Both }>, refused: readonly (readonly [sql: string, code: string])[]): void {
  for (const [sql, code] of refused) {
    test(`${code}: ${sql}`, async ({ both }) => {
      assert.is((await failure(both.small.plan(sql))).code, code)
    })
  }
}

/** `duck`: the text for DuckDB where it is another one. `ordered`: the order of rows counts. `more`: settings for all ways. */
export async function sameAsDuckdb(both: Both, sql: string, duck = sql, ordered = false, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const expected = arranged(await textRows(both.small.connection, duck), ordered)
  for (const [which, settings] of ways) {
    const tables = both[which]
    const planned = await tables.plan(sql, { ...settings, ...more })
    let actual: string[]
    try {
      actual = arranged((await runGraph(tables.connection, planned.graph, planned)).rows, ordered)
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${sql}\n${planned.explain('extended')}\n${planned.explain('codegen')}`)
    }
    if (actual.join('\n') !== expected.join('\n'))
      assert.equal(actual, expected, `${sql}\n${planned.explain('extended')}\n${planned.explain('codegen')}`)
  }
}

function arranged(rows: readonly (readonly string[])[], ordered: boolean): string[] {
  const lines = rows.map(r => r.join('|'))
  return ordered ? lines : lines.sort()
}
