/**
 * Several plans that read the same relations in the same way, but for their conditions and the columns they take, as one plan that gives the rows of all
 * of them, each with the condition by which one plan's rows are known. Called by `merge-scalar-subqueries.ts`.
 */
import { type Attribute, type BoundExpr, isNullable, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { exprKey } from '../expr-key.js'
import { type JoinPlan, outputOf, type Plan, type ScanPlan } from '../plan.js'
import { references } from '../tree.js'
import { substitute } from './substitute.js'

export interface Merged {
  readonly plan: Plan
  /** For each plan: what its columns are in the merged one. */
  readonly columns: readonly ReadonlyMap<number, Attribute>[]
  /** For each plan: which rows are its own, in columns of the merged one; undefined: all. */
  readonly own: readonly (BoundExpr | undefined)[]
}

/** Undefined when the plans differ in more than one condition, lists and columns. */
export function mergePlans(plans: readonly Plan[], nextId: () => number): Merged | undefined {
  const heads = plans.map(withoutChoices)
  const [first] = heads
  if (first === undefined) return undefined
  if (heads.some(p => p.kind === 'Filter')) return mergeFilters(heads, nextId)
  switch (first.kind) {
    case 'Scan':
      return mergeScans(heads)
    case 'Project':
      return mergeProjects(heads, nextId)
    case 'Join':
      return mergeJoins(heads, nextId)
    default:
      return undefined
  }
}

/** Without projections that only leave columns out. */
function withoutChoices(plan: Plan): Plan {
  return plan.kind === 'Project' && plan.expressions.every(e => e.kind === 'Attribute') ? withoutChoices(plan.input) : plan
}

function all<K extends Plan['kind']>(plans: readonly Plan[], kind: K): readonly Extract<Plan, { kind: K }>[] | undefined {
  return plans.every(p => p.kind === kind) ? (plans as readonly Extract<Plan, { kind: K }>[]) : undefined
}

function mergeScans(plans: readonly Plan[]): Merged | undefined {
  const scans = all(plans, 'Scan')
  const [first] = scans ?? []
  if (scans === undefined || first === undefined || !scans.every(s => readsAlike(s, first))) return undefined
  const output = new Map(scans.flatMap(s => s.output).map(a => [a.name, a]))
  for (const a of first.output) output.set(a.name, a)
  const columns = scans.map(s => new Map(s.output.map(a => [a.id, output.get(a.name) ?? a])))
  return { plan: { ...first, output: [...output.values()] }, columns, own: scans.map(() => undefined) }
}

function readsAlike(a: ScanPlan, b: ScanPlan): boolean {
  if (a.format !== b.format || a.paths.join('\n') !== b.paths.join('\n') || JSON.stringify(a.options) !== JSON.stringify(b.options)) return false
  const same = (n: number) => a.files[n]?.file.uri === b.files[n]?.file.uri && a.files[n]?.file.mtimeMs === b.files[n]?.file.mtimeMs
  return a.files.length === b.files.length && a.files.every((_, n) => same(n)) && JSON.stringify(a.fileSchema) === JSON.stringify(b.fileSchema)
}

/** A plan without a condition where others have one takes all rows. */
function mergeFilters(plans: readonly Plan[], nextId: () => number): Merged | undefined {
  const below = mergePlans(
    plans.map(p => (p.kind === 'Filter' ? p.input : p)),
    nextId,
  )
  if (below === undefined) return undefined
  const conditions = plans.map((p, i) => (p.kind === 'Filter' ? substitute(p.condition, below.columns[i] ?? new Map()) : undefined))
  const common = commonConjuncts(conditions)
  const shared = conjunction([...common.values()])
  const own = conditions.map((c, i) => conjunction([below.own[i], ...conjunctsOf(c).filter(x => !common.has(exprKey(x)))].flatMap(conjunctsOf)))
  const filtered: Plan = shared === undefined ? below.plan : { kind: 'Filter', input: below.plan, condition: shared }
  if (conditions.every(c => conjunctsOf(c).every(x => common.has(exprKey(x))))) return { ...below, plan: filtered }
  // Only here they may differ: conditions that differ in two places let through rows that no plan wants.
  if (below.own.some(c => c !== undefined)) return undefined
  if (own.includes(undefined)) return { ...below, plan: filtered, own }
  const different = [...new Map(own.map(c => [exprKey(c as BoundExpr), c as BoundExpr])).values()]
  const either = different.reduce((a, b) => ({
    kind: 'Call',
    fn: 'or',
    args: [a, b],
    type: { kind: 'boolean' },
    nullable: isNullable(a) || isNullable(b),
  }))
  return { ...below, plan: { kind: 'Filter', input: below.plan, condition: conjunction([...common.values(), either]) ?? either }, own }
}

/** What all conditions say, by its key. */
function commonConjuncts(conditions: readonly (BoundExpr | undefined)[]): Map<string, BoundExpr> {
  const [first, ...others] = conditions.map(c => new Map(conjunctsOf(c).map(x => [exprKey(x), x] as const)))
  return new Map([...(first ?? [])].filter(([key]) => others.every(o => o.has(key))))
}

function mergeProjects(plans: readonly Plan[], nextId: () => number): Merged | undefined {
  const projects = all(plans, 'Project')
  const below =
    projects &&
    mergePlans(
      projects.map(p => p.input),
      nextId,
    )
  if (projects === undefined || below === undefined) return undefined
  // What one plan computes of its own rows might fail on another's.
  const keys = projects.map((p, i) => p.expressions.map(e => exprKey(substitute(unaliased(e), below.columns[i] ?? new Map()))))
  const computed = new Set(projects.flatMap((p, i) => (keys[i] ?? []).filter((_, n) => p.expressions[n]?.kind === 'Alias')))
  if (below.own.some(c => c !== undefined) && ![...computed].every(key => keys.every(list => list.includes(key)))) return undefined
  const list = new Map<string, NamedExpr>()
  const columns = projects.map((p, i) => {
    const names = new Map<number, Attribute>()
    for (const e of p.expressions) {
      const child = substitute(unaliased(e), below.columns[i] ?? new Map())
      const item: NamedExpr =
        list.get(exprKey(child)) ?? (child.kind === 'Attribute' ? child : { kind: 'Alias', id: e.id, name: e.name, child, qualifier: e.qualifier })
      list.set(exprKey(child), item)
      names.set(e.id, toAttribute(item))
    }
    return names
  })
  const own = below.own.map(c => {
    if (c === undefined) return undefined
    // Columns that are there anyway say it too.
    if ([...references(c)].every(id => [...list.values()].some(item => item.kind === 'Attribute' && item.id === id))) return c
    const item: NamedExpr = list.get(exprKey(c)) ?? { kind: 'Alias', id: nextId(), name: 'own', child: c, qualifier: [] }
    list.set(exprKey(c), item)
    return toAttribute(item)
  })
  return { plan: { kind: 'Project', input: below.plan, expressions: [...list.values()] }, columns, own }
}

function mergeJoins(plans: readonly Plan[], nextId: () => number): Merged | undefined {
  const joins = all(plans, 'Join')
  const [first] = joins ?? []
  if (joins === undefined || first === undefined || !joins.every(j => isLike(j, first))) return undefined
  const left = mergePlans(
    joins.map(j => j.left),
    nextId,
  )
  const right =
    left &&
    mergePlans(
      joins.map(j => j.right),
      nextId,
    )
  if (left === undefined || right === undefined) return undefined
  const [onLeft, onRight] = [left, right].map(side => side.own.some(c => c !== undefined))
  // A row of one plan must not find, or miss, a partner that is another plan's.
  if ((onLeft && onRight) || (onRight && first.type !== 'inner' && first.type !== 'cross')) return undefined
  const columns = joins.map((_, i) => new Map([...(left.columns[i] ?? []), ...(right.columns[i] ?? [])]))
  const conditions = joins.map((j, i) => j.condition && substitute(j.condition, columns[i] ?? new Map()))
  const [condition] = conditions
  if (!conditions.every(c => (c && exprKey(c)) === (condition && exprKey(condition)))) return undefined
  const plan: Plan = { ...first, left: left.plan, right: right.plan, ...(condition === undefined ? {} : { condition }) }
  const given = new Map(outputOf(plan).map(a => [a.id, a]))
  const seen = columns.map(map => new Map([...map].map(([id, a]) => [id, given.get(a.id) ?? a])))
  return { plan, columns: seen, own: joins.map((_, i) => left.own[i] ?? right.own[i]) }
}

function isLike(a: JoinPlan, b: JoinPlan): boolean {
  if (a.type === 'full' || a.type === 'right') return false
  return a.type === b.type && a.leftHint === b.leftHint && a.rightHint === b.rightHint
}
