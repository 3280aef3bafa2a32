/**
 * Whether an expression has a value for every row, whatever the row holds: what is computed below a join is computed for rows too that find no partner, and
 * must not fail on them. Knows the functions of which that is certain, by their types alone. Called by `push-partial-aggregation.ts`.
 */
import type { DataType } from '../../../core/types.js'
import type { BoundExpr, Call } from '../../bound.js'

const wholeDigits: Readonly<Record<string, number>> = { byte: 3, short: 5, int: 10, long: 19 }
/** Of a result with so many digits, or more, the types no longer say that it fits. */
const mostDigits = 38

export function neverFails(expr: BoundExpr): boolean {
  switch (expr.kind) {
    case 'Attribute':
    case 'Literal':
      return true
    case 'Cast':
      return (expr.mode === 'try' || widens(expr.child.type, expr.type)) && neverFails(expr.child)
    case 'Call':
      return (plain.has(expr.fn) || isRoomy(expr)) && expr.args.every(neverFails)
    default:
      return false
  }
}

const plain: ReadonlySet<string> = new Set(
  'and or not = <=> < <= > >= in isnull isnotnull coalesce when getfield year quarter month day upper lower trim ltrim rtrim length like startswith endswith contains'.split(
    ' ',
  ),
)

/** Arithmetic whose result always fits its type. */
function isRoomy({ fn, args, type }: Call): boolean {
  if (type.kind === 'double') return fn === '+' || fn === '-' || fn === '*' || (fn === '/' && isNotZero(args[1]))
  if (type.kind !== 'decimal' || type.precision >= mostDigits) return false
  return fn === '+' || fn === '-' || fn === '*' || (fn === '/' && isNotZero(args[1]))
}

function isNotZero(e: BoundExpr | undefined): boolean {
  if (e?.kind === 'Cast' && widens(e.child.type, e.type)) return isNotZero(e.child)
  return e?.kind === 'Literal' && e.value !== null && Number(e.value) !== 0
}

/** Whether each value of one type is one of the other. */
function widens(from: DataType, to: DataType): boolean {
  const [have, want] = [wholeDigits[from.kind], wholeDigits[to.kind]]
  if (from.kind === 'decimal') {
    return to.kind === 'double' || (to.kind === 'decimal' && to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale)
  }
  if (have !== undefined) {
    return to.kind === 'double' || (want !== undefined && want >= have) || (to.kind === 'decimal' && to.precision - to.scale >= have)
  }
  return from.kind === 'float' && to.kind === 'double'
}
