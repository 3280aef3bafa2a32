/** What masters and executors say to the driver, turned into events of the application and reports for stages. Every message is acknowledged; repeats are harmless. */
import { conf as table } from '../../core/config-table.js'
import { ApplicationRemoved, DriverMasterChanged, ExecutorAdded, ExecutorUpdated, WorkerRemoved } from '../../protocol/application.js'
import type { Versions } from '../../protocol/common.js'
import type { Subjects } from '../../protocol/subjects.js'
import { ExecutorHeartbeat, RegisterExecutor, type RegisterExecutorRequest, StatusUpdate, type TaskReport } from '../../protocol/tasks.js'
import type { Message, Static, TSchema } from '../../protocol/wire.js'
import type { Subscription, Transport } from '../../transport/transport.js'
import type { Actor } from '../bind.js'
import { answer } from './conversation.js'
import type { DriverCore } from './driver-core.js'
import type { ApplicationMachine } from './machine.js'

export interface InboxOptions {
  readonly transport: Transport
  readonly subjects: Subjects
  readonly core: DriverCore
  readonly application: Actor<ApplicationMachine>
  readonly versions: Versions
  /** What executors are told to use. */
  readonly executorConf: Readonly<Record<string, string>>
}

const GONE = ['KILLED', 'FAILED', 'LOST', 'EXITED', 'DECOMMISSIONED']

export function openInbox(options: InboxOptions): readonly Subscription[] {
  const { transport, subjects, core, application } = options
  const { clock, log, appId } = core
  const from =
    (subject: (name: string) => string) =>
    <S extends TSchema, R extends TSchema>(message: Message<S, R>, handler: (value: Static<S>) => Static<R>): Subscription =>
      answer(transport, log, subject(message.name), message, handler)
  const fromMaster = from(name => subjects.driver(appId, name))
  const fromExecutor = from(name => subjects.report(appId, name))

  function refusal(request: RegisterExecutorRequest): string | undefined {
    const { executorId, token, versions } = request
    const { duckdb, removed, phase } = application.snapshot().context
    if (token !== core.token) return 'its token is not the application’s'
    if (phase === 'finished' || phase === 'failed') return 'the application is over'
    if (removed.has(executorId)) return 'the driver holds this executor for lost'
    for (const name of ['spk', 'protocol'] as const) {
      if (versions[name] !== options.versions[name]) return `it runs ${name} ${versions[name]}, the driver ${options.versions[name]}: run one version`
    }
    if (duckdb !== undefined && versions.duckdb !== duckdb) return `it runs DuckDB ${versions.duckdb}, other executors ${duckdb}: run one version`
    return undefined
  }

  return [
    fromMaster(ExecutorAdded, ({ epoch, executorId, workerId, host, cores, memory, resources }) => {
      application.send({ type: 'executorAdded', epoch, executor: { executorId, workerId, host, cores, memory, resources } })
      return {}
    }),
    fromMaster(ExecutorUpdated, ({ epoch, executorId, state, message, exitCode, workerLost }) => {
      const reason = `${state}${exitCode === undefined ? '' : ` with exit code ${exitCode}`}${message === undefined ? '' : `: ${message}`}`
      if (GONE.includes(state)) application.send({ type: 'executorEnded', epoch, executorId, reason, workerLost })
      return {}
    }),
    fromMaster(WorkerRemoved, ({ epoch, workerId, reason }) => {
      application.send({ type: 'workerRemoved', epoch, workerId, reason })
      return {}
    }),
    fromMaster(ApplicationRemoved, ({ epoch, state, reason }) => {
      application.send({ type: 'applicationRemoved', epoch, state, reason })
      return {}
    }),
    fromMaster(DriverMasterChanged, ({ epoch }) => {
      application.send({ type: 'masterChanged', epoch })
      return {}
    }),
    fromExecutor(RegisterExecutor, request => {
      const reason = refusal(request)
      if (reason !== undefined) {
        log.warn({ executorId: request.executorId, reason }, 'executor refused')
        return { kind: 'refused' as const, reason }
      }
      const { executorId, workerId, host, hostId, pid, cores, memory, resources, blockUrl, blocksDir, versions } = request
      application.send({
        type: 'executorRegistered',
        executor: { executorId, workerId, host, cores, memory, resources, registered: { hostId, pid, lastSeen: clock.monotonic() } },
        worker: { workerId, hostId, blockUrl, blocksDir },
        duckdb: versions.duckdb,
      })
      return { kind: 'registered' as const, conf: { ...options.executorConf } }
    }),
    fromExecutor(ExecutorHeartbeat, ({ executorId }) => {
      const { executors, removed, phase } = application.snapshot().context
      if (removed.has(executorId) || phase === 'finished' || phase === 'failed') return { kind: 'stop' as const }
      if (executors.get(executorId)?.registered === undefined) return { kind: 'reregister' as const }
      application.send({ type: 'executorSeen', executorId, now: clock.monotonic() })
      return { kind: 'ok' as const }
    }),
    fromExecutor(StatusUpdate, ({ executorId, reports }) => {
      const executor = core.executor(executorId)
      // Of a lost executor: its tasks run elsewhere already.
      if (executor === undefined) return {}
      const perStage = new Map<number, TaskReport[]>()
      for (const report of reports) {
        const own = perStage.get(report.key.stage) ?? []
        own.push(report)
        perStage.set(report.key.stage, own)
      }
      for (const [stage, own] of perStage)
        core.dispatcher.stage(stage)?.send({ type: 'reports', executorId, workerId: executor.workerId, reports: own, now: clock.now() })
      core.dispatcher.request()
      return {}
    }),
  ]
}

/** The application's own settings that tasks and executors need; `spark.executor.*`, `spark.memory.*` and what the session sets per query. */
export function executorConf(conf: Readonly<Record<string, string>>): Record<string, string> {
  const driverOnly: readonly string[] = [table.master.key, table.appName.key]
  return Object.fromEntries(Object.entries(conf).filter(([key]) => !driverOnly.includes(key) && !/secret|password|token/i.test(key)))
}
