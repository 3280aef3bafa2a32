/**
 * The executor's decisions: what each event changes and which commands follow, whatever the state of registration. Pure. `machine.ts` says when to ask the
 * driver what; harnesses pass a version of this with a planted bug.
 */
import { unreachable } from '../../core/errors.js'
import { backOff, type Decision, decided, note, then } from './decision.js'
import type { DriverOrder, ExecutorEvent } from './events.js'
import { acked, due, send, unanswered } from './reports.js'
import { addPart, removeIdle, removeStages } from './stages.js'
import type { ExecutorState } from './state.js'
import { endTasks, killTasks, launchTasks, startTasks } from './tasks.js'

export type Decide = (state: ExecutorState, event: ExecutorEvent) => Decision

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 3000
/** Exit codes are Spark's where it has them. */
export const EXIT_OK = 0
export const EXIT_REFUSED = 1
/** The driver was not heard for `spark.network.timeout` (Spark: heartbeat failure). */
export const EXIT_SILENCE = 56

export function decideExecutor(state: ExecutorState, event: ExecutorEvent): Decision {
  switch (event.type) {
    case 'registered':
      return then(
        decided({ ...state, heardAt: event.at, tries: 0, retryMs: 0 }, note('info', 'registered with the driver')),
        // What was not acknowledged before the break goes now.
        s => send(s),
      )
    case 'refused':
      return stop(state, `the driver refused this executor: ${event.reason}`, EXIT_REFUSED, true)
    case 'beatAnswered': {
      const heard: ExecutorState = { ...state, heardAt: event.at, tries: 0, retryMs: 0 }
      if (event.kind === 'stop') return stop(heard, 'the driver does not want this executor any more', EXIT_OK, true)
      if (event.kind === 'reregister') return decided(heard, note('info', 'the driver does not know this executor; registering again'))
      return decided(heard)
    }
    case 'unanswered': {
      const silentMs = event.at - state.heardAt
      if (silentMs >= state.silenceMs)
        return stop(state, `the driver was not heard for ${Math.round(silentMs / 1000)} s: ${event.error}`, EXIT_SILENCE, true)
      const next = { ...state, tries: state.tries + 1, retryMs: backOff(state.tries, event.jitter, FIRST_RETRY_MS, LONGEST_RETRY_MS) }
      return decided(next, note(state.tries === 0 ? 'info' : 'debug', 'the driver did not answer', { reason: event.error, tries: next.tries }))
    }
    case 'busUp':
      return send({ ...state, reportTries: 0 })
    case 'order':
      return order({ ...state, heardAt: event.at }, event.token, event.order)
    case 'tasksEnded':
      return then(endTasks(state, event.ends), startTasks, removeIdle)
    case 'reportAcked':
      return acked(state, event.seq, event.at)
    case 'reportUnanswered':
      return unanswered(state, event.seq, event.jitter)
    case 'reportDue':
      return due(state)
    case 'stop':
      return stop(state, event.reason, event.code, false)
    default:
      return unreachable(event)
  }
}

function order(state: ExecutorState, token: number, given: DriverOrder): Decision {
  const ack = decided(state, { type: 'answer', params: { token, reply: { kind: 'ack' } } })
  switch (given.kind) {
    case 'stagePart':
      return addPart(state, token, given)
    case 'launchTasks':
      return launchTasks(state, token, given)
    case 'killTasks':
      return then(ack, s => killTasks(s, given.keys, given.reason), startTasks)
    case 'removeStages':
      return then(ack, s => removeStages(s, given.stages), startTasks)
    case 'stopExecutor':
      return then(ack, s => stop(s, given.reason, EXIT_OK, true))
    default:
      return unreachable(given)
  }
}

/** Kills everything; the machine then waits for the tasks to end. The first reason stays. */
function stop(state: ExecutorState, reason: string, code: number, quiet: boolean): Decision {
  if (state.stopping !== undefined) return decided(state)
  const level = code === EXIT_OK ? 'info' : 'error'
  const held = Object.values(state.tasks).map(task => task.launch.key)
  return then(decided({ ...state, stopping: { reason, code, quiet } }, note(level, 'stopping', { reason, code })), s =>
    killTasks(s, held, `executor stops: ${reason}`),
  )
}
