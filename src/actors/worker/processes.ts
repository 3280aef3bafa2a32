/**
 * The worker's real ports: executors and drivers as forked Node processes with their output in files, folders on disk, tokens at the block server. A
 * child has an IPC channel and exits when it closes, so that none outlives its worker, however that ends. Started by `bin/worker.ts`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, copyFileSync, existsSync, openSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'
import type { Clock } from '../../core/clock.js'
import { conf as table } from '../../core/config-table.js'
import { SpkError } from '../../core/errors.js'
import type { Logger } from '../../core/log.js'
import { signal } from '../../core/process-signals.js'
import { EXECUTOR_LAUNCH_ENV, type ExecutorLaunch } from '../../protocol/executor-launch.js'
import type { LaunchDriverOrder } from '../../protocol/worker-orders.js'
import type { WorkerFolders } from './folders.js'
import type { Child, ChildExit, WorkerPorts } from './ports.js'

export interface ProcessesOptions {
  readonly folders: WorkerFolders
  readonly clock: Clock
  readonly log: Logger
  readonly cluster: string
  /** What drivers of this worker connect to. */
  readonly driverNats: string
  /** The executor's entry script, and a module that drivers preload (see `bin/script-hooks.ts`). */
  readonly executorScript: string
  readonly driverPreload: string
  readonly host: string
  readonly blockServer: { admit(appId: string, token: string): void; remove(appId: string): void }
}

/** Variables of the worker that are not its children's: its own credentials and launch settings. */
const OWN_VARIABLES = ['SPK_NATS_URL', 'SPK_EXECUTOR_NATS_URL', 'SPK_DRIVER_NATS_URL', 'SPK_SUBMIT_CONF', EXECUTOR_LAUNCH_ENV]
const ENV_PREFIX = 'spark.executorEnv.'
const FILES = table.files.key

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.includes(name)))
}

/** Copies the files of `spark.files` into a child's working folder. */
function bringFiles(list: string | undefined, cwd: string, host: string): void {
  for (const file of (list ?? '').split(',').filter(f => f !== '')) {
    try {
      copyFileSync(file, join(cwd, basename(file)))
    } catch (cause) {
      throw new SpkError('SPK_FILES', `spark.files: ${file} cannot be copied on ${host}. It must lie at the same absolute path on every host.`, {
        cause,
      })
    }
  }
}

export function processes(options: ProcessesOptions): WorkerPorts {
  const { folders, clock, log } = options

  function start(
    script: string,
    args: readonly string[],
    how: { readonly execArgv: string[]; readonly env: NodeJS.ProcessEnv; readonly cwd: string },
    onExit: (exit: ChildExit) => void,
  ): Child {
    const out = openSync(join(how.cwd, 'stdout'), 'a')
    const err = openSync(join(how.cwd, 'stderr'), 'a')
    let child: ChildProcess
    try {
      // A group of its own: Ctrl-C at the worker's terminal reaches the worker alone, which then stops its children in order.
      child = fork(script, args, { ...how, detached: true, stdio: ['ignore', out, err, 'ipc'] })
    } finally {
      closeSync(out)
      closeSync(err)
    }
    const { pid } = child
    child.on('error', error => log.warn({ err: error, script }, 'child process'))
    if (pid === undefined) throw new SpkError('SPK_SPAWN_FAILED', `Node could not be started for ${script} on ${options.host}.`)
    let gone = false
    let killing: { cancel(): void } | undefined
    child.once('exit', (code, name) => {
      gone = true
      killing?.cancel()
      // Its group: the child and whatever it started.
      signal(-pid, 'SIGKILL')
      onExit({ code, signal: name })
    })
    return {
      pid,
      kill(graceMs) {
        if (gone || killing !== undefined) return
        signal(-pid, 'SIGTERM')
        killing = clock.after(graceMs, () => signal(-pid, 'SIGKILL'))
      },
    }
  }

  return {
    launchExecutor(launch: ExecutorLaunch, onExit) {
      const asked = Object.entries(launch.conf).filter(([key]) => key.startsWith(ENV_PREFIX))
      const env = {
        ...inherited(),
        ...Object.fromEntries(asked.map(([key, value]) => [key.slice(ENV_PREFIX.length), value])),
        // DuckDB's queries occupy threads of libuv's pool; with too few of them even opening a connection hangs.
        UV_THREADPOOL_SIZE: String(launch.cores + 8),
        [EXECUTOR_LAUNCH_ENV]: JSON.stringify(launch),
      }
      const cwd = folders.executorLogs(launch.appId, launch.executorId)
      bringFiles(launch.conf[FILES], cwd, options.host)
      return start(options.executorScript, [], { execArgv: ['--expose-gc'], env, cwd }, onExit)
    },
    launchDriver(order: LaunchDriverOrder, onExit) {
      const { script, args, conf, memory, cores } = order.description
      if (!isAbsolute(script) || !existsSync(script)) {
        throw new SpkError(
          'SPK_DRIVER_SCRIPT',
          `Driver script ${script} is not on ${options.host}. In cluster mode the script must lie at the same absolute path on every worker.`,
        )
      }
      const env = {
        ...inherited(),
        UV_THREADPOOL_SIZE: String(cores + 8),
        ...order.description.env,
        SPK_DRIVER_ID: order.driverId,
        SPK_NATS_URL: options.driverNats,
        SPK_CLUSTER: options.cluster,
        SPK_SUBMIT_CONF: JSON.stringify({ ...conf, 'spark.master': options.driverNats, 'spk.cluster': options.cluster }),
        SPK_DRIVER_RESOURCES: JSON.stringify(order.resources),
      }
      const heap = Math.max(64, Math.floor(memory / 2 ** 20))
      const execArgv = [`--max-old-space-size=${heap}`, '--import', options.driverPreload]
      const cwd = folders.driverLogs(order.driverId)
      bringFiles(conf[FILES], cwd, options.host)
      return start(script, args, { execArgv, env, cwd }, exit => onExit({ ...exit, output: join(cwd, 'stderr') }))
    },
    blocksDir: appId => folders.blocks(appId),
    scratchDir: (appId, executorId) => folders.scratch(appId, executorId),
    removeScratch: (appId, executorId) => folders.removeScratch(appId, executorId),
    async removeApplication(appId) {
      options.blockServer.remove(appId)
      await folders.removeApplication(appId)
    },
    removeDriver: driverId => folders.removeDriver(driverId),
    admitApplication: (appId, token) => options.blockServer.admit(appId, token),
  }
}
