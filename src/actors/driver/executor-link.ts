/**
 * Speaks to executors: plans once per executor and stage attempt, then batches of launches, kills and removals; repeats what is not acknowledged. A launch
 * goes out right behind its plan without waiting for the plan's acknowledgement; an executor that lacks the plan says so and gets it again. Used by the
 * stage and application effects.
 */
import type { Clock } from '../../core/clock.js'
import type { AppId, ExecutorId, TaskKey } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Subjects } from '../../protocol/subjects.js'
import { KillTasks, LaunchTasks, RemoveStages, type StageKey, StagePart, StopExecutor, type TaskLaunch } from '../../protocol/tasks.js'
import { encode, type Message, type Static, type TSchema } from '../../protocol/wire.js'
import type { Transport } from '../../transport/transport.js'
import { ask, hasNobody, isTransient } from './conversation.js'

export interface ExecutorLinkOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly log: Logger
  readonly subjects: Subjects
  readonly appId: AppId
  /** The executor did not take these tasks: it refused them, or (`silent`) could not be reached. */
  readonly onNotLaunched: (executorId: string, keys: readonly TaskKey[], reason: string, silent: boolean) => void
  /** The launch can never succeed. */
  readonly onImpossible: (keys: readonly TaskKey[], error: unknown) => void
}

export interface ExecutorLinks {
  /** `parts` are the plan's; they are sent when the executor has not got them yet. */
  launch(executorId: string, stage: StageKey, parts: readonly Uint8Array[], tasks: readonly TaskLaunch[]): void
  kill(executorId: string, key: TaskKey, reason: string): void
  /** These stages are not needed any more: told, some time soon and together, to the executors that had any of them. */
  removeStages(stages: readonly number[]): void
  /** Asks the executor to stop and to forget; resolves when it answered or after a second. */
  stop(executorId: string, reason: string): Promise<void>
  /** The executor is gone: nothing is repeated any more. */
  forget(executorId: string): void
  /** The same for all executors, for good. */
  close(): void
}

interface Link {
  readonly executorId: string
  /** Per stage attempt: settles when the plan has been acknowledged, or given up. */
  readonly plans: Map<string, Promise<void>>
  gone: boolean
}

const REQUEST_MS = 2000
/** How long an unanswered message is repeated. After that launches go elsewhere; the executor's own death is noticed by other means. */
const GIVE_UP_MS = 10_000
/** The same while the bus says that nobody listens there: the process is gone, or connects anew, which takes a few hundred milliseconds. */
const NOBODY_MS = 1000
const LAUNCH_BYTES = 200 * 1024
/** Removals of this long are told together. */
const REMOVE_MS = 100

export function executorLinks(options: ExecutorLinkOptions): ExecutorLinks {
  const { transport, clock, log, subjects, appId } = options
  const links = new Map<string, Link>()
  let closed = false
  let retired: number[] = []
  const doomed: { readonly executorId: string; readonly key: TaskKey; readonly reason: string }[] = []
  const pauses = new Set<() => void>()
  // No need to sit out a wait once the bus is back.
  transport.onStatus(status => {
    if (status === 'connected') for (const end of [...pauses]) end()
  })

  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        timer.cancel()
        pauses.delete(end)
        resolve()
      }
      const timer = clock.after(ms, end)
      pauses.add(end)
    })
  }

  function linkTo(executorId: string): Link {
    let link = links.get(executorId)
    if (link === undefined) {
      link = { executorId, plans: new Map(), gone: closed }
      links.set(executorId, link)
    }
    return link
  }

  /** Repeats the request until it is answered; undefined when the executor is gone or stays silent. */
  async function insist<S extends TSchema, R extends TSchema>(link: Link, message: Message<S, R>, value: Static<S>): Promise<Static<R> | undefined> {
    const subject = subjects.executor(appId, link.executorId as ExecutorId, message.name)
    const until = clock.monotonic() + GIVE_UP_MS
    let nobodySince: number | undefined
    for (let wait = 50; !link.gone; wait = Math.min(wait * 2, 1000)) {
      try {
        return await ask(transport, subject, message, value, REQUEST_MS)
      } catch (error) {
        if (!isTransient(error)) throw error
        const now = clock.monotonic()
        nobodySince = hasNobody(error) ? (nobodySince ?? now) : undefined
        if (now >= until || (nobodySince !== undefined && now - nobodySince >= NOBODY_MS)) return undefined
        await pause(nobodySince === undefined ? wait : Math.min(wait, 200))
      }
    }
    return undefined
  }

  function sendPlan(link: Link, stage: StageKey, parts: readonly Uint8Array[]): Promise<void> {
    const sent = Promise.all(parts.map((bytes, part) => insist(link, StagePart, { stage, part, of: parts.length, bytes })))
    const done = sent.then(
      () => {},
      error => log.warn({ err: error, stage }, 'stage plan was not taken'),
    )
    link.plans.set(stageName(stage), done)
    return done
  }

  async function deliver(link: Link, stage: StageKey, parts: readonly Uint8Array[], tasks: readonly TaskLaunch[]): Promise<void> {
    const keys = tasks.map(task => task.key)
    try {
      let plan = link.plans.get(stageName(stage)) ?? sendPlan(link, stage, parts)
      for (let round = 0; !link.gone; round++) {
        const reply = await insist(link, LaunchTasks, { stage, tasks: [...tasks] })
        if (link.gone || reply?.kind === 'accepted') return
        if (reply === undefined || reply.kind === 'refused' || round === 5) {
          const silent = reply === undefined
          options.onNotLaunched(link.executorId, keys, silent ? 'the executor does not answer' : 'the executor refused the task', silent)
          return
        }
        // missingStage: its parts are on their way, or were lost
        if (round > 0) plan = sendPlan(link, stage, parts)
        await plan
      }
    } catch (error) {
      if (!link.gone) options.onImpossible(keys, error)
    }
  }

  /** Halves a batch until each half fits into one message. */
  function launch(link: Link, stage: StageKey, parts: readonly Uint8Array[], tasks: readonly TaskLaunch[]): void {
    const middle = Math.ceil(tasks.length / 2)
    if (tasks.length > 1 && mayBeLarge(tasks) && encode(LaunchTasks, { stage, tasks: [...tasks] }).length > LAUNCH_BYTES) {
      launch(link, stage, parts, tasks.slice(0, middle))
      launch(link, stage, parts, tasks.slice(middle))
    } else {
      void deliver(link, stage, parts, tasks)
    }
  }

  function quietly<S extends TSchema, R extends TSchema>(executorId: string, message: Message<S, R>, value: Static<S>): void {
    insist(linkTo(executorId), message, value).catch((error: unknown) => log.warn({ err: error, executorId, message: message.name }, 'not delivered'))
  }

  /** What is ordered in one turn goes together: a stage that ends early may have hundreds of tasks waiting. */
  function killDoomed(): void {
    const messages = new Map<string, { readonly executorId: string; readonly reason: string; readonly keys: TaskKey[] }>()
    for (const { executorId, key, reason } of doomed.splice(0)) {
      const name = `${executorId} ${reason}`
      const message = messages.get(name)
      if (message === undefined) messages.set(name, { executorId, reason, keys: [key] })
      else message.keys.push(key)
    }
    for (const { executorId, reason, keys } of messages.values()) quietly(executorId, KillTasks, { keys, reason })
  }

  /** An executor may hold a broadcast of a stage that it did not run: it is told of all of them. */
  function removeRetired(): void {
    const stages = retired
    retired = []
    const gone = new Set(stages)
    for (const [executorId, { plans }] of links) {
      const had = [...plans.keys()].filter(name => gone.has(Number(name.split('.')[0])))
      for (const name of had) plans.delete(name)
      if (had.length > 0) quietly(executorId, RemoveStages, { stages })
    }
  }

  return {
    launch: (executorId, stage, parts, tasks) => launch(linkTo(executorId), stage, parts, tasks),
    kill(executorId, key, reason) {
      if (doomed.length === 0) queueMicrotask(killDoomed)
      doomed.push({ executorId, key, reason })
    },
    removeStages(stages) {
      if (retired.length === 0) clock.after(REMOVE_MS, removeRetired, { unref: true })
      retired.push(...stages)
    },
    async stop(executorId, reason) {
      const subject = subjects.executor(appId, executorId as ExecutorId, StopExecutor.name)
      try {
        await ask(transport, subject, StopExecutor, { reason }, 1000)
      } catch (error) {
        if (!isTransient(error)) log.warn({ err: error, executorId }, 'executor did not stop')
      }
    },
    forget(executorId) {
      const link = links.get(executorId)
      if (link !== undefined) link.gone = true
      links.delete(executorId)
    },
    close() {
      closed = true
      for (const link of links.values()) link.gone = true
      links.clear()
    },
  }
}

function stageName(stage: StageKey): string {
  return `${stage.stage}.${stage.stageAttempt}`
}

/** Only scans carry lists; everything else is small however many tasks there are. */
function mayBeLarge(tasks: readonly TaskLaunch[]): boolean {
  return tasks.length > 500 || tasks.some(task => task.inputs.some(input => input.kind === 'scan'))
}
