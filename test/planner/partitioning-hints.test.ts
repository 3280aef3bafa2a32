/** REPARTITION, REPARTITION_BY_RANGE, REBALANCE and COALESCE in every form Spark takes: the logical node, the exchange, the tasks above it, the rows. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { type TestTables, testTables } from '../support/planner-tables.js'
import { runGraph, textRows } from '../support/run-graph.js'

const test = suite<TestTables>('planner/partitioning-hints')

test.before(async context => {
  Object.assign(context, await testTables(1000))
  await context.add('t', 'SELECT i AS id, i % 7 AS k FROM range(8000) t(i)', { files: 4 })
})
test.after(context => context.close())

const none = ''
/** Hint, logical node as Spark 4.2 prints it, exchange, tasks of the last stage when everything fits one. */
const cases: readonly [hint: string, node: string, exchange: string, tasks: number][] = [
  ['COALESCE(3)', 'Repartition 3, false', none, 3],
  ['COALESCE(30)', 'Repartition 30, false', none, 4],
  ['COALESCE(1)', 'Repartition 1, false', 'Exchange SinglePartition', 1],
  ['REPARTITION', 'RepartitionByExpression', 'Exchange RoundRobinPartitioning(5), REBALANCE_PARTITIONS_BY_NONE', 1],
  ['REPARTITION(3)', 'Repartition 3, true', 'Exchange RoundRobinPartitioning(3), REPARTITION_BY_NUM', 3],
  ['REPARTITION(k)', 'RepartitionByExpression [k#2]', 'Exchange hashpartitioning(k#2, 5), REPARTITION_BY_COL', 1],
  ["REPARTITION('k')", 'RepartitionByExpression [k#2]', 'Exchange hashpartitioning(k#2, 5), REPARTITION_BY_COL', 1],
  ['REPARTITION(3, k)', 'RepartitionByExpression [k#2], 3', 'Exchange hashpartitioning(k#2, 3), REPARTITION_BY_NUM', 3],
  ['REPARTITION(3, k, id)', 'RepartitionByExpression [k#2, id#1], 3', 'Exchange hashpartitioning(k#2, id#1, 3), REPARTITION_BY_NUM', 3],
  ['repartition_by_range', 'RepartitionByExpression', 'Exchange RoundRobinPartitioning(5), REBALANCE_PARTITIONS_BY_NONE', 1],
  [
    'REPARTITION_BY_RANGE(k)',
    'RepartitionByExpression [k#2 ASC NULLS FIRST]',
    'Exchange rangepartitioning(k#2 ASC NULLS FIRST, 5), REPARTITION_BY_COL',
    1,
  ],
  [
    'REPARTITION_BY_RANGE(3, k)',
    'RepartitionByExpression [k#2 ASC NULLS FIRST], 3',
    'Exchange rangepartitioning(k#2 ASC NULLS FIRST, 3), REPARTITION_BY_NUM',
    3,
  ],
  ['REBALANCE', 'RebalancePartitions', 'Exchange RoundRobinPartitioning(5), REBALANCE_PARTITIONS_BY_NONE', 1],
  ['REBALANCE(3)', 'RebalancePartitions 3', 'Exchange RoundRobinPartitioning(3), REBALANCE_PARTITIONS_BY_NONE', 1],
  ['REBALANCE(k)', 'RebalancePartitions [k#2]', 'Exchange hashpartitioning(k#2, 5), REBALANCE_PARTITIONS_BY_COL', 1],
  ['REBALANCE(3, k)', 'RebalancePartitions [k#2], 3', 'Exchange hashpartitioning(k#2, 3), REBALANCE_PARTITIONS_BY_COL', 1],
]

const settings = { 'spark.sql.shuffle.partitions': '5' }
/** As the driver's defaults, for one slot. */
const cut = {
  coalesce: { advisory: 2 ** 26, smallest: 2 ** 20, parallelism: 1 },
  skew: { advisory: 2 ** 26, rebalance: true, smallShare: 0.2 },
}

for (const [hint, node, exchange, tasks] of cases) {
  test(hint, async context => {
    const planned = await context.plan(`SELECT /*+ ${hint} */ id, k FROM t`, settings, 4)
    const text = planned.explain('extended')
    assert.ok(text.includes(`== Optimized Logical Plan ==\n${node}\n`), text)
    const exchanges = planned
      .finalPlan()
      .split('\n')
      .filter(line => line.includes('Exchange'))
      .map(line => line.replace(/^[ +:-]*/, ''))
    assert.equal(exchanges, exchange === none ? [] : [exchange])
    const run = await runGraph(context.connection, planned.graph, { cut })
    assert.is(run.tasks[planned.graph.stages.length - 1], tasks)
    const expected = await textRows(context.connection, 'SELECT id, k FROM t')
    assert.equal(run.rows.map(r => r.join('|')).sort(), expected.map(r => r.join('|')).sort())
  })
}

test('REBALANCE: partitions larger than wished are read by several tasks', async context => {
  const planned = await context.plan('SELECT /*+ REBALANCE(2, k) */ id, k FROM t', settings, 4)
  // 8,000 rows of 100 bytes in two partitions, written by four tasks.
  const run = await runGraph(context.connection, planned.graph, { cut: { skew: { advisory: 150_000, rebalance: true, smallShare: 0.2 } } })
  assert.ok((run.tasks[1] ?? 0) > 2, String(run.tasks))
  const expected = await textRows(context.connection, 'SELECT id, k FROM t')
  assert.equal(run.rows.map(r => r.join('|')).sort(), expected.map(r => r.join('|')).sort())
})

const wrong: readonly [hint: string, message: RegExp][] = [
  ['COALESCE', /COALESCE Hint expects a partition number as a parameter/],
  ['COALESCE(k)', /COALESCE Hint expects a partition number as a parameter/],
  ['COALESCE(3, k)', /COALESCE Hint expects a partition number as a parameter/],
  ['COALESCE(0)', /Number of partitions \(0\) must be positive/],
  ['REPARTITION(0)', /Number of partitions \(0\) must be positive/],
  ['REPARTITION(k + 1)', /REPARTITION Hint parameter should include columns, but \(k \+ 1\) found/],
  ['REBALANCE(k + 1)', /REBALANCE Hint parameter should include columns/],
  ['REPARTITION(nosuch)', /UNRESOLVED_COLUMN.*nosuch/],
]
for (const [hint, message] of wrong) {
  test(`${hint} is refused`, async context => {
    try {
      await context.plan(`SELECT /*+ ${hint} */ id, k FROM t`, settings)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, SpkError)
      assert.match(String(error), message)
    }
  })
}

test.run()
