/**
 * What the application does about an event: a pure function from context and event to the next context, commands and delayed events. `machine.ts` makes a
 * machine of it. A message with an older epoch than the newest seen changes nothing: a paused master may still be talking.
 */
import { unreachable } from '../../core/errors.js'
import {
  type ApplicationCommand,
  type ApplicationContext,
  type ApplicationEvent,
  type ExecutorInfo,
  type Later,
  registeredExecutors,
} from './application-state.js'
import { applicationEnded, applicationRefused } from './failures.js'

export interface ApplicationDecision {
  readonly next: ApplicationContext
  readonly commands: readonly ApplicationCommand[]
  readonly later: readonly Later[]
}

/** Every so many failed registrations in a row are told to the user. */
const TELL_EVERY = 10

export function decideApplication(context: ApplicationContext, event: ApplicationEvent): ApplicationDecision {
  if (context.phase === 'finished' || context.phase === 'failed') return decision(context)
  if ('epoch' in event && event.epoch < context.epoch) return outdated(context, event)
  const known = 'epoch' in event && event.epoch > context.epoch ? { ...context, epoch: event.epoch } : context
  switch (event.type) {
    case 'registered': {
      const { masterId, uiUrl, heartbeatMs } = event
      return decision(settled({ ...known, refusals: 0, master: { masterId, uiUrl, heartbeatMs } }), [], ['beat'])
    }
    case 'refused':
      return over({ ...known, failure: applicationRefused(event.reason) })
    case 'registerFailed': {
      const refusals = known.refusals + 1
      return decision({ ...known, refusals }, refusals % TELL_EVERY === 0 ? [{ type: 'warnNoMaster', params: {} }] : [], ['registerAgain'])
    }
    case 'registerAgain':
    case 'masterChanged':
      return decision(known, [register(known)])
    case 'beat':
      return decision(known, [{ type: 'heartbeat', params: {} }])
    case 'beatAnswered':
      return answered(known, event)
    case 'beatFailed':
      return decision(known, [], ['beatSoon'])
    case 'executorAdded': {
      const { executor } = event
      if (known.removed.has(executor.executorId) || known.executors.has(executor.executorId)) return decision(known)
      return decision({ ...known, executors: new Map(known.executors).set(executor.executorId, executor) })
    }
    case 'executorEnded':
      return event.workerLost ? loseWorkerOf(known, event) : lose(known, [event.executorId], event.reason, false)
    case 'workerRemoved':
      return loseWorker(known, event.workerId, event.reason)
    case 'applicationRemoved':
      return over({ ...known, failure: applicationEnded(event.state, event.reason) })
    case 'executorRegistered':
      return executorRegistered(known, event)
    case 'executorSeen':
      return decision(seen(known, event.executorId, event.now))
    case 'check':
      return decision(known, [{ type: 'readClock', params: {} }], ['check'])
    case 'checked':
      return expire(known, event.now)
    case 'jobStarted':
      return watchStarvation({ ...known, activeJobs: known.activeJobs + 1 })
    case 'jobEnded':
      return decision({ ...known, activeJobs: known.activeJobs - 1 })
    case 'starve': {
      const hungry = known.activeJobs > 0 && registeredExecutors(known).length === 0
      if (!hungry) return decision({ ...known, starving: false })
      return decision(known, [{ type: 'warnStarving', params: { missing: known.waitingFor ?? '' } }], ['starve'])
    }
    case 'stop': {
      const { failure } = event
      const unregister: ApplicationCommand = {
        type: 'unregister',
        params: failure === undefined ? { state: 'FINISHED', reason: '' } : { state: 'FAILED', reason: failure },
      }
      const error = applicationEnded(failure === undefined ? 'FINISHED' : 'FAILED', failure ?? 'the application was stopped')
      const commands: ApplicationCommand[] = [{ type: 'failJobs', params: { error } }, unregister]
      return decision({ ...known, phase: failure === undefined ? 'finished' : 'failed' }, commands)
    }
    default:
      return unreachable(event)
  }
}

function decision(next: ApplicationContext, commands: readonly ApplicationCommand[] = [], later: readonly Later[] = []): ApplicationDecision {
  return { next, commands, later }
}

function register(context: ApplicationContext): ApplicationCommand {
  return { type: 'register', params: { executors: registeredExecutors(context).map(e => e.executorId) } }
}

/** An old leader answered: what it said is void, but the conversation goes on. */
function outdated(context: ApplicationContext, event: ApplicationEvent): ApplicationDecision {
  if (event.type === 'registered') return decision(context, [], ['registerAgain'])
  return decision(context, [], event.type === 'beatAnswered' ? ['beatSoon'] : [])
}

function answered(context: ApplicationContext, event: Extract<ApplicationEvent, { type: 'beatAnswered' }>): ApplicationDecision {
  const { waitingFor: _before, ...rest } = context
  const next = event.waiting === undefined ? rest : { ...rest, waitingFor: event.waiting }
  switch (event.kind) {
    case 'ok':
      return decision(next, [], ['beat'])
    case 'reregister':
      return decision(next, [register(next)])
    case 'ended':
      return over({ ...next, failure: applicationEnded('ended', event.reason ?? 'the master holds it for ended') })
    default:
      return unreachable(event.kind)
  }
}

function over(context: ApplicationContext): ApplicationDecision {
  const { failure } = context
  return decision({ ...context, phase: 'failed' }, failure === undefined ? [] : [{ type: 'failJobs', params: { error: failure } }])
}

/** The phase that follows from registration and executors. */
function settled(context: ApplicationContext): ApplicationContext {
  if (context.master === undefined) return context
  return { ...context, phase: registeredExecutors(context).length > 0 ? 'running' : 'waiting' }
}

function lose(context: ApplicationContext, ids: readonly string[], reason: string, workerLost: boolean): ApplicationDecision {
  const executors = new Map(context.executors)
  const removed = new Set(context.removed)
  const commands: ApplicationCommand[] = []
  for (const id of ids) {
    const executor = executors.get(id)
    removed.add(id)
    executors.delete(id)
    if (executor !== undefined) commands.push({ type: 'executorLost', params: { executor, reason, workerLost } })
  }
  const { next, later } = watchStarvation(settled({ ...context, executors, removed }))
  return decision(next, commands, later)
}

function loseWorkerOf(context: ApplicationContext, event: Extract<ApplicationEvent, { type: 'executorEnded' }>): ApplicationDecision {
  const workerId = context.executors.get(event.executorId)?.workerId
  return workerId === undefined ? lose(context, [event.executorId], event.reason, true) : loseWorker(context, workerId, event.reason)
}

function loseWorker(context: ApplicationContext, workerId: string, reason: string): ApplicationDecision {
  const gone = [...context.executors.values()].filter(e => e.workerId === workerId).map(e => e.executorId)
  const { next, commands, later } = lose(context, gone, reason, true)
  return decision(next, [...commands, { type: 'workerLost', params: { workerId } }], later)
}

/** Two masters that led at once, after the store was lost, may have given one number to two processes: what the first one ran is gone then. */
function executorRegistered(context: ApplicationContext, event: Extract<ApplicationEvent, { type: 'executorRegistered' }>): ApplicationDecision {
  const { executor, worker, duckdb } = event
  const known = context.executors.get(executor.executorId)
  const isNew = known?.registered === undefined
  const replaces = !isNew && (known.workerId !== executor.workerId || known.registered.pid !== executor.registered?.pid)
  const commands: ApplicationCommand[] = []
  if (replaces) {
    const reason = 'another process has registered under its number'
    commands.push({ type: 'executorLost', params: { executor: known, reason, workerLost: false } })
  }
  if (isNew || replaces) commands.push({ type: 'executorReady', params: { executor } })
  const next = settled({
    ...context,
    duckdb,
    executors: new Map(context.executors).set(executor.executorId, executor),
    workers: new Map(context.workers).set(worker.workerId, worker),
  })
  return decision(next, commands)
}

function seen(context: ApplicationContext, executorId: string, now: number): ApplicationContext {
  const executor = context.executors.get(executorId)
  if (executor?.registered === undefined) return context
  const registered = { ...executor.registered, lastSeen: now }
  return { ...context, executors: new Map(context.executors).set(executorId, { ...executor, registered }) }
}

/**
 * Executors not heard of for the network timeout are lost. When this check itself comes late, the driver was paused: then nobody is judged for the time in
 * which nobody could be heard.
 */
function expire(context: ApplicationContext, now: number): ApplicationDecision {
  const overslept = context.lastCheck !== undefined && now - context.lastCheck > context.networkTimeoutMs / 2
  let next: ApplicationContext = { ...context, lastCheck: now }
  if (overslept) {
    for (const { executorId } of registeredExecutors(next)) next = seen(next, executorId, now)
    return decision(next)
  }
  const silent = (e: ExecutorInfo): boolean => e.registered !== undefined && now - e.registered.lastSeen >= context.networkTimeoutMs
  const gone = registeredExecutors(next).filter(silent)
  if (gone.length === 0) return decision(next)
  const executorIds = gone.map(e => e.executorId)
  const reason = `no heartbeat for ${Math.round(context.networkTimeoutMs / 1000)} s (spark.network.timeout)`
  const lost = lose(next, executorIds, reason, false)
  return decision(lost.next, [...lost.commands, { type: 'killExecutors', params: { executorIds, reason } }], lost.later)
}

/** Starts the starvation watch when jobs have nowhere to run. */
function watchStarvation(context: ApplicationContext): ApplicationDecision {
  const hungry = context.activeJobs > 0 && registeredExecutors(context).length === 0
  return hungry && !context.starving ? decision({ ...context, starving: true }, [], ['starve']) : decision(context)
}
