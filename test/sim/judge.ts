/** Whether a job's end is a good one: the right rows, or one typed failure that leaves nothing behind. */
import type { JobResult } from '#src/actors/driver/handle.js'
import { SpkError } from '#src/core/errors.js'
import type { Outputs } from './files.js'
import type { SimQuery } from './graphs.js'
import { type Row, rightAnswer, unpackRows } from './rows.js'

export type Outcome = { readonly kind: 'result'; readonly result: JobResult } | { readonly kind: 'failure'; readonly error: unknown }

/** Undefined when all is well, else the rule that is broken and how. */
export function judge(query: SimQuery, outcome: Outcome, outputs: Outputs): { readonly rule: string; readonly detail: string } | undefined {
  const wrong = (rule: string, detail: string) => ({ rule, detail })
  const visible = query.path === undefined ? undefined : outputs.visible.get(query.path)
  if (outcome.kind === 'failure') {
    const { error } = outcome
    if (!(error instanceof SpkError)) return wrong('untyped failure', error instanceof Error ? (error.stack ?? error.message) : String(error))
    if (error.code === 'INTERNAL_ERROR' || error.message.includes('bug in spk')) return wrong('internal failure', error.stack ?? error.message)
    return visible === undefined ? undefined : wrong('half a write', `the job failed, and ${query.path} is visible`)
  }
  const right = rightAnswer(query.graph)
  if (query.path !== undefined) {
    if (visible === undefined) return wrong('wrong answer', `the job succeeded, and ${query.path} is not there`)
    const files = outcome.result.files.map(f => f.path).sort()
    const there = [...visible.keys()].sort()
    if (String(files) !== String(there)) return wrong('wrong answer', `the job names ${files}, visible are ${there}`)
    return compare([...visible.values()].flat(), right, query)
  }
  return compare(outcome.result.ipc.flatMap(unpackRows), right, query)
}

function compare(rows: readonly Row[], right: readonly Row[], query: SimQuery): { rule: string; detail: string } | undefined {
  const text = (list: readonly Row[]) => `${list.length} rows ${list.slice(0, 12).join(' ')}`
  const wrong = { rule: 'wrong answer', detail: `got ${text(rows)}, right are ${text(right)}` }
  if (query.ordered) return String(rows) === String(right) ? undefined : wrong
  const sorted = (list: readonly Row[]) => [...list].sort((a, b) => a - b)
  if (query.limit === undefined) return String(sorted(rows)) === String(sorted(right)) ? undefined : wrong
  return rows.length >= Math.min(query.limit, right.length) && isPart(sorted(rows), sorted(right)) ? undefined : wrong
}

/** Every row of `part`, as often as it is there, is in `whole`; both sorted. */
function isPart(part: readonly Row[], whole: readonly Row[]): boolean {
  let at = 0
  for (const row of part) {
    while (at < whole.length && (whole[at] as Row) < row) at++
    if (whole[at] !== row) return false
    at++
  }
  return true
}
