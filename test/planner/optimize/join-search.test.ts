import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { types } from '#src/core/types.js'
import type { Attribute, BoundExpr } from '#src/planner/bound.js'
import { costOf, type JoinCondition, type JoinInput, type JoinTree, productsOf, searchJoinOrder } from '#src/planner/optimize/join-search.js'

const test = suite('planner/optimize/join-search')

const column = (id: number): Attribute => ({ kind: 'Attribute', id, name: `c${id}`, type: types.long, nullable: false, qualifier: [] })

/** An input of `rows` rows with one column per partner; `distinct` of each. */
function input(rows: number, columns: Readonly<Record<number, number>>, clustered: readonly number[] = []): JoinInput {
  const known = Object.entries(columns).map(
    ([id, distinct]) =>
      [Number(id), { distinct, nullFraction: 0, unique: distinct >= rows, run: 1, clustered: clustered.includes(Number(id)) }] as const,
  )
  const keys = known.filter(([, c]) => c.unique).map(([id, c]) => ({ columns: [id], values: c.distinct }))
  return { cardinality: { rows, columns: new Map(known), keys }, width: 16 }
}

function equal(a: number, b: number, reads: number): JoinCondition {
  const expr: BoundExpr = { kind: 'Call', fn: '=', args: [column(a), column(b)], type: types.boolean, nullable: false }
  return { expr, reads }
}

function text(tree: JoinTree): string {
  return 'input' in tree ? String(tree.input) : `(${text(tree.left)} ${text(tree.right)})`
}

test('a star: the filtered dimension first, every dimension on the build side', () => {
  // Facts 0; dimension 1 keeps 1 of 100 rows, dimension 2 keeps all.
  const inputs = [input(1e6, { 1: 100, 2: 1000 }), input(1, { 3: 100 }), input(1000, { 4: 1000 })]
  const conditions = [equal(1, 3, 0b011), equal(2, 4, 0b101)]
  assert.is(text(searchJoinOrder(inputs, conditions).tree), '((0 1) 2)')
})

test('a snowflake: small dimensions are joined with each other before the facts', () => {
  const inputs = [input(1e6, { 1: 5000 }), input(5000, { 2: 5000, 3: 25 }), input(1, { 4: 25 })]
  const conditions = [equal(1, 2, 0b011), equal(3, 4, 0b110)]
  assert.is(text(searchJoinOrder(inputs, conditions).tree), '(0 (1 2))')
})

test('large tables in order of a key are joined first on it: that moves nothing', () => {
  // Lines 0, suppliers of parts 1, orders 2: by rows alone the smaller table would come first.
  const inputs = [input(6e6, { 1: 8e5, 2: 15e5 }, [2]), input(8e5, { 3: 8e5 }), input(15e5, { 4: 15e5 }, [4])]
  const conditions = [equal(1, 3, 0b011), equal(2, 4, 0b101)]
  assert.is(text(searchJoinOrder(inputs, conditions).tree), '((0 2) 1)')
  const shuffled = [input(6e6, { 1: 8e5, 2: 15e5 }), inputs[1] as JoinInput, inputs[2] as JoinInput]
  assert.is(text(searchJoinOrder(shuffled, conditions).tree), '((0 1) 2)')
})

test('what nothing connects is multiplied last, the small ones first', () => {
  const inputs = [input(1000, { 1: 1000 }), input(3, {}), input(1000, { 2: 1000 })]
  const { tree } = searchJoinOrder(inputs, [equal(1, 2, 0b101)])
  assert.is(text(tree), '((0 2) 1)')
  assert.is(productsOf(tree, [equal(1, 2, 0b101)]), 1)
})

/** Any tree over the inputs, by the numbers that say which two trees are joined next. */
function anyTree(count: number, picks: readonly number[]): JoinTree {
  let trees: JoinTree[] = Array.from({ length: count }, (_, i) => ({ input: i }))
  for (const pick of picks) {
    if (trees.length < 2) break
    const left = trees[pick % trees.length] as JoinTree
    const others = trees.filter(t => t !== left)
    const right = others[Math.floor(pick / trees.length) % others.length] as JoinTree
    trees = [...others.filter(t => t !== right), { left, right }]
  }
  return trees[0] as JoinTree
}

function leaves(tree: JoinTree): number[] {
  return 'input' in tree ? [tree.input] : [...leaves(tree.left), ...leaves(tree.right)]
}

const chains = fc.integer({ min: 2, max: 6 }).chain(count =>
  fc.record({
    rows: fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: count, maxLength: count }),
    // A tree of conditions: each input with one before it.
    partners: fc.array(fc.nat(1000), { minLength: count - 1, maxLength: count - 1 }),
    picks: fc.array(fc.nat(1_000_000), { minLength: count, maxLength: count }),
  }),
)

test('every input is there once, no connected chain is multiplied', () => {
  fc.assert(
    fc.property(chains, ({ rows, partners }) => {
      const distinct: Record<number, number>[] = rows.map(() => ({}))
      const conditions = partners.map((p, i) => {
        const [a, b] = [i + 1, p % (i + 1)]
        Object.assign(distinct[a] as object, { [2 * i + 1]: rows[a] })
        Object.assign(distinct[b] as object, { [2 * i + 2]: Math.max(1, Math.floor((rows[b] ?? 1) / 2)) })
        return equal(2 * i + 1, 2 * i + 2, (1 << a) | (1 << b))
      })
      const inputs = rows.map((r, i) => input(r, distinct[i] ?? {}))
      const { tree, cost } = searchJoinOrder(inputs, conditions)
      assert.equal(
        leaves(tree).sort((a, b) => a - b),
        rows.map((_, i) => i),
      )
      assert.is(productsOf(tree, conditions), 0)
      assert.ok(cost >= 0)
    }),
  )
})

test('with one fact table and its dimensions no other tree without products is cheaper', () => {
  fc.assert(
    fc.property(chains, ({ rows, picks }) => {
      // Input 0 has a foreign key of each other one: every split of a set gives the same rows, so that costs can be compared exactly.
      const columns = Object.fromEntries(rows.slice(1).map((r, i) => [i + 1, r]))
      const inputs = rows.map((r, i) => (i === 0 ? input(1e6, columns) : input(r, { [100 + i]: r })))
      const conditions = rows.slice(1).map((_, i) => equal(i + 1, 101 + i, 1 | (1 << (i + 1))))
      const other = anyTree(rows.length, picks)
      if (productsOf(other, conditions) > 0) return
      assert.ok(searchJoinOrder(inputs, conditions).cost <= costOf(other, inputs, conditions) * (1 + 1e-9))
    }),
  )
})

test('twenty inputs are joined greedily', () => {
  const inputs = Array.from({ length: 20 }, (_, i) => input(1000 * (i + 1), { [2 * i]: 1000, [2 * i + 1]: 1000 }))
  const conditions = Array.from({ length: 19 }, (_, i) => equal(2 * i + 1, 2 * i + 2, (1 << i) | (1 << (i + 1))))
  const { tree } = searchJoinOrder(inputs, conditions)
  assert.is(leaves(tree).length, 20)
  assert.is(productsOf(tree, conditions), 0)
})

test.run()
