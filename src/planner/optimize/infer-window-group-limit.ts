/**
 * A filter that keeps the first ranks of each group of a window: what ranks behind them needs not come to it. Allowed where leaving out a row changes nothing of
 * those before it, that is where every function of the window looks back only. The planner puts the limit before the exchange that the window needs.
 */
import { conf } from '../../core/config-table.js'
import type { BoundExpr, WindowExpr } from '../bound.js'
import { conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { outputOf, type Plan, type RankFunction, type WindowGroupLimitPlan } from '../plan.js'
import type { Rule } from './rule.js'

export const inferWindowGroupLimit: Rule = {
  name: 'InferWindowGroupLimit',
  order: 'up',
  rewrite(plan, { conf: settings }) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Window' || plan.input.input.kind === 'WindowGroupLimit') return plan
    const window = plan.input
    const specs = window.windows.flatMap(w => (w.child.kind === 'Window' ? [{ id: w.id, spec: w.child }] : []))
    const [first] = specs
    if (first === undefined || first.spec.orderBy.length === 0 || !specs.every(({ spec }) => looksBack(spec))) return plan
    const { partitionBy, orderBy } = first.spec
    if (![...partitionBy, ...orderBy.map(o => o.child)].every(isDeterministic)) return plan
    const limits = specs.flatMap(({ id, spec }) => {
      const fn = rankFunction(spec)
      const limit = fn === undefined ? undefined : lastRank(plan.condition, id)
      return fn === undefined || limit === undefined ? [] : [{ fn, limit }]
    })
    // By its number a row is known soonest: rows of one rank may be many.
    const numbers = limits.filter(l => l.fn === 'row_number')
    const best = (numbers.length > 0 ? numbers : limits).reduce<(typeof limits)[number] | undefined>(
      (a, b) => (a && a.limit <= b.limit ? a : b),
      undefined,
    )
    if (best === undefined || best.limit > settings.get(conf.windowGroupLimitThreshold)) return plan
    // Ranks begin at one.
    if (best.limit < 1) return emptyLike(plan)
    const limited: WindowGroupLimitPlan = { kind: 'WindowGroupLimit', input: window.input, partitionBy, orderBy, ...best }
    return { ...plan, input: { ...window, input: limited } }
  },
}

function emptyLike(plan: Plan): Plan {
  return { kind: 'Values', rows: [], output: outputOf(plan) }
}

function rankFunction({ function: fn }: WindowExpr): RankFunction | undefined {
  if (fn.kind !== 'WindowCall') return undefined
  return fn.fn === 'row_number' || fn.fn === 'rank' || fn.fn === 'dense_rank' ? fn.fn : undefined
}

/** Whether what comes after a row, in the window's order, counts for nothing of it. Rows of its own rank might be missing, so that a frame must go by rows. */
function looksBack(spec: WindowExpr): boolean {
  if (rankFunction(spec) !== undefined) return true
  return spec.frame?.type === 'rows' && spec.frame.lower.kind === 'unbounded' && spec.frame.upper.kind === 'currentRow'
}

const mirrored: Readonly<Record<string, string>> = { '=': '=', '<=>': '<=>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** The largest rank that meets a condition, as far as it says so. */
function lastRank(condition: BoundExpr, id: number): number | undefined {
  const ranks = conjunctsOf(condition).flatMap(c => {
    if (c.kind !== 'Call') return []
    const [a, b] = c.args
    if (a?.kind === 'Attribute' && a.id === id) return lastOf(c.fn, c.args.slice(1))
    return b?.kind === 'Attribute' && b.id === id && a !== undefined ? lastOf(mirrored[c.fn] ?? '', [a]) : []
  })
  return ranks.length === 0 ? undefined : Math.min(...ranks)
}

function lastOf(fn: string, others: readonly BoundExpr[]): readonly number[] {
  const values = others.map(o => (o.kind === 'Literal' && typeof o.value === 'number' && Number.isInteger(o.value) ? o.value : undefined))
  const known = values.filter(v => v !== undefined)
  const [value] = known
  if (value === undefined || known.length < values.length) return []
  switch (fn) {
    case '=':
    case '<=>':
    case '<=':
      return [value]
    case '<':
      return [value - 1]
    case 'in':
      return [Math.max(...known)]
    default:
      return []
  }
}
