/**
 * Opens sessions: settings from the program over those of `spk submit` (environment variable `SPK_SUBMIT_CONF`), a connection to the cluster or a local
 * one, and the planner wired to the kernel. Used by `index.ts` alone.
 */
import { tmpdir } from 'node:os'
import type { ClusterHandle, JobResult } from '../actors/driver/handle.js'
import { programLogger } from '../bin/command-log.js'
import { systemClock } from '../core/clock.js'
import { Conf } from '../core/config.js'
import { conf as table } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import { type Scratch, scratchFolder } from '../core/scratch.js'
import { PlanningDatabase } from '../kernel/planning-database.js'
import { Sources } from '../kernel/sources.js'
import { SPK_VERSION } from '../protocol/version.js'
import { queryPlanner } from '../sql/query-planner.js'
import { SparkSession } from '../sql/session.js'
import { connect } from './connect.js'
import { onInterrupt } from './interrupt.js'
import { processTerminal } from './process-terminal.js'

type Settings = Readonly<Record<string, string>>

/** How long jobs that are cancelled may take to end. */
const JOBS_END_MS = 3000

/** Resolves with the work, or when the time is over. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    work,
    new Promise(resolve => {
      timer = setTimeout(resolve, ms)
    }),
  ])
  clearTimeout(timer)
}

let open: { readonly session: Promise<SparkSession>; readonly settings: Settings } | undefined

/** What `spk submit` or the worker that runs this driver asks for. */
function submitted(): Settings {
  const text = process.env['SPK_SUBMIT_CONF']
  if (text === undefined || text === '') return {}
  try {
    return JSON.parse(text) as Settings
  } catch (cause) {
    throw new SpkError(
      'SPK_BAD_CONFIG_VALUE',
      'The environment variable SPK_SUBMIT_CONF is not JSON. It is set by spk submit; unset it to run without.',
      { cause },
    )
  }
}

/** The open session with these settings applied, or a new one. A session that was stopped is not open any more. */
export function getOrCreate(settings: Settings): Promise<SparkSession> {
  const current = open
  if (current === undefined) return create(settings)
  return current.session.then(session => {
    if (open !== current) return getOrCreate(settings)
    for (const [key, value] of Object.entries(settings))
      if (current.settings[key] !== value && session.conf.isModifiable(key)) session.conf.set(key, value)
    return session
  })
}

/** A new session with an application of its own. Errors: `SPK_MISSING_CONFIG` without a master, those of `connect`. */
export function create(given: Settings): Promise<SparkSession> {
  const forget = (): void => {
    if (open === own) open = undefined
  }
  const session = start({ ...submitted(), ...given }, forget)
  const own = { session, settings: given }
  open = own
  session.catch(forget)
  return session
}

async function start(settings: Settings, onStopped: () => void): Promise<SparkSession> {
  const conf = new Conf(settings)
  const master = conf.optional(table.master) ?? (process.env['SPK_NATS_URL'] || undefined)
  if (master === undefined) {
    const how = "Say where to run: SparkSession.builder().master('local[2]') or .master('nats://host:4222'), or use spk submit --master."
    throw new SpkError('SPK_MISSING_CONFIG', `No master is set. ${how}`)
  }
  const cluster = process.env['SPK_CLUSTER'] || undefined
  const all: Settings = cluster === undefined ? settings : { [table.cluster.key]: cluster, ...settings }
  const spill = scratchFolder(conf.optional(table.localDir) ?? tmpdir(), 'planning')
  const planning = new PlanningDatabase(spill.path)
  let warehouse: Scratch | undefined
  let forgetInterrupt = (): void => {}
  const close = async (): Promise<void> => {
    onStopped()
    forgetInterrupt()
    await planning.close()
    spill.remove()
    warehouse?.remove()
  }
  let handle: ClusterHandle
  try {
    handle = await connect({ master, appName: conf.optional(table.appName) ?? 'spk', conf: all, log: programLogger() })
  } catch (error) {
    await close()
    throw error
  }
  let stopped: Promise<void> | undefined
  const jobs = new Set<Promise<JobResult>>()
  /** Jobs under way are cancelled and end before the application does: a write takes back what it has begun. */
  const end = async (failure?: string): Promise<void> => {
    session.interruptAll('the session is stopped')
    await within(JOBS_END_MS, Promise.allSettled([...jobs]))
    await handle.stop(failure).finally(close)
  }
  const stop = (failure?: string): Promise<void> => {
    stopped ??= end(failure)
    return stopped
  }
  let interrupted = false
  const session = new SparkSession(
    {
      cluster: {
        appId: handle.appId,
        defaultParallelism: () => handle.defaultParallelism(),
        run(graph, run) {
          const job = handle.run(graph, run)
          jobs.add(job)
          const ended = job.finally(() => jobs.delete(job))
          // Whoever waits for it when the program is interrupted hears no more: the process is about to exit.
          return ended.catch((error: unknown) => (interrupted ? new Promise<never>(() => {}) : Promise.reject(error)))
        },
        stop,
      },
      planner: queryPlanner(new Sources(planning), systemClock),
      terminal: processTerminal,
      warehouse() {
        warehouse ??= scratchFolder(conf.optional(table.warehouseDir) ?? conf.optional(table.localDir) ?? tmpdir(), 'warehouse')
        return warehouse.path
      },
      version: SPK_VERSION,
    },
    all,
  )
  forgetInterrupt = onInterrupt(async () => {
    interrupted = true
    await stop('interrupted by SIGINT')
  })
  return session
}
