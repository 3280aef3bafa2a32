/** The smallest program of a user: a session (local, or on the cluster of SPK_NATS_URL), one aggregation, one line. */
import { SparkSession } from 'spk'

const spark = await SparkSession.builder()
  .master(process.env['SPK_NATS_URL'] || 'local[2]')
  .appName('first answer')
  .getOrCreate()
const rows = await spark.sql('SELECT count(*) AS n, sum(id) AS s FROM range(1000)').collect()
process.stdout.write(`${String(rows[0]?.['n'])} ${String(rows[0]?.['s'])}\n`)
await spark.stop()
