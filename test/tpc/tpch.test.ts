/**
 * The 22 TPC-H queries over small tables made from seeds: distributed, with and without broadcast, on files that tell their size and on files that claim
 * to be large, against DuckDB alone; every query finds rows. `npm run test:tpc` does the same on official data.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { StructType } from '#src/core/types.js'
import { type Cell, difference, exact, type Result } from '../../scripts/tpc/compare.js'
import { duckdbText, queriesOf } from '../../scripts/tpc/suites.js'
import { runGraph } from '../support/run-graph.js'
import { type Both, bothTables } from '../support/same-as-duckdb.js'
import { tpchTables } from '../support/tpch-tables.js'

const test = suite<{ both: Both }>('tpc/tpch')

test.before(async context => {
  context.both = await bothTables(tpchTables)
})
test.after(({ both }) => {
  both.small.close()
  both.large.close()
})

function cells(rows: readonly (readonly string[])[], kinds: readonly string[]): Cell[][] {
  return rows.map(row =>
    row.map((text, i): Cell => {
      if (text === 'NULL') return null
      const kind = kinds[i] ?? ''
      if (kind === 'double') return { double: Number(text) }
      return kind === 'number' ? exact(text) : text
    }),
  )
}

function kindsOf(schema: StructType): string[] {
  return schema.fields.map(f => {
    if (f.type.kind === 'double' || f.type.kind === 'float') return 'double'
    return ['byte', 'short', 'int', 'long', 'decimal'].includes(f.type.kind) ? 'number' : 'other'
  })
}

async function duckdb({ small }: Both, text: string): Promise<Result> {
  const read = await small.connection.runAndReadAll(duckdbText(text))
  const kinds = read.columnTypes().map(t => {
    const name = String(t)
    return name === 'DOUBLE' || name === 'FLOAT' ? 'double' : /INT|DECIMAL/.test(name) ? 'number' : 'other'
  })
  return {
    columns: read.columnNames(),
    rows: cells(
      read.getRows().map(row => row.map(v => (v === null ? 'NULL' : String(v)))),
      kinds,
    ),
  }
}

const ways: readonly (readonly ['small' | 'large', Readonly<Record<string, string>>])[] = [
  ['small', {}],
  ['small', { 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spark.sql.shuffle.partitions': '4' }],
  ['large', { 'spark.sql.shuffle.partitions': '5' }],
]

for (const query of queriesOf('tpch')) {
  test(query.name, async ({ both }) => {
    const expected = await duckdb(both, query.text)
    assert.ok(expected.rows.length > 0 && expected.rows.some(row => row.some(cell => cell !== null)), 'the query finds nothing')
    for (const [which, settings] of ways) {
      const planned = await both[which].plan(query.text, settings, 4)
      const { rows } = await runGraph(both[which].connection, planned.graph)
      const actual: Result = { columns: planned.schema.fields.map(f => f.name), rows: cells(rows, kindsOf(planned.schema)) }
      const what = await difference(query.text, actual, expected, text => duckdb(both, text))
      assert.is(what, undefined, `${which} ${JSON.stringify(settings)}\n${planned.explain()}`)
    }
  })
}

test.run()
