/** What a worker's effects need beside transport and clock: child processes and folders. The real ones are in `processes.ts`; the simulator has its own. */
import type { ExecutorLaunch } from '../../protocol/executor-launch.js'
import type { LaunchDriverOrder } from '../../protocol/worker-orders.js'

export interface ChildExit {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  /** File on this host with what it wrote to standard error, for whoever asks why a program failed. */
  readonly output?: string
}

export interface Child {
  readonly pid: number
  /** SIGTERM, then SIGKILL after `graceMs`. */
  kill(graceMs: number): void
}

export interface WorkerPorts {
  launchExecutor(launch: ExecutorLaunch, onExit: (exit: ChildExit) => void): Child
  launchDriver(order: LaunchDriverOrder, onExit: (exit: ChildExit) => void): Child
  /** Folder of an application's blocks on this worker (created), and its scratch folder for one executor. */
  blocksDir(appId: string): string
  scratchDir(appId: string, executorId: string): string
  removeScratch(appId: string, executorId: string): Promise<void>
  /** Everything of the application: blocks, work folders, its token at the block server. */
  removeApplication(appId: string): Promise<void>
  /** The output of a driver that ended and is forgotten. */
  removeDriver(driverId: string): Promise<void>
  /** Lets the block server serve this application's blocks to whoever holds the token. */
  admitApplication(appId: string, token: string): void
}
