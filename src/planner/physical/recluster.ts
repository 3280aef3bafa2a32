/**
 * An exchange below that goes by more columns than it must can go by fewer, and then serves an operator above too: an aggregation whose groups are moved
 * by the partition keys of the window over it, or by the keys that it is joined on, needs no second exchange. Called by `window.ts` and `join.ts`.
 */
import type { Attribute, BoundExpr, NamedExpr } from '../bound.js'
import { cardinality } from '../cardinality.js'
import type { HashAggregate, Physical, PhysicalJoin, PhysicalWindow } from '../physical-plan.js'
import { physicalOutput } from '../physical-plan.js'
import type { Plan } from '../plan.js'
import type { PhysicalContext } from './context.js'

/** So many different keys for each slot: below that, some slots may have much to do and others nothing. */
const keysPerSlot = 4

/** The input of a plan, its own exchange by `keys` alone, where that leaves enough to do for all slots. */
export function sharedExchange(plan: Plan, input: Physical, keys: readonly BoundExpr[], context: PhysicalContext): Physical | undefined {
  const columns = keys.filter(k => k.kind === 'Attribute')
  if (columns.length < keys.length) return undefined
  const different = cardinality({ kind: 'Aggregate', input: plan, grouping: columns, aggregates: columns })?.rows
  if (different === undefined || different < keysPerSlot * context.parallelism) return undefined
  return reclustered(input, columns)
}

/** The same rows, laid out by hash of `keys` alone; undefined when an operator below, or the lack of an exchange by all of them, is in the way. */
function reclustered(plan: Physical, keys: readonly Attribute[]): Physical | undefined {
  switch (plan.kind) {
    case 'Exchange': {
      const { target } = plan
      if (target.kind !== 'hash' || !keys.every(k => target.keys.some(t => t.id === k.id))) return undefined
      return { ...plan, target: { ...target, keys } }
    }
    case 'Project':
      return below(plan, sources(plan.expressions, keys))
    case 'Filter':
      return below(plan, keys)
    case 'Window':
      return windowAllows(plan, keys) ? below(plan, keys) : undefined
    case 'HashAggregate':
      return below(plan, groupingKeys(plan, keys))
    case 'Join':
      return overProbe(plan, keys)
    default:
      return undefined
  }
}

function below<P extends Extract<Physical, { readonly input: Physical }>>(plan: P, keys: readonly Attribute[] | undefined): Physical | undefined {
  const input = keys === undefined ? undefined : reclustered(plan.input, keys)
  return input === undefined ? undefined : { ...plan, input }
}

/** The columns that stand for the keys below a list of expressions. */
function sources(list: readonly NamedExpr[], keys: readonly Attribute[]): Attribute[] | undefined {
  const found: Attribute[] = []
  for (const key of keys) {
    const e = list.find(item => item.id === key.id)
    const source = e?.kind === 'Alias' ? e.child : e
    if (source?.kind !== 'Attribute') return undefined
    found.push(source)
  }
  return found
}

/** Groups stay whole when rows go by columns that they are made of. */
function groupingKeys(plan: HashAggregate, keys: readonly Attribute[]): Attribute[] | undefined {
  if (plan.mode !== 'final' && plan.mode !== 'complete') return undefined
  const found = sources(plan.results, keys)
  return found?.every(k => plan.grouping.some(g => g.kind === 'Attribute' && g.id === k.id)) ? found : undefined
}

/** Its own partitions must stay whole too. */
function windowAllows(plan: PhysicalWindow, keys: readonly Attribute[]): boolean {
  return plan.windows.every(
    ({ child }) => child.kind === 'Window' && keys.every(k => child.partitionBy.some(p => p.kind === 'Attribute' && p.id === k.id)),
  )
}

/** What a broadcast adds to rows leaves them where they are. */
function overProbe(plan: PhysicalJoin, keys: readonly Attribute[]): Physical | undefined {
  if (plan.strategy !== 'BroadcastHashJoin' || plan.type === 'full') return undefined
  const own = new Set(physicalOutput(plan.probe).map(a => a.id))
  const probe = keys.every(k => own.has(k.id)) ? reclustered(plan.probe, keys) : undefined
  return probe === undefined ? undefined : { ...plan, probe }
}
