/** Chance and places of rows end to end: with a seed the same rows in every run, and those of Spark. */
import { functions, SparkSession, SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/random')
let spark: SparkSession

test.before(async () => {
  spark = await SparkSession.builder().master('local[2]').create()
})
test.after(() => spark.stop())

const ids = async (sql: string) => (await spark.sql(sql).collectArrays()).map(([id]) => Number(id)).sort((a, b) => a - b)

/** Queries, and the rows that Spark gives. */
const same: readonly (readonly [string, readonly number[]])[] = [
  ['SELECT id FROM (SELECT * FROM range(0, 20, 1, 1)) TABLESAMPLE (30 PERCENT) REPEATABLE (3)', [0, 4, 5, 17]],
  ['SELECT id FROM (SELECT * FROM range(0, 20, 1, 2)) TABLESAMPLE (BUCKET 2 OUT OF 5) REPEATABLE (42)', [3, 7, 12, 13, 18, 19]],
  ['SELECT id FROM range(0, 20, 1, 1) WHERE rand(3) < 0.3', [0, 4, 5, 17]],
  ['SELECT count(*) FROM range(0, 20, 1, 1) WHERE rand(3) < 0.3 AND id < 10', [3]],
  ['SELECT id FROM range(0, 20, 1, 1) WHERE rand(3) < 0.3 AND id > 10', [17]],
  ['SELECT id FROM range(0, 20, 1, 1) WHERE id > 10 AND rand(3) < 0.3', [11, 15, 16]],
  ['SELECT id FROM (SELECT * FROM range(0, 20, 1, 1) TABLESAMPLE (30 PERCENT) REPEATABLE (3)) WHERE id > 10', [17]],
  ['SELECT i FROM (SELECT id, monotonically_increasing_id() AS i FROM range(0, 20, 1, 1)) WHERE id > 17', [18, 19]],
  ['SELECT i FROM (SELECT id, monotonically_increasing_id() AS i FROM range(0, 20, 1, 1)) JOIN range(17, 19, 1, 1) USING (id)', [17, 18]],
  ['SELECT monotonically_increasing_id() FROM range(0, 4, 1, 2)', [0, 1, 8589934592, 8589934593]],
  ['SELECT spark_partition_id() FROM range(0, 4, 1, 2)', [0, 0, 1, 1]],
  ['SELECT int(rand(5) = rand(5)) + int(rand(5) = rand(6)) + int(rand() = rand())', [1]],
]
for (const [sql, rows] of same) {
  test(sql, async () => {
    assert.equal(await ids(sql), rows)
    assert.equal(await ids(sql), rows, 'the second run')
  })
}

test('large samples too are the same in every run, after exchanges and from files', async () => {
  await spark.sql('CREATE TABLE t AS SELECT id FROM range(0, 30000, 1, 3)').collect()
  const sample = 'SELECT sum(id), count(*) FROM t TABLESAMPLE (10 PERCENT) REPEATABLE (7)'
  const first = await spark.sql(sample).collectArrays()
  assert.equal(await spark.sql(sample).collectArrays(), first)
  const count = Number(first[0]?.[1])
  assert.ok(count > 2500 && count < 3500, String(count))
})

test('without a seed each row has its own chance, in small inputs too', async () => {
  const counts = new Set<number>()
  for (let i = 0; i < 3; i++) counts.add(Number((await ids('SELECT count(*) FROM range(0, 400, 1, 1) WHERE rand() < 0.5'))[0]))
  for (const count of counts) assert.ok(count > 100 && count < 300, String(count))
})

test('shuffle puts the elements of each row in an order of its own, with a seed the same one in every run', async () => {
  const sql = 'SELECT shuffle(array(1, 2, 3, 4, 5, 6, 7, NULL), 42) FROM range(0, 50, 1, 1)'
  const rows = (await spark.sql(sql).collectArrays()).map(([list]) => JSON.stringify(list))
  assert.equal(new Set(rows.map(row => JSON.stringify(JSON.parse(row).sort()))), new Set(['[1,2,3,4,5,6,7,null]']))
  assert.ok(new Set(rows).size > 40)
  assert.equal(
    (await spark.sql(sql).collectArrays()).map(([list]) => JSON.stringify(list)),
    rows,
  )
  const free = (await spark.sql('SELECT shuffle(array(1, 2, 3, 4, 5, 6, 7, 8)) FROM range(50)').collectArrays()).map(([list]) => JSON.stringify(list))
  assert.ok(new Set(free).size > 40)
})

test('functions that SQL names seldom', async () => {
  const { product, version, array_sort, array } = functions
  const rows = await spark.sql('SELECT * FROM VALUES (2), (NULL), (4) AS t(x)').agg(product('x').as('p')).collectArrays()
  assert.equal(rows, [[8]])
  const [first] = await spark
    .range(1)
    .select(version(), array_sort(array(functions.lit(3), functions.lit(1))))
    .collectArrays()
  assert.equal(first, [spark.version, [1, 3]])
})

for (const [sql, code] of [
  ['SELECT shuffle(array(1), id) FROM range(2)', 'INVALID_PARAMETER_VALUE.LONG'],
  ['SELECT shuffle(1)', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
  ['SELECT rand(id) FROM range(2)', 'SEED_EXPRESSION_IS_UNFOLDABLE'],
  ["SELECT rand('a')", 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
  ['SELECT randn(1.5)', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
] as const) {
  test(sql, async () => {
    const error = await spark
      .sql(sql)
      .collect()
      .catch((e: unknown) => e)
    assert.ok(error instanceof SpkError)
    assert.is(error.code, code)
  })
}

test.run()
