/**
 * The executor at work: joins the machine with bus, clock, randomness and a task runner. Only this file sends, waits and runs tasks (through the ports).
 * `bin/executor.ts` and local mode start it with the real runner, the simulator with its own.
 */
import type { Clock, Rng, Timer } from '../../core/clock.js'
import { Conf } from '../../core/config.js'
import { conf as options } from '../../core/config-table.js'
import { toErrorData } from '../../core/errors.js'
import type { AppId, ExecutorId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Versions } from '../../protocol/common.js'
import type { ExecutorLaunch } from '../../protocol/executor-launch.js'
import { subjects } from '../../protocol/subjects.js'
import type { Transport } from '../../transport/transport.js'
import { type Actor, bind, type EffectTable, oncePer } from '../bind.js'
import { type Decide, decideExecutor } from './decide.js'
import { openDriverInbox } from './driver-inbox.js'
import { driverLink } from './driver-link.js'
import type { CommandName, CommandParams } from './events.js'
import { type ExecutorMachine, executorMachine } from './machine.js'
import type { TaskRunner } from './ports.js'
import type { ExecutorState } from './state.js'
import type { EndedTask } from './tasks.js'

export interface ExecutorOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly launch: ExecutorLaunch
  readonly runner: TaskRunner
  readonly versions: Versions
  readonly pid: number
  /** For harnesses: other decisions, or effects wrapped, to plant a bug and see that the checks find it. */
  readonly decide?: Decide
  readonly wrapEffects?: (effects: EffectTable) => EffectTable
}

/** How an executor ended; `code` is the process's exit code. */
export interface ExecutorEnd {
  readonly reason: string
  readonly code: number
}

export interface ExecutorHandle {
  readonly executorId: ExecutorId
  readonly actor: Actor<ExecutorMachine>
  state(): ExecutorState
  /** The name of the outermost state: starting, registered, reconnecting, draining or stopped. */
  phase(): string
  /** Kills tasks, tells the driver, and resolves when nothing runs any more (at most 2 s). The runner is left to the caller. Idempotent. */
  stop(reason: string, code?: number): Promise<ExecutorEnd>
  readonly stopped: Promise<ExecutorEnd>
  /** Stops thinking at once, as in a crash: nothing is sent, no task is stopped. */
  abandon(): void
}

type Effects = { readonly [N in CommandName]: (params: CommandParams[N]) => void | Promise<void> }

const machineWith = oncePer(executorMachine)

/** Starts an executor: it registers as soon as its driver answers. */
export function startExecutor(options_: ExecutorOptions): ExecutorHandle {
  const { transport, clock, rng, runner, launch } = options_
  const { cluster, executorId, appId } = launch
  const log = options_.log.child({ actor: 'executor', appId, executorId })
  const conf = new Conf(launch.conf)
  const driver = driverLink(transport, cluster, appId as AppId, {
    executorId,
    workerId: launch.workerId,
    host: launch.host,
    hostId: launch.hostId,
    pid: options_.pid,
    cores: launch.cores,
    memory: launch.memory,
    resources: launch.resources,
    versions: options_.versions,
    blockUrl: launch.blockUrl,
    blocksDir: launch.blocksDir,
    token: launch.token,
  })
  let reportTimer: Timer | undefined
  let over = false
  let leave: (end: ExecutorEnd) => void = () => {}
  const stopped = new Promise<ExecutorEnd>(resolve => {
    leave = resolve
  })

  /** Tasks that end together are told to the machine together. */
  let ends: EndedTask[] = []
  function ended(one: EndedTask): void {
    ends.push(one)
    if (ends.length > 1) return
    queueMicrotask(() => {
      const all = ends
      ends = []
      if (!over) actor.send({ type: 'tasksEnded', ends: all })
    })
  }

  function table(self: Actor<ExecutorMachine>): Effects {
    const state = (): ExecutorState => self.snapshot().context
    const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

    return {
      answer: ({ token, reply }) => inbox.answer(token, reply),
      async register({ asked }) {
        try {
          const reply = await driver.register(state())
          if (reply.kind === 'refused') self.send({ type: 'refused', asked, reason: reply.reason })
          else self.send({ type: 'registered', asked, at: clock.monotonic() })
        } catch (error) {
          self.send({ type: 'unanswered', asked, at: clock.monotonic(), jitter: rng.next(), error: message(error) })
        }
      },
      async heartbeat({ asked }) {
        try {
          const reply = await driver.heartbeat(state(), runner.memoryUsed())
          self.send({ type: 'beatAnswered', asked, at: clock.monotonic(), kind: reply.kind })
        } catch (error) {
          self.send({ type: 'unanswered', asked, at: clock.monotonic(), jitter: rng.next(), error: message(error) })
        }
      },
      run({ plan, launches }) {
        for (const task of launches) {
          const { key } = task
          runner.run(plan, task).then(
            end => ended({ key, end }),
            error => {
              log.error({ err: error, ...key }, 'bug: the task runner rejected')
              ended({ key, end: { kind: 'failed', failure: { kind: 'ExceptionFailure', error: toErrorData(error) } } })
            },
          )
        }
      },
      kill: ({ launch: task, reason }) => runner.kill(task, reason),
      async report({ seq, reports }) {
        try {
          await driver.report(reports)
          self.send({ type: 'reportAcked', seq, at: clock.monotonic() })
        } catch (error) {
          log.debug({ reason: message(error) }, 'status report not acknowledged')
          self.send({ type: 'reportUnanswered', seq, jitter: rng.next() })
        }
      },
      reportLater({ delayMs }) {
        reportTimer?.cancel()
        reportTimer = clock.after(delayMs, () => {
          reportTimer = undefined
          self.send({ type: 'reportDue' })
        })
      },
      removeStages: ({ stages }) => runner.removeStages(stages),
      note: ({ level, text, fields }) => log[level](fields, text),
      finish(end) {
        abandon()
        leave(end)
      },
    }
  }

  const inbox = openDriverInbox(transport, subjects(cluster), appId as AppId, executorId as ExecutorId, log, (token, order) =>
    actor.send({ type: 'order', token, at: clock.monotonic(), order }),
  )
  const actor = bind({
    machine: machineWith(options_.decide ?? decideExecutor),
    input: {
      executorId,
      cores: launch.cores,
      heartbeatMs: conf.get(options.executorHeartbeat),
      silenceMs: conf.get(options.networkTimeout),
      startedAt: clock.monotonic(),
    },
    effects: self => (options_.wrapEffects ?? (t => t))(table(self)),
    clock,
    log,
  })
  transport.onStatus(status => {
    if (status === 'connected' && !over) actor.send({ type: 'busUp' })
  })

  function abandon(): void {
    over = true
    inbox.close()
    actor.stop()
    reportTimer?.cancel()
  }

  return {
    executorId: executorId as ExecutorId,
    actor,
    state: () => actor.snapshot().context,
    phase: () => {
      const value = actor.snapshot().value
      return typeof value === 'string' ? value : (Object.keys(value)[0] ?? '')
    },
    stop(reason, code = 0) {
      actor.send({ type: 'stop', reason, code })
      return stopped
    },
    stopped,
    abandon,
  }
}
