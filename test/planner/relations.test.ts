/** Relations that only the DataFrame API makes, and write plans: columns and rows that come out. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { typeString, types } from '#src/core/types.js'
import type { Expr } from '#src/planner/expr.js'
import type { Relation } from '#src/planner/logical.js'
import { parseExpression } from '#src/planner/parse/parse.js'
import { planWrite } from '#src/planner/pipeline.js'
import { type TestTables, testTables } from '../support/planner-tables.js'
import { runGraph } from '../support/run-graph.js'

const test = suite<{ tables: TestTables }>('planner/relations')

test.before(async context => {
  context.tables = await testTables()
  await context.tables.add('t', "SELECT i::INTEGER AS a, (i % 2)::BIGINT AS b, 'x' || i AS s FROM range(4) v(i)")
  await context.tables.add('u', "SELECT (i + 2)::INTEGER AS a, 'u' || i AS y FROM range(4) v(i)")
})
test.after(context => context.tables.close())

const t: Relation = { kind: 'UnresolvedRelation', nameParts: ['t'] }
const u: Relation = { kind: 'UnresolvedRelation', nameParts: ['u'] }
const e = (text: string): Expr => parseExpression(text)
const one = (n: number): Expr => ({ kind: 'Literal', value: n, type: types.int })

/** Name, relation, columns, rows (sorted as text). */
const cases: readonly (readonly [string, Relation, string, readonly string[]])[] = [
  [
    'withColumns replaces by name in any case, and adds at the end',
    {
      kind: 'WithColumns',
      input: t,
      columns: [
        { name: 'B', expr: e('b + 10') },
        { name: 'c', expr: e('a * 2') },
      ],
    },
    'a:int B:bigint s:string c:int',
    ['0|10|x0|0', '1|11|x1|2', '2|10|x2|4', '3|11|x3|6'],
  ],
  [
    'withColumnRenamed',
    { kind: 'WithColumnsRenamed', input: t, renames: { A: 'z', nosuch: 'q' } },
    'z:int b:bigint s:string',
    ['0|0|x0', '1|1|x1', '2|0|x2', '3|1|x3'],
  ],
  ['drop ignores what is not there', { kind: 'Drop', input: t, columns: ['S', 'nosuch'] }, 'a:int b:bigint', ['0|0', '1|1', '2|0', '3|1']],
  ['toDF', { kind: 'ToDF', input: { kind: 'Drop', input: t, columns: ['s'] }, columns: ['p', 'q'] }, 'p:int q:bigint', ['0|0', '1|1', '2|0', '3|1']],
  [
    'dropDuplicates of some columns keeps a row each',
    { kind: 'Deduplicate', input: { kind: 'Drop', input: t, columns: ['a', 's'] }, columns: ['b'] },
    'b:bigint',
    ['0', '1'],
  ],
  ['distinct', { kind: 'Deduplicate', input: { kind: 'Project', input: t, expressions: [e('b')] } }, 'b:bigint', ['0', '1']],
  [
    'a filter above a projection sees what the projection dropped',
    { kind: 'Filter', input: { kind: 'Project', input: t, expressions: [e('s')] }, condition: e('a > 2') },
    's:string',
    ['x3'],
  ],
  [
    'a sort by a dropped column',
    {
      kind: 'Limit',
      limit: one(1),
      input: {
        kind: 'Sort',
        global: true,
        order: [{ kind: 'SortOrder', child: e('a'), ascending: false }],
        input: { kind: 'Project', input: t, expressions: [e('s')] },
      },
    },
    's:string',
    ['x3'],
  ],
  [
    'groupBy().agg(): keys first',
    { kind: 'Aggregate', input: t, grouping: [e('b')], aggregates: [e('b'), { kind: 'Alias', child: e('sum(a)'), name: 'total' }] },
    'b:bigint total:bigint',
    ['0|2', '1|4'],
  ],
  [
    'a filter above an aggregate sees its output and the keys',
    {
      kind: 'Filter',
      input: { kind: 'Aggregate', input: t, grouping: [e('b')], aggregates: [{ kind: 'Alias', child: e('sum(a)'), name: 'total' }] },
      condition: e('b = 1 AND total > 0'),
    },
    'total:bigint',
    ['4'],
  ],
  [
    'join using a column: once, in front',
    { kind: 'Join', left: t, right: u, type: 'inner', using: ['a'] },
    'a:int b:bigint s:string y:string',
    ['2|0|x2|u0', '3|1|x3|u1'],
  ],
  [
    'columns of a certain DataFrame are not ambiguous',
    {
      kind: 'Join',
      type: 'inner',
      left: { ...t, planId: 1 },
      right: { ...u, planId: 2 },
      condition: {
        kind: 'UnresolvedFunction',
        name: '=',
        args: [
          { kind: 'UnresolvedAttribute', nameParts: ['a'], planId: 1 },
          { kind: 'UnresolvedAttribute', nameParts: ['a'], planId: 2 },
        ],
      },
    },
    'a:int b:bigint s:string a:int y:string',
    ['2|0|x2|2|u0', '3|1|x3|3|u1'],
  ],
  [
    'unionByName with missing columns',
    {
      kind: 'SetOperation',
      operation: 'union',
      all: true,
      byName: true,
      allowMissingColumns: true,
      left: { kind: 'Drop', input: t, columns: ['b', 's'] },
      right: u,
    },
    'a:int y:string',
    ['0|NULL', '1|NULL', '2|NULL', '2|u0', '3|NULL', '3|u1', '4|u2', '5|u3'],
  ],
  [
    'expression strings',
    { kind: 'Project', input: t, expressions: [{ kind: 'ExpressionString', text: 'a + 1 AS n' }] },
    'n:int',
    ['1', '2', '3', '4'],
  ],
  [
    'repartition keeps rows',
    { kind: 'Repartition', input: { kind: 'Project', input: t, expressions: [e('a')] }, numPartitions: 3, columns: [] },
    'a:int',
    ['0', '1', '2', '3'],
  ],
  ['range', { kind: 'Range', start: 5n, end: 0n, step: -2n, numPartitions: 2 }, 'id:bigint', ['1', '3', '5']],
]

for (const [name, relation, columns, rows] of cases) {
  test(name, async ({ tables }) => {
    const planned = await tables.planRelation(relation)
    assert.is(planned.schema.fields.map(f => `${f.name}:${typeString(f.type)}`).join(' '), columns)
    assert.equal((await runGraph(tables.connection, planned.graph)).rows.map(r => r.join('|')).sort(), rows)
  })
}

test('the stages of a write have the users’ column names', async ({ tables }) => {
  const write = { kind: 'write', write: { format: 'parquet', path: '/out', options: {} } } as const
  const relation: Relation = { kind: 'Limit', limit: one(2), input: { kind: 'Project', input: t, expressions: [e('a AS `odd name`'), e('s')] } }
  const planned = await planWrite(relation, write, tables.environment)
  const last = planned.graph.stages.at(-1)
  assert.equal(last?.output, write)
  assert.equal(
    last?.schema.fields.map(f => f.name),
    ['odd name', 's'],
  )
  // A limit is exact here: nobody cuts files.
  assert.is(last?.rowLimit, undefined)
  assert.is((await runGraph(tables.connection, planned.graph)).rows.length, 2)
})

test('no aggregate stands inside TRY, which DuckDB refuses', async ({ tables }) => {
  const wide = 'SELECT s, sum(CAST(a AS DECIMAL(30, 2))) * CAST(0.5 AS DECIMAL(20, 10)) AS x, a + 1 AS b FROM t GROUP BY s, a'
  const text = (await tables.plan(wide)).explain('codegen')
  assert.match(text, /TRY\(/)
  assert.not.match(text, /TRY\([^\n]*\bsum\(/)
})

test('a write with two columns of one name is refused', async ({ tables }) => {
  try {
    await planWrite(
      { kind: 'Project', input: t, expressions: [e('a'), e('b AS A')] },
      { kind: 'write', write: { format: 'csv', path: '/out', options: {} } },
      tables.environment,
    )
    assert.unreachable()
  } catch (error) {
    assert.instance(error, SpkError)
    assert.is((error as SpkError).code, 'COLUMN_ALREADY_EXISTS')
  }
})

test('a write to nowhere takes columns of one name, and makes all of them', async ({ tables }) => {
  const planned = await planWrite({ kind: 'Project', input: t, expressions: [e('a'), e('b AS A')] }, { kind: 'noop' }, tables.environment)
  const last = planned.graph.stages.at(-1)
  assert.equal(last?.output, { kind: 'noop' })
  assert.is(last?.schema.fields.length, 2)
  assert.is(new Set(last?.schema.fields.map(f => f.name)).size, 2)
})

test('a view that reads itself is refused', async ({ tables }) => {
  const environment = { ...tables.environment, view: () => ({ kind: 'UnresolvedRelation', nameParts: ['v'] }) as Relation }
  try {
    await planWrite({ kind: 'UnresolvedRelation', nameParts: ['v'] }, { kind: 'noop' }, environment)
    assert.unreachable()
  } catch (error) {
    assert.is((error as SpkError).code, 'RECURSIVE_VIEW')
  }
})

test.run()
