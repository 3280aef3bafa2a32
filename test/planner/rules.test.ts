/** The runner of rules: fixpoint and its limit, the schema check, the trace. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { types } from '#src/core/types.js'
import { type Attribute, trueLiteral } from '#src/planner/bound.js'
import { optimize, type Rule } from '#src/planner/optimize/rule.js'
import { optimizerBatches } from '#src/planner/pipeline.js'
import type { Plan } from '#src/planner/plan.js'
import type { TraceEntry } from '#src/planner/plan-changes.js'

const test = suite('planner/rules')

const a: Attribute = { kind: 'Attribute', id: 1, name: 'a', type: types.int, nullable: true, qualifier: [] }
const leaf: Plan = { kind: 'Values', rows: [], output: [a] }
const deep = (n: number): Plan => (n === 0 ? leaf : { kind: 'Filter', input: deep(n - 1), condition: trueLiteral })
const context = { nextId: () => 99, conf: new Conf(), parallelism: 2 }

/** Removes the topmost filter only, one per pass. */
const peel: Rule = { name: 'Peel', order: 'whole', rewrite: plan => (plan.kind === 'Filter' ? plan.input : plan) }

test('a fixpoint batch runs until nothing changes, and the trace holds every change', () => {
  const trace: TraceEntry[] = []
  const result = optimize(deep(5), [{ name: 'b', repeat: 'fixpoint', rules: [peel] }], context, e => trace.push(e))
  assert.is(result, leaf)
  assert.equal(
    trace.map(t => `${t.batch}/${t.rule}`),
    Array(5).fill('b/Peel'),
  )
  assert.is(trace[4]?.after, leaf)
})

test('a once batch runs once', () => {
  const plan = deep(5)
  assert.is(optimize(plan, [{ name: 'b', repeat: 'once', rules: [peel] }], context), plan.kind === 'Filter' ? plan.input : undefined)
})

test('a batch that never settles fails with its name', () => {
  const flip: Rule = {
    name: 'Flip',
    order: 'whole',
    rewrite: plan => (plan.kind === 'Filter' ? plan.input : { kind: 'Filter', input: plan, condition: trueLiteral }),
  }
  assert.throws(() => optimize(leaf, [{ name: 'Endless', repeat: 'fixpoint', rules: [flip] }], context), /SPK_OPTIMIZER_LIMIT.*Endless/)
})

test('a rule that changes the schema is a bug, and named', () => {
  const wrong: Rule = { name: 'Wrong', order: 'whole', rewrite: () => ({ ...leaf, output: [{ ...a, id: 7 }] }) as Plan }
  assert.throws(
    () => optimize(leaf, [{ name: 'b', repeat: 'once', rules: [wrong] }], context),
    /bug in spk: rule Wrong changed the schema from \(a#1 int\) to \(a#7 int\)/,
  )
})

test('every rule of the optimizer has a name of its own', () => {
  const rules = new Set(optimizerBatches.flatMap(b => b.rules))
  assert.is(new Set([...rules].map(r => r.name)).size, rules.size)
})

test.run()
