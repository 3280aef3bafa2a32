/** An executor inside the driver's process, for local mode: the same actor and slots, files in a temporary folder instead of a worker's. Used by `sdk/connect.ts`. */
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Rng } from '../../core/clock.js'
import type { Logger } from '../../core/log.js'
import { scratchFolder } from '../../core/scratch.js'
import type { Versions } from '../../protocol/common.js'
import type { ExecutorLaunch } from '../../protocol/executor-launch.js'
import type { Transport } from '../../transport/transport.js'
import { startExecutor } from './effects.js'
import { startTaskRunner } from './task-runner.js'

export interface LocalExecutorOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly versions: Versions
  readonly cluster: string
  readonly appId: string
  readonly token: string
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly conf: Readonly<Record<string, string>>
  /** Folder for scratch files; absent: the system's temporary one. */
  readonly localDir?: string
}

/** Identifies this process's files: driver and executor share them. */
export const LOCAL_HOST_ID = 'local'

export interface LocalExecutor {
  readonly executorId: string
  /** Stops tasks and slots and removes all files. */
  stop(): Promise<void>
}

/** The first answer should not wait for slots that it does not use. */
const WARM_SLOTS = 2

/** libuv's pool cannot be enlarged from inside a running process, and every running query holds one of its threads. */
function warnOfFewThreads(cores: number, log: Logger): void {
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
  if (cores >= threads) {
    log.warn({ cores, threads }, `only ${Math.max(1, threads - 1)} queries run at a time: start Node with UV_THREADPOOL_SIZE=${cores + 8}`)
  }
}

/** Starts slots and executor. Throws when `memory` is too small. */
export function startLocalExecutor(options: LocalExecutorOptions): LocalExecutor {
  const { transport, clock, rng, log, cluster, appId, token, cores, memory, conf } = options
  const folder = scratchFolder(options.localDir ?? tmpdir(), 'local')
  const blocksDir = join(folder.path, 'blocks')
  mkdirSync(blocksDir)
  const launch: ExecutorLaunch = {
    natsUrl: '',
    cluster,
    appId,
    executorId: 'driver',
    workerId: 'local',
    host: 'localhost',
    hostId: LOCAL_HOST_ID,
    cores,
    memory,
    resources: {},
    token,
    conf: { ...conf },
    blockUrl: '',
    blocksDir,
    scratchDir: join(folder.path, 'scratch'),
  }
  warnOfFewThreads(cores, log)
  const runner = startTaskRunner({
    launch,
    clock,
    rng,
    log,
    warmSlots: Math.min(cores, WARM_SLOTS),
    background: true,
    onStuck: slot => log.fatal({ slot }, 'a slot could not be freed: end this program'),
  })
  const executor = startExecutor({ transport, clock, rng, log, launch, runner, versions: options.versions, pid: process.pid })
  return {
    executorId: launch.executorId,
    async stop() {
      await executor.stop('the application ended')
      await runner.close()
      folder.remove()
    },
  }
}
