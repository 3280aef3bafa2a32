/**
 * The general way out of correlation (Neumann and Kemper, "Unnesting Arbitrary Queries"): the subquery is computed once for each different combination of
 * its parameters, the domain, which moves down to where nothing above the leaves reads a parameter. Works for every plan. The query around it is read
 * once more for the domain; what it has exchanged by then is not made again (`reuse-exchanges.ts`).
 */
import { types } from '../../../core/types.js'
import { type Attribute, type BoundExpr, isNullable, literal, type NamedExpr, nullOf, toAttribute, unaliased } from '../../bound.js'
import { conjunction } from '../../conjuncts.js'
import { reads } from '../../free-attributes.js'
import { call } from '../../functions/define.js'
import { type AggregatePlan, type JoinPlan, outputOf, type Plan } from '../../plan.js'
import { mapNamed, mapOrder } from '../../tree.js'
import type { RuleContext } from '../rule.js'
import { substitute } from '../substitute.js'
import { overNoRows } from './empty-values.js'
import { compare } from './equality.js'
import { firstRows } from './ranked.js'

/** A plan that gives, beside its own columns, the parameters its rows are for. */
export interface Dependent {
  readonly plan: Plan
  /** The columns of the domain, in the order of the parameters. */
  readonly domain: readonly Attribute[]
}

/** What the parameters may be: a fresh plan of their different combinations each time. */
export interface Domain {
  readonly parameters: readonly Attribute[]
  make(): Dependent
}

export function dependentJoin(plan: Plan, domain: Domain, context: RuleContext): Dependent {
  const ids = new Set(domain.parameters.map(p => p.id))
  const below = (p: Plan) => dependentJoin(p, domain, context)
  if (!reads(plan, ids)) {
    const made = domain.make()
    if (plan.kind === 'Values' && plan.rows.length === 1 && plan.output.length === 0) return made
    return { ...made, plan: { kind: 'Join', left: made.plan, right: plan, type: 'cross' } }
  }
  const over = (d: Dependent) => {
    const by = new Map(domain.parameters.map((p, i) => [p.id, d.domain[i] as BoundExpr]))
    return (e: BoundExpr) => substitute(e, by)
  }
  switch (plan.kind) {
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
      return below(plan.input)
    case 'Sort':
      // Only a limit above could see the order, and looks for it itself.
      return below(plan.input)
    case 'Filter': {
      const d = below(plan.input)
      return { ...d, plan: { kind: 'Filter', input: d.plan, condition: over(d)(plan.condition) } }
    }
    case 'Project': {
      const d = below(plan.input)
      return {
        ...d,
        plan: {
          kind: 'Project',
          input: d.plan,
          expressions: withDomain(
            plan.expressions.map(e => mapNamed(e, over(d))),
            d.domain,
          ),
        },
      }
    }
    case 'Aggregate':
      return dependentAggregate(plan, domain, below(plan.input), over, context)
    case 'Distinct': {
      const d = below(plan.input)
      return { ...d, plan: { kind: 'Distinct', input: exactly(d.plan, [...outputOf(plan.input), ...d.domain]) } }
    }
    case 'Limit':
    case 'Offset':
      return dependentRows(plan, below, over, context)
    case 'Join':
      return dependentSides(plan, ids, below, over, context)
    case 'Union': {
      const inputs = plan.inputs.map(input => {
        const d = below(input)
        return exactly(d.plan, [...outputOf(input), ...d.domain])
      })
      const columns = domain.parameters.map((p): Attribute => ({ ...p, id: context.nextId(), nullable: true }))
      return { plan: { ...plan, inputs, output: [...plan.output, ...columns] }, domain: columns }
    }
    case 'SetOperation': {
      const left = below(plan.left)
      const right = below(plan.right)
      const of = (d: Dependent, p: Plan) => exactly(d.plan, [...outputOf(p), ...d.domain])
      return { domain: left.domain, plan: { ...plan, left: of(left, plan.left), right: of(right, plan.right) } }
    }
    case 'Window': {
      const d = below(plan.input)
      const windows = plan.windows.map(w => {
        const child = over(d)(w.child)
        return { ...w, child: child.kind === 'Window' ? { ...child, partitionBy: [...child.partitionBy, ...d.domain] } : child }
      })
      return { ...d, plan: { kind: 'Window', input: d.plan, windows } }
    }
    case 'Expand': {
      const d = below(plan.input)
      const columns = d.domain.map((a): Attribute => ({ ...a, id: context.nextId() }))
      const projections = plan.projections.map(p => [...p.map(over(d)), ...d.domain])
      return { domain: columns, plan: { ...plan, input: d.plan, projections, output: [...plan.output, ...columns] } }
    }
    case 'Generate': {
      const d = below(plan.input)
      return { ...d, plan: { ...plan, input: d.plan, array: over(d)(plan.array) } }
    }
    case 'Values': {
      const rows = plan.rows.map((row): Dependent => {
        const d = domain.make()
        const items = plan.output.map(
          (a, i): NamedExpr => ({ kind: 'Alias', id: context.nextId(), name: a.name, child: over(d)(row[i] as BoundExpr), qualifier: [] }),
        )
        return { ...d, plan: { kind: 'Project', input: d.plan, expressions: [...items, ...d.domain] } }
      })
      const columns = domain.parameters.map((p): Attribute => ({ ...p, id: context.nextId(), nullable: true }))
      return { domain: columns, plan: { kind: 'Union', inputs: rows.map(r => r.plan), output: [...plan.output, ...columns] } }
    }
    default:
      throw new Error(`bug in spk: no dependent join over ${plan.kind}`)
  }
}

function withDomain(list: readonly NamedExpr[], domain: readonly Attribute[]): NamedExpr[] {
  return [...list, ...domain.filter(d => !list.some(e => e.id === d.id))]
}

function exactly(plan: Plan, columns: readonly Attribute[]): Plan {
  const have = outputOf(plan)
  return have.length === columns.length && have.every((a, i) => a.id === columns[i]?.id)
    ? plan
    : { kind: 'Project', input: plan, expressions: columns }
}

type Over = (d: Dependent) => (e: BoundExpr) => BoundExpr

/** Groups per combination. Without keys there is a row for a combination that has no rows too. */
function dependentAggregate(plan: AggregatePlan, domain: Domain, d: Dependent, over: Over, context: RuleContext): Dependent {
  const grouping = [...plan.grouping.map(over(d)), ...d.domain]
  const list = plan.aggregates.map(e => mapNamed(e, over(d)))
  if (plan.grouping.length > 0) return { ...d, plan: { kind: 'Aggregate', input: d.plan, grouping, aggregates: withDomain(list, d.domain) } }
  const inner = list.map((e): NamedExpr => ({ kind: 'Alias', id: context.nextId(), name: e.name, child: unaliased(e), qualifier: [] }))
  const marker: NamedExpr = { kind: 'Alias', id: context.nextId(), name: 'matched', child: literal(true, types.boolean), qualifier: [] }
  const grouped: Plan = { kind: 'Aggregate', input: d.plan, grouping, aggregates: [...inner, marker, ...d.domain] }
  const all = domain.make()
  const condition = sameDomain(all.domain, d.domain)
  const join: Plan = { kind: 'Join', left: all.plan, right: grouped, type: 'left', ...(condition === undefined ? {} : { condition }) }
  const columns = new Map(outputOf(join).map(a => [a.id, a]))
  const expressions = list.map((e, i): NamedExpr => {
    const value = columns.get(inner[i]?.id ?? -1) as Attribute
    const empty = overNoRows(over(all)(unaliased(plan.aggregates[i] as NamedExpr))) ?? nullOf(value.type)
    const absent = call('isnull', [columns.get(marker.id) as Attribute], types.boolean, false)
    const child = empty.kind === 'Literal' && empty.value === null ? value : call('when', [absent, empty, value], value.type, true)
    return { kind: 'Alias', id: e.id, name: e.name, child, qualifier: [] }
  })
  return { domain: all.domain, plan: { kind: 'Project', input: join, expressions: [...expressions, ...all.domain] } }
}

/** Rows of the same combination. */
export function sameDomain(a: readonly Attribute[], b: readonly Attribute[]): BoundExpr | undefined {
  return conjunction(a.map((x, i) => compare(isNullable(x) || isNullable(b[i] as Attribute) ? '<=>' : '=', x, b[i] as Attribute)))
}

function dependentRows(
  plan: Extract<Plan, { kind: 'Limit' | 'Offset' }>,
  below: (p: Plan) => Dependent,
  over: Over,
  context: RuleContext,
): Dependent {
  const limit = plan.kind === 'Limit' ? plan.limit : undefined
  const rest = plan.kind === 'Limit' && plan.input.kind === 'Offset' ? plan.input : plan
  const offset = rest.kind === 'Offset' ? rest.offset : 0
  const sort = rest.input.kind === 'Sort' ? rest.input : undefined
  const d = below(sort?.input ?? rest.input)
  return { ...d, plan: firstRows(d.plan, d.domain, mapOrder(sort?.order ?? [], over(d)), offset, limit, context) }
}

/** A join's sides: the one that reads parameters is computed per combination, both when both do, then equal combinations meet. */
function dependentSides(plan: JoinPlan, ids: ReadonlySet<number>, below: (p: Plan) => Dependent, over: Over, context: RuleContext): Dependent {
  const readsLeft = reads(plan.left, ids)
  const readsRight = reads(plan.right, ids)
  const inner = plan.type === 'inner' || plan.type === 'cross'
  // Whose rows survive must know which combination they are for.
  const left = readsLeft || plan.type === 'full' || (inner ? !readsRight : plan.type !== 'right') ? below(plan.left) : undefined
  const right = readsRight || plan.type === 'full' || plan.type === 'right' ? below(plan.right) : undefined
  const meet = left === undefined || right === undefined ? undefined : sameDomain(left.domain, right.domain)
  const shown = left ?? right
  if (shown === undefined) throw new Error('bug in spk: a join that reads no parameter')
  const kept = plan.type === 'right' ? (right ?? shown) : shown
  const own = plan.condition === undefined ? undefined : over(kept)(plan.condition)
  const condition = conjunction([meet, own].filter(c => c !== undefined))
  const { condition: _, ...rest } = plan
  const join: Plan = {
    ...rest,
    left: left?.plan ?? plan.left,
    right: right?.plan ?? plan.right,
    type: plan.type === 'cross' && condition !== undefined ? 'inner' : plan.type,
    ...(condition === undefined ? {} : { condition }),
  }
  if (plan.type !== 'full' || left === undefined || right === undefined)
    return { plan: join, domain: outputOf(join).filter(a => kept.domain.some(x => x.id === a.id)) }
  const after = new Map(outputOf(join).map(a => [a.id, a]))
  const columns = left.domain.map((a, i): NamedExpr => {
    const both = [after.get(a.id) ?? a, after.get(right.domain[i]?.id ?? -1) ?? a]
    return { kind: 'Alias', id: context.nextId(), name: a.name, child: call('coalesce', both, a.type, true), qualifier: [] }
  })
  return { domain: columns.map(toAttribute), plan: { kind: 'Project', input: join, expressions: [...outputOf(join), ...columns] } }
}
