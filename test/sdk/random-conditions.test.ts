/** A random condition above a join is drawn for each of its rows, also where rows may be grouped below the join. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SparkSession } from '#src/sdk/index.js'

const test = suite('sdk/random-conditions')

test('groups below a join are not drawn whole', async () => {
  const spark = await SparkSession.builder().master('local[2]').config('spk.sql.optimizer.partialAggregationRows', '0').getOrCreate()
  try {
    const [row] = await spark
      .sql(
        'SELECT count(*) AS n FROM (SELECT id % 2 AS k FROM range(100)) a JOIN (SELECT id % 2 AS k FROM range(200)) b ON a.k = b.k WHERE rand(1) < 0.5',
      )
      .collect()
    // 10,000 rows; what is grouped below the join has 25 of each key in each task.
    assert.not.equal(Number(row?.['n']) % 25, 0)
  } finally {
    await spark.stop()
  }
})

test.run()
