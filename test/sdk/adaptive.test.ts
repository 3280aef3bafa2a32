/** Adaptive execution through the public API: a join that was planned as a shuffle ends as a broadcast, with the same rows, and `explain` tells. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite<{ spark: SparkSession; folder: string }>('sdk/adaptive')

test.before(async context => {
  context.folder = mkdtempSync(join(tmpdir(), 'spk-adaptive-'))
  context.spark = await SparkSession.builder()
    .master('local[2]')
    // Nothing is small at planning; 1 MB is small at run time.
    .config('spark.sql.autoBroadcastJoinThreshold', '100')
    .config('spark.sql.adaptive.autoBroadcastJoinThreshold', '1MB')
    .config('spk.sql.fileOrder.enabled', 'false')
    .getOrCreate()
  const save = (name: string, sql: string) => context.spark.sql(sql).write.parquet(join(context.folder, name))
  await save('facts', 'SELECT id % 1000 AS k, id AS x FROM range(0, 200000, 1, 4)')
  await save('items', "SELECT id AS k, concat('item ', id) AS name FROM range(0, 1000, 1, 4)")
  for (const name of ['facts', 'items']) context.spark.read.parquet(join(context.folder, name)).createOrReplaceTempView(name)
})
test.after(async ({ spark, folder }) => {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a small side is broadcast once its size is known', async ({ spark }) => {
  const joined = spark.sql("SELECT count(*) AS n, sum(x) AS s FROM facts JOIN items USING (k) WHERE name LIKE '%7'")
  const before = await joined.explainString()
  assert.match(before, 'ShuffledHashJoin')
  const rows = await joined.collect()
  assert.equal([rows[0]?.n, rows[0]?.s], [20000, 2_000_040_000])
  const [first = '', final = ''] = (await joined.explainString()).split('== Final Plan of the Last Run ==')
  assert.match(first, 'ShuffledHashJoin')
  assert.match(final, 'BroadcastHashJoin')
})

test('an empty side makes the join empty', async ({ spark }) => {
  const joined = spark.sql("SELECT x, name FROM facts JOIN items USING (k) WHERE name LIKE '%nothing%'")
  assert.equal(await joined.collect(), [])
  assert.match(await joined.explainString(), /== Final Plan of the Last Run ==[\s\S]*LocalTableScan <empty>/)
})

test('a key with most of the rows is joined by several tasks, and EXPLAIN shows how each input was read', async ({ spark }) => {
  const settings = {
    'spark.sql.adaptive.autoBroadcastJoinThreshold': '-1',
    'spark.sql.shuffle.partitions': '8',
    'spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes': '20k',
    'spark.sql.adaptive.skewJoin.skewedPartitionFactor': '2',
    'spark.sql.adaptive.advisoryPartitionSizeInBytes': '50k',
    'spark.sql.adaptive.coalescePartitions.minPartitionSize': '1k',
  }
  for (const [key, value] of Object.entries(settings)) spark.conf.set(key, value)
  const joined = spark.sql(
    'SELECT count(*) AS n, sum(x) AS s, count(DISTINCT name) AS d FROM (SELECT CASE WHEN x % 4 < 3 THEN 7 ELSE k END AS k, x FROM facts) JOIN items USING (k)',
  )
  const rows = await joined.collect()
  assert.equal([rows[0]?.n, rows[0]?.s, rows[0]?.d], [200_000, 19_999_900_000, 250])
  const [, final = ''] = (await joined.explainString()).split('== Final Plan of the Last Run ==')
  assert.match(final, /ShuffledHashJoin\(skew=true\) .*Inner/)
  assert.match(final, /AQEShuffleRead (coalesced and )?skewed\n[ :+-]*Exchange hashpartitioning/)
  for (const key of Object.keys(settings)) spark.conf.unset(key)
})

test('the smallest and the largest key of a finished broadcast prune the files of the other side', async ({ spark }) => {
  spark.conf.set('spark.sql.autoBroadcastJoinThreshold', '10MB')
  for (const key of ['CAST(id + 61000 AS BIGINT)', '-id', 'CASE WHEN id % 2 = 0 THEN id + 61000 END']) {
    const joined = spark.sql(`SELECT count(*) AS n, sum(x) AS s FROM facts JOIN (SELECT ${key} AS x FROM range(1000) WHERE id % 4 = 2) USING (x)`)
    const all = `SELECT count(*) AS n, sum(x) AS s FROM range(1000) JOIN facts ON x = ${key} AND id % 4 = 2`
    spark.conf.set('spark.sql.optimizer.dynamicPartitionPruning.enabled', 'false')
    const expected = await spark.sql(all).collect()
    spark.conf.set('spark.sql.optimizer.dynamicPartitionPruning.enabled', 'true')
    const pruned = spark.sql(all)
    assert.equal(await joined.collect(), expected)
    assert.equal(await pruned.collect(), expected)
    const [, final = ''] = (await joined.explainString()).split('== Final Plan of the Last Run ==')
    assert.match(final, /dynamic pruning: 1 of \d+ row groups|LocalTableScan <empty>/)
  }
  spark.conf.set('spark.sql.autoBroadcastJoinThreshold', '100')
})

test('a number of partitions that was asked for is the number of files', async ({ spark, folder }) => {
  const path = join(folder, 'three')
  await spark.sql('SELECT /*+ REPARTITION(3) */ * FROM items').write.parquet(path)
  assert.is(readdirSync(path).filter(name => name.endsWith('.parquet')).length, 3)
  assert.is(await spark.read.parquet(path).count(), 1000)
})

test('a row is counted once, however the join is run', async ({ spark }) => {
  const answers: unknown[] = []
  for (const threshold of ['-1', '1MB']) {
    spark.conf.set('spark.sql.adaptive.autoBroadcastJoinThreshold', threshold)
    answers.push(
      (await spark.sql('SELECT k % 10 AS g, count(*) AS n, max(name) AS m FROM facts LEFT JOIN items USING (k) GROUP BY 1 ORDER BY 1').collect()).map(
        String,
      ),
    )
  }
  assert.equal(answers[0], answers[1])
})

test.run()
