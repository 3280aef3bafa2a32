/** Starts a master: joins machine and effects with a bus, a clock and randomness. `bin/master.ts` starts it with the real ones, the simulator with its own. */
import type { Clock, Rng } from '../../core/clock.js'
import type { Conf } from '../../core/config.js'
import { conf as options } from '../../core/config-table.js'
import { type MasterId, newMasterId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Versions } from '../../protocol/common.js'
import type { MasterStatus } from '../../protocol/status.js'
import { subjects } from '../../protocol/subjects.js'
import type { Transport } from '../../transport/transport.js'
import { type Actor, bind, type EffectTable, oncePer } from '../bind.js'
import { activeApps } from './cluster.js'
import { decideMaster } from './decide.js'
import { type MasterWork, masterEffects } from './effects.js'
import type { Decide, MasterContext, Settings } from './events.js'
import { type MasterMachine, masterMachine } from './machine.js'
import { masterStatus } from './status.js'
import { waitingFor } from './waiting.js'

export interface MasterOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly conf: Conf
  readonly cluster: string
  readonly host: string
  readonly uiUrl: string
  /** Of the bus, as the status shows it: without user and password. */
  readonly url: string
  readonly versions: Versions
  /** For harnesses: other decisions, or effects wrapped, to plant a bug and see that the checks find it. */
  readonly decide?: Decide
  readonly wrapEffects?: (effects: EffectTable) => EffectTable
}

export type MasterPhase = 'standby' | 'electing' | 'recovering' | 'leading' | 'stopped'

export interface MasterHandle {
  readonly masterId: MasterId
  readonly actor: Actor<MasterMachine>
  phase(): MasterPhase
  /** What it knows; for tests, pages and the simulator's checks. Only a leader's cluster is the truth. */
  state(): MasterContext
  /** The body of `/json/`. */
  status(): MasterStatus
  /** By application: what it waits for, when it has nothing. */
  waiting(): Record<string, string>
  /** Gives the lease back when it holds it, and resolves when nothing is on its way any more. Idempotent. */
  stop(): Promise<void>
  /** Stops thinking at once, as in a crash: nothing is sent, the lease is left to expire. */
  abandon(): void
}

export function settingsOf(conf: Conf): Settings {
  return {
    leaseTtlMs: conf.get(options.leaseTtl),
    workerTimeoutMs: conf.get(options.workerTimeout),
    appTimeoutMs: conf.get(options.appTimeout),
    spreadOut: conf.get(options.deploySpreadOut),
    defaultCores: conf.optional(options.deployDefaultCores),
    maxExecutorRetries: conf.get(options.deployMaxExecutorRetries),
    retainedApplications: conf.get(options.retainedApplications),
    retainedDrivers: conf.get(options.retainedDrivers),
  }
}

const machineWith = oncePer(masterMachine)

/** It looks at the lease at once, and leads or stands by. Errors: `SPK_BAD_CONFIG_VALUE`. */
export function startMaster(options_: MasterOptions): MasterHandle {
  const { transport, clock, rng, host, uiUrl, url, versions } = options_
  const masterId = newMasterId(clock.now(), host, rng.hex(4))
  const log = options_.log.child({ actor: 'master', masterId })
  const settings = settingsOf(options_.conf)
  let finished: () => void = () => {}
  const stopped = new Promise<void>(resolve => {
    finished = resolve
  })
  let work: MasterWork | undefined

  const actor: Actor<MasterMachine> = bind({
    machine: machineWith(options_.decide ?? decideMaster),
    input: { masterId, uiUrl, url, versions, settings },
    effects(self) {
      work = masterEffects(self, {
        transport,
        clock,
        rng,
        log,
        names: subjects(options_.cluster),
        settings,
        masterId,
        host,
        uiUrl,
        onFinished() {
          actor.stop()
          finished()
        },
      })
      return (options_.wrapEffects ?? (effects => effects))(work.effects)
    },
    clock,
    log,
  })

  return {
    masterId,
    actor,
    phase() {
      const { value } = actor.snapshot()
      if (typeof value === 'string') return value
      return typeof value.leader === 'string' ? value.leader : 'recovering'
    },
    state: () => actor.snapshot().context,
    status: () => masterStatus(actor.snapshot().context, clock.now()),
    waiting() {
      const { context } = actor.snapshot()
      const waits = activeApps(context.cluster).map(app => [app.description.appId, waitingFor(context, context.cluster, app)] as const)
      return Object.fromEntries(waits.filter((wait): wait is readonly [string, string] => wait[1] !== undefined))
    },
    stop() {
      actor.send({ type: 'stop' })
      return stopped
    },
    abandon() {
      actor.stop()
      work?.abandon()
      finished()
    },
  }
}
