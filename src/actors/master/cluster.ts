/**
 * The cluster as the leader holds it: workers, applications, executors and drivers as plain immutable records, and the questions asked about them.
 * What is free on a worker is always computed from what runs there, never counted beside it, so that nothing can be forgotten or given out twice.
 */
import type { AppId, DriverId, ExecutorId, WorkerId } from '../../core/ids.js'
import type { AppRecord, DriverRecord, ExecutorRecord, WorkerRecord } from '../../protocol/state.js'
import { stateKey } from '../../protocol/subjects.js'

/** One moment by both clocks, milliseconds: durations are measured on `monotonic`, `wall` is shown, and catches pauses that stop the monotonic clock. */
export interface At {
  readonly monotonic: number
  readonly wall: number
}

type Content<R> = Omit<R, 'v' | 'epoch'>

export interface Worker extends Content<WorkerRecord> {
  /** Monotonic time of the last sign of life; `seenAt` is the same by the wall. */
  readonly seen: number
  readonly seenAt: number
}

export interface App extends Content<AppRecord> {
  readonly seen: number
  /** Executors that the driver has as far as it knows, while not everybody has registered again after a change of leader; settled at its end. */
  readonly claimed?: readonly string[]
  /** Monotonic time before which no executor is launched: back-off after failures. */
  readonly heldUntil: number
}

/** What is known of something that a worker runs. */
interface Hosted {
  /** The worker has acknowledged the order to launch it, or has reported it. */
  readonly acked: boolean
  /** Monotonic time of the first heartbeat of several in a row that did not list it. */
  readonly missingSince: number | undefined
}

/**
 * State KILLED: ordered to stop, and holding its cores until the worker says that it is gone. Executors that have ended are dropped.
 */
export interface Executor extends Content<Omit<ExecutorRecord, 'exitCode' | 'message'>>, Hosted {}

/** With a `workerId` and SUBMITTED: the worker has not reported it yet. */
export interface Driver extends Content<DriverRecord>, Hosted {
  /** Monotonic time before which it is not placed: back-off after a worker refused it. */
  readonly heldUntil: number
}

export interface Cluster {
  readonly workers: ReadonlyMap<string, Worker>
  readonly apps: ReadonlyMap<string, App>
  /** By `executorKey`. */
  readonly executors: ReadonlyMap<string, Executor>
  readonly drivers: ReadonlyMap<string, Driver>
  /** Next number of the queue that applications and drivers share. */
  readonly nextSequence: number
}

export const emptyCluster: Cluster = { workers: new Map(), apps: new Map(), executors: new Map(), drivers: new Map(), nextSequence: 0 }

export function executorKey(appId: string, executorId: string): string {
  return `${appId}/${executorId}`
}

/** Keys of the records in the store. */
export const keyOf = {
  worker: (workerId: string): string => stateKey.worker(workerId as WorkerId),
  app: (appId: string): string => stateKey.app(appId as AppId),
  executor: (appId: string, executorId: string): string => stateKey.executor(appId as AppId, executorId as ExecutorId),
  driver: (driverId: string): string => stateKey.driver(driverId as DriverId),
}

export function isAppActive(app: App): boolean {
  return app.state === 'WAITING' || app.state === 'RUNNING' || app.state === 'UNKNOWN'
}

/** Launching or running, and not ordered to stop. */
export function isExecutorLive(executor: Executor): boolean {
  return executor.state !== 'KILLED'
}

export function isDriverActive(driver: Driver): boolean {
  return driver.state === 'SUBMITTED' || driver.state === 'RUNNING' || driver.state === 'RELAUNCHING' || driver.state === 'UNKNOWN'
}

/** Waits for a worker to run on. */
export function isDriverQueued(driver: Driver): boolean {
  return driver.workerId === undefined && (driver.state === 'SUBMITTED' || driver.state === 'RELAUNCHING')
}

export function executorsOf(cluster: Cluster, appId: string): Executor[] {
  return [...cluster.executors.values()].filter(e => e.appId === appId)
}

/** In order of arrival. */
export function activeApps(cluster: Cluster): App[] {
  return [...cluster.apps.values()].filter(isAppActive).sort((a, b) => a.sequence - b.sequence)
}

export function aliveWorkers(cluster: Cluster): Worker[] {
  return [...cluster.workers.values()].filter(w => w.state === 'ALIVE')
}

/** Cores, bytes of memory and addresses of each named resource. */
export interface Capacity {
  cores: number
  memory: number
  resources: Record<string, string[]>
}

/** What each worker has beside all that holds cores there: executors (also those that are being killed) and drivers. */
export function freeByWorker(cluster: Cluster): Map<string, Capacity> {
  const free = new Map<string, Capacity>()
  for (const w of cluster.workers.values()) {
    const resources = Object.fromEntries(Object.entries(w.resources).map(([name, addresses]) => [name, [...addresses]]))
    free.set(w.workerId, { cores: w.cores, memory: w.memory, resources })
  }
  for (const e of cluster.executors.values()) take(free.get(e.workerId), e.cores, e.memory, e.resources)
  for (const d of cluster.drivers.values()) {
    if (d.workerId !== undefined && isDriverActive(d)) take(free.get(d.workerId), d.description.cores, d.description.memory, d.resources)
  }
  return free
}

/** Subtracts from `free`; does nothing for a worker that is not known. */
export function take(free: Capacity | undefined, cores: number, memory: number, resources: Readonly<Record<string, readonly string[]>>): void {
  if (free === undefined) return
  free.cores -= cores
  free.memory -= memory
  for (const [name, addresses] of Object.entries(resources)) {
    free.resources[name] = (free.resources[name] ?? []).filter(a => !addresses.includes(a))
  }
}
