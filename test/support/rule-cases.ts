/** Tables of cases for one optimizer rule: SQL, the plan before, the plan after the rule alone has run to its fixpoint. */
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { decimal, field, type StructType, struct, types } from '#src/core/types.js'
import { logicalText } from '#src/planner/explain.js'
import { attachJoinHints } from '#src/planner/optimize/attach-join-hints.js'
import { eliminateSubqueryAliases } from '#src/planner/optimize/eliminate-subquery-aliases.js'
import { optimize, type Rule } from '#src/planner/optimize/rule.js'
import { parseStatement } from '#src/planner/parse/parse.js'
import type { PlannerEnvironment } from '#src/planner/pipeline.js'
import { analyzeOnly } from '#src/planner/pipeline.js'
import type { Plan } from '#src/planner/plan.js'
import type { ColumnFooter, FileInfo } from '#src/planner/ports.js'

export interface RuleCase {
  readonly name: string
  readonly sql: string
  readonly before: string
  /** Absent: the rule leaves the plan as it is, the same reference. */
  readonly after?: string
}

const schemas = {
  t: struct([field('a', types.int), field('b', types.long), field('s', types.string), field('d', types.double), field('p', decimal(10, 2))]),
  u: struct([field('a', types.int, false), field('x', types.int), field('y', types.string)]),
  nested: struct([
    field('k', types.int, false),
    field(
      'v',
      struct([field('a', types.int, false), field('b', types.string), field('in', struct([field('x', types.long), field('y', types.string)]))]),
    ),
    field('l', { kind: 'array', element: struct([field('p', types.int), field('q', types.string)]), containsNull: true }),
  ]),
  sales: struct([field('price', decimal(15, 2)), field('discount', decimal(15, 2)), field('big', decimal(15, 2)), field('n', types.int)]),
}

/** Ends of columns, as footers say them. */
const sales: ReadonlyMap<string, ColumnFooter> = new Map([
  ['price', { bytes: 100, min: '-100.00', max: '104949.50' }],
  ['discount', { bytes: 100, min: '0.00', max: '0.10' }],
  ['big', { bytes: 100, min: '0.00', max: '9999999999999.99' }],
  ['n', { bytes: 100, min: '1', max: '50' }],
])

/** A table in one file, its `a` between 1 and the number given. */
function files(path: string, rows: number, bytes: number, most: number): FileInfo[] {
  const columns = new Map([['a', { bytes: bytes / 10, nulls: 0, min: '1', max: String(most) }]])
  return [{ file: { uri: `${path}/1.parquet`, size: bytes, mtimeMs: 0 }, rowGroups: [{ rows, bytes, columns }] }]
}

function part(n: number, a?: readonly [string, string], s?: readonly [string, string]): FileInfo {
  const columns = new Map<string, ColumnFooter>([
    ['a', { bytes: 100, nulls: 0, ...(a === undefined ? {} : { min: a[0], max: a[1] }) }],
    ['s', { bytes: 100, nulls: 0, ...(s === undefined ? {} : { texts: { low: s[0], high: s[1] } }) }],
  ])
  return { file: { uri: `/parts/${n}.parquet`, size: 1000, mtimeMs: 0 }, rowGroups: [{ rows: 100, bytes: 1000, columns }] }
}

/** Tables `t(a, b, s, d, p)`, `u(a not null, x, y)`, `nested(k, v<a, b, in<x, y>>, l<<p, q>>)`, and `sales(price, discount, big, n)` whose footers tell ends; `gaps` is `t` with many NULLs, `nothing` without files, `spread` and `parts` of several. */
const tables: Readonly<Record<string, { readonly schema: StructType; readonly files: readonly FileInfo[] }>> = {
  t: { schema: schemas.t, files: [{ file: { uri: '/t/1.parquet', size: 1000, mtimeMs: 0 }, rowGroups: [{ rows: 10, bytes: 1000 }] }] },
  u: { schema: schemas.u, files: [{ file: { uri: '/u/1.parquet', size: 1000, mtimeMs: 0 }, rowGroups: [{ rows: 10, bytes: 1000 }] }] },
  nested: { schema: schemas.nested, files: [{ file: { uri: '/nested/1.parquet', size: 1000, mtimeMs: 0 }, rowGroups: [{ rows: 10, bytes: 1000 }] }] },
  sales: {
    schema: schemas.sales,
    files: [{ file: { uri: '/sales/1.parquet', size: 1000, mtimeMs: 0 }, rowGroups: [{ rows: 10, bytes: 1000, columns: sales }] }],
  },
  nothing: { schema: schemas.t, files: [] },
  big: { schema: schemas.t, files: files('/big', 10_000_000, 400_000_000, 1_000_000) },
  gaps: {
    schema: schemas.t,
    files: [
      {
        file: { uri: '/gaps/1.parquet', size: 1000, mtimeMs: 0 },
        rowGroups: [{ rows: 100, bytes: 1000, columns: new Map([['a', { bytes: 100, nulls: 40, min: '1', max: '50' }]]) }],
      },
    ],
  },
  // In no order of `a`.
  spread: { schema: schemas.t, files: ['/spread', '/spread/more'].flatMap(path => files(path, 5_000_000, 200_000_000, 1_000_000)) },
  // In order of `a` and `s`; the last file has footers without ends.
  parts: {
    schema: schemas.t,
    files: [
      part(1, ['1', '100'], ['apple', 'grape']),
      part(2, ['101', '200'], ['grape', 'melon']),
      part(3, ['201', '300'], ['orange', 'zucchini, pickled the wa']),
      part(4),
    ],
  },
  few: { schema: schemas.u, files: files('/few', 1000, 20_000, 1000) },
}

const environment: PlannerEnvironment = {
  sources: { describe: (_, [path = '']) => Promise.resolve(tables[path.slice(1)] ?? { schema: struct([]), files: [] }) },
  view: name => {
    const table = name.join('.').toLowerCase()
    return Object.hasOwn(tables, table) ? { kind: 'ReadFiles', format: 'parquet', paths: [`/${table}`], options: {} } : undefined
  },
  viewNames: () => Object.keys(tables),
  parseExpression: () => {
    throw new Error('no expression strings here')
  },
  conf: new Conf({ 'spark.sql.session.timeZone': 'UTC' }),
  parallelism: 2,
  now: 0,
}

export async function analyzedPlan(sql: string): Promise<Plan> {
  const statement = parseStatement(sql)
  if (statement.kind !== 'Query') throw new Error(`not a query: ${sql}`)
  return (await analyzeOnly(statement.plan, environment)).plan
}

/** Adds one test per case. `first` are rules that bring the plan to where the rule under test starts, `note` tells of nodes what their line does not. */
export function ruleCases(
  test: (name: string, run: () => Promise<void>) => unknown,
  rule: Rule,
  cases: readonly RuleCase[],
  first: readonly Rule[] = [],
  note?: (plan: Plan) => string,
): void {
  for (const c of cases) {
    test(c.name, async () => {
      let id = 1000
      const context = { nextId: () => ++id, conf: environment.conf, parallelism: 2 }
      const skip = new Set<Rule>([rule])
      const start = optimize(
        await analyzedPlan(c.sql),
        [...[attachJoinHints, eliminateSubqueryAliases].filter(r => !skip.has(r)), ...first].map(r => ({
          name: 'first',
          repeat: 'once' as const,
          rules: [r],
        })),
        context,
      )
      const end = optimize(start, [{ name: 'rule', repeat: 'fixpoint', rules: [rule] }], context)
      if (process.env['SPK_PRINT_PLANS'] !== undefined) {
        console.log(`@@${c.name}\n${logicalText(start, note)}\n@@\n${end === start ? '' : logicalText(end, note)}`)
        return
      }
      assert.fixture(logicalText(start, note), trimmed(c.before))
      if (c.after === undefined) assert.is(end, start)
      else assert.fixture(logicalText(end, note), trimmed(c.after))
    })
  }
}

/** Without the indentation of the source file. */
function trimmed(text: string): string {
  const lines = text.split('\n').filter(l => l.trim() !== '')
  const margin = Math.min(...lines.map(l => l.length - l.trimStart().length))
  return lines.map(l => l.slice(margin)).join('\n')
}
