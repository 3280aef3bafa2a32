/** The stages an executor was sent: parts put together in any order, repeats ignored, a damaged plan refused; forgotten when none of its tasks runs. */
import type { StagePlan } from '../../protocol/stage-plan.js'
import { decodeStagePlan } from '../../protocol/stage-plan.js'
import { type Decision, decided, note, then } from './decision.js'
import type { DriverOrder, OrderReply } from './events.js'
import { type ExecutorState, stageKeyString } from './state.js'
import { killTasks } from './tasks.js'

type StagePart = Extract<DriverOrder, { kind: 'stagePart' }>

/** Takes one part of a plan; the plan counts from its last part on. */
export function addPart(state: ExecutorState, token: number, part: StagePart): Decision {
  const reply = (answer: OrderReply) => ({ type: 'answer' as const, params: { token, reply: answer } })
  const key = stageKeyString(part.stage)
  if (state.plans[key] !== undefined) return decided(state, reply({ kind: 'ack' }))
  const before = state.partial[key]
  const parts = { ...(before?.of === part.of ? before.parts : {}), [part.part]: part.bytes }
  const ordered = Array.from({ length: part.of }, (_, i) => parts[i])
  if (ordered.some(bytes => bytes === undefined)) {
    return decided({ ...state, partial: { ...state.partial, [key]: { of: part.of, parts } } }, reply({ kind: 'ack' }))
  }
  const { [key]: _done, ...partial } = state.partial
  let plan: StagePlan
  try {
    plan = decodeStagePlan(joined(ordered as Uint8Array[]))
  } catch (error) {
    return decided(
      { ...state, partial },
      note('error', 'a stage plan does not validate', { err: error, ...part.stage }),
      reply({ kind: 'error', error }),
    )
  }
  return decided({ ...state, partial, plans: { ...state.plans, [key]: plan } }, reply({ kind: 'ack' }))
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Drops waiting tasks of the stages and kills running ones; plans and files go when the last of them has ended. */
export function removeStages(state: ExecutorState, stages: readonly number[]): Decision {
  const held = Object.values(state.tasks).map(task => task.launch.key)
  const doomed = held.filter(key => stages.includes(key.stage))
  return then(killTasks(state, doomed, 'its stage is not needed any more'), s =>
    removeIdle({ ...s, removing: [...new Set([...s.removing, ...stages])] }),
  )
}

/** Forgets the stages that are to be removed and have no task here. */
export function removeIdle(state: ExecutorState): Decision {
  if (state.removing.length === 0) return decided(state)
  const busy = new Set(Object.values(state.tasks).map(task => task.launch.key.stage))
  const idle = state.removing.filter(stage => !busy.has(stage))
  if (idle.length === 0) return decided(state)
  const keep = <T>(records: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(records).filter(([key]) => !idle.includes(Number(key.split('.')[1]))))
  return decided(
    {
      ...state,
      removing: state.removing.filter(stage => busy.has(stage)),
      plans: keep(state.plans),
      partial: keep(state.partial),
      seen: keep(state.seen),
    },
    { type: 'removeStages', params: { stages: idle } },
  )
}
