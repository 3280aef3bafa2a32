/** Every function of DataFrames and columns that the guide promises, over real rows in local mode, each with the rows it must give. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Column, col, type DataFrame, Decimal, expr, functions, lit, SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/dataframe')
const folder = mkdtempSync(join(tmpdir(), 'spk-dataframe-'))
const spark = await SparkSession.builder().master('local[2]').config('spark.ui.showConsoleProgress', false).create()
test.after(async () => {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
})

const people = spark.createDataFrame(
  [
    [1, 'Ada', 'GB', 30, 10.5],
    [2, 'Bo', 'SE', 20, 3],
    [3, 'Cy', 'GB', 41, null],
    [4, null, 'CH', 25, 7],
  ],
  'id INT, name STRING, country STRING, age INT, sales DOUBLE',
)
const visits = spark.createDataFrame(
  [
    [1, 5],
    [1, 7],
    [3, 1],
    [9, 9],
  ],
  'id INT, minutes INT',
)

/** Rows in any order, as sorted text. */
const sorted = async (df: DataFrame<object>): Promise<string[]> => (await df.collectArrays()).map(row => JSON.stringify(row)).sort()
const is = async (df: DataFrame<object>, ...rows: readonly (readonly unknown[])[]): Promise<void> =>
  assert.equal(await sorted(df), rows.map(r => JSON.stringify(r)).sort())

const ids = (df: DataFrame<object>): DataFrame<object> => df.select('id')

const transformations: Readonly<Record<string, readonly [DataFrame<object>, ...(readonly unknown[])[]]>> = {
  select: [people.select('id', col('age').plus(1).as('next')), [1, 31], [2, 21], [3, 42], [4, 26]],
  selectExpr: [people.selectExpr('max(age) - min(age)'), [21]],
  filter: [ids(people.filter(col('age').gt(25))), [1], [3]],
  where: [ids(people.where('age > 25 AND sales IS NOT NULL')), [1]],
  withColumn: [people.withColumn('old', col('age').geq(30)).select('id', 'old'), [1, true], [2, false], [3, true], [4, false]],
  withColumnRenamed: [people.withColumnRenamed('id', 'key').select('key').limit(0)],
  drop: [people.drop('name', 'country', 'sales').filter('id = 1'), [1, 30]],
  alias: [people.alias('p').filter(col('p.id').eq(2)).select('p.name'), ['Bo']],
  distinct: [people.select('country').distinct(), ['GB'], ['SE'], ['CH']],
  dropDuplicates: [people.dropDuplicates(['country']).select('country'), ['GB'], ['SE'], ['CH']],
  union: [visits.union(visits).filter('id = 9'), [9, 9], [9, 9]],
  unionByName: [visits.unionByName(visits.select('minutes', 'id')).filter('id = 3'), [3, 1], [3, 1]],
  intersect: [ids(people).intersect(ids(visits)), [1], [3]],
  except: [ids(people).except(ids(visits)), [2], [4]],
  limit: [people.orderBy('id').limit(1).select('id'), [1]],
  'groupBy.agg': [
    people.groupBy('country').agg(functions.sum('sales').as('s'), functions.count('*').as('n')),
    ['GB', 10.5, 2],
    ['SE', 3, 1],
    ['CH', 7, 1],
  ],
  'groupBy.agg of names': [people.groupBy('country').agg({ age: 'max' }), ['GB', 41], ['SE', 20], ['CH', 25]],
  'groupBy.sum': [people.groupBy('country').sum('age'), ['GB', 71], ['SE', 20], ['CH', 25]],
  'groupBy.avg': [people.groupBy('country').avg('age'), ['GB', 35.5], ['SE', 20], ['CH', 25]],
  'groupBy.min': [people.groupBy('country').min('age', 'id'), ['GB', 30, 1], ['SE', 20, 2], ['CH', 25, 4]],
  'groupBy.max': [people.groupBy('country').max('age'), ['GB', 41], ['SE', 20], ['CH', 25]],
  'groupBy.count': [people.groupBy('country').count(), ['GB', 2], ['SE', 1], ['CH', 1]],
  agg: [people.agg(functions.avg('sales'), functions.min('name')), [6.833333333333333, 'Ada']],
  'join inner': [people.join(visits, 'id').select('id', 'minutes'), [1, 5], [1, 7], [3, 1]],
  'join left': [people.join(visits, 'id', 'left').select('id', 'minutes'), [1, 5], [1, 7], [2, null], [3, 1], [4, null]],
  'join right': [people.join(visits, 'id', 'right').select('id', 'name'), [1, 'Ada'], [1, 'Ada'], [3, 'Cy'], [9, null]],
  'join full': [
    people.join(visits, ['id'], 'full').select('id', 'age', 'minutes'),
    [1, 30, 5],
    [1, 30, 7],
    [2, 20, null],
    [3, 41, 1],
    [4, 25, null],
    [9, null, 9],
  ],
  'join semi': [ids(people.join(visits, 'id', 'semi')), [1], [3]],
  'join anti': [ids(people.join(visits, 'id', 'anti')), [2], [4]],
  'join cross': [ids(people.filter('id = 1')).join(ids(visits.filter('id = 1')), undefined, 'cross'), [1, 1], [1, 1]],
  'join on a condition': [
    people.join(visits, people.col('id').lt(visits.col('id')).and(visits.col('minutes').gt(5))).select(people.col('id'), visits.col('minutes')),
    [1, 9],
    [2, 9],
    [3, 9],
    [4, 9],
  ],
}

for (const [what, [df, ...rows]] of Object.entries(transformations)) test(what, () => is(df, ...rows))

test('orderBy: directions, nulls, several columns', async () => {
  const order = async (...by: readonly (string | Column)[]): Promise<unknown[]> => (await people.orderBy(...by).collect()).map(r => r['id'])
  assert.equal(await order('age'), [2, 4, 1, 3])
  assert.equal(await order(col('age').desc()), [3, 1, 4, 2])
  assert.equal(await order('sales'), [3, 2, 4, 1])
  assert.equal(await order(col('sales').ascNullsLast()), [2, 4, 1, 3])
  assert.equal(await order(col('country').desc(), 'age'), [2, 1, 3, 4])
})

/** Of the person 1: id 1, name Ada, age 30, sales 10.5. */
const expressions: readonly (readonly [Column, unknown])[] = [
  [col('age').gt(25), true],
  [col('age').lt(25), false],
  [col('age').geq(30).and(col('age').leq(30)), true],
  [col('age').eq(30).or(lit(false)), true],
  [col('age').neq(30).not(), true],
  [col('name').eqNullSafe(null), false],
  [col('age').plus(1).minus(2).times(3), 87],
  [col('age').divide(4), 7.5],
  [col('age').mod(7), 2],
  [col('age').negate(), -30],
  [col('sales').cast('int'), 10],
  [col('age').cast('decimal(5,2)'), Decimal.parse('30.00')],
  [col('name').tryCast('int'), null],
  [functions.when(col('age').lt(20), 'young').when(col('age').lt(40), 'middle').otherwise('old'), 'middle'],
  [functions.when(col('age').lt(20), 'young'), null],
  [col('name').isNull(), false],
  [col('name').isNotNull(), true],
  [col('age').between(29, 31), true],
  [col('country').isin('SE', 'GB'), true],
  [col('name').like('A%'), true],
  [col('name').rlike('^a'), false],
  [col('name').ilike('a%'), true],
  [col('name').startsWith('Ad'), true],
  [col('name').endsWith('da'), true],
  [col('name').contains('d'), true],
  [col('name').substr(2, 2), 'da'],
  [functions.array('id', 'age').getItem(1), 30],
  [expr('named_struct("a", id)').getField('a'), 1],
  [functions.upper('name'), 'ADA'],
  [functions.coalesce(lit(null), 'name'), 'Ada'],
]

test('columns', async () => {
  const columns = expressions.map(([column], i) => column.as(`c${i}`))
  const [row = []] = await people
    .filter('id = 1')
    .select(...columns)
    .collectArrays()
  for (const [i, [column, expected]] of expressions.entries()) assert.equal(row[i], expected, `column ${i}: ${JSON.stringify(column.node)}`)
})

test('actions: count, first, take, show, explain, toArrow, write', async () => {
  const df = people.orderBy('id')
  assert.is(await df.count(), 4)
  assert.is((await df.first())?.['name'], 'Ada')
  assert.equal(
    (await df.take(2)).map(r => r['id']),
    [1, 2],
  )
  assert.match(await df.showString(1), /\| {2}1\| Ada\| {5}GB\| 30\| 10\.5\|\n.*\nonly showing top 1 row\n$/)
  assert.match(await df.explainString(), /^== Physical Plan ==\n[\s\S]*Sort/)
  assert.is((await df.toArrow()).numRows, 4)
  for (const format of ['parquet', 'csv', 'json'] as const) {
    await people.write[format](join(folder, format))
    assert.ok(readdirSync(join(folder, format)).includes('_SUCCESS'))
  }
  assert.is(await spark.read.parquet(join(folder, 'parquet')).count(), 4)
})

test.run()
