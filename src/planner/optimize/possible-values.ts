/**
 * What an expression can be once some columns are NULL: a condition that then cannot be true keeps no row that an outer join has padded. Knows the
 * functions whose NULLs are certain and says "anything" of all others. Called by `eliminate-outer-joins.ts`.
 */
import type { BoundExpr } from '../bound.js'
import { conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { strictFunctions } from './propagate-nulls.js'

/** A set of possible values, as bits. A value that is no boolean is `aFalse | aTrue`: some value. */
type Possible = number
const aNull = 1
const aFalse = 2
const aTrue = 4
const aValue = aFalse | aTrue
const anything = aNull | aValue

/** Whether no row in which all of these columns are NULL meets a condition. */
export function rejectsNulls(condition: BoundExpr, columns: ReadonlySet<number>): boolean {
  return conjunctsOf(condition).some(c => isDeterministic(c) && (possible(c, columns) & aTrue) === 0)
}

function possible(e: BoundExpr, columns: ReadonlySet<number>): Possible {
  switch (e.kind) {
    case 'Attribute':
      return columns.has(e.id) ? aNull : e.nullable ? anything : aValue
    case 'Literal':
      return e.value === null ? aNull : e.value === true ? aTrue : e.value === false ? aFalse : aValue
    case 'Cast':
      return possible(e.child, columns) === aNull ? aNull : e.nullable ? anything : aValue
    case 'Call':
      return ofCall(e.fn, e.args, columns)
    default:
      return anything
  }
}

function ofCall(fn: string, args: readonly BoundExpr[], columns: ReadonlySet<number>): Possible {
  if (strictFunctions.has(fn)) return args.some(a => possible(a, columns) === aNull) ? aNull : anything
  const [a = anything, b = anything] = args.slice(0, 2).map(arg => possible(arg, columns))
  switch (fn) {
    case 'not':
      return negated(a)
    case 'and':
      return both(a, b)
    case 'or':
      return negated(both(negated(a), negated(b)))
    case 'isnull':
      return (a & aNull ? aTrue : 0) | (a & aValue ? aFalse : 0)
    case 'isnotnull':
      return (a & aNull ? aFalse : 0) | (a & aValue ? aTrue : 0)
    case 'in':
      return a === aNull ? aNull : anything
    case '<=>':
      return (a === aNull && (b & aNull) === 0) || (b === aNull && (a & aNull) === 0) ? aFalse : anything
    case 'coalesce':
      return args.reduce((set, arg) => (set & aNull ? (set & ~aNull) | possible(arg, columns) : set), aNull)
    case 'when':
      return ofCase(args, columns)
    default:
      return anything
  }
}

function negated(a: Possible): Possible {
  return (a & aNull) | (a & aFalse ? aTrue : 0) | (a & aTrue ? aFalse : 0)
}

function both(a: Possible, b: Possible): Possible {
  let set = 0
  if ((a | b) & aFalse) set |= aFalse
  if (a & aTrue && b & aTrue) set |= aTrue
  if ((a & aNull && b & (aNull | aTrue)) || (b & aNull && a & (aNull | aTrue))) set |= aNull
  return set
}

/** The values of the branches that may be taken. */
function ofCase(args: readonly BoundExpr[], columns: ReadonlySet<number>): Possible {
  let set = 0
  for (let i = 0; i + 1 < args.length; i += 2) {
    const test = possible(args[i] as BoundExpr, columns)
    if (test & aTrue) set |= possible(args[i + 1] as BoundExpr, columns)
    if (test === aTrue) return set
  }
  const otherwise = args.length % 2 === 1 ? args[args.length - 1] : undefined
  return set | (otherwise === undefined ? aNull : possible(otherwise, columns))
}
