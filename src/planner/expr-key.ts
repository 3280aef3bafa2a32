/** A text that two bound expressions share exactly when they are the same computation: attributes by id, names and nullability aside. */
import { unreachable } from '../core/errors.js'
import { typeString } from '../core/types.js'
import type { BoundExpr, BoundFrame, BoundFrameEdge } from './bound.js'

const keys = new WeakMap<BoundExpr, string>()

export function exprKey(expr: BoundExpr): string {
  let key = keys.get(expr)
  if (key === undefined) {
    key = compute(expr)
    keys.set(expr, key)
  }
  return key
}

function compute(expr: BoundExpr): string {
  switch (expr.kind) {
    case 'Attribute':
      return `#${expr.id}`
    case 'Literal':
      return `${typeString(expr.type)}:${literalKey(expr.value)}`
    case 'Cast':
      return `cast(${exprKey(expr.child)},${typeString(expr.type)},${expr.mode})`
    case 'Call':
      return `${expr.fn}(${expr.args.map(exprKey).join(',')}):${typeString(expr.type)}`
    case 'AggregateCall':
      return `@${expr.fn}(${expr.distinct ? 'distinct ' : ''}${expr.args.map(exprKey).join(',')}|${expr.filter === undefined ? '' : exprKey(expr.filter)}):${typeString(expr.type)}`
    case 'Subquery':
      return `subquery${expr.id}(${[...expr.values, ...expr.outer.map(o => o.value)].map(exprKey).join(',')})`
    case 'LambdaVariable':
      return `λ${expr.id}`
    case 'Lambda':
      return `${expr.parameters.map(p => `λ${p.id}`).join(',')}->${exprKey(expr.body)}`
    case 'WindowCall':
      return `@@${expr.fn}(${expr.args.map(exprKey).join(',')}|${expr.ignoreNulls})`
    case 'Window':
      return `${exprKey(expr.function)} over (${expr.partitionBy.map(exprKey).join(',')}|${expr.orderBy.map(o => `${exprKey(o.child)} ${o.ascending} ${o.nullsFirst}`).join(',')}|${frameKey(expr.frame)})`
    default:
      return unreachable(expr)
  }
}

function frameKey(frame: BoundFrame | undefined): string {
  if (frame === undefined) return ''
  const edge = (e: BoundFrameEdge) => (e.kind === 'offset' ? `${exprKey(e.value)} ${e.preceding}` : e.kind)
  return `${frame.type} ${edge(frame.lower)} ${edge(frame.upper)}`
}

function literalKey(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'string') return JSON.stringify(value)
  return JSON.stringify(value, (_, v) =>
    typeof v === 'bigint' ? `${v}n` : Object.is(v, -0) ? '-0' : typeof v === 'number' && !Number.isFinite(v) ? String(v) : v,
  )
}

export function sameExpr(a: BoundExpr, b: BoundExpr): boolean {
  return a === b || exprKey(a) === exprKey(b)
}
