/**
 * How many rows a join is likely to give, from what is known of its inputs. A row finds at most one partner in a side whose key the condition names; how
 * often it finds one depends on the part of the keys that filters have left, seen over the range of values that both sides share. Joins without a key
 * follow System R (Selinger et al. 1979), divided by the smaller number of distinct values: footers bound both from above. Called by `cardinality.ts` and by
 * the search for a join order, on inputs that are no plans yet.
 */
import { unreachable } from '../core/errors.js'
import type { BoundExpr } from './bound.js'
import type { ColumnStatistics } from './column-statistics.js'
import { conjunctsOf } from './conjuncts.js'
import type { JoinPlan } from './plan.js'
import { columnOf, selectivity } from './selectivity.js'
import { references } from './tree.js'

export interface Cardinality {
  readonly rows: number
  /** By column id. Distinct values and ends are those of the table: filters above do not narrow them, rows do. */
  readonly columns: ReadonlyMap<number, ColumnStatistics>
  /** Columns that no two rows have the same values in (or hardly any). */
  readonly keys: readonly Key[]
}

export interface Key {
  /** Ids of columns; at least one. */
  readonly columns: readonly number[]
  /** How many different values there were before filters. */
  readonly values: number
}

/** An equality between the inputs. */
interface Equality {
  /** Distinct values that divide the product of the inputs. */
  readonly values: number
  /** By the id of a column that it compares: distinct values between the ends that both sides share; undefined where nothing is known. */
  readonly shared: ReadonlyMap<number, number | undefined>
  /** Of both sides' rows, the part that conditions on what is compared have left, where both have them: what one side's rows pass, their partners do too. */
  readonly both: number
}

/** What a join of two inputs gives. */
export function joined(type: JoinPlan['type'], left: Cardinality, right: Cardinality, condition: BoundExpr | undefined): Cardinality {
  const columns = new Map([...left.columns, ...right.columns])
  const rest: BoundExpr[] = []
  const equalities: Equality[] = []
  for (const c of conjunctsOf(condition)) {
    const equality = equalityOf(c, left, right)
    if (equality === undefined) rest.push(c)
    else equalities.push(equality)
  }
  const kept = restSelectivity(rest, columns)
  const leftKey = keyIn(left.keys, equalities)
  const rightKey = keyIn(right.keys, equalities)
  const sides: Matching = { left, right, equalities, leftKey, rightKey }
  const once = equalities.reduce((part, e) => part * e.both, 1)
  const most = Math.min(rightKey === undefined ? Number.POSITIVE_INFINITY : left.rows, leftKey === undefined ? Number.POSITIVE_INFINITY : right.rows)
  const matches = Math.max(Math.min(1, left.rows, right.rows), kept * Math.min(matching(sides) / once, Math.max(most, matching(sides))))
  const withPartner = Math.min(1, partner(sides, kept) / once)
  const keys = [...(rightKey === undefined ? [] : left.keys), ...(leftKey === undefined ? [] : right.keys)]
  switch (type) {
    case 'inner':
    case 'cross':
      return { rows: matches, columns, keys }
    case 'left':
      return { rows: Math.max(left.rows, matches), columns, keys: rightKey === undefined ? [] : left.keys }
    case 'right':
      return { rows: Math.max(right.rows, matches), columns, keys: leftKey === undefined ? [] : right.keys }
    case 'full':
      return { rows: Math.max(left.rows + right.rows - matches, matches, left.rows, right.rows), columns, keys: [] }
    case 'semi':
      return { ...left, rows: left.rows * withPartner }
    case 'anti':
      return { ...left, rows: left.rows * Math.max(0.1, 1 - withPartner) }
    default:
      return unreachable(type)
  }
}

interface Matching {
  readonly left: Cardinality
  readonly right: Cardinality
  readonly equalities: readonly Equality[]
  readonly leftKey: Found | undefined
  readonly rightKey: Found | undefined
}

/** A key of one side that the equalities cover. */
interface Found {
  /** Values that the other side's can be among. */
  readonly values: number
  /** The equalities that it takes. */
  readonly covers: ReadonlySet<Equality>
}

function matching({ left, right, equalities, leftKey, rightKey }: Matching): number {
  if (rightKey !== undefined && leftKey !== undefined) {
    // A column that only seems to have no value twice has the larger number of them.
    const values = Math.max(1, Math.min(leftKey.values, rightKey.values))
    return Math.min((left.rows * right.rows) / values, Math.max(left.rows, right.rows))
  }
  if (rightKey !== undefined) return left.rows * partOfKey(right.rows, rightKey) * others(equalities, rightKey)
  if (leftKey !== undefined) return right.rows * partOfKey(left.rows, leftKey) * others(equalities, leftKey)
  return (left.rows * right.rows) / manyToMany(equalities, left.rows, right.rows)
}

/** How likely a key still is in its side. */
function partOfKey(rows: number, { values }: Found): number {
  return Math.min(1, rows / Math.max(1, values))
}

/** What equalities beside the key keep. */
function others(equalities: readonly Equality[], { covers }: Found): number {
  return equalities.reduce((part, e) => (covers.has(e) ? part : part / e.values), 1)
}

/** Several keys depend on one another (the parts of a composite key, say): together they have no more values than the smaller input has rows. */
function manyToMany(equalities: readonly Equality[], left: number, right: number): number {
  const values = equalities.map(e => e.values)
  return Math.min(
    values.reduce((a, b) => a * b, 1),
    Math.max(1, ...values, Math.min(left, right)),
  )
}

function keyIn(keys: readonly Key[], equalities: readonly Equality[]): Found | undefined {
  let found: Found | undefined
  for (const { columns, values } of keys) {
    const covering = columns.map(id => equalities.find(e => e.shared.has(id))).filter(e => e !== undefined)
    if (covering.length < columns.length) continue
    const shared = columns.length > 1 ? undefined : covering[0]?.shared.get(columns[0] ?? -1)
    const among = Math.min(values, shared ?? values)
    if (found === undefined || among < found.values) found = { values: among, covers: new Set(covering) }
  }
  return found
}

/** The part of left rows that find a partner. */
function partner({ left, right, equalities, leftKey, rightKey }: Matching, kept: number): number {
  if (rightKey !== undefined) return partOfKey(right.rows, rightKey) * others(equalities, rightKey) * kept
  const rows = right.rows * kept
  const [only] = equalities
  const [id, among] = [...(only?.shared ?? [])].find(([column]) => right.columns.has(column)) ?? []
  if (leftKey !== undefined && equalities.length === 1 && id !== undefined && among !== undefined) {
    return Math.min(1, Math.min(among, rows / (right.columns.get(id)?.run ?? 1)) / Math.max(1, leftKey.values))
  }
  return Math.min(1, rows / manyToMany(equalities, left.rows, right.rows))
}

/** Of a disjunction over both sides, what it says of each alone is a filter below already (`InferFiltersFromDisjunctions`). */
const disjunctionKeeps = 0.5

function restSelectivity(rest: readonly BoundExpr[], columns: Cardinality['columns']): number {
  const isDisjunction = (e: BoundExpr) => e.kind === 'Call' && e.fn === 'or'
  const others = rest.filter(e => !isDisjunction(e))
  return selectivity(and(others), id => columns.get(id)) * disjunctionKeeps ** (rest.length - others.length)
}

function and(conditions: readonly BoundExpr[]): BoundExpr | undefined {
  return conditions.length < 2 ? conditions[0] : { kind: 'Call', fn: 'and', args: conditions, type: { kind: 'boolean' }, nullable: true }
}

/** An equality between the two inputs; undefined for any other condition. */
function equalityOf(c: BoundExpr, left: Cardinality, right: Cardinality): Equality | undefined {
  if (c.kind !== 'Call' || (c.fn !== '=' && c.fn !== '<=>') || references(c).size < 2) return undefined
  const columns = c.args.map(columnOf).filter(id => id !== undefined)
  const known = columns.map(id => left.columns.get(id) ?? right.columns.get(id))
  const bounds = known.map(k => k?.distinct).filter(n => n !== undefined)
  // Of unknown keys the larger input is taken to hold a foreign key of the smaller one.
  const values = Math.max(1, bounds.length === 0 ? Math.min(left.rows, right.rows) : Math.min(...bounds))
  const parts = columns.length === 2 ? known.map(k => k?.kept ?? 1) : [1]
  return {
    values,
    both: Math.max(...parts),
    shared: new Map(columns.map((id, i) => [id, shared(known[i], columns.length === 2 ? known[1 - i] : undefined)])),
  }
}

/** Distinct values of a column that lie between the ends of another one, spread evenly between its own. */
function shared(of: ColumnStatistics | undefined, other: ColumnStatistics | undefined): number | undefined {
  if (of?.min === undefined || of.max === undefined || other?.min === undefined || other.max === undefined) return of?.distinct
  const span = of.max - of.min
  const both = Math.min(of.max, other.max) - Math.max(of.min, other.min)
  return span === 0 ? of.distinct : Math.max(1, of.distinct * Math.min(1, Math.max(0, both / span)))
}
