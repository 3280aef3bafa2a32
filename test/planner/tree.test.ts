import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { types } from '#src/core/types.js'
import { type Attribute, type BoundExpr, literal, trueLiteral } from '#src/planner/bound.js'
import type { Plan } from '#src/planner/plan.js'
import { mapSame, references, transformExprUp, transformPlanDown, transformPlanUp } from '#src/planner/tree.js'

const test = suite('planner/tree')

const a: Attribute = { kind: 'Attribute', id: 1, name: 'a', type: types.int, nullable: true, qualifier: [] }
const b: Attribute = { ...a, id: 2, name: 'b' }
const sum: BoundExpr = {
  kind: 'Call',
  fn: '+',
  args: [a, { kind: 'Cast', child: b, type: types.int, mode: 'ansi', nullable: true }],
  type: types.int,
  nullable: true,
}
const leaf: Plan = { kind: 'Values', rows: [], output: [a, b] }
const plan: Plan = { kind: 'Filter', input: { kind: 'Project', input: leaf, expressions: [a, b] }, condition: trueLiteral }

test('a transformation that changes nothing gives the same reference', () => {
  assert.is(
    transformExprUp(sum, e => e),
    sum,
  )
  assert.is(
    transformPlanUp(plan, p => p),
    plan,
  )
  assert.is(
    transformPlanDown(plan, p => p),
    plan,
  )
  const list = [a, b]
  assert.is(
    mapSame(list, x => x),
    list,
  )
})

test('a change below gives new nodes above it and keeps the others', () => {
  const changed = transformExprUp(sum, e => (e === b ? literal(1, types.int) : e))
  assert.is.not(changed, sum)
  assert.is(changed.kind === 'Call' ? changed.args[0] : undefined, a)
})

test('up visits children first, down parents first', () => {
  const up: string[] = []
  transformPlanUp(plan, p => {
    up.push(p.kind)
    return p
  })
  const down: string[] = []
  transformPlanDown(plan, p => {
    down.push(p.kind)
    return p
  })
  assert.equal(up, ['Values', 'Project', 'Filter'])
  assert.equal(down, ['Filter', 'Project', 'Values'])
})

test('references are the ids an expression reads', () => {
  assert.equal([...references(sum)], [1, 2])
})

test.run()
