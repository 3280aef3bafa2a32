/**
 * What an optimizer rule is, and the runner that applies lists of them. A rule rewrites one node and gives back the same reference when it does not
 * apply; the runner owns traversal, the fixpoint and its limit, the check that no rule changes the schema, and the trace.
 */
import type { Conf } from '../../core/config.js'
import { SpkError } from '../../core/errors.js'
import { sameType, typeString } from '../../core/types.js'
import { outputOf, type Plan } from '../plan.js'
import type { TraceEntry } from '../plan-changes.js'
import { transformPlanDown, transformPlanUp } from '../tree.js'

export interface RuleContext {
  nextId(): number
  readonly conf: Conf
  /** Slots that the query can count on, at least 1. */
  readonly parallelism: number
}

export interface Rule {
  readonly name: string
  /** `up`: children first. `down`: parents first. `whole`: called once with the root, for what needs to know all that is above. */
  readonly order: 'up' | 'down' | 'whole'
  rewrite(plan: Plan, context: RuleContext): Plan
}

export interface Batch {
  readonly name: string
  readonly repeat: 'once' | 'fixpoint'
  readonly rules: readonly Rule[]
}

export const fixpointLimit = 100

export function optimize(plan: Plan, batches: readonly Batch[], context: RuleContext, trace?: (entry: TraceEntry) => void): Plan {
  let current = plan
  for (const batch of batches) {
    for (let round = 0; ; round++) {
      if (round === fixpointLimit) {
        throw new SpkError(
          'SPK_OPTIMIZER_LIMIT',
          `The optimizer's batch "${batch.name}" still changes the plan after ${fixpointLimit} rounds. This is a bug in spk; please report the query.`,
        )
      }
      const start = current
      for (const rule of batch.rules) {
        const next = apply(rule, current, context)
        if (next === current) continue
        checkSchema(rule, current, next)
        trace?.({ batch: batch.name, rule: rule.name, before: current, after: next })
        current = next
      }
      if (current === start || batch.repeat === 'once') break
    }
  }
  return current
}

/** One pass of one rule over the whole plan. */
export function apply(rule: Rule, plan: Plan, context: RuleContext): Plan {
  switch (rule.order) {
    case 'up':
      return transformPlanUp(plan, p => rule.rewrite(p, context))
    case 'down':
      return transformPlanDown(plan, p => rule.rewrite(p, context))
    case 'whole':
      return rule.rewrite(plan, context)
  }
}

/** Ids, names and types of the result's columns must stay. */
function checkSchema(rule: Rule, before: Plan, after: Plan): void {
  const describe = (plan: Plan) =>
    outputOf(plan)
      .map(a => `${a.name}#${a.id} ${typeString(a.type)}`)
      .join(', ')
  const a = outputOf(before)
  const b = outputOf(after)
  const same = a.length === b.length && a.every((x, i) => x.id === b[i]?.id && x.name === b[i].name && sameType(x.type, b[i].type))
  if (!same) throw new Error(`bug in spk: rule ${rule.name} changed the schema from (${describe(before)}) to (${describe(after)})`)
}
