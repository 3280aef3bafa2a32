/**
 * Sales by country of customers over 25. Run as a client-mode driver:
 *
 *   node build/examples/customer-analytics.js --master nats://host:4222 --data FOLDER
 *
 * FOLDER holds Parquet files with the columns id, age, country, income, sales. `--master local[2]` needs no cluster; SPK_NATS_URL names one too.
 */
import { parseArgs } from 'node:util'
import { col, functions, SparkSession } from 'spk'

interface Customer {
  id: number
  age: number
  country: string
  income: number
  sales: number
}

const { values } = parseArgs({
  options: {
    master: { type: 'string', default: process.env['SPK_NATS_URL'] || 'local[2]' },
    cluster: { type: 'string', default: 'spk' },
    data: { type: 'string' },
  },
})
if (values.data === undefined) {
  console.error('usage: customer-analytics.js --data FOLDER [--master URL] [--cluster NAME]')
  process.exit(2)
}

const spark = await SparkSession.builder()
  .master(values.master)
  .appName('customer-analytics')
  .config('spk.cluster', values.cluster)
  .config('spark.ui.showConsoleProgress', true)
  .getOrCreate()
try {
  const byCountry = spark.read
    .parquet<Customer>(values.data)
    .filter(col('age').gt(25))
    .groupBy('country')
    .agg(functions.sum('sales').as('total_sales'), functions.count('*').as('customers'))
    .orderBy(col('total_sales').desc(), 'country')

  await byCountry.explain()
  await byCountry.show(50)

  console.log('stage  tasks       rows  shuffled bytes     time  what')
  for (const { stage, name, tasks, metrics, durationMs } of byCountry.lastStages()) {
    const rows = metrics.inputMetrics.recordsRead + metrics.shuffleReadMetrics.recordsRead
    const cells = [
      String(stage).padStart(5),
      String(tasks).padStart(5),
      String(rows).padStart(9),
      String(metrics.shuffleWriteMetrics.bytesWritten).padStart(14),
    ]
    console.log(`${cells.join('  ')}  ${(durationMs / 1000).toFixed(2)} s  ${name}`)
  }
} finally {
  await spark.stop()
}
