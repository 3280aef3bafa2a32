/** EXPLAIN in its modes, and the log of what rules change. The texts are Spark's layout; plans themselves have their own tests. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseStatement } from '#src/planner/parse/parse.js'
import { planQuery } from '#src/planner/pipeline.js'
import { type TestTables, testTables } from '../support/planner-tables.js'

const test = suite<TestTables>('planner/explain')

test.before(async context => {
  Object.assign(context, await testTables())
  await context.add('facts', 'SELECT i::INTEGER AS id, i % 10 AS item FROM range(2000) t(i)', { files: 2 })
  await context.add('items', "SELECT i AS item, 'name ' || i AS name FROM range(10) t(i)")
})
test.after(context => context.close())

const query = 'SELECT name, count(*) AS n FROM facts f JOIN items i ON f.item = i.item WHERE f.id < 500 GROUP BY name'

test('cost: bytes and rows of each node', async ({ plan }) => {
  const lines = (await plan(query)).explain('cost').split('\n')
  assert.is(lines[0], '== Optimized Logical Plan ==')
  const of = (start: string) => lines.find(l => l.replace(/^[ :+-]*/, '').startsWith(start)) ?? `no ${start}`
  const size = String.raw`, Statistics\(sizeInBytes=\d+(\.\d)? (B|KiB), `
  assert.match(of('Aggregate'), new RegExp(`${size}rowCount=10\\)$`))
  assert.match(of('Filter'), new RegExp(`${size}rowCount=500\\)$`))
  assert.match(of('Relation [id'), new RegExp(`${size}rowCount=2000\\)$`))
  assert.match(of('Relation [item'), /rowCount=10\)$/)
  const at = lines.indexOf('== Physical Plan ==')
  assert.ok(at > 0 && lines.slice(at).every(l => !l.includes('Statistics')), 'the physical plan has none')
})

test('formatted: children have smaller numbers, each node once, then the stages', async ({ plan }) => {
  const text = (await plan(query, { 'spk.sql.broadcast.inlineRows': '0' })).explain('formatted')
  const [tree = '', ...nodes] = text.split('\n\n')
  const inTree = [...tree.matchAll(/\((\d+)\)$/gm)].map(m => Number(m[1]))
  assert.equal(
    inTree.toSorted((a, b) => a - b),
    Array.from({ length: inTree.length }, (_, i) => i + 1),
  )
  assert.is(inTree[0], inTree.length, 'the root is the last')
  const details = nodes.filter(n => /^\(\d+\)/.test(n))
  assert.equal(
    details.map(n => Number(/^\((\d+)\)/.exec(n)?.[1])),
    inTree.toSorted((a, b) => a - b),
  )
  const node = (title: string) => details.find(n => n.includes(`) ${title}`)) ?? `no ${title}`
  assert.match(node('Filter'), /^\(\d+\) Filter\nInput \[2\]: \[id#\d+, item#\d+\]\nCondition : \(id#\d+ < 500\)$/)
  assert.match(node('Scan parquet'), /\nOutput \[2\]: .*\nLocation: \[.*facts\]\nReadSchema: struct<id:int,item:bigint>\nTasks: /)
  assert.match(node('BroadcastHashJoin Inner BuildRight'), /\nLeft keys \[1\]: \[item#\d+\]\nRight keys \[1\]: \[item#\d+\]\nJoin type: Inner\n/)
  assert.match(node('HashAggregate'), /\nKeys \[1\]: \[name#\d+\]\nMode: partial\nResults \[2\]: /)
  assert.match(node('Exchange'), /\nArguments: (hashpartitioning\(name#\d+, 2\)|SinglePartition)$/)
  assert.match(text, /\nStage 0: .*\nStage 1: .*, reads stage 0\nStage 2: .*, reads stage 1$/)
})

test('formatted: an exchange that is read twice has one number', async ({ plan }) => {
  const twice = '(SELECT item, count(*) AS n FROM facts GROUP BY item)'
  const text = (await plan(`SELECT * FROM ${twice} a UNION ALL SELECT * FROM ${twice} b`)).explain('formatted')
  const again = /ReusedExchange \((\d+)\)/.exec(text)
  assert.ok(again, text)
  assert.is(text.split(`\n(${again[1]}) Exchange`).length, 2)
})

test('extended: the parsed plan, the schema above the analyzed one, the optimized, the physical', async ({ plan }) => {
  const text = (await plan(query)).explain('extended')
  const titles = [...text.matchAll(/^== (.*) ==$/gm)].map(m => m[1])
  assert.equal(titles, ['Parsed Logical Plan', 'Analyzed Logical Plan', 'Optimized Logical Plan', 'Physical Plan'])
  assert.match(text, /== Analyzed Logical Plan ==\nname: string, n: bigint\nAggregate /)
})

test('codegen: the SQL of every stage', async ({ plan }) => {
  const planned = await plan(query)
  const text = planned.explain('codegen')
  for (const stage of planned.graph.stages) assert.ok(text.includes(stage.fragments[0]?.sql ?? 'no fragment'), `stage ${stage.id}`)
})

async function changes({ environment }: TestTables, settings: Readonly<Record<string, string>>): Promise<string> {
  let text = ''
  const statement = parseStatement('SELECT id + 1 AS x FROM (SELECT id, item FROM facts WHERE item > 1) WHERE id < 5 + 5')
  if (statement.kind !== 'Query') throw new Error('no query')
  await planQuery(statement.plan, {
    ...environment,
    conf: environment.conf.with(settings),
    log: more => {
      text += more
    },
  })
  return text
}
const titles = (text: string) => text.split('\n').filter(l => l.startsWith('==='))

test('the log of changes: nothing by default', async context => {
  assert.is(await changes(context, {}), '')
  assert.is(await changes(context, { 'spark.sql.planChangeLog.level': 'TRACE' }), '')
})

test('the log of changes: rules in order, batches as a whole', async context => {
  const text = await changes(context, { 'spark.sql.planChangeLog.level': 'INFO' })
  assert.equal(titles(text).slice(0, 3), [
    '=== Applying Rule EliminateSubqueryAliases ===',
    '=== Result of Batch Finish Analysis ===',
    '=== Applying Rule PushPredicateThroughProject ===',
  ])
  const folded = /=== Applying Rule ConstantFolding ===\n([^=]+)/.exec(text)?.[1] ?? text
  const changed = folded.split('\n').filter(l => l.startsWith('!'))
  assert.is(changed.length, 1, folded)
  assert.match(changed[0] as string, /\(5 \+ 5\).* {3}.*10\)/)
})

test('the log of changes: only the rules and batches that are named', async context => {
  const level = { 'spark.sql.planChangeLog.level': 'warn' }
  const rules = {
    'spark.sql.planChangeLog.rules': 'org.apache.spark.sql.catalyst.optimizer.ConstantFolding',
    'spark.sql.planChangeLog.batches': 'none',
  }
  assert.equal(titles(await changes(context, { ...level, ...rules })), ['=== Applying Rule ConstantFolding ==='])
  const batches = { 'spark.sql.planChangeLog.rules': 'none', 'spark.sql.planChangeLog.batches': 'Finish Analysis, Clean Up' }
  assert.equal(titles(await changes(context, { ...level, ...batches })), ['=== Result of Batch Finish Analysis ==='])
})

test.run()
