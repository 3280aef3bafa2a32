/**
 * Gives pending tasks to free slots: asks the pure policy of `schedule.ts` about all running stages of all jobs whenever something changed, once per turn,
 * and again when a task has waited long enough for a nearer slot. Used by `effects.ts` and `job-effects.ts`.
 */
import type { Clock, Timer } from '../../core/clock.js'
import type { Actor } from '../bind.js'
import type { ExecutorInfo } from './application-state.js'
import { type Offer, type Schedulable, schedule } from './schedule.js'
import type { StageMachine } from './stage.js'
import type { StageContext } from './stage-state.js'
import { isPending, taskAt } from './task-table.js'

export interface DispatcherOptions {
  readonly clock: Clock
  /** `spark.locality.wait`, milliseconds. */
  readonly localityWaitMs: number
  /** Executors that take tasks. */
  readonly executors: () => readonly ExecutorInfo[]
  /** Tasks that an executor's named resources allow beside those it runs. */
  readonly room: (executor: ExecutorInfo) => number
  /** Numbers `count` launches; the first one's. */
  readonly takeTaskIds: (count: number) => number
}

export interface Dispatcher {
  /** Takes part in scheduling until `remove`. Ids grow with job and stage: FIFO. */
  add(stageId: number, stage: Actor<StageMachine>): void
  remove(stageId: number): void
  stages(): readonly Actor<StageMachine>[]
  stage(stageId: number): Actor<StageMachine> | undefined
  /** The executor did not take a task: it gets none for so many milliseconds. */
  avoid(executorId: string, ms: number): void
  /** Something changed: looks once, after the current turn. */
  request(): void
  stop(): void
}

/** So much work may wait for each slot of an executor, in at most so many tasks: enough that no slot waits for the driver. */
const AHEAD_MS = 50
const AHEAD_TASKS = 64
/** Tasks that wait longer than this behind others go where slots are free. */
const SPREAD_MS = 200

export function dispatcher(options: DispatcherOptions): Dispatcher {
  const { clock } = options
  const stages = new Map<number, Actor<StageMachine>>()
  /** By executor, the number of the timer that ends it: a timer may fire a little before a clock says so, and nobody would look again. */
  const avoided = new Map<string, number>()
  let avoidances = 0
  let requested = false
  let stopped = false
  let wake: Timer | undefined
  let crowdedSince: number | undefined

  /** Tasks that each executor holds, waiting ones included. */
  function heldTasks(): Map<string, number> {
    const held = new Map<string, number>()
    for (const stage of stages.values()) for (const [id, slots] of stage.snapshot().context.slots) held.set(id, (held.get(id) ?? 0) + slots)
    return held
  }

  function offer(executor: ExecutorInfo, held: number): Offer {
    const { executorId, cores, registered } = executor
    const place = { executorId, hostId: registered?.hostId ?? '' }
    if (avoided.has(executorId)) return { ...place, free: 0 }
    const room = options.room(executor)
    // A task that waits would hold the resources that it was lent.
    return room === Number.POSITIVE_INFINITY
      ? { ...place, free: cores - held, queues: cores }
      : { ...place, free: Math.max(0, Math.min(cores - held, room)) }
  }

  function look(): void {
    requested = false
    if (stopped) return
    wake?.cancel()
    wake = undefined
    const now = clock.now()
    const running = [...stages].map(([stage, actor]) => ({ stage, context: actor.snapshot().context })).filter(s => s.context.phase === 'running')
    if (running.length === 0) return
    const result = schedule(
      offersNow(),
      running.filter(s => s.context.pending > 0).map(({ stage, context }) => schedulable(stage, context)),
      now,
      options.localityWaitMs,
    )
    for (const { stage, assignments, cursors, locality } of result.stages) {
      stages.get(stage)?.send({ type: 'launched', assignments, cursors, locality, firstTaskId: options.takeTaskIds(assignments.length), now })
    }
    const spreadAt = spread(now)
    const wakeAt = Math.min(result.wakeAt ?? Number.POSITIVE_INFINITY, spreadAt ?? Number.POSITIVE_INFINITY)
    if (wakeAt < Number.POSITIVE_INFINITY) wake = clock.after(Math.max(1, wakeAt - now), request, { unref: true })
  }

  function offersNow(): Offer[] {
    const held = heldTasks()
    return options.executors().map(executor => offer(executor, held.get(executor.executorId) ?? 0))
  }

  /**
   * Slots are free and nothing is left to be given to them, while tasks wait on other executors: when that lasts, the waiting ones are taken back. Returns
   * when to look again.
   */
  function spread(now: number): number | undefined {
    const held = heldTasks()
    const executors = options.executors()
    const crowded = executors.filter(e => (held.get(e.executorId) ?? 0) > e.cores)
    if (crowded.length === 0 || !executors.some(e => (held.get(e.executorId) ?? 0) < e.cores)) {
      crowdedSince = undefined
      return undefined
    }
    crowdedSince ??= now
    if (now - crowdedSince < SPREAD_MS) return crowdedSince + SPREAD_MS
    crowdedSince = undefined
    for (const stage of stages.values()) {
      const { phase, pending, slots } = stage.snapshot().context
      const own = crowded.filter(e => slots.has(e.executorId))
      if (phase === 'running' && pending === 0 && own.length > 0) stage.send({ type: 'spread', executors: own, before: now - SPREAD_MS, now })
    }
    request()
    return undefined
  }

  function request(): void {
    if (requested || stopped) return
    requested = true
    queueMicrotask(look)
  }

  return {
    add(stageId, stage) {
      stages.set(stageId, stage)
      request()
    },
    remove(stageId) {
      stages.delete(stageId)
      request()
    },
    stages: () => [...stages.values()],
    stage: stageId => stages.get(stageId),
    avoid(executorId, ms) {
      const own = ++avoidances
      avoided.set(executorId, own)
      const over = (): void => {
        if (avoided.get(executorId) === own) avoided.delete(executorId)
        request()
      }
      clock.after(ms, over, { unref: true })
    },
    request,
    stop() {
      stopped = true
      wake?.cancel()
    },
  }
}

function schedulable(stage: number, { queues, cursors, locality, table, pace }: StageContext): Schedulable {
  return {
    stage,
    queues,
    cursors,
    locality,
    ahead: pace === undefined ? 0 : Math.min(AHEAD_TASKS, Math.floor(AHEAD_MS / Math.max(pace, 0.01))),
    isPending(partition) {
      const task = taskAt(table, partition)
      return task !== undefined && isPending(task)
    },
  }
}
