/** `explain('analyze')` through the public API: the query is run, and every operator of every stage says what it gave. */
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addOperators, type OperatorProfile } from '#src/core/operator-profile.js'

const test = suite<{ spark: SparkSession }>('sdk/explain-analyze')

test.before(async context => {
  context.spark = await SparkSession.builder().master('local[2]').getOrCreate()
})
test.after(({ spark }) => spark.stop())

test('rows per operator, summed over the tasks of a stage', async ({ spark }) => {
  const text = await spark.sql('SELECT id % 7 AS k, count(*) AS n FROM range(0, 90000, 1, 3) WHERE id >= 30000 GROUP BY 1').explainString('analyze')
  const [plan = '', took = ''] = text.split('\n\n== What It Took ==\n')
  assert.match(plan, '== Physical Plan ==')
  const stages = took.split(/^(?=Stage )/m)
  assert.is(stages.length, 2, took)
  assert.match(stages[0] ?? '', /3 tasks, .*shuffle write 14 rows/)
  // Two of the three tasks have rows to group; all three have operators.
  assert.match(stages[0] ?? '', /HASH_GROUP_BY.*: 14 rows/)
  assert.match(stages[0] ?? '', /: 60,000 rows/)
  assert.match(stages[1] ?? '', /shuffle read 14 rows/)
  assert.match(stages[1] ?? '', /HASH_GROUP_BY.*: 7 rows/)
})

test('a run that nobody explains counts no operators', async ({ spark }) => {
  const frame = spark.range(10)
  await frame.collect()
  assert.is(frame.lastStages()[0]?.metrics.operators, undefined)
})

const operator = (name: string, depth: number, rows: number, tasks = 1): OperatorProfile => ({
  name,
  depth,
  rows,
  tasks,
  detail: '',
  bytes: rows * 8,
  ms: 1,
})

test('profiles of one shape are added, of another the one of more tasks stays', () => {
  const a = [operator('JOIN', 0, 5), operator('SCAN', 1, 7)]
  const b = [operator('JOIN', 0, 2), operator('SCAN', 1, 3)]
  const sum = addOperators(a, b)
  assert.equal(
    sum?.map(o => [o.rows, o.bytes, o.ms, o.tasks]),
    [
      [7, 56, 2, 2],
      [10, 80, 2, 2],
    ],
  )
  const other = [operator('SCAN', 0, 1)]
  assert.equal(addOperators(sum, other), sum)
  assert.equal(addOperators(other, sum), sum)
  assert.is(addOperators(undefined, a), a)
  assert.is(addOperators(a, []), a)
})

test.run()
