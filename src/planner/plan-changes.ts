/** What `spark.sql.planChangeLog.level` writes: each rule that changed the plan, before and after side by side, and each batch as a whole. */
import { logicalText } from './explain.js'
import type { Plan } from './plan.js'

/** One effective application of a rule. */
export interface TraceEntry {
  readonly batch: string
  readonly rule: string
  readonly before: Plan
  readonly after: Plan
}

/** `rules`, `batches`: names of those to show; undefined: all. */
export interface PlanChangeFilter {
  readonly rules?: readonly string[]
  readonly batches?: readonly string[]
}

export function planChangeText(changes: readonly TraceEntry[], { rules, batches }: PlanChangeFilter): string {
  const blocks: string[] = []
  for (const [i, change] of changes.entries()) {
    if (rules === undefined || rules.includes(change.rule)) {
      blocks.push(`=== Applying Rule ${change.rule} ===\n${sideBySide(change.before, change.after)}`)
    }
    if (changes[i + 1]?.batch === change.batch || (batches !== undefined && !batches.includes(change.batch))) continue
    const first = changes.findIndex((c, at) => at <= i && c.batch === change.batch)
    blocks.push(`=== Result of Batch ${change.batch} ===\n${sideBySide((changes[first] as TraceEntry).before, change.after)}`)
  }
  return blocks.length === 0 ? '' : `${blocks.join('\n\n')}\n`
}

/** Two plans in two columns; `!` marks lines that differ. */
function sideBySide(before: Plan, after: Plan): string {
  const [left, right] = [before, after].map(plan => logicalText(plan).split('\n')) as [string[], string[]]
  const width = left.reduce((most, line) => Math.max(most, line.length), 0)
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const [l, r] = [left[i] ?? '', right[i] ?? '']
    return `${l === r ? ' ' : '!'}${l.padEnd(width)}   ${r}`.trimEnd()
  }).join('\n')
}
