/** Plans that change while they run, by what the stages before have written: which stages still run, and the rows, which are those of DuckDB alone. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/adaptive/replan')

/** Files claim to be large: nothing is broadcast at planning. A row that a stage writes weighs 100 bytes here. */
test.before(async context => {
  Object.assign(context, await testTables(1000))
  const n = 6000
  await context.add('facts', `SELECT (i * 7919) % ${n} AS k, i % 100 AS g, i::DOUBLE AS x FROM range(${n}) t(i)`, { rowGroup: 2048 })
  await context.add('items', `SELECT (i * 31) % ${n} AS k, i % 10 AS kind, 'item ' || i AS name FROM range(${n}) t(i)`, { rowGroup: 2048 })
  await context.add('visits', `SELECT (i * 7) % (${n} // 3) AS k FROM range(${n}) t(i)`, { rowGroup: 2048 })
  await context.add('notes', `SELECT (i * 17) % ${n} AS k, i AS note FROM range(${n}) t(i)`, { rowGroup: 2048 })
})
test.after(context => context.close())

// 20 rows of items are left, which no statistics tell.
const few = "(SELECT * FROM items WHERE name LIKE 'item 12_' OR name LIKE 'item 34_')"
const none = "(SELECT * FROM items WHERE name LIKE '%nothing%')"

/** So little that no estimate makes a stage wait. */
const lateBroadcast = { 'spark.sql.adaptive.autoBroadcastJoinThreshold': '5000' }

const neverBroadcast = { 'spark.sql.adaptive.autoBroadcastJoinThreshold': '-1' }
const merging = { ...neverBroadcast, 'spark.sql.join.preferSortMergeJoin': 'true' }

const filtering = { ...neverBroadcast, 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spk.sql.adaptive.keyFilterRows': '1000' }
/** 60 rows, which statistics tell. */
const one = "(SELECT * FROM items WHERE kind = 3 AND name LIKE '%3')"

/** That many rows, of 6,000 bytes. */
const sixty = "(SELECT * FROM items WHERE kind = 3 AND name LIKE '%23')"

/** A shuffled join over an exchange of rows that were filtered. */
const filtered = /ShuffledHashJoin[\s\S]*Exchange hashpartitioning[^\n]*\n[^\n]*BroadcastHashJoin .*LeftSemi/

interface Case {
  readonly sql: string
  /** Stages in all, and those that ran. */
  readonly stages: number
  readonly ran: number
  readonly final: RegExp
  readonly settings?: Readonly<Record<string, string>>
}

const cases: readonly Case[] = [
  { sql: `SELECT f.x, i.name FROM facts f JOIN ${few} i ON f.k = i.k`, stages: 3, ran: 2, final: /BroadcastHashJoin \[k#\d+\], \[k#\d+\], Inner/ },
  { sql: `SELECT f.x, i.name FROM ${few} i JOIN facts f ON f.k = i.k`, stages: 3, ran: 2, final: /BroadcastHashJoin .*Inner/ },
  { sql: `SELECT f.x, i.name FROM facts f LEFT JOIN ${few} i ON f.k = i.k`, stages: 3, ran: 2, final: /BroadcastHashJoin .*LeftOuter/ },
  { sql: `SELECT f.x FROM facts f LEFT SEMI JOIN ${few} i ON f.k = i.k`, stages: 3, ran: 2, final: /BroadcastHashJoin .*LeftSemi/ },
  { sql: `SELECT f.x FROM facts f LEFT ANTI JOIN ${few} i ON f.k = i.k`, stages: 3, ran: 2, final: /BroadcastHashJoin .*LeftAnti/ },
  { sql: `SELECT f.x, i.name FROM facts f FULL JOIN ${few} i ON f.k = i.k`, stages: 3, ran: 3, final: /ShuffledHashJoin .*FullOuter/ },
  // The join of the rows that are left is itself an input that turns out small.
  {
    sql: `SELECT f.x, o.k FROM facts f JOIN ${few} i ON f.k = i.k JOIN notes o ON o.note = f.g`,
    stages: 5,
    ran: 3,
    final: /BroadcastHashJoin[\s\S]*BroadcastHashJoin/,
  },
  // The large side is itself a join that was changed before: it is taken as it is now, and reads nothing that was dropped.
  {
    sql: `SELECT f.x, i.name, o.note FROM facts f LEFT JOIN ${few} i ON f.k = i.k LEFT JOIN (SELECT * FROM notes WHERE note * 3 = 30) o ON f.g = o.k`,
    stages: 5,
    ran: 3,
    final: /BroadcastHashJoin[\s\S]*BroadcastHashJoin/,
  },
  // Partial states of grouping sets are made of whatever rows a task has.
  {
    sql: `SELECT f.g, i.kind, sum(f.x) AS s FROM facts f JOIN ${few} i ON f.k = i.k GROUP BY ROLLUP(f.g, i.kind)`,
    settings: { 'spark.sql.shuffle.partitions': '4' },
    stages: 4,
    ran: 3,
    final: /GroupingSets[\s\S]*BroadcastHashJoin .*Inner/,
  },
  // What is grouped by the join's key must stay together.
  { sql: `SELECT f.k, count(*) AS n FROM facts f JOIN ${few} i ON f.k = i.k GROUP BY f.k`, stages: 3, ran: 3, final: /ShuffledHashJoin/ },
  { sql: `SELECT f.x, i.name FROM facts f JOIN ${none} i ON f.k = i.k`, stages: 3, ran: 2, final: /LocalTableScan <empty>/ },
  { sql: `SELECT f.x FROM facts f LEFT SEMI JOIN ${none} i ON f.k = i.k`, stages: 3, ran: 2, final: /LocalTableScan <empty>/ },
  { sql: `SELECT f.x FROM facts f LEFT ANTI JOIN ${none} i ON f.k = i.k`, stages: 3, ran: 2, final: /BroadcastHashJoin .*LeftAnti/ },
  { sql: `SELECT count(*) AS n FROM facts f JOIN ${none} i ON f.k = i.k`, stages: 4, ran: 2, final: /LocalTableScan <empty>/ },
  // What is left after the first step is small: one task does the rest, and no exchange lies between.
  {
    sql: 'SELECT k, sum(x) AS s FROM facts GROUP BY k ORDER BY s DESC LIMIT 7',
    settings: { 'spark.sql.shuffle.partitions': '4' },
    stages: 3,
    ran: 2,
    final:
      /^TakeOrdered.*\n\+- TakeOrdered.*\n {3}\+- HashAggregate.*mode=final.*\n {6}\+- Exchange SinglePartition\n {9}\+- HashAggregate.*mode=partial/,
  },
  {
    sql: 'SELECT k, n, sum(n) OVER (PARTITION BY k % 3) AS s FROM (SELECT k, count(*) AS n FROM facts GROUP BY k) ORDER BY n, k',
    settings: { 'spark.sql.shuffle.partitions': '4' },
    stages: 4,
    ran: 2,
    final: /^(?=[\s\S]*Window)(?!(?:[\s\S]*Exchange){2})/,
  },
  // The inputs of a union become one statement.
  {
    sql: `SELECT k, count(*) AS n FROM (SELECT k FROM facts GROUP BY k UNION ALL SELECT kind AS k FROM items GROUP BY kind) GROUP BY k`,
    settings: { 'spark.sql.shuffle.partitions': '4' },
    stages: 4,
    ran: 3,
    final: /^HashAggregate.*final.*\n\+- HashAggregate.*partial.*\n {3}\+- Union/,
  },
  // The bounds of a sort are not needed.
  {
    sql: `SELECT f.x, i.name FROM facts f JOIN ${few} i ON f.g = i.k % 100 ORDER BY f.x`,
    stages: 5,
    ran: 3,
    final: /^Sort .*\n\+- Exchange SinglePartition/,
  },
  // Read twice, it stays a stage of its own.
  {
    sql: 'WITH c AS (SELECT g, max(k) AS m FROM facts GROUP BY g) SELECT a.g, b.g FROM c a JOIN c b ON a.m = b.m',
    settings: { 'spark.sql.shuffle.partitions': '4' },
    stages: 3,
    ran: 3,
    final: /Join .*Inner/,
  },
  // More than one task would read.
  {
    sql: 'SELECT k, sum(x) AS s FROM facts GROUP BY k ORDER BY s DESC LIMIT 7',
    settings: { 'spark.sql.shuffle.partitions': '4', 'spark.sql.adaptive.coalescePartitions.minPartitionSize': '1000' },
    stages: 3,
    ran: 3,
    final: /^TakeOrdered.*\n\+- Exchange SinglePartition/,
  },
  {
    sql: 'SELECT k, sum(x) AS s FROM facts GROUP BY k ORDER BY s DESC LIMIT 7',
    settings: { 'spark.sql.shuffle.partitions': '4', 'spark.sql.adaptive.coalescePartitions.enabled': 'false' },
    stages: 3,
    ran: 3,
    final: /^TakeOrdered.*\n\+- Exchange SinglePartition/,
  },
  {
    sql: `SELECT f.x, i.name FROM facts f JOIN ${few} i ON f.k = i.k`,
    settings: { 'spark.sql.adaptive.autoBroadcastJoinThreshold': '-1' },
    stages: 3,
    ran: 3,
    final: /ShuffledHashJoin/,
  },
  // What is sent once each is filtered before.
  {
    sql: `SELECT i.name FROM ${one} i LEFT ANTI JOIN visits v ON v.k = i.k`,
    settings: filtering,
    stages: 3,
    ran: 3,
    final: /ShuffledHashJoin .*LeftAnti[\s\S]*HashAggregate\(keys=\[k#\d+\], mode=partial[^\n]*\n[^\n]*BroadcastHashJoin .*LeftSemi/,
  },
  // Up to four times too large, of many times fewer rows: cheaper than to write those and read them again.
  {
    sql: `SELECT f.x, i.name FROM facts f JOIN ${sixty} i ON f.k = i.k`,
    settings: { ...filtering, 'spark.sql.adaptive.autoBroadcastJoinThreshold': '2000' },
    stages: 3,
    ran: 2,
    final: /BroadcastHashJoin .*Inner/,
  },
  {
    sql: `SELECT f.x, i.name FROM facts f JOIN ${sixty} i ON f.k = i.k`,
    settings: { ...filtering, 'spark.sql.adaptive.autoBroadcastJoinThreshold': '1400' },
    stages: 3,
    ran: 3,
    final: filtered,
  },
  // Nothing told that the other side would be small: both are written, and the large one stays where it lies.
  {
    sql: `SELECT f.x, i.name FROM facts f JOIN ${few} i ON f.k = i.k`,
    settings: lateBroadcast,
    stages: 3,
    ran: 3,
    final: /BroadcastHashJoin .*Inner[^\n]*\n[^\n]*AQEShuffleRead local\n[^\n]*Exchange hashpartitioning/,
  },
  {
    sql: `SELECT f.x, i.name FROM ${few} i RIGHT JOIN facts f ON f.k = i.k`,
    settings: lateBroadcast,
    stages: 3,
    ran: 3,
    final: /BroadcastHashJoin .*LeftOuter[^\n]*\n[^\n]*AQEShuffleRead local/,
  },
  {
    sql: `SELECT f.x FROM facts f LEFT ANTI JOIN ${few} i ON f.k = i.k`,
    settings: lateBroadcast,
    stages: 3,
    ran: 3,
    final: /BroadcastHashJoin .*LeftAnti[^\n]*\n[^\n]*AQEShuffleRead local/,
  },
  {
    sql: `SELECT f.x, i.name FROM facts f FULL JOIN ${few} i ON f.k = i.k`,
    settings: lateBroadcast,
    stages: 3,
    ran: 3,
    final: /ShuffledHashJoin .*FullOuter/,
  },
  {
    sql: `SELECT f.x, i.name FROM facts f JOIN ${few} i ON f.k = i.k`,
    settings: { ...lateBroadcast, 'spark.sql.adaptive.localShuffleReader.enabled': 'false' },
    stages: 3,
    ran: 3,
    final: /ShuffledHashJoin .*Inner/,
  },
  // A sort-merge join hashes when every partition turned out small enough for the user.
  { sql: 'SELECT f.x, i.name FROM facts f JOIN items i ON f.k = i.k', settings: merging, stages: 3, ran: 3, final: /SortMergeJoin .*Inner\n/ },
  {
    sql: 'SELECT f.x, i.name FROM facts f JOIN items i ON f.k = i.k',
    settings: { ...merging, 'spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold': '1MB' },
    stages: 3,
    ran: 3,
    final: /ShuffledHashJoin .*Inner, BuildRight/,
  },
  {
    sql: 'SELECT /*+ MERGE(i) */ f.x, i.name FROM facts f JOIN items i ON f.k = i.k',
    settings: { ...merging, 'spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold': '1MB' },
    stages: 3,
    ran: 3,
    final: /SortMergeJoin .*Inner\n/,
  },
  // A side that has far fewer rows filters the other before it is written, even where groups rely on how the rows lie.
  {
    sql: `SELECT f.k, count(*) AS n FROM facts f JOIN ${one} i ON f.k = i.k GROUP BY f.k`,
    settings: filtering,
    stages: 3,
    ran: 3,
    final: filtered,
  },
  {
    sql: `SELECT f.x FROM ${one} i LEFT JOIN facts f ON f.k = i.k`,
    settings: filtering,
    stages: 3,
    ran: 3,
    final: filtered,
  },
  {
    sql: `SELECT i.name FROM ${one} i LEFT ANTI JOIN facts f ON f.k = i.k AND f.g > i.kind`,
    settings: filtering,
    stages: 3,
    ran: 3,
    final: filtered,
  },
  // Rows without a partner are in the result.
  {
    sql: `SELECT f.x FROM facts f LEFT JOIN ${one} i ON f.k = i.k`,
    settings: filtering,
    stages: 3,
    ran: 3,
    final: /^((?!BroadcastHashJoin)[\s\S])*$/,
  },
  // One key: one partition of four has rows.
  {
    sql: `SELECT f.x, i.name FROM facts f JOIN (SELECT * FROM items WHERE name LIKE '%m 12_' AND name LIKE '%127') i ON f.k = i.k`,
    settings: { ...lateBroadcast, 'spark.sql.adaptive.nonEmptyPartitionRatioForBroadcastJoin': '0.5' },
    stages: 3,
    ran: 3,
    final: /ShuffledHashJoin .*Inner/,
  },
]

for (const { sql, settings = {}, stages, ran, final } of cases) {
  test(`${sql}${Object.keys(settings).join()}`, async context => {
    const planned = await context.plan(sql, { 'spk.sql.fileOrder.enabled': 'false', ...settings }, 4)
    assert.is(planned.graph.stages.length, stages, planned.explain('codegen'))
    const run = await runGraph(context.connection, planned.graph, planned.adapt === undefined ? {} : { adapt: planned.adapt })
    assert.is(run.ran.length, ran, `ran ${run.ran.join()}\n${planned.explain()}\n${planned.finalPlan()}`)
    assert.match(planned.finalPlan(), final)
    const expected = await textRows(context.connection, sql.replace('LEFT SEMI', 'SEMI').replace('LEFT ANTI', 'ANTI'))
    assert.equal(run.rows.map(r => r.join('|')).sort(), expected.map(r => r.join('|')).sort())
  })
}

test('switched off, nothing changes', async context => {
  const planned = await context.plan(cases[0]?.sql ?? '', { 'spark.sql.adaptive.enabled': 'false' })
  assert.is(planned.adapt, undefined)
  assert.is(planned.finalPlan(), planned.explain().replace('== Physical Plan ==\n', ''))
})

test.run()
