/**
 * Random queries, planned, cut into stages and run task by task in DuckDB, against DuckDB alone on the whole query: under several numbers of partitions,
 * with and without broadcast, and with files that claim to be large, so that the plans for large data are tried too.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../support/planner-tables.js'
import { randomShape, randomTables, renderShape } from '../support/random-queries.js'
import { runGraph, textRows } from '../support/run-graph.js'

const test = suite<{ small: TestTables; large: TestTables }>('planner/differential')

test.before(async context => {
  context.small = await testTables()
  context.large = await testTables(100_000)
  for (const tables of [context.small, context.large]) {
    for (const [name, table] of Object.entries(randomTables)) await tables.add(name, table.sql, { files: name === 'r' ? 3 : 1 })
  }
})
test.after(async context => {
  await context.small.close()
  await context.large.close()
})

const settings = fc.record({
  partitions: fc.constantFrom(undefined, 1, 3, 8),
  broadcast: fc.boolean(),
  large: fc.boolean(),
  parallelism: fc.constantFrom(1, 2, 4),
})

function sorted(rows: readonly (readonly string[])[]): string[] {
  return rows.map(r => r.join('|')).sort()
}

test('the stages of a random query give what DuckDB alone gives', async ({ small, large }) => {
  const runs = Number(process.env['SPK_FUZZ_RUNS'] ?? 150)
  const seed = process.env['SPK_FUZZ_SEED']
  await fc.assert(
    fc.asyncProperty(randomShape, settings, async (shape, how) => {
      const tables = how.large ? large : small
      const { spark, duck } = renderShape(shape)
      const planned = await tables.plan(
        spark,
        {
          ...(how.partitions === undefined ? {} : { 'spark.sql.shuffle.partitions': String(how.partitions) }),
          ...(how.broadcast ? {} : { 'spark.sql.autoBroadcastJoinThreshold': '-1' }),
        },
        how.parallelism,
      )
      const expected = sorted(await textRows(tables.connection, duck))
      let actual: string[]
      try {
        actual = sorted((await runGraph(tables.connection, planned.graph, planned)).rows)
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}\n${spark}\n${planned.explain('codegen')}`)
      }
      if (JSON.stringify(actual) !== JSON.stringify(expected)) {
        assert.equal(actual, expected, `${spark}\n${planned.explain('extended')}\n${planned.explain('codegen')}`)
      }
    }),
    { numRuns: runs, includeErrorInReport: true, ...(seed === undefined ? {} : { seed: Number(seed) }) },
  )
})

test.run()
