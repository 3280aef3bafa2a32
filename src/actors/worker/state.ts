/**
 * What a worker knows: its identity, the newest epoch seen, its children, and the reports nobody has acknowledged yet. Plain immutable data, with the
 * questions asked about it. `decide.ts` changes it, `machine.ts` carries it, `effects.ts` only reads it.
 */
import type { DriverState, ExecutorState, Resources, RunningDriver, RunningExecutor } from '../../protocol/common.js'
import type { LaunchDriverOrder, LaunchExecutorOrder } from '../../protocol/worker-orders.js'

/**
 * waiting: accepted, but the cores of a child that is being stopped are not free yet; running: a process exists; pausing: a supervised driver between two
 * runs; ended: the process is gone and its end is remembered, so that a repeated order finds it.
 */
export type ChildPhase = 'waiting' | 'running' | 'pausing' | 'ended'

interface ChildHead {
  readonly phase: ChildPhase
  /** Set when it is to end: by an order, or because the master does not know it. */
  readonly stopReason?: string
  readonly pid?: number
  /** The 1-based number of its process; only a supervised driver goes beyond 1. */
  readonly run: number
  readonly message?: string
  readonly exitCode?: number
}

export interface ExecutorChild extends ChildHead {
  readonly kind: 'executor'
  readonly order: LaunchExecutorOrder
  readonly state: ExecutorState
}

export interface DriverChild extends ChildHead {
  readonly kind: 'driver'
  readonly order: LaunchDriverOrder
  readonly state: DriverState
  /** Waits before the last restarts, see `supervise.ts`. */
  readonly backOffMs: number
}

export type Child = ExecutorChild | DriverChild

/** That the newest state of one child is not acknowledged yet. A newer state replaces it under a new `seq`. */
export interface Report {
  readonly seq: number
  readonly tries: number
}

export interface Capacity {
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly resources: Resources
}

export interface WorkerState {
  readonly workerId: string
  readonly host: string
  readonly capacity: Capacity
  /** The newest epoch seen in any answer or order; 0 before the first. What carries an older one has no effect. */
  readonly epoch: number
  readonly masterId?: string
  readonly masterUi?: string
  readonly heartbeatMs: number
  /** Number of the last request (registration or heartbeat); an answer to another one is late and ignored. */
  readonly asked: number
  /** Requests in a row without an answer. */
  readonly unanswered: number
  /** How long to wait before the next try. */
  readonly retryMs: number
  readonly children: Readonly<Record<string, Child>>
  readonly reports: Readonly<Record<string, Report>>
  readonly nextSeq: number
  /** Applications that have folders here: from their first executor until they are removed. */
  readonly apps: Readonly<Record<string, true>>
  /** Applications that ended: `cleaning` while their executors still stop, then `cleaned`. A late order for one is refused. */
  readonly endedApps: Readonly<Record<string, 'cleaning' | 'cleaned'>>
  /** Set once the worker stops, and why. */
  readonly stopping?: { readonly reason: string; readonly refused: boolean }
  readonly unregistered: boolean
}

export const executorKey = (appId: string, executorId: string): string => `${appId}/${executorId}`
/** A driver that its master launches again, here, is another child: the earlier one may still be stopping. */
export const driverKey = (driverId: string, launch: number): string => `${driverId}/${launch}`

export function childKey(child: Child): string {
  return child.kind === 'executor' ? executorKey(child.order.appId, child.order.executorId) : driverKey(child.order.driverId, child.order.launch)
}

export function isLive(child: Child): boolean {
  return child.phase !== 'ended'
}

export function liveChildren(state: WorkerState): Child[] {
  return Object.values(state.children).filter(isLive)
}

/** What a child occupies. */
export function demand(child: Pick<Child, 'kind' | 'order'>): Capacity {
  const order = child.order
  return 'description' in order
    ? { cores: order.description.cores, memory: order.description.memory, resources: order.resources }
    : { cores: order.cores, memory: order.memory, resources: order.resources }
}

/**
 * Whether `wanted` fits beside `children`: undefined when it does, else the sentence that says what is missing.
 */
export function shortage(capacity: Capacity, children: readonly Child[], wanted: Capacity): string | undefined {
  const used = children.map(demand)
  const freeCores = capacity.cores - used.reduce((sum, u) => sum + u.cores, 0)
  if (wanted.cores > freeCores) return `${wanted.cores} cores wanted, ${freeCores} of ${capacity.cores} free`
  const freeMemory = capacity.memory - used.reduce((sum, u) => sum + u.memory, 0)
  if (wanted.memory > freeMemory) return `${wanted.memory} bytes of memory wanted, ${freeMemory} of ${capacity.memory} free`
  for (const [name, addresses] of Object.entries(wanted.resources)) {
    const has = capacity.resources[name] ?? []
    const taken = new Set(used.flatMap(u => u.resources[name] ?? []))
    for (const address of addresses) {
      if (!has.includes(address)) return `resource ${name} has no address ${address} here, only ${has.join(', ') || 'none'}`
      if (taken.has(address)) return `address ${address} of resource ${name} is in use`
    }
  }
  return undefined
}

/** What heartbeats and registrations carry: every child that occupies something. */
export function runningExecutors(state: WorkerState): RunningExecutor[] {
  return liveChildren(state).flatMap(child => {
    if (child.kind !== 'executor') return []
    const { appId, executorId, cores, memory, resources } = child.order
    return [{ appId, executorId, cores, memory, resources, state: child.state }]
  })
}

/** `described`: with each driver's description, as a registration carries it. */
export function runningDrivers(state: WorkerState, described = false): RunningDriver[] {
  return liveChildren(state).flatMap(child => {
    if (child.kind !== 'driver') return []
    const { driverId, launch, description, resources } = child.order
    const { cores, memory } = description
    return [{ driverId, launch, cores, memory, resources, state: child.state, ...(described ? { description } : {}) }]
  })
}
