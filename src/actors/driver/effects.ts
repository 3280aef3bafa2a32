/**
 * The driver at work: joins the application machine with the bus, the leading master, executors and the event log, and runs jobs. `sdk/connect.ts` starts
 * it, on a cluster or in local mode, where there is no master; the simulator starts it with ports of its own.
 */
import { type Clock, delay, type Rng } from '../../core/clock.js'
import type { Conf } from '../../core/config.js'
import { conf as table } from '../../core/config-table.js'
import { type ErrorData, fromErrorData, SpkError, toErrorData, toErrorSummary } from '../../core/errors.js'
import { type AppId, newAppId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import { eventLog } from '../../history/event-log.js'
import {
  type ApplicationDescription,
  ApplicationHeartbeat,
  KillExecutors,
  RegisterApplication,
  UnregisterApplication,
} from '../../protocol/application.js'
import type { Versions } from '../../protocol/common.js'
import type { LogEvent } from '../../protocol/event-log.js'
import { LANES, subjects as subjectsOf } from '../../protocol/subjects.js'
import type { Message, Static, TSchema } from '../../protocol/wire.js'
import type { Transport } from '../../transport/transport.js'
import { type Actor, bind, type EffectTable } from '../bind.js'
import { type ApplicationCommand, registeredExecutors } from './application-state.js'
import type { consolidate } from './consolidate.js'
import { ask } from './conversation.js'
import { dispatcher } from './dispatcher.js'
import type { DriverCore } from './driver-core.js'
import { executorConf, openInbox } from './driver-inbox.js'
import { executorLinks } from './executor-link.js'
import { applicationEnded } from './failures.js'
import type { ClusterHandle } from './handle.js'
import { type RunningJob, runJob } from './job-effects.js'
import { type ApplicationMachine, applicationMachine } from './machine.js'
import type { DriverPorts } from './ports.js'
import { redact } from './redact.js'
import { TaskResources } from './task-resources.js'

export interface DriverOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly conf: Conf
  readonly cluster: string
  readonly ports: DriverPorts
  readonly versions: Versions
  readonly appName: string
  readonly user: string
  readonly host: string
  /** Set when a worker runs this driver. */
  readonly driverId?: string
  /** A lane that the master called free (`RequestLane`); the id is made to fall into it. */
  readonly lane?: number
  /** Absent: local mode. Else what is asked of the master. */
  readonly request?: Pick<ApplicationDescription, 'coresMax' | 'executorCores' | 'executorMemory' | 'executorResources' | 'executorLimit'>
  /** For harnesses: another consolidate table, or effects wrapped. */
  readonly merge?: typeof consolidate
  readonly wrapEffects?: (effects: EffectTable) => EffectTable
}

export interface DriverHandle extends ClusterHandle {
  readonly appId: AppId
  readonly token: string
  readonly actor: Actor<ApplicationMachine>
  /** Resolves when every executor that the master granted has registered, at least one; or after `timeoutMs`. */
  ready(timeoutMs: number): Promise<void>
  /** Called with every event of the application from now on. */
  listen(listener: (event: LogEvent) => void): void
  /** Stops thinking at once, as in a crash. */
  abandon(): void
}

type Params<N extends ApplicationCommand['type']> = Extract<ApplicationCommand, { type: N }>['params']

const REQUEST_MS = 2000
/** How long an executor gets no task after it refused one, or after it did not answer: then it is most likely gone, and the master will notice. */
const REFUSED_AVOID_MS = 500
const SILENT_AVOID_MS = 5000
/** How long the end of an application is repeated to a master that does not answer; after that its presence runs out. */
const FAREWELL_MS = 5000
/** In local mode nobody listens. */
const LOCAL_BEAT_MS = 3_600_000

/** A number of four digits for the id, at random among those of the lane. */
function sequenceIn(lane: number | undefined, rng: Rng): number {
  return lane === undefined ? Math.floor(rng.next() * 10_000) : lane + LANES * Math.floor(rng.next() * Math.floor(10_000 / LANES))
}

export function startDriver(options: DriverOptions): DriverHandle {
  const { transport, rng, conf } = options
  // Nothing the driver waits for by itself is a reason to keep a user's program alive.
  const clock: Clock = { ...options.clock, after: (ms, fn) => options.clock.after(ms, fn, { unref: true }) }
  const subjects = subjectsOf(options.cluster)
  const startedAt = clock.now()
  const appId = newAppId(startedAt, sequenceIn(options.lane, rng))
  const token = rng.hex(32)
  const log = options.log.child({ actor: 'driver', appId })
  const jobs = new Map<number, RunningJob>()
  const resources = new TaskResources(conf.withPrefix('spark.task.resource.'))
  let nextJob = 0
  let nextStage = 0
  let nextTask = 0
  let farewell: Promise<void> | undefined
  const description: ApplicationDescription | undefined = options.request && {
    ...options.request,
    appId,
    name: options.appName,
    user: options.user,
    host: options.host,
    token,
    uiUrl: '',
    conf: executorConf(conf.entries()),
    startedAt,
    ...(options.driverId === undefined ? {} : { driverId: options.driverId }),
  }

  const events = eventLog({
    appId,
    subject: event => subjects.event(appId, event),
    clock,
    log,
    ...(description === undefined
      ? {}
      : {
          open: () =>
            transport.stream(subjects.eventStream, {
              subjects: subjects.eventSubjects,
              maxAgeMs: conf.get(table.eventsMaxAge),
              maxBytes: conf.get(table.eventsMaxBytes),
            }),
        }),
  })
  const links = executorLinks({
    transport,
    clock,
    log,
    subjects,
    appId,
    onNotLaunched(executorId, keys, reason, silent) {
      const [first] = keys
      log.warn({ executorId, tasks: keys.length, reason }, 'tasks were not taken and go elsewhere')
      core.dispatcher.avoid(executorId, silent ? SILENT_AVOID_MS : REFUSED_AVOID_MS)
      if (first !== undefined) core.dispatcher.stage(first.stage)?.send({ type: 'attemptsLost', executorId, keys, reason, now: clock.now() })
      core.dispatcher.request()
    },
    onImpossible(keys, error) {
      const [first] = keys
      if (first !== undefined) jobs.get(first.job)?.fail(toErrorData(error))
    },
  })
  const core: DriverCore = {
    clock,
    log,
    conf,
    appId,
    token,
    ports: options.ports,
    links,
    events,
    dispatcher: dispatcher({
      clock,
      localityWaitMs: conf.get(table.localityWait),
      executors: () => registeredExecutors(application.snapshot().context),
      room: executor => resources.room(executor.executorId, executor.resources),
      takeTaskIds(count) {
        nextTask += count
        return nextTask - count
      },
    }),
    executors: () => registeredExecutors(application.snapshot().context),
    executor: id => application.snapshot().context.executors.get(id),
    workers: () => application.snapshot().context.workers,
    resources,
    ...(options.merge === undefined ? {} : { merge: options.merge }),
  }

  const toMaster = <S extends TSchema, R extends TSchema>(message: Message<S, R>, value: Static<S>): Promise<Static<R>> =>
    ask(transport, subjects.master(message.name), message, value, REQUEST_MS)

  function effects(self: Actor<ApplicationMachine>): EffectTable {
    return {
      async register({ executors }: Params<'register'>) {
        if (description === undefined) {
          self.send({ type: 'registered', masterId: 'local', epoch: 1, uiUrl: '', heartbeatMs: LOCAL_BEAT_MS })
          return
        }
        try {
          const reply = await toMaster(RegisterApplication, { description, executors: [...executors], ...seenEpoch(self) })
          if (reply.kind === 'refused') self.send({ type: 'refused', reason: reply.reason })
          else self.send({ type: 'registered', masterId: reply.masterId, epoch: reply.epoch, uiUrl: reply.uiUrl, heartbeatMs: reply.heartbeatMs })
        } catch (error) {
          log.debug({ err: error }, 'no master took the registration')
          self.send({ type: 'registerFailed' })
        }
      },
      async heartbeat() {
        if (description === undefined) {
          self.send({ type: 'beatAnswered', kind: 'ok', epoch: 1 })
          return
        }
        try {
          const { kind, epoch, waiting, reason } = await toMaster(ApplicationHeartbeat, { appId, ...seenEpoch(self) })
          self.send({ type: 'beatAnswered', kind, epoch, ...(waiting === undefined ? {} : { waiting }), ...(reason === undefined ? {} : { reason }) })
        } catch {
          self.send({ type: 'beatFailed' })
        }
      },
      executorReady({ executor }: Params<'executorReady'>) {
        const { executorId, workerId, host, cores, memory, resources } = executor
        log.info({ executorId, workerId, host, cores }, 'executor registered')
        events.post({ Event: 'ExecutorAdded', executorId, workerId, host, totalCores: cores, memory, resources })
        core.dispatcher.request()
      },
      executorLost({ executor, reason, workerLost }: Params<'executorLost'>) {
        const { executorId, registered } = executor
        log.warn({ executorId, reason }, 'executor lost')
        links.forget(executorId)
        if (registered !== undefined) events.post({ Event: 'ExecutorRemoved', executorId, removedReason: reason, workerLost })
        for (const stage of core.dispatcher.stages()) stage.send({ type: 'executorLost', executorId, reason, now: clock.now() })
        core.dispatcher.request()
      },
      workerLost({ workerId }: Params<'workerLost'>) {
        for (const stage of core.dispatcher.stages()) stage.send({ type: 'workerLost', workerId, now: clock.now() })
        core.dispatcher.request()
      },
      async killExecutors({ executorIds, reason }: Params<'killExecutors'>) {
        if (description === undefined) return
        await toMaster(KillExecutors, { appId, executorIds: [...executorIds], reason }).catch((error: unknown) =>
          log.debug({ err: error }, 'executors not killed'),
        )
      },
      readClock: () => self.send({ type: 'checked', now: clock.monotonic() }),
      warnStarving({ missing }: Params<'warnStarving'>) {
        const advice = 'check your cluster UI to ensure that workers are registered and have sufficient resources'
        log.warn(`Initial job has not accepted any resources; ${advice}${missing === '' ? '' : `: ${missing}`}`)
      },
      warnNoMaster: () => log.warn(`No master of cluster "${options.cluster}" answers: the application is not registered yet and tries on`),
      failJobs({ error }: Params<'failJobs'>) {
        for (const job of [...jobs.values()]) job.fail(error)
      },
      unregister: ({ state, reason }: Params<'unregister'>) => leave(state, reason),
    }
  }

  /** Stops executors, tells the master, closes the log. Once. */
  function leave(state: 'FINISHED' | 'FAILED', reason: string): Promise<void> {
    farewell ??= (async () => {
      await Promise.all(
        core.executors().map(({ executorId }) => (description === undefined ? undefined : links.stop(executorId, 'the application ended'))),
      )
      if (description !== undefined) {
        const until = clock.monotonic() + FAREWELL_MS
        for (;;) {
          try {
            await toMaster(UnregisterApplication, { appId, state, reason })
            break
          } catch (error) {
            if (clock.monotonic() >= until) {
              log.warn({ err: error }, 'no master took the end of the application; it will notice')
              break
            }
            await delay(clock, 200)
          }
        }
      }
      events.post({ Event: 'ApplicationEnd', state, reason })
      await events.close(2000)
      abandon()
    })()
    return farewell
  }

  const application: Actor<ApplicationMachine> = bind({
    machine: applicationMachine,
    input: { networkTimeoutMs: conf.get(table.networkTimeout) },
    effects: self => (options.wrapEffects ?? (t => t))(effects(self)),
    clock,
    log,
  })
  const subscriptions = openInbox({ transport, subjects, core, application, versions: options.versions, executorConf: executorConf(conf.entries()) })

  function abandon(): void {
    for (const subscription of subscriptions) subscription.unsubscribe()
    core.dispatcher.stop()
    links.close()
    application.stop()
  }

  events.post({
    Event: 'ApplicationStart',
    appId,
    appName: options.appName,
    user: options.user,
    host: options.host,
    version: options.versions.spk,
    ...(options.driverId === undefined ? {} : { driverId: options.driverId }),
  })
  events.post({ Event: 'EnvironmentUpdate', sparkProperties: redact(conf.entries()), systemProperties: { ...stringVersions(options.versions) } })

  return {
    appId,
    token,
    actor: application,
    defaultParallelism() {
      const own = conf.optional(table.defaultParallelism)
      if (own !== undefined) return Math.max(1, own)
      let cores = 0
      for (const executor of application.snapshot().context.executors.values()) cores += executor.cores
      return Math.max(1, cores)
    },
    async run(graph, run) {
      const { phase, failure } = application.snapshot().context
      if (phase === 'finished' || phase === 'failed') throw fromErrorData(failure ?? applicationEnded('FINISHED', 'the session was stopped'))
      if (graph.stages.length === 0) throw new SpkError('INTERNAL_ERROR', 'A query without stages was planned.')
      const job = nextJob++
      const firstStage = nextStage
      nextStage += graph.stages.length
      if (run.plan !== undefined)
        events.post({ Event: 'SQLExecutionStart', executionId: job, description: run.description, physicalPlanDescription: run.plan })
      application.send({ type: 'jobStarted' })
      const executionEnd = (error?: ErrorData): void => {
        if (run.plan === undefined) return
        const physicalPlanDescription = run.finalPlan?.()
        if (physicalPlanDescription !== undefined) events.post({ Event: 'SQLAdaptiveExecutionUpdate', executionId: job, physicalPlanDescription })
        events.post({ Event: 'SQLExecutionEnd', executionId: job, ...(error === undefined ? {} : { error }) })
      }
      const running = runJob({ core, job, graph, firstStage, run, onGone: () => jobs.delete(job) })
      jobs.set(job, running)
      try {
        const result = await running.result
        executionEnd()
        return result
      } catch (error) {
        executionEnd(toErrorSummary(error))
        throw error
      } finally {
        application.send({ type: 'jobEnded' })
      }
    },
    ready(timeoutMs) {
      const isReady = (): boolean => {
        const { executors, phase } = application.snapshot().context
        return phase === 'finished' || phase === 'failed' || (executors.size > 0 && [...executors.values()].every(e => e.registered !== undefined))
      }
      if (isReady()) return Promise.resolve()
      return new Promise(resolve => {
        const timer = options.clock.after(timeoutMs, resolve)
        application.onTransition(() => {
          if (!isReady()) return
          timer.cancel()
          resolve()
        })
      })
    },
    async stop(failure) {
      if (farewell === undefined) {
        const { phase } = application.snapshot().context
        application.send({ type: 'stop', ...(failure === undefined ? {} : { failure }) })
        // The application had ended before: nobody was told to take leave.
        if (phase === 'finished' || phase === 'failed') await leave('FAILED', failure ?? 'the application was ended')
      }
      await farewell
    },
    listen: listener => events.listen(listener),
    abandon,
  }
}

function stringVersions(versions: Versions): Record<string, string> {
  return { spk: versions.spk, duckdb: versions.duckdb, protocol: String(versions.protocol) }
}

/** A leader of an older epoch than this steps down: else nobody who has seen the newer one would follow it. */
function seenEpoch(self: Actor<ApplicationMachine>): { seenEpoch?: number } {
  const { epoch } = self.snapshot().context
  return epoch === 0 ? {} : { seenEpoch: epoch }
}
