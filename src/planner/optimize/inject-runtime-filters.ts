/**
 * A join whose one side has few keys helps the other before it is reached: aggregates, windows and exchanges below the large side need only the rows
 * with those keys (Spark's `InjectRuntimeFilter`; for a decorrelated subquery, its "magic set"). The keys are computed once more from the smallest part of
 * the small side that restricts them and sent everywhere: the exchange is the small side's own where both are the same. Only where statistics say that
 * it pays. NULL keys find no partner in the join, and none in the filter.
 */
import { conf } from '../../core/config-table.js'
import type { Attribute } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { type JoinPlan, outputOf, type Plan } from '../plan.js'
import { mapPlanChildren, planChildren } from '../tree.js'
import { typeWidth } from '../type-width.js'
import { isExchanged } from './exchanged-joins.js'
import type { Rule, RuleContext } from './rule.js'
import { isRepeatable, type KeySource, keyPairs, keySources, likelyKeys, restricts, rowsRead } from './runtime-filters/key-sources.js'
import { type Placement, placements } from './runtime-filters/placement.js'
import { planShape } from './runtime-filters/plan-shape.js'
import { copyPlan } from './subqueries/copy-plan.js'
import { compare } from './subqueries/equality.js'

/** Bytes of a row with its key and a column or two: which ones are read is not known yet. */
const rowBytes = 24
/** The part of the rows that may be left. */
const mostKept = 0.5
/** Rows read for the filter may be this part of those that it drops. */
const worthReading = 0.5

/** Before joins are put in order: groups that nobody wants are not computed, and what is left of them is known to be small. */
export const injectRuntimeFilters: Rule = {
  name: 'InjectRuntimeFilter',
  order: 'whole',
  rewrite: (plan, context) => inject(plan, context, isGrouping),
}

/** When joins have their order: rows without a partner are not moved. */
export const injectFiltersBeforeExchanges: Rule = {
  name: 'InjectRuntimeFilterBeforeExchange',
  order: 'whole',
  rewrite: (plan, context) => inject(plan, context, p => isGrouping(p) || isExchanged(p, context)),
}

function isGrouping(plan: Plan): boolean {
  return plan.kind === 'Aggregate' || plan.kind === 'Distinct' || plan.kind === 'Window'
}

/** Sides of which a row without a partner is not in the result. */
const dropped: Readonly<Record<JoinPlan['type'], string>> = { inner: 'lr', cross: '', left: 'r', right: 'l', full: '', semi: 'lr', anti: 'r' }

interface Proposal {
  readonly places: readonly Placement[]
  readonly source: KeySource
}

function inject(plan: Plan, context: RuleContext, isCostly: (plan: Plan) => boolean): Plan {
  if (!context.conf.get(conf.runtimeFilterEnabled)) return plan
  const proposals = sharedAlike(plan, propose(plan, context, isCostly))
  if (proposals.length === 0) return plan
  const filters = new Map<Plan, Map<string, { readonly key: Attribute; readonly source: KeySource }>>()
  for (const { places, source } of proposals) {
    for (const { at, key } of places) {
      const list = filters.get(at) ?? new Map<string, { readonly key: Attribute; readonly source: KeySource }>()
      list.set(`${key.id} ${planShape(source.plan)}`, { key, source })
      filters.set(at, list)
    }
  }
  const rewrite = (node: Plan): Plan =>
    [...(filters.get(node)?.values() ?? [])].reduce<Plan>(
      (input, { key, source }) => filtered(input, key, source, context),
      mapPlanChildren(node, rewrite),
    )
  return rewrite(plan)
}

/** The rows of a plan whose key is one of the source's. */
function filtered(plan: Plan, key: Attribute, source: KeySource, { nextId }: RuleContext): Plan {
  const copy = copyPlan(source.plan, nextId)
  const column = copy.of(source.key)
  const right: Plan = outputOf(copy.plan).length === 1 ? copy.plan : { kind: 'Project', input: copy.plan, expressions: [column] }
  return { kind: 'Join', type: 'semi', left: plan, right, condition: compare('=', key, column), rightHint: 'broadcast' }
}

function propose(plan: Plan, context: RuleContext, isCostly: (plan: Plan) => boolean): Proposal[] {
  const below = planChildren(plan).flatMap(child => propose(child, context, isCostly))
  if (plan.kind !== 'Join') return below
  const own = isCostly(plan) ? [plan] : []
  const found = (['left', 'right'] as const)
    .filter(side => dropped[plan.type].includes(side[0] as string))
    .flatMap(side => {
      const other = side === 'left' ? plan.right : plan.left
      const options = keyPairs(plan).map(({ a, b }) => {
        const [key, from] = side === 'left' ? [a, b] : [b, a]
        const places = placements(plan[side], key.id, isCostly, own)
        return places.some(p => p.relieved.length > 0) ? best(places, keySources(other, from.id), context) : undefined
      })
      const [first] = options.filter(o => o !== undefined).sort((x, y) => y.gain - x.gain)
      return first === undefined ? [] : [first]
    })
  return [...found, ...below]
}

/** The source that saves most, when one saves enough. */
function best(
  places: readonly Placement[],
  sources: readonly KeySource[],
  { conf: settings }: RuleContext,
): (Proposal & { readonly gain: number }) | undefined {
  // As many keys as the place with most of them has.
  const present = places.map(p => least(p.present.map(likelyKeys)))
  const values = present.includes(undefined) ? undefined : Math.max(...present.map(n => n ?? 0))
  const rows = places.map(p => cardinality(p.at)?.rows)
  if (values === undefined || rows.includes(undefined)) return undefined
  const bytes = places.reduce((sum, p, i) => sum + (rows[i] ?? 0) * rowBytes * costOfMoving(p), 0)
  if (bytes < settings.get(conf.runtimeFilterApplicationSide)) return undefined
  // The keys are broadcast: when nothing may be, they may not either.
  const mostBytes = Math.min(settings.get(conf.runtimeFilterCreationSide), settings.get(conf.autoBroadcastJoinThreshold))
  const all = rows.reduce<number>((sum, n) => sum + (n ?? 0), 0)
  let found: (Proposal & { readonly gain: number }) | undefined
  for (const source of sources) {
    const keys = likelyKeys(source)
    if (keys === undefined || keys > values * mostKept || !restricts(source.plan) || !isRepeatable(source.plan)) continue
    if ((cardinality(source.plan)?.rows ?? 0) * typeWidth(source.key.type) > mostBytes) continue
    const saved = all * (1 - keys / values)
    const read = rowsRead(source.plan)
    const gain = saved - read
    if (read <= saved * worthReading && gain > (found?.gain ?? 0)) found = { places, source, gain }
  }
  return found
}

/** Rows that lie in order of the key are grouped where they are. */
const costInOrder = 1 / 4

function costOfMoving({ at, key, relieved }: Placement): number {
  return relieved[0]?.kind !== 'Join' && cardinality(at)?.columns.get(key.id)?.clustered === true ? costInOrder : 1
}

function least(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter(n => n !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** What stands twice in a query is computed once, as long as both are alike: all of them get the same filter, or none. */
function sharedAlike(plan: Plan, proposals: readonly Proposal[]): readonly Proposal[] {
  if (proposals.length === 0) return proposals
  const shapes = new Map<Plan, string>()
  const shapeOf = (node: Plan): string => {
    const shape = shapes.get(node) ?? planShape(node)
    shapes.set(node, shape)
    return shape
  }
  const relieved = proposals.map(p => p.places.flatMap(place => place.relieved))
  const kinds = new Set(relieved.flat().map(p => p.kind))
  const counts = new Map<string, Set<Plan>>()
  const count = (node: Plan): void => {
    if (kinds.has(node.kind)) counts.set(shapeOf(node), (counts.get(shapeOf(node)) ?? new Set()).add(node))
    planChildren(node).forEach(count)
  }
  count(plan)
  const sources = proposals.map(p => planShape(p.source.plan))
  return proposals.filter((_, i) =>
    (relieved[i] ?? []).every(node => {
      const alike = [...(counts.get(shapeOf(node)) ?? [])]
      return alike.every(twin => relieved.some((list, n) => list.includes(twin) && sources[n] === sources[i]))
    }),
  )
}
