/**
 * The worker at work: joins the machine with bus, clock, randomness and ports. Only this file sends, waits and starts processes (through the ports).
 * `bin/worker.ts` starts it with real ports, the simulator with its own.
 */
import type { Clock, Rng, Timer } from '../../core/clock.js'
import type { Conf } from '../../core/config.js'
import { conf as options } from '../../core/config-table.js'
import { SpkError, unreachable } from '../../core/errors.js'
import { type AppId, newWorkerId, type WorkerId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Resources, Versions } from '../../protocol/common.js'
import { subjects } from '../../protocol/subjects.js'
import type { Transport } from '../../transport/transport.js'
import { type Actor, bind, type EffectTable, oncePer } from '../bind.js'
import { type Decide, decideWorker } from './decide.js'
import type { CommandName, CommandParams } from './events.js'
import { type WorkerMachine, workerMachine } from './machine.js'
import { masterLink } from './master-link.js'
import { openOrderInbox } from './order-inbox.js'
import type { ChildExit, Child as Process, WorkerPorts } from './ports.js'
import type { Child, WorkerState } from './state.js'

const UNREGISTER_TRIES = 2

export interface WorkerUrls {
  /** What the executors of an application connect to; with the user of their lane where the server asks for one. */
  readonly executorNats: (app: AppId) => string
  readonly ui: string
  readonly block: string
}

export interface WorkerOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly conf: Conf
  readonly cluster: string
  /** When something is named after it already, such as its folders; absent: made here. */
  readonly workerId?: WorkerId
  readonly host: string
  /** Same for processes that share a disk, see `protocol/worker-registration.ts`. */
  readonly hostId: string
  readonly pid: number
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly resources: Resources
  readonly versions: Versions
  readonly ports: WorkerPorts
  readonly urls: WorkerUrls
  /** For harnesses: other decisions, or effects wrapped, to plant a bug and see that the checks find it. */
  readonly decide?: Decide
  readonly wrapEffects?: (effects: EffectTable) => EffectTable
}

/** How a worker ended: on purpose, or because the master refused it (another version). */
export interface WorkerEnd {
  readonly reason: string
  readonly refused: boolean
}

export interface WorkerHandle {
  readonly workerId: WorkerId
  readonly actor: Actor<WorkerMachine>
  state(): WorkerState
  /** The name of the outermost state: registering, active, reconnecting, decommissioning or stopped. */
  phase(): string
  /** Stops children, takes leave of the master, and resolves when nothing runs any more. Idempotent. */
  stop(reason: string): Promise<WorkerEnd>
  readonly stopped: Promise<WorkerEnd>
  /** Stops thinking at once, as in a crash: nothing is sent, no child is stopped. */
  abandon(): void
}

type Effects = { readonly [N in CommandName]: (params: CommandParams[N]) => void | Promise<void> }

const machineWith = oncePer(workerMachine)

/** Starts a worker: it registers as soon as a master leads. */
export function startWorker(options_: WorkerOptions): WorkerHandle {
  const { transport, clock, rng, ports, urls } = options_
  const startedAt = clock.now()
  const workerId = options_.workerId ?? newWorkerId(startedAt, options_.host, rng.hex(4))
  const log = options_.log.child({ actor: 'worker', workerId })
  const master = masterLink(transport, options_.cluster, {
    workerId,
    host: options_.host,
    hostId: options_.hostId,
    pid: options_.pid,
    cores: options_.cores,
    memory: options_.memory,
    resources: options_.resources,
    uiUrl: urls.ui,
    blockUrl: urls.block,
    versions: options_.versions,
    startedAt,
  })
  const processes = new Map<string, Process>()
  const timers = new Set<Timer>()
  let over = false
  let ended: (end: WorkerEnd) => void = () => {}
  const stopped = new Promise<WorkerEnd>(resolve => {
    ended = resolve
  })

  function later(ms: number, fn: () => void): void {
    const timer = clock.after(ms, () => {
      timers.delete(timer)
      fn()
    })
    timers.add(timer)
  }

  function table(self: Actor<WorkerMachine>): Effects {
    const state = (): WorkerState => self.snapshot().context
    const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))
    // Said in a line of its own: the code is enough.
    const silence = (error: unknown): string => (error instanceof SpkError ? error.code : message(error))

    function start(key: string, run: number, child: Child): Process {
      const from = clock.monotonic()
      const onExit = (exit: ChildExit): void => {
        processes.delete(key)
        self.send({ type: 'childExited', key, run, exit, ranMs: clock.monotonic() - from })
      }
      switch (child.kind) {
        case 'driver':
          return ports.launchDriver(child.order, onExit)
        case 'executor': {
          const { appId, executorId, cores, memory, resources, token, conf } = child.order
          ports.admitApplication(appId, token)
          return ports.launchExecutor(
            {
              natsUrl: urls.executorNats(appId as AppId),
              cluster: options_.cluster,
              workerId,
              host: options_.host,
              hostId: options_.hostId,
              appId,
              executorId,
              cores,
              memory,
              resources,
              token,
              conf,
              blockUrl: urls.block,
              blocksDir: ports.blocksDir(appId),
              scratchDir: ports.scratchDir(appId, executorId),
            },
            onExit,
          )
        }
        default:
          return unreachable(child)
      }
    }

    return {
      answer: ({ token, reply }) => inbox.answer(token, reply),
      async register({ asked }) {
        try {
          const reply = await master.register(state())
          if (reply.kind === 'refused') self.send({ type: 'refused', asked, reason: reply.reason })
          else {
            const { kind: _kind, ...rest } = reply
            self.send({ type: 'registered', asked, jitter: rng.next(), ...rest })
          }
        } catch (error) {
          self.send({ type: 'unanswered', asked, jitter: rng.next(), error: silence(error) })
        }
      },
      async heartbeat({ asked }) {
        try {
          const reply = await master.heartbeat(state())
          self.send({ type: 'beatAnswered', asked, jitter: rng.next(), ...reply })
        } catch (error) {
          self.send({ type: 'unanswered', asked, jitter: rng.next(), error: silence(error) })
        }
      },
      async unregister({ reason }) {
        for (let i = 0; i < UNREGISTER_TRIES; i++) {
          try {
            await master.unregister(reason)
            break
          } catch (error) {
            log.warn({ reason: message(error) }, 'no master took this worker’s leave; it will miss the heartbeats')
          }
        }
        self.send({ type: 'unregistered' })
      },
      launch({ key, run, child }) {
        try {
          const process = start(key, run, child)
          processes.set(key, process)
          self.send({ type: 'childStarted', key, run, pid: process.pid })
        } catch (error) {
          self.send({ type: 'childFailed', key, run, message: message(error) })
        }
      },
      kill: ({ key, graceMs }) => processes.get(key)?.kill(graceMs),
      restartLater: ({ key, run, delayMs }) => later(delayMs, () => self.send({ type: 'restartDue', key, run })),
      async report({ key, seq, child }) {
        try {
          await master.report(child)
          self.send({ type: 'reportAcked', key, seq })
        } catch (error) {
          log.debug({ key, reason: message(error) }, 'report not acknowledged')
          self.send({ type: 'reportUnanswered', key, seq, jitter: rng.next() })
        }
      },
      reportLater: ({ key, seq, delayMs }) => later(delayMs, () => self.send({ type: 'reportDue', key, seq })),
      removeScratch: ({ appId, executorId }) => ports.removeScratch(appId, executorId),
      removeApplication: ({ appId }) => ports.removeApplication(appId),
      removeDriver: ({ driverId }) => ports.removeDriver(driverId),
      note: ({ level, text, fields }) => log[level](fields, text),
      finish(end) {
        abandon()
        ended(end)
      },
    }
  }

  const inbox = openOrderInbox(transport, subjects(options_.cluster), workerId, log, (token, order) => actor.send({ type: 'order', token, order }))
  const actor = bind({
    machine: machineWith(options_.decide ?? decideWorker),
    input: {
      workerId,
      host: options_.host,
      capacity: { cores: options_.cores, memory: options_.memory, resources: options_.resources },
      heartbeatMs: options_.conf.get(options.workerTimeout) / 4,
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
    for (const timer of timers) timer.cancel()
    timers.clear()
  }

  return {
    workerId,
    actor,
    state: () => actor.snapshot().context,
    phase: () => {
      const value = actor.snapshot().value
      return typeof value === 'string' ? value : (Object.keys(value)[0] ?? '')
    },
    stop(reason) {
      actor.send({ type: 'stop', reason })
      return stopped
    },
    stopped,
    abandon,
  }
}
