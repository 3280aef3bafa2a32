/** Every way to join gives the same rows, whatever the type, the keys and the rest of the condition: hints force each, DuckDB alone is the judge. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/physical/join-strategies')

test.before(async context => {
  Object.assign(context, await testTables(100_000))
  // Keys that repeat, are missing and are NULL; -0.0 equals 0.0, NaN equals itself.
  const d = (i: string) => `CASE ${i} % 6 WHEN 0 THEN 'NaN'::DOUBLE WHEN 1 THEN -0.0 WHEN 2 THEN 0.0 WHEN 3 THEN NULL ELSE (${i} % 50)::DOUBLE END`
  await context.add(
    'a',
    `SELECT CASE WHEN i % 11 <> 0 THEN i % 90 END AS k, i % 4 AS m, 'x' || (i % 40) AS s, ${d('i')} AS d, i AS x FROM range(300) t(i)`,
    { files: 3 },
  )
  await context.add(
    'b',
    `SELECT CASE WHEN i % 13 <> 0 THEN (i * 7) % 120 END AS k, i % 3 AS m, 'x' || (i % 60) AS s, ${d('i + 1')} AS d, i AS y FROM range(240) t(i)`,
    { files: 2 },
  )
})
test.after(context => context.close())

const types = ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'LEFT SEMI JOIN', 'LEFT ANTI JOIN']
const conditions = [
  'a.k = b.k',
  'b.k = a.k AND a.m < b.m',
  'a.k = b.k AND a.m = b.m',
  'a.k <=> b.k',
  'a.k <=> b.k AND a.s = b.s',
  'a.d = b.d',
  'a.s = b.s AND a.x + b.y > 100',
  'a.s = b.s AND a.x > 50 AND a.m <> b.m',
  'a.k > b.k AND a.m = 1',
]
const hints = ['BROADCAST(b)', 'MERGE(b)', 'SHUFFLE_HASH(a)', 'SHUFFLE_HASH(b)', 'SHUFFLE_REPLICATE_NL(a)']
const settings = { 'spark.sql.shuffle.partitions': '3', 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spk.sql.fileOrder.enabled': 'false' }

for (const type of types) {
  test(type, async context => {
    const seen = new Set<string>()
    for (const on of conditions) {
      const columns = /SEMI|ANTI/.test(type) ? 'a.x' : 'a.x, b.y'
      const sql = (hint: string) => `SELECT ${hint}${columns} FROM a ${type} b ON ${on}`
      const duck = sql('')
        .replace('<=>', 'IS NOT DISTINCT FROM')
        .replace(/LEFT (SEMI|ANTI)/, '$1')
      const expected = (await textRows(context.connection, duck)).map(r => r.join('|')).sort()
      for (const hint of hints) {
        const planned = await context.plan(sql(`/*+ ${hint} */ `), settings, 3)
        for (const strategy of planned.explain().match(/\w+(?=Join )Join|CartesianProduct/g) ?? []) seen.add(strategy)
        const run = await runGraph(context.connection, planned.graph).catch(error => {
          throw new Error(`${hint} ${on}: ${error}\n${planned.explain('codegen')}`)
        })
        assert.equal(run.rows.map(r => r.join('|')).sort(), expected, `${hint} ${on}\n${planned.explain('codegen')}`)
      }
    }
    const wanted: Readonly<Record<string, readonly string[]>> = {
      JOIN: ['BroadcastHashJoin', 'SortMergeJoin', 'ShuffledHashJoin', 'CartesianProduct', 'BroadcastNestedLoopJoin'],
      'LEFT JOIN': ['BroadcastHashJoin', 'ShuffledHashJoin', 'BroadcastNestedLoopJoin'],
      'RIGHT JOIN': ['ShuffledHashJoin', 'BroadcastNestedLoopJoin'],
      'FULL JOIN': ['ShuffledHashJoin', 'NestedLoopJoin'],
    }
    for (const strategy of wanted[type] ?? ['BroadcastHashJoin', 'ShuffledHashJoin']) assert.ok(seen.has(strategy), `${strategy} in ${[...seen]}`)
  })
}

test('DuckDB runs a sort-merge join by sorting and merging, further keys or not', async context => {
  for (const on of ['a.k = b.k', 'a.k = b.k AND a.m = b.m', 'a.s = b.s AND a.k <> b.k']) {
    const planned = await context.plan(`SELECT /*+ MERGE(b) */ a.x, b.y FROM a JOIN b ON ${on}`, settings, 3)
    const fragment = planned.graph.stages.at(-1)?.fragments[0]
    const inputs = (fragment?.inputs ?? []).map(input => {
      const fields = 'schema' in input ? input.schema.fields : []
      const table = fields.some(f => f.name.startsWith('x_')) ? 'a' : 'b'
      return `${input.name} AS (SELECT ${fields.map(f => `${f.name.replace(/_\d+$/, '')} AS ${f.name}`).join(', ')} FROM ${table})`
    })
    for (const [key, value] of Object.entries(fragment?.settings ?? {})) await context.connection.run(`SET ${key} = '${value}'`)
    const plan = await textRows(context.connection, `EXPLAIN WITH ${inputs.join(', ')} ${fragment?.sql}`)
    for (const key of Object.keys(fragment?.settings ?? {})) await context.connection.run(`RESET ${key}`)
    assert.match(plan.flat().join('\n'), 'IE_JOIN', on)
  }
})

test.run()
