/** Pipe operators: `query |> WHERE … |> AGGREGATE …`. Each is one of the plan's own operators over what stands before it. */
import type { Expr } from '../expr.js'
import type { Relation } from '../logical.js'
import type { Cursor } from './cursor.js'
import { strictName } from './names.js'
import { joinTail } from './relations.js'
import { groupBy, namedExpression, optionalWindows, select } from './select.js'
import { optionalPivot, optionalSample } from './table-clauses.js'
import { unsupported } from './unsupported.js'

/** What `queries.ts` does with an operand: it imports this file. */
export interface PipeContext {
  setOperationTail(c: Cursor, start: number, left: Relation): Relation | undefined
  organized(c: Cursor, start: number, input: Relation): Relation
}

/** What follows `|>`. */
export function pipeOperator(c: Cursor, start: number, input: Relation, context: PipeContext): Relation {
  switch (c.token.key) {
    case 'SELECT':
      return optionalWindows(c, start, select(c, input))
    case 'EXTEND': {
      c.next()
      const added = c.list(namedExpression)
      return optionalWindows(c, start, { kind: 'Project', input, expressions: [{ kind: 'UnresolvedStar' }, ...added], span: c.spanFrom(start) })
    }
    case 'SET':
      return set(c, start, input)
    case 'DROP': {
      c.next()
      const columns = c.list(dropped)
      return { kind: 'Drop', input, columns, span: c.spanFrom(start) }
    }
    case 'AS': {
      c.next()
      const alias = strictName(c)
      return { kind: 'SubqueryAlias', input, alias, span: c.spanFrom(start) }
    }
    case 'WHERE': {
      c.next()
      const condition = c.grammar.expression(c)
      return { kind: 'Filter', input, condition, span: c.spanFrom(start) }
    }
    case 'AGGREGATE':
      return aggregate(c, start, input)
    default:
      return other(c, start, input, context)
  }
}

/** One column: fields of structs cannot be dropped yet. */
function dropped(c: Cursor): string {
  const name = strictName(c)
  if (c.is('.')) throw unsupported(c, 'DROP of a qualified column or a field')
  return name
}

/** `SET a = 1, b = a`: each assignment sees the ones before it. */
function set(c: Cursor, start: number, input: Relation): Relation {
  c.next()
  let plan = input
  c.list(() => {
    const name = strictName(c)
    c.expect('=')
    plan = { kind: 'WithColumns', input: plan, columns: [{ name, expr: c.grammar.expression(c) }], span: c.spanFrom(start) }
  })
  return plan
}

function aggregate(c: Cursor, start: number, input: Relation): Relation {
  c.next()
  const aggregates = c.is('GROUP') ? [] : c.list(namedExpression)
  const { grouping, groupAll } = c.acceptAll('GROUP', 'BY') ? groupBy(c, namedExpression) : { grouping: [] }
  return {
    kind: 'Aggregate',
    input,
    grouping: grouping.map(unnamed),
    aggregates: [...grouping, ...aggregates],
    ...(groupAll ? { groupAll } : {}),
    span: c.spanFrom(start),
  }
}

function unnamed(e: Expr): Expr {
  return e.kind === 'Alias' ? e.child : e
}

function other(c: Cursor, start: number, input: Relation, context: PipeContext): Relation {
  const found =
    optionalPivot(c, start, input) ??
    joinTail(c, input, start) ??
    context.setOperationTail(c, start, input) ??
    different(optionalSample(c, start, input), input) ??
    different(context.organized(c, start, input), input)
  return found ?? c.fail('<a pipe operator>')
}

function different(plan: Relation, before: Relation): Relation | undefined {
  return plan === before ? undefined : plan
}
