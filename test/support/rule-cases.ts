/** Tables of cases for one optimizer rule: SQL, the plan before, the plan after the rule alone has run to its fixpoint. */
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { decimal, field, struct, types } from '#src/core/types.js'
import { logicalText } from '#src/planner/explain.js'
import { attachJoinHints } from '#src/planner/optimize/attach-join-hints.js'
import { eliminateSubqueryAliases } from '#src/planner/optimize/eliminate-subquery-aliases.js'
import { optimize, type Rule } from '#src/planner/optimize/rule.js'
import { parseStatement } from '#src/planner/parse/parse.js'
import type { PlannerEnvironment } from '#src/planner/pipeline.js'
import { analyzeOnly } from '#src/planner/pipeline.js'
import type { Plan } from '#src/planner/plan.js'
import type { ColumnFooter } from '#src/planner/ports.js'

export interface RuleCase {
  readonly name: string
  readonly sql: string
  readonly before: string
  /** Absent: the rule leaves the plan as it is, the same reference. */
  readonly after?: string
}

const schemas = {
  '/t': struct([field('a', types.int), field('b', types.long), field('s', types.string), field('d', types.double), field('p', decimal(10, 2))]),
  '/u': struct([field('a', types.int, false), field('x', types.int), field('y', types.string)]),
  '/sales': struct([field('price', decimal(15, 2)), field('discount', decimal(15, 2)), field('big', decimal(15, 2)), field('n', types.int)]),
} as const

const views = ['t', 'u', 'sales', 'nothing']

/** Ends of columns, where the footers say them. */
const footers: Readonly<Record<string, ReadonlyMap<string, ColumnFooter>>> = {
  '/sales': new Map([
    ['price', { bytes: 100, min: '-100.00', max: '104949.50' }],
    ['discount', { bytes: 100, min: '0.00', max: '0.10' }],
    ['big', { bytes: 100, min: '0.00', max: '9999999999999.99' }],
    ['n', { bytes: 100, min: '1', max: '50' }],
  ]),
}

/** Tables `t(a, b, s, d, p)`, `u(a not null, x, y)`, and `sales(price, discount, big, n)` whose footers tell ends; `nothing` is `t` without files. */
const environment: PlannerEnvironment = {
  sources: {
    describe: (_, paths) =>
      Promise.resolve({
        schema: schemas[paths[0] === '/u' || paths[0] === '/sales' ? paths[0] : '/t'],
        files:
          paths[0] === '/nothing'
            ? []
            : [
                {
                  file: { uri: `${paths[0]}/1.parquet`, size: 1000, mtimeMs: 0 },
                  rowGroups: [{ rows: 10, bytes: 1000, ...(footers[paths[0] ?? ''] === undefined ? {} : { columns: footers[paths[0] ?? ''] }) }],
                },
              ],
      }),
  },
  view: name => {
    const table = name.join('.').toLowerCase()
    return views.includes(table) ? { kind: 'ReadFiles', format: 'parquet', paths: [`/${table}`], options: {} } : undefined
  },
  viewNames: () => views,
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

/** Adds one test per case. `first` are rules that bring the plan to where the rule under test starts. */
export function ruleCases(
  test: (name: string, run: () => Promise<void>) => unknown,
  rule: Rule,
  cases: readonly RuleCase[],
  first: readonly Rule[] = [],
): void {
  for (const c of cases) {
    test(c.name, async () => {
      let id = 1000
      const context = { nextId: () => ++id }
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
        console.log(`@@${c.name}\n${logicalText(start)}\n@@\n${end === start ? '' : logicalText(end)}`)
        return
      }
      assert.fixture(logicalText(start), trimmed(c.before))
      if (c.after === undefined) assert.is(end, start)
      else assert.fixture(logicalText(end), trimmed(c.after))
    })
  }
}

/** Without the indentation of the source file. */
function trimmed(text: string): string {
  const lines = text.split('\n').filter(l => l.trim() !== '')
  const margin = Math.min(...lines.map(l => l.length - l.trimStart().length))
  return lines.map(l => l.slice(margin)).join('\n')
}
