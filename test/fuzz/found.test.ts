/** What the fuzzer found in the planner together with a running session, reduced: each again in local mode against DuckDB alone. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Fuzzer, type Settings, type Tables } from './fuzzer.js'

interface Find {
  readonly what: string
  readonly sql: string
  readonly tables: readonly Tables[]
  readonly settings: Settings
}

const finds: readonly Find[] = [
  {
    what: 'a joined partition that holds everything is not split below the last limit (seed 1002060)',
    sql: 'SELECT * FROM (SELECT /*+ MERGE(a1) */ a1.t_1 AS o0 FROM u a0 JOIN t a1 ON a0.u_k = a1.t_k) z ORDER BY o0 LIMIT 9',
    tables: [
      { name: 't', files: 3, sorted: false, sql: 'SELECT (i % 8)::INTEGER AS t_k, i % 2 = 0 AS t_1 FROM range(60) v(i)' },
      { name: 'u', files: 3, sorted: false, sql: 'SELECT (i % 7)::INTEGER AS u_k FROM range(13) v(i)' },
    ],
    settings: {
      'spark.sql.shuffle.partitions': '1',
      'spark.sql.adaptive.autoBroadcastJoinThreshold': '-1',
      'spark.sql.adaptive.advisoryPartitionSizeInBytes': '100',
      'spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes': '1',
      'spark.sql.adaptive.skewJoin.skewedPartitionFactor': '0.5',
      'spark.sql.files.openCostInBytes': '0',
    },
  },
  {
    what: 'exchanges of nothing are two when their columns differ in type (seed 1000233)',
    sql: 'SELECT sum(a1.t_1) AS o0, min(a2.t_0) AS o1 FROM u a0 JOIN t a1 ON a0.u_k = a1.t_k RIGHT JOIN t a2 ON a0.u_k = a2.t_k',
    tables: [
      { name: 't', files: 1, sorted: false, sql: "SELECT 1 AS t_k, DATE '2020-02-29' AS t_0, 1.5::DECIMAL(12, 2) AS t_1 WHERE false" },
      { name: 'u', files: 3, sorted: false, sql: 'SELECT (i % 7)::INTEGER AS u_k FROM range(13) v(i)' },
    ],
    settings: { 'spark.sql.shuffle.partitions': '8', 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spark.sql.adaptive.enabled': 'false' },
  },
  {
    what: 'a text that is the same in all rows may be ordered by (seed 2)',
    sql: "WITH n0 AS (SELECT * FROM (SELECT CAST('A' AS STRING) AS o0, a0.u_k AS o1 FROM u a0) z ORDER BY o0, o1 LIMIT 6) SELECT count(*) AS o0 FROM n0 a0",
    tables: [{ name: 'u', files: 1, sorted: false, sql: 'SELECT (i % 7)::INTEGER AS u_k FROM range(13) v(i)' }],
    settings: {},
  },
  {
    what: 'a number that is the same in all rows may be ordered by (seed 3016008)',
    sql: 'SELECT count(DISTINCT o0) AS o0 FROM (SELECT * FROM (SELECT a0.o0 + 1 AS o0, CAST(3 AS DOUBLE) AS o1 FROM (SELECT sum(u_k) AS o0 FROM u GROUP BY u_1) a0) z ORDER BY o0 DESC, o1 LIMIT 2) a0',
    tables: [{ name: 'u', files: 1, sorted: false, sql: 'SELECT (i % 7)::INTEGER AS u_k, i % 3 AS u_1 FROM range(13) v(i)' }],
    settings: {},
  },
  {
    what: 'HAVING comes before window functions (seed 119)',
    sql: 'SELECT sum(count(*)) OVER (PARTITION BY a0.u_0) AS o0 FROM u a0 GROUP BY CUBE(a0.u_0, a0.u_k) HAVING count(*) <= 2',
    tables: [{ name: 'u', files: 3, sorted: true, sql: 'SELECT (i % 7)::INTEGER AS u_k, i % 3 = 0 AS u_0 FROM range(15) v(i)' }],
    settings: {},
  },
  {
    what: 'a partial group needs a row: without keys there would be one of none (seed 920)',
    sql: "SELECT sum(count(*)) OVER (PARTITION BY a0.u_k) AS o0 FROM u a0 RIGHT JOIN t a1 ON CAST('a' AS STRING) IN ('b') GROUP BY a0.u_k",
    tables: [
      { name: 't', files: 1, sorted: false, sql: 'SELECT 1 AS t_k WHERE false' },
      { name: 'u', files: 3, sorted: false, sql: 'SELECT (i % 7)::INTEGER AS u_k FROM range(13) v(i)' },
    ],
    settings: { 'spk.sql.optimizer.partialAggregationRows': '0' },
  },
  {
    what: 'a side of a union that has one row anyway is not limited again and again (seed 23)',
    sql: "SELECT count(*) AS o0 FROM (SELECT DISTINCT concat(o0, 'b') AS o0 FROM (SELECT CAST(max(a0.u_k) AS STRING) AS o0 FROM u a0) a0 UNION ALL SELECT 'c' AS o0 FROM u a0 LIMIT 11) z",
    tables: [{ name: 'u', files: 1, sorted: false, sql: 'SELECT (i % 7)::INTEGER AS u_k FROM range(13) v(i)' }],
    settings: {},
  },
]

const test = suite('fuzz/found')

for (const { what, sql, tables, settings } of finds) {
  test(what, async () => {
    const fuzzer = await Fuzzer.start()
    try {
      await fuzzer.make(tables)
      assert.is(await fuzzer.compare(sql, settings, false), undefined)
    } finally {
      await fuzzer.stop()
    }
  })
}

test.run()
