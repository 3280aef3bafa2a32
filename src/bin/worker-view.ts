/** What the worker's page and `/json/` show, from its state. Secrets of applications stay out of it. */
import { type DriverChild, type ExecutorChild, isLive, type WorkerState } from '../actors/worker/state.js'
import type { DriverView, ExecutorView, WorkerView } from '../ui/worker-page.js'

/** What is known of a process. */
function process(child: ExecutorChild | DriverChild): { readonly pid?: number; readonly message?: string } {
  return {
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    ...(child.message === undefined ? {} : { message: child.message }),
  }
}

function executorView(child: ExecutorChild): ExecutorView {
  const { appId, appName, user, executorId, coresMax = 0, cores, memory, resources } = child.order
  return { appId, appName, user, executorId, coresMax, cores, memory, resources, state: child.state, command: 'spk executor', ...process(child) }
}

function driverView(child: DriverChild): DriverView {
  const { driverId, description, resources } = child.order
  const { name, cores, memory, script } = description
  return { driverId, name, cores, memory, resources, state: child.state, script, ...process(child) }
}

/** `bus` is the URL of the NATS server without credentials: masters come and go, the bus is where they are found. */
export function workerView(state: WorkerState, phase: string, bus: string, blockUrl: string): WorkerView {
  const children = Object.values(state.children)
  const executors = children.filter((child): child is ExecutorChild => child.kind === 'executor')
  const drivers = children.filter((child): child is DriverChild => child.kind === 'driver')
  return {
    workerId: state.workerId,
    host: state.host,
    state: phase,
    masterUrl: bus,
    masterUi: state.masterUi ?? '',
    masterId: state.masterId,
    ...state.capacity,
    blockUrl,
    executors: executors.filter(isLive).map(executorView),
    finishedExecutors: executors.filter(child => !isLive(child)).map(executorView),
    drivers: drivers.filter(isLive).map(driverView),
    finishedDrivers: drivers.filter(child => !isLive(child)).map(driverView),
  }
}
