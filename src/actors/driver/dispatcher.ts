/**
 * Gives pending tasks to free slots: asks the pure policy of `schedule.ts` about all running stages of all jobs whenever something changed, once per turn,
 * and again when a task has waited long enough for a nearer slot. Used by `effects.ts` and `job-effects.ts`.
 */
import type { Clock, Timer } from '../../core/clock.js'
import type { Actor } from '../bind.js'
import type { ExecutorInfo } from './application-state.js'
import { type Offer, schedule } from './schedule.js'
import type { StageMachine } from './stage.js'
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

export function dispatcher(options: DispatcherOptions): Dispatcher {
  const { clock } = options
  const stages = new Map<number, Actor<StageMachine>>()
  const avoided = new Map<string, number>()
  let requested = false
  let stopped = false
  let wake: Timer | undefined

  function offers(): Offer[] {
    const held = new Map<string, number>()
    for (const stage of stages.values()) for (const [id, slots] of stage.snapshot().context.slots) held.set(id, (held.get(id) ?? 0) + slots)
    return options.executors().map(executor => {
      const { executorId, cores, registered } = executor
      const free = Math.min(cores - (held.get(executorId) ?? 0), options.room(executor))
      const refuses = (avoided.get(executorId) ?? 0) > clock.monotonic()
      return { executorId, hostId: registered?.hostId ?? '', free: refuses ? 0 : Math.max(0, free) }
    })
  }

  function look(): void {
    requested = false
    if (stopped) return
    wake?.cancel()
    wake = undefined
    const now = clock.now()
    const waiting = [...stages]
      .map(([stage, actor]) => ({ stage, context: actor.snapshot().context }))
      .filter(s => s.context.phase === 'running' && s.context.pending > 0)
    if (waiting.length === 0) return
    const result = schedule(
      offers(),
      waiting.map(({ stage, context }) => ({
        stage,
        queues: context.queues,
        cursors: context.cursors,
        locality: context.locality,
        isPending(partition) {
          const task = taskAt(context.table, partition)
          return task !== undefined && isPending(task)
        },
      })),
      now,
      options.localityWaitMs,
    )
    for (const { stage, assignments, cursors, locality } of result.stages) {
      stages.get(stage)?.send({ type: 'launched', assignments, cursors, locality, firstTaskId: options.takeTaskIds(assignments.length), now })
    }
    if (result.wakeAt !== undefined) wake = clock.after(Math.max(1, result.wakeAt - now), request, { unref: true })
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
      avoided.set(executorId, clock.monotonic() + ms)
      clock.after(ms, request, { unref: true })
    },
    request,
    stop() {
      stopped = true
      wake?.cancel()
    },
  }
}
