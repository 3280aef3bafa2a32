/**
 * The search for a join order: inputs and conditions as bit sets, cheapest tree by dynamic programming over connected sets (as Selinger et al. 1979, bushy
 * trees included), by greedy pairing where there are too many. Cost is rows: those that each join gives, those that it builds its table of, and those
 * that must move: both sides, unless the smaller one can be sent everywhere or both lie in order of a key. Pure; called by `reorder-joins.ts`.
 */
import type { BoundExpr } from '../bound.js'
import { conjunction } from '../conjuncts.js'
import { type Cardinality, joined } from '../join-cardinality.js'
import { columnOf } from '../selectivity.js'

export interface JoinInput {
  readonly cardinality: Cardinality
  /** Bytes of a row. */
  readonly width: number
}

export interface JoinCondition {
  readonly expr: BoundExpr
  /** Bits of the inputs that it reads; at least two. */
  readonly reads: number
}

/** A leaf is the number of an input; of a join the right side is the smaller one. */
export type JoinTree = { readonly input: number } | { readonly left: JoinTree; readonly right: JoinTree }

interface Found {
  readonly set: number
  readonly tree: JoinTree
  readonly cost: number
  readonly cardinality: Cardinality
  readonly width: number
  /** Columns that the rows still lie in order of, as in the files. */
  readonly clustered: ReadonlySet<number>
}

/** A row that goes into a hash table, and one that goes through an exchange, cost this many rows that are only looked at. */
const buildCost = 2
const moveCost = 4
/** Up to this many inputs are searched exhaustively (Spark's `joinReorder.dp.threshold`). */
const exhaustiveLimit = 12
/** A side of up to this many bytes is taken to be broadcast. */
const broadcastBytes = 10 * 2 ** 20

function bothWays(a: Found, b: Found, conditions: readonly JoinCondition[]): Found {
  const set = a.set | b.set
  const between = conditions.filter(c => (c.reads & ~set) === 0 && (c.reads & a.set) !== 0 && (c.reads & b.set) !== 0)
  const condition = conjunction(between.map(c => c.expr))
  const cardinality = joined(condition === undefined ? 'cross' : 'inner', a.cardinality, b.cardinality, condition)
  const [left, right] = a.cardinality.rows * a.width >= b.cardinality.rows * b.width ? [a, b] : [b, a]
  const build = right.cardinality.rows
  const order = orderAfter(left, right, between)
  return {
    set,
    tree: { left: left.tree, right: right.tree },
    cost: a.cost + b.cost + cardinality.rows + buildCost * build + (order === undefined ? moveCost * (left.cardinality.rows + build) : 0),
    cardinality,
    width: a.width + b.width,
    clustered: order ?? new Set(),
  }
}

/** The order that is left after a join that moves no large side; undefined when both must move. */
function orderAfter(left: Found, right: Found, between: readonly JoinCondition[]): ReadonlySet<number> | undefined {
  if (right.cardinality.rows * right.width <= broadcastBytes) return left.clustered
  for (const { expr } of between) {
    const [a, b] = expr.kind === 'Call' && expr.fn === '=' ? expr.args.map(columnOf) : []
    if (a === undefined || b === undefined) continue
    if ((left.clustered.has(a) && right.clustered.has(b)) || (left.clustered.has(b) && right.clustered.has(a))) return new Set([a, b])
  }
  return undefined
}

function leaf(input: JoinInput, index: number): Found {
  const clustered = new Set([...input.cardinality.columns].filter(([, known]) => known.clustered).map(([id]) => id))
  return { set: 1 << index, tree: { input: index }, cost: 0, cardinality: input.cardinality, width: input.width, clustered }
}

function connected(a: number, b: number, conditions: readonly JoinCondition[]): boolean {
  for (const { reads } of conditions) if ((reads & ~(a | b)) === 0 && (reads & a) !== 0 && (reads & b) !== 0) return true
  return false
}

/** The cost of a given tree. */
export function costOf(tree: JoinTree, inputs: readonly JoinInput[], conditions: readonly JoinCondition[]): number {
  const make = (node: JoinTree): Found =>
    'input' in node ? leaf(inputs[node.input] as JoinInput, node.input) : bothWays(make(node.left), make(node.right), conditions)
  return make(tree).cost
}

/** How many joins of a tree no condition connects. */
export function productsOf(tree: JoinTree, conditions: readonly JoinCondition[]): number {
  let products = 0
  const setOf = (node: JoinTree): number => {
    if ('input' in node) return 1 << node.input
    const [a, b] = [setOf(node.left), setOf(node.right)]
    if (!connected(a, b, conditions)) products++
    return a | b
  }
  setOf(tree)
  return products
}

/** The cheapest tree that the search finds, and its cost. At most 31 inputs. */
export function searchJoinOrder(
  inputs: readonly JoinInput[],
  conditions: readonly JoinCondition[],
): { readonly tree: JoinTree; readonly cost: number } {
  const parts = inputs.length <= exhaustiveLimit ? exhaustive(inputs, conditions) : inputs.map(leaf)
  return greedy(parts, conditions)
}

/** The best tree of every largest set that conditions connect. */
function exhaustive(inputs: readonly JoinInput[], conditions: readonly JoinCondition[]): Found[] {
  const all = 2 ** inputs.length
  const best: (Found | undefined)[] = new Array(all)
  inputs.forEach((input, i) => {
    best[1 << i] = leaf(input, i)
  })
  for (let set = 1; set < all; set++) {
    // Every split once: the half with the lowest bit is the first one. One set, one cardinality, whichever split it came from, so that costs stay
    // comparable: the least, since what bounds a join (a key, say) shows in some splits only.
    const low = set & -set
    let [cheapest, fewest]: (Found | undefined)[] = []
    let least = Number.POSITIVE_INFINITY
    for (let rest = (set - 1) & set; rest > 0; rest = (rest - 1) & set) {
      if ((rest & low) !== 0) continue
      const [a, b] = [best[set & ~rest], best[rest]]
      if (a === undefined || b === undefined || a.cost + b.cost >= least || !connected(a.set, b.set, conditions)) continue
      const found = bothWays(a, b, conditions)
      if (fewest === undefined || found.cardinality.rows < fewest.cardinality.rows) fewest = found
      if (found.cost - found.cardinality.rows < least) {
        cheapest = found
        least = found.cost - found.cardinality.rows
      }
    }
    if (cheapest !== undefined && fewest !== undefined) {
      best[set] = { ...cheapest, cost: least + fewest.cardinality.rows, cardinality: fewest.cardinality }
    }
  }
  const parts: Found[] = []
  let left = all - 1
  while (left !== 0) {
    let largest: Found | undefined
    for (let set = left; set > 0; set = (set - 1) & left) {
      const found = best[set]
      if (found !== undefined && (largest === undefined || bits(set) > bits(largest.set))) largest = found
    }
    if (largest === undefined) break
    parts.push(largest)
    left &= ~largest.set
  }
  return parts
}

function bits(set: number): number {
  let count = 0
  for (let rest = set; rest !== 0; rest &= rest - 1) count++
  return count
}

/** Joins the pair that gives the fewest rows, connected pairs first, until one tree is left. */
function greedy(parts: readonly Found[], conditions: readonly JoinCondition[]): Found {
  let left = [...parts]
  while (left.length > 1) {
    let best: { readonly pair: readonly [Found, Found]; readonly found: Found; readonly linked: boolean } | undefined
    for (const [i, a] of left.entries()) {
      for (const b of left.slice(i + 1)) {
        const linked = connected(a.set, b.set, conditions)
        if (best?.linked && !linked) continue
        const found = bothWays(a, b, conditions)
        if (best === undefined || (linked && !best.linked) || found.cardinality.rows < best.found.cardinality.rows)
          best = { pair: [a, b], found, linked }
      }
    }
    if (best === undefined) break
    const { pair, found } = best
    left = [...left.filter(p => !pair.includes(p)), found]
  }
  return left[0] as Found
}
