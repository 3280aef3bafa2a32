import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { col, expr, lit } from '#src/sql/column.js'
import type { DataFrame } from '#src/sql/dataframe.js'
import { Decimal } from '#src/sql/decimal.js'
import { functions } from '#src/sql/functions.js'
import { Window } from '#src/sql/window.js'
import { planTree } from '../planner/parse/plan-tree.js'
import { testSession } from './sessions.js'

const test = suite('sql/dataframe-plans')
const { spark } = testSession()
const t = spark.table('t')
const u = spark.table('u')
const { sum, avg, count, when, upper, concat_ws, countDistinct, transform, lag, row_number } = functions

/** A name, the DataFrame, its plan without the leaf `UnresolvedRelation t`. */
const cases: readonly (readonly [string, DataFrame, string])[] = [
  ['select', t.select('a', col('b').as('c'), '*'), 'Project [a, b AS c, *]'],
  ['select of an array', t.select(['a', 'b']), 'Project [a, b]'],
  ['selectExpr', t.selectExpr('a + 1 AS b', 'sum(c)'), 'Project [a + 1 AS b, sum(c)]'],
  ['filter by column', t.filter(col('a').gt(25).and(col('b').eq('CH'))), "Filter a > 25 AND b = 'CH'"],
  ['where by text', t.where('a > 25'), 'Filter a > 25'],
  ['withColumn', t.withColumn('x', col('a').plus(1)), 'WithColumns x = a + 1'],
  ['withColumns', t.withColumns({ x: lit(1), y: col('a') }), 'WithColumns x = 1, y = a'],
  ['withColumnRenamed', t.withColumnRenamed('a', 'b'), 'WithColumnsRenamed a -> b'],
  ['drop', t.drop('a', 'b'), 'Drop a, b'],
  ['toDF', t.toDF('x', 'y'), 'ToDF x, y'],
  ['alias', t.alias('s'), 'SubqueryAlias s'],
  ['groupBy agg', t.groupBy('a').agg(sum('b').as('total'), count('*')), 'Aggregate [a] [a, sum(b) AS total, count(1)]'],
  ['groupBy agg by names', t.groupBy(col('a')).agg({ b: 'max', '*': 'count' }), 'Aggregate [a] [a, max(b), count(1)]'],
  ['groupBy count', t.groupBy('a', 'b').count(), 'Aggregate [a, b] [a, b, count(1) AS count]'],
  ['groupBy sum', t.groupBy().sum('a', 'b'), 'Aggregate [] [sum(a), sum(b)]'],
  ['groupBy mean', t.groupBy('a').mean('b'), 'Aggregate [a] [a, avg(b)]'],
  ['agg', t.agg(avg('a')), 'Aggregate [] [avg(a)]'],
  ['orderBy', t.orderBy('a', col('b').desc(), col('c').ascNullsLast()), 'Sort [a ASC, b DESC, c ASC NULLS LAST]'],
  ['sortWithinPartitions', t.sortWithinPartitions('a'), 'Sort local [a ASC]'],
  ['limit and offset', t.offset(2).limit(3), 'Limit 3\n  Offset 2'],
  ['distinct', t.distinct(), 'Deduplicate'],
  ['dropDuplicates', t.dropDuplicates(['a', 'b']), 'Deduplicate a, b'],
  ['repartition', t.repartition(8, 'a'), 'Repartition 8 [a]'],
  ['repartition by columns', t.repartition('a', col('b')), 'Repartition  [a, b]'],
  ['hint', t.hint('broadcast'), 'Hint broadcast []'],
  ['hint with parameters', t.hint('repartition', 3, 'a'), 'Hint repartition [3, a]'],
  ['chain', t.filter('a').select('b').limit(1), 'Limit 1\n  Project [b]\n    Filter a'],
]
for (const [name, df, expected] of cases) test(name, () => assert.is(planTree(df.plan).replace(/\n *UnresolvedRelation t$/, ''), expected))

const pairs: readonly (readonly [string, DataFrame, string])[] = [
  ['join on a name', t.join(u, 'id'), 'Join inner using id'],
  ['join on names', t.join(u, ['a', 'b'], 'left_outer'), 'Join left using a, b'],
  ['join on a condition', t.join(u, t.col('a').eq(u.col('b')), 'LeftSemi'), 'Join semi on a = b'],
  ['join on conditions', t.join(u, [col('a').eq(1), col('b')], 'full'), 'Join full on a = 1 AND b'],
  ['crossJoin', t.crossJoin(u), 'Join cross'],
  ['union', t.union(u), 'SetOperation union all'],
  ['unionByName', t.unionByName(u, { allowMissingColumns: true }), 'SetOperation union all by name missing'],
  ['intersect', t.intersect(u), 'SetOperation intersect'],
  ['subtract', t.subtract(u), 'SetOperation except'],
  ['exceptAll', t.exceptAll(u), 'SetOperation except all'],
]
for (const [name, df, expected] of pairs) {
  test(name, () => assert.is(planTree(df.plan), `${expected}\n  UnresolvedRelation t\n  UnresolvedRelation u`))
}

const columns: readonly (readonly [ReturnType<typeof col>, string])[] = [
  [col('a').geq(1).or(col('b').lt(2).not()), 'a >= 1 OR NOT b < 2'],
  [col('a').leq(1.5).and(col('b').neq(null)), 'a <= 1.5D AND NOT b = NULL'],
  [col('a').eqNullSafe(null), 'a <=> NULL'],
  [col('a').plus(1).times(2).minus(3).divide(4).mod(5), '((a + 1) * 2 - 3) / 4 % 5'],
  [col('a').negate().bitwiseAND(1).bitwiseOR(2).bitwiseXOR(3), '(-a & 1 | 2) ^ 3'],
  [col('a').isNull().or(col('a').isNotNull()).or(col('a').isNaN()), 'a IS NULL OR a IS NOT NULL OR isnan(a)'],
  [col('a').isin(1, 2), 'a IN (1, 2)'],
  [col('a').isin(['x']), "a IN ('x')"],
  [col('a').isin(), 'false'],
  [col('a').between(1, 9), 'a BETWEEN 1 AND 9'],
  [col('a').like('x%').or(col('a').ilike('y')).or(col('a').rlike('z')), "a LIKE 'x%' OR a ILIKE 'y' OR a RLIKE 'z'"],
  [
    col('a')
      .startsWith('x')
      .or(col('a').endsWith('y'))
      .or(col('a').contains(col('b'))),
    "startswith(a, 'x') OR endswith(a, 'y') OR contains(a, b)",
  ],
  [col('a').substr(2, 3), 'substr(a, 2, 3)'],
  [col('a').cast('decimal(10,2)'), 'CAST(a AS DECIMAL(10, 2))'],
  [col('a').tryCast({ kind: 'int' }), 'TRY_CAST(a AS INT)'],
  [when(col('a').gt(9), 'many').when(col('a').gt(0), 'some').otherwise('none'), "CASE WHEN a > 9 THEN 'many' WHEN a > 0 THEN 'some' ELSE 'none' END"],
  [col('m').getItem('k'), "m['k']"],
  [col('s').getField('f'), "s['f']"],
  [col('t.*'), 't.*'],
  [col('`a.b`.c'), '`a.b`.c'],
  [col('a b'), '`a b`'],
  [expr('a + 1 AS b'), 'a + 1 AS b'],
  [lit(2 ** 40), '1099511627776L'],
  [lit(3n), '3L'],
  [lit(new Date(0)), "TIMESTAMP_LTZ '1970-01-01 00:00:00 UTC'"],
  [lit(Decimal.parse('1.50')), '1.50BD'],
  [lit([1, 2]), 'array(1, 2)'],
  [lit({ x: 1, y: 'z' }), "named_struct('x', 1, 'y', 'z')"],
  [lit(new Map([['k', 1]])), "map('k', 1)"],
  [upper('a'), 'upper(a)'],
  [concat_ws('-', col('a'), col('b')), "concat_ws('-', a, b)"],
  [functions.date_format('d', 'yyyy'), "date_format(d, 'yyyy')"],
  [functions.coalesce('a', lit('none')), "coalesce(a, 'none')"],
  [countDistinct('a', 'b'), 'count(DISTINCT a, b)'],
  [row_number().over(Window.partitionBy('a').orderBy(col('b').desc())), 'row_number() OVER (PARTITION BY a ORDER BY b DESC)'],
  [sum('a').over(Window.orderBy('b').rowsBetween(-2, Window.currentRow)), 'sum(a) OVER (ORDER BY b ASC ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)'],
  [
    sum('a').over(Window.orderBy('b').rangeBetween(Window.unboundedPreceding, Window.unboundedFollowing)),
    'sum(a) OVER (ORDER BY b ASC RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)',
  ],
  [lag('a', 1).over(Window.orderBy('b')), 'lag(a, 1) OVER (ORDER BY b ASC)'],
]
for (const [column, expected] of columns) test(expected, () => assert.is(planTree(t.select(column).plan).split('\n')[0], `Project [${expected}]`))

test('a lambda has parameters of its own', () => {
  const [line = ''] = planTree(t.select(transform('xs', x => x.plus(1))).plan).split('\n')
  assert.match(line, /^Project \[transform\(xs, (x_\d+) -> \1 \+ 1\)\]$/)
})

test('df.col() points at its own DataFrame', () => {
  const a = t.alias('a')
  const b = t.alias('b')
  const join = a.join(b, a.col('id').eq(b.col('id'))).plan
  const condition = join.kind === 'Join' ? join.condition : undefined
  const ids = condition?.kind === 'UnresolvedFunction' ? condition.args.map(e => (e.kind === 'UnresolvedAttribute' ? e.planId : undefined)) : []
  assert.equal(ids, [a.plan.planId, b.plan.planId])
  assert.is.not(a.plan.planId, b.plan.planId)
})

test('the reader collects format, options, schema and paths', () => {
  const { plan } = spark.read.format('CSV').option('Header', true).options({ sep: ';' }).schema('id INT, name STRING').load('/a', ['/b', '/c*'])
  assert.is(planTree(plan), 'ReadFiles csv /a /b /c* {"header":"true","sep":";"}')
  assert.equal(plan.kind === 'ReadFiles' && plan.schema?.fields.map(f => `${f.name} ${f.type.kind}`), ['id int', 'name string'])
})

test('range takes an end, or start, end, step and partitions', () => {
  assert.is(planTree(spark.range(5).plan), 'Range 0 5 1')
  assert.is(planTree(spark.range(10, 0, -2, 4).plan), 'Range 10 0 -2 4')
})

const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a join type that does not exist', () => t.join(u, 'id', 'sideways'), /UNSUPPORTED_JOIN_TYPE.*left_outer/],
  ['names and conditions mixed', () => t.join(u, ['a', col('b')] as never), /names or conditions/],
  ['otherwise without when', () => col('a').otherwise(1), /when\(condition, value\)/],
  ['a second otherwise', () => when(col('a'), 1).otherwise(2).otherwise(3), /otherwise/],
  ['a format that does not exist', () => spark.read.format('orc'), /DATA_SOURCE_NOT_FOUND.*parquet, csv, json/],
  ['a save mode that does not exist', () => t.write.mode('sometimes'), /INVALID_SAVE_MODE/],
  ['a negative limit', () => t.limit(-1), /INVALID_LIMIT_LIKE_EXPRESSION/],
  ['a type that does not exist', () => col('a').cast('integr'), /UNSUPPORTED_DATATYPE/],
  ['a literal without a type', () => lit(Symbol('x') as never), /UNSUPPORTED_FEATURE.LITERAL_TYPE/],
  ['an unclosed backquote', () => col('`a.b'), /INVALID_ATTRIBUTE_NAME_SYNTAX/],
  ['no aggregates', () => t.groupBy('a').agg(), /at least one/],
]
for (const [name, run, message] of wrong) test(name, () => assert.throws(run, (e: Error) => message.test(e.message)))

test.run()
