/**
 * WITH RECURSIVE: an anchor, and a query that reads the rows of the last round, until a round gives none. A hidden column counts the rounds, so that a
 * recursion without an end is an error and not a task that never ends.
 */
import { must } from '../../core/errors.js'
import { sameType, types } from '../../core/types.js'
import { type Attribute, literal, type NamedExpr, toAttribute } from '../bound.js'
import { castPossible } from '../cast-rules.js'
import { castTo, sqlTypeName } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import { call } from '../functions/define.js'
import type { Relation, SetOperation, WithCTE } from '../logical.js'
import { outputOf, type Plan, type RecursiveRefPlan } from '../plan.js'
import { planChildren } from '../tree.js'
import { type AnalyzerContext, fail, quoted, unsupported } from './context.js'
import { bindExpr, namesOf } from './expressions.js'
import { type Scoped, trimmed } from './scope.js'

/** Rounds that a recursion may take, unless MAX RECURSION LEVEL says otherwise (`spark.sql.cteRecursionLevelLimit`). */
const defaultRounds = 100

type Cte = WithCTE['ctes'][number]

/** The union that a definition is, through a WITH of its own. */
function unionOf(relation: Relation): SetOperation | undefined {
  if (relation.kind === 'SetOperation') return relation
  return relation.kind === 'WithCTE' ? unionOf(relation.input) : undefined
}

/** One side of the union, below the definition's own WITH. */
function sideOf(relation: Relation, side: 'left' | 'right'): Relation {
  if (relation.kind === 'SetOperation') return relation[side]
  return relation.kind === 'WithCTE' ? { ...relation, input: sideOf(relation.input, side) } : relation
}

/** Whether a definition names itself, and so must be one of these; undefined when it does not. */
export function bindRecursive(cte: Cte, scope: AnalyzerContext): Scoped | undefined {
  const key = cte.name.toLowerCase()
  const misplaced = (code: string, message: string) => (): never => {
    throw fail(scope, cte.plan, code, '42836', message)
  }
  const outside = misplaced(
    'INVALID_RECURSIVE_CTE',
    `Invalid recursive definition found. Recursive queries must contain an UNION or an UNION ALL statement with 2 children. The first child needs to be the anchor term without any recursive references: ${quoted([cte.name])}.`,
  )
  const within = (self: () => Scoped): AnalyzerContext => ({ ...scope, ctes: new Map([...scope.ctes, [key, self]]) })
  const union = unionOf(cte.plan)
  if (union === undefined || union.operation !== 'union') {
    // Resolved for its errors alone: what does not name itself is no recursion.
    scope.resolve(cte.plan, within(outside))
    return undefined
  }
  const anchorContext = within(outside)
  const anchor = trimmed(anchorContext.resolve(sideOf(cte.plan, 'left'), anchorContext))
  const columns = outputOf(anchor)
  if (cte.columns !== undefined && cte.columns.length !== columns.length) {
    throw fail(
      scope,
      cte.plan,
      'ASSIGNMENT_ARITY_MISMATCH',
      '42802',
      `The number of columns or variables assigned or aliased: ${cte.columns.length} does not match the number of source expressions: ${columns.length}.`,
    )
  }
  const ref = scope.nextId()
  const rounds = roundsOf(cte, scope)
  const fresh = (nullable: boolean) =>
    columns.map(
      (c, i): Attribute => ({ ...c, id: scope.nextId(), name: cte.columns?.[i] ?? c.name, nullable: nullable || c.nullable, qualifier: [cte.name] }),
    )
  const counter = (): Attribute => ({ kind: 'Attribute', id: scope.nextId(), name: 'round', type: types.int, nullable: false, qualifier: [] })
  let used = false
  const self = (): Scoped => {
    used = true
    const visible = fresh(true)
    const plan: Plan = { kind: 'RecursiveRef', ref, rounds, output: [...visible, counter()] }
    return { plan, visible, hidden: [] }
  }
  const inner = within(self)
  const step = inner.resolve(sideOf(cte.plan, 'right'), inner)
  if (!used) return undefined
  if (!union.all) {
    throw fail(
      scope,
      cte.plan,
      'UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE',
      '42836',
      'The UNION operator is not yet supported within recursive common table expressions (WITH clauses that refer to themselves, directly or indirectly). Please use UNION ALL instead.',
    )
  }
  const own = trimmed(step)
  const produced = outputOf(own)
  if (produced.length !== columns.length) {
    throw fail(
      scope,
      cte.plan,
      'NUM_COLUMNS_MISMATCH',
      '42826',
      `UNION can only be performed on inputs with the same number of columns, but the first input has ${columns.length} columns and the second input has ${produced.length} columns.`,
    )
  }
  const counted = carry(own, ref, scope, cte)
  if (counted === undefined) throw unsupported(scope, cte.plan, 'RECURSIVE_CTE', 'a recursion that names itself only inside an expression')
  const alias = (child: NamedExpr | ReturnType<typeof castTo>, name: string): NamedExpr => ({
    kind: 'Alias',
    id: scope.nextId(),
    name,
    child: child.kind === 'Alias' ? toAttribute(child) : child,
    qualifier: [],
  })
  const right: NamedExpr[] = produced.map((p, i) => {
    const wanted = (columns[i] as Attribute).type
    const fits = sameType(p.type, wanted) || (castPossible(p.type, wanted, 'ansi') && widens(p.type.kind, wanted.kind))
    if (!fits) {
      throw fail(
        scope,
        cte.plan,
        'CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE',
        '42825',
        `Failed to merge incompatible data types "${sqlTypeName(wanted)}" and "${sqlTypeName(p.type)}". Please check the data types of the columns being merged and ensure that they are compatible.`,
      )
    }
    return alias(castTo(p, wanted, scope.castMode), p.name)
  })
  const next = call('+', [counted.round, literal(1, types.int)], types.int, false)
  const output = [...fresh(true), counter()]
  const plan: Plan = {
    kind: 'RecursiveCte',
    ref,
    left: { kind: 'Project', input: anchor, expressions: [...columns, alias(literal(0, types.int), 'round')] },
    right: { kind: 'Project', input: counted.plan, expressions: [...right, alias(next, 'round')] },
    output,
  }
  return { plan, visible: output.slice(0, -1), hidden: [] }
}

const order = ['null', 'byte', 'short', 'int', 'long', 'float', 'double']

/** Whether a value of the step's type fits the anchor's. */
function widens(from: string, to: string): boolean {
  if (from === 'null' || (from === 'string' && !order.includes(to))) return true
  return order.includes(from) && order.indexOf(from) <= order.indexOf(to)
}

function roundsOf(cte: Cte, scope: AnalyzerContext): number | undefined {
  if (cte.maxRecursion === undefined) return defaultRounds
  const value = evaluate(castTo(bindExpr(cte.maxRecursion, namesOf([]), scope), types.int))?.value
  return typeof value === 'number' && value >= 0 ? value : undefined
}

function mentions(plan: Plan, ref: number): boolean {
  return (plan.kind === 'RecursiveRef' && plan.ref === ref) || planChildren(plan).some(child => mentions(child, ref))
}

interface Counted {
  readonly plan: Plan
  readonly round: Attribute
}

/** Hands the counter of rounds up to the top; where recursion is not allowed, Spark's error. */
function carry(plan: Plan, ref: number, context: AnalyzerContext, cte: Cte): Counted | undefined {
  if (!mentions(plan, ref)) return undefined
  const misplaced = () =>
    fail(
      context,
      cte.plan,
      'INVALID_RECURSIVE_REFERENCE.PLACE',
      '42836',
      `Invalid recursive reference found inside WITH RECURSIVE clause. Recursive references cannot be used on the right side of left outer/semi/anti joins, on the left side of right outer joins, in full outer joins, in aggregates, and in subquery expressions.`,
    )
  switch (plan.kind) {
    case 'RecursiveRef':
      return { plan, round: plan.output[plan.output.length - 1] as Attribute }
    case 'Project': {
      const below = carry(plan.input, ref, context, cte)
      return (
        below && {
          round: below.round,
          plan: { ...plan, input: below.plan, expressions: [...plan.expressions.filter(e => e.id !== below.round.id), below.round] },
        }
      )
    }
    case 'SubqueryAlias':
      return carry(plan.input, ref, context, cte)
    case 'Filter':
    case 'Hint':
    case 'Generate':
    case 'Limit': {
      const below = carry(plan.input, ref, context, cte)
      return below && { ...below, plan: { ...plan, input: below.plan } }
    }
    case 'Join':
    case 'LateralJoin': {
      const [inLeft, inRight] = [mentions(plan.left, ref), mentions(plan.right, ref)]
      const inner = plan.type === 'inner' || plan.type === 'cross'
      if (!inner && (plan.type === 'full' || (plan.type === 'right' ? inLeft : inRight))) throw misplaced()
      const below = carry(inLeft ? plan.left : plan.right, ref, context, cte)
      return below && { ...below, plan: { ...plan, ...(inLeft ? { left: below.plan } : { right: below.plan }) } }
    }
    case 'Union': {
      const round: Attribute = { kind: 'Attribute', id: context.nextId(), name: 'round', type: types.int, nullable: false, qualifier: [] }
      const inputs = plan.inputs.map(input => withRound(input, plan))
      return { round, plan: { ...plan, inputs, output: [...plan.output, round] } }
    }
    // In one round all rows have the same counter: it changes nothing about which rows are equal.
    case 'Distinct': {
      const input = withRound(plan.input, plan)
      return { round: outputOf(input).at(-1) as Attribute, plan: { ...plan, input } }
    }
    case 'SetOperation': {
      const left = withRound(plan.left, plan)
      return { round: outputOf(left).at(-1) as Attribute, plan: { ...plan, left, right: withRound(plan.right, plan) } }
    }
    default:
      throw misplaced()
  }

  /** An operand with the counter as its last column: its own, or, when it does not read the last round, that of the rows which `within` reads there. */
  function withRound(operand: Plan, within: Plan): Plan {
    const below = carry(operand, ref, context, cte) ?? besideRound(operand, must(reader(within, ref), 'nothing reads the recursion'), context)
    return { kind: 'Project', input: below.plan, expressions: [...outputOf(operand), below.round] }
  }
}

function besideRound(plan: Plan, read: RecursiveRefPlan, context: AnalyzerContext): Counted {
  const again: RecursiveRefPlan = { ...read, output: read.output.map(a => ({ ...a, id: context.nextId() })) }
  const round = again.output.at(-1) as Attribute
  const one: Plan = { kind: 'Project', input: { kind: 'Limit', input: again, limit: 1 }, expressions: [round] }
  return { round, plan: { kind: 'Join', left: plan, right: one, type: 'cross' } }
}

/** A place where a plan reads the last round. */
function reader(plan: Plan, ref: number): RecursiveRefPlan | undefined {
  if (plan.kind === 'RecursiveRef') return plan.ref === ref ? plan : undefined
  for (const child of planChildren(plan)) {
    const found = reader(child, ref)
    if (found !== undefined) return found
  }
  return undefined
}
