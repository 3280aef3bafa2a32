/** Window specifications: keys, order and frame checked as Spark checks them, named ones looked up. */
import { isAnsiInterval } from '../../core/intervals.js'
import { sameType, types } from '../../core/types.js'
import type { BoundExpr, BoundFrame, BoundFrameEdge, BoundSortOrder, WindowExpr } from '../bound.js'
import { castTo, isIntegral, isNumeric, sqlTypeName } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import type { Expr, FrameBoundary, Window, WindowFrame } from '../expr.js'
import { findWindowFunction } from '../functions/window.js'
import type { Qualify, WithWindowDefinition } from '../logical.js'
import { prettyText } from '../print.js'
import { type AnalyzerContext, fail, type WindowSpec } from './context.js'

export type BoundSpec = Pick<WindowExpr, 'partitionBy' | 'orderBy' | 'frame'>

/** How expressions are bound at the place of the window. */
export interface WindowBinding {
  bind(expr: Expr): BoundExpr
  order(expr: Expr): BoundSortOrder
}

/** The context for what stands below a WINDOW clause. */
export function withDefinitions(relation: WithWindowDefinition, context: AnalyzerContext): AnalyzerContext {
  const windows = new Map(context.windows)
  const own = new Set<string>()
  for (const { name, spec } of relation.windows) {
    const key = name.toLowerCase()
    if (own.has(key)) {
      throw fail(
        context,
        relation,
        'INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION',
        '42000',
        `Invalid SQL syntax: The definition of window \`${name}\` is repetitive.`,
      )
    }
    own.add(key)
    windows.set(key, spec)
  }
  return { ...context, windows }
}

/** The specification itself, through names. */
function specOf(expr: WindowSpec, node: Window, context: AnalyzerContext, seen: ReadonlySet<string> = new Set()): WindowSpec {
  if (expr.reference === undefined) return expr
  const name = expr.reference.toLowerCase()
  const found = context.windows.get(name)
  if (found === undefined || seen.has(name)) {
    const known = [...context.windows.keys()].join(', ')
    throw fail(
      context,
      node,
      'MISSING_WINDOW_SPECIFICATION',
      '42P20',
      `Window specification is not defined in the WINDOW clause for ${expr.reference}. ${known === '' ? 'There is none' : `There are: ${known}`}.`,
    )
  }
  return specOf(found, node, context, new Set([...seen, name]))
}

export function bindSpec(node: Window, binding: WindowBinding, context: AnalyzerContext): BoundSpec {
  const spec = specOf(node, node, context)
  const partitionBy = spec.partitionBy.map(e => binding.bind(e))
  const orderBy = spec.orderBy.map(e => binding.order(e))
  const name = node.function.kind === 'UnresolvedFunction' ? node.function.name : ''
  const needsOrder = findWindowFunction(name)?.kind === 'order'
  if (needsOrder && orderBy.length === 0) {
    throw fail(
      context,
      node,
      'WINDOW_FUNCTION_FRAME_NOT_ORDERED',
      '42601',
      `Window function "${name.toLowerCase()}()" requires window to be ordered, please add ORDER BY clause. For example SELECT ${name}() OVER (PARTITION BY window_partition ORDER BY window_ordering) from table.`,
    )
  }
  const frame = spec.frame === undefined ? undefined : bindFrame(spec.frame, orderBy, node, binding, context)
  // Functions that number rows look at the whole partition; a frame that says otherwise is refused.
  if (needsOrder && frame !== undefined && !isDefaultFrame(frame)) {
    throw fail(
      context,
      node,
      'WINDOW_FUNCTION_AND_FRAME_MISMATCH',
      '42K0E',
      `${name.toLowerCase()} function can only be evaluated over a window without a frame of its own.`,
    )
  }
  return { partitionBy, orderBy, ...(frame === undefined || needsOrder ? {} : { frame }) }
}

function isDefaultFrame(frame: BoundFrame): boolean {
  return frame.type === 'rows' && frame.lower.kind === 'unbounded' && frame.upper.kind === 'currentRow'
}

const mismatch = 'DATATYPE_MISMATCH'

function bindFrame(
  frame: WindowFrame,
  orderBy: readonly BoundSortOrder[],
  node: Window,
  binding: WindowBinding,
  context: AnalyzerContext,
): BoundFrame {
  const shown = `${frame.type.toUpperCase()} BETWEEN ${edgeText(frame.lower, 'PRECEDING')} AND ${edgeText(frame.upper, 'FOLLOWING')}`
  const refuse = (code: string, message: string) =>
    fail(context, node, `${mismatch}.${code}`, '42K09', `Cannot resolve "${shown}" due to data type mismatch: ${message}`)
  const isOffset = frame.lower.kind === 'offset' || frame.upper.kind === 'offset'
  const [order, ...more] = orderBy
  if (frame.type === 'range') {
    if (order === undefined && (isOffset || frame.lower.kind === 'currentRow' || frame.upper.kind === 'currentRow')) {
      throw refuse('RANGE_FRAME_WITHOUT_ORDER', 'A range window frame cannot be used in an unordered window specification.')
    }
    if (isOffset && more.length > 0) {
      throw refuse(
        'RANGE_FRAME_MULTI_ORDER',
        'A range window frame with value boundaries cannot be used in a window specification with multiple order by expressions.',
      )
    }
  }
  const edge = (e: FrameBoundary, location: 'lower' | 'upper'): BoundFrameEdge => {
    if (e.kind !== 'offset') return e
    // `x PRECEDING` is written as the negative of x, which not every distance has.
    const distance = e.value.kind === 'UnresolvedFunction' && e.value.name === 'negative' ? e.value.args[0] : undefined
    const bound = binding.bind(distance ?? e.value)
    const preceding = distance !== undefined || isNegative(bound)
    const positive = distance === undefined && preceding ? negated(bound) : bound
    if (evaluate(bound) === undefined && bound.kind !== 'Cast' && !isConstant(bound)) {
      throw refuse('SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE', `Window frame ${location} bound "${prettyText(e.value)}" is not a literal.`)
    }
    if (frame.type === 'rows') {
      if (!isIntegral(bound.type) || bound.type.kind === 'long') {
        throw refuse(
          'SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE',
          `The data type of the ${location} bound "${sqlTypeName(bound.type)}" does not match the expected data type "INT".`,
        )
      }
      return { kind: 'offset', value: castTo(positive, types.int), preceding }
    }
    const interval = isInterval(bound)
    if (!isNumeric(bound.type) && !interval) {
      throw refuse(
        'SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE',
        `The data type of the ${location} bound "${sqlTypeName(bound.type)}" does not match the expected data type "("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL")".`,
      )
    }
    const ordered = order?.child.type ?? types.null
    const fits = isNumeric(ordered)
      ? !interval
      : ordered.kind === 'date'
        ? isIntegral(bound.type) || interval
        : isAnsiInterval(ordered)
          ? bound.type.kind === ordered.kind
          : interval && (ordered.kind === 'timestamp' || ordered.kind === 'timestamp_ntz')
    if (!fits) {
      throw refuse(
        'RANGE_FRAME_INVALID_TYPE',
        `The data type "${sqlTypeName(ordered)}" used in the order specification does not support the data type "${sqlTypeName(bound.type)}" which is used in the range frame.`,
      )
    }
    // The distance in the type of the key, where that loses nothing.
    const value = isNumeric(ordered) && isIntegral(bound.type) && !sameType(ordered, bound.type) ? castTo(positive, ordered) : positive
    return { kind: 'offset', value, preceding }
  }
  const bound: BoundFrame = { type: frame.type, lower: edge(frame.lower, 'lower'), upper: edge(frame.upper, 'upper') }
  if (position(bound.lower, 'lower') > position(bound.upper, 'upper')) {
    throw refuse('SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON', 'The lower bound of a window frame must be less than or equal to the upper bound.')
  }
  return bound
}

/** Where an edge lies from the current row, for what can be compared before running. */
function position(edge: BoundFrameEdge, side: 'lower' | 'upper'): number {
  if (edge.kind === 'unbounded') return side === 'lower' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (edge.kind === 'currentRow') return 0
  const value = evaluate(edge.value)?.value
  const distance = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? Number(value) : 1
  return edge.preceding ? -distance : distance
}

function isInterval(expr: BoundExpr): boolean {
  return expr.type.kind === 'interval' || expr.type.kind === 'daytime_interval' || expr.type.kind === 'yearmonth_interval'
}

function isConstant(expr: BoundExpr): boolean {
  if (expr.kind === 'Call') return expr.args.every(isConstant)
  return expr.kind === 'Cast' ? isConstant(expr.child) : expr.kind === 'Literal'
}

function isNegative(expr: BoundExpr): boolean {
  const value = evaluate(expr)?.value
  return (typeof value === 'number' && value < 0) || (typeof value === 'bigint' && value < 0n) || (typeof value === 'string' && value.startsWith('-'))
}

/** The expression without its sign. */
function negated(expr: BoundExpr): BoundExpr {
  const literal = evaluate(expr)
  if (literal === undefined) return expr
  const { value } = literal
  if (typeof value === 'number') return { ...literal, value: -value }
  if (typeof value === 'bigint') return { ...literal, value: -value }
  return typeof value === 'string' ? { ...literal, value: value.replace(/^-/, '') } : literal
}

function edgeText(edge: FrameBoundary, side: string): string {
  if (edge.kind === 'unbounded') return `UNBOUNDED ${side}`
  return edge.kind === 'currentRow'
    ? 'CURRENT ROW'
    : `${prettyText(edge.value).replace(/^-/, '')} ${prettyText(edge.value).startsWith('-') ? 'PRECEDING' : 'FOLLOWING'}`
}

export function windowNotAllowed(clause: string, node: Expr | Qualify, context: AnalyzerContext) {
  return fail(context, node, 'WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE', '42601', `Window functions are not allowed in ${clause}.`)
}
