/** What an application or a driver that has nothing waits for, in one sentence that names what is missing. Pure. */
import { formatSize } from '../../core/bytes.js'
import {
  type App,
  activeApps,
  aliveWorkers,
  type Capacity,
  type Cluster,
  type Driver,
  executorsOf,
  freeByWorker,
  isDriverQueued,
  isExecutorLive,
  type Worker,
} from './cluster.js'
import type { MasterContext } from './events.js'

interface Need {
  readonly cores: number
  readonly memory: number
  readonly resources: Readonly<Record<string, number>>
}

/** Undefined when the application has a running executor. */
export function waitingFor(context: Pick<MasterContext, 'status' | 'settings'>, cluster: Cluster, app: App): string | undefined {
  const mine = executorsOf(cluster, app.description.appId)
  if (mine.some(e => isExecutorLive(e) && e.state !== 'LAUNCHING')) return undefined
  const launching = mine.filter(isExecutorLive)
  if (launching.length > 0) return `${launching.map(e => `executor ${e.executorId} on ${e.workerId}`).join(', ')}: being launched`
  if (context.status !== 'ALIVE') return 'the master is recovering after a change of leader'
  const { executorCores, executorMemory, executorResources, executorLimit } = app.description
  const cap = app.description.coresMax ?? context.settings.defaultCores
  if (executorLimit === 0) return 'the application asks for no executors'
  if (executorCores !== undefined && cap !== undefined && cap < executorCores) {
    return `spark.cores.max (${cap}) is less than spark.executor.cores (${executorCores}): no executor can be launched`
  }
  const dying = mine.length
  if (dying > 0) return `${dying} of its executors are being stopped`
  const need = { cores: executorCores ?? 1, memory: executorMemory, resources: executorResources }
  const before = activeApps(cluster).find(a => a.sequence < app.sequence && executorsOf(cluster, a.description.appId).length > 0)
  return shortage(cluster, need, before)
}

/** Undefined when the driver is not waiting for a worker. */
export function driverWaitsFor(cluster: Cluster, driver: Driver): string | undefined {
  if (!isDriverQueued(driver)) return undefined
  const { cores, memory, conf } = driver.description
  return shortage(cluster, { cores, memory, resources: resourceAmounts(conf, 'spark.driver.resource.') }, undefined)
}

function shortage(cluster: Cluster, need: Need, before: App | undefined): string {
  const alive = aliveWorkers(cluster)
  if (alive.length === 0) return 'no worker is registered'
  const free = freeByWorker(cluster)
  const idle: Cluster = { ...cluster, executors: new Map(), drivers: new Map() }
  const whole = freeByWorker(idle)
  const largest = (of: Map<string, Capacity>): { worker: Worker; has: Capacity } => {
    const all = alive.map(worker => ({ worker, has: of.get(worker.workerId) as Capacity }))
    return all.reduce((best, one) =>
      one.has.cores > best.has.cores || (one.has.cores === best.has.cores && one.has.memory > best.has.memory) ? one : best,
    )
  }
  const says = ({ worker, has }: { worker: Worker; has: Capacity }) =>
    `${count(has.cores, 'core')} and ${formatSize(has.memory)}${resourceText(need, has)} on ${worker.workerId}`
  if (!alive.some(w => fits(whole.get(w.workerId), need))) {
    return `no worker has ${describe(need)}, even when idle: the largest has ${says(largest(whole))}`
  }
  if (alive.some(w => fits(free.get(w.workerId), need))) return 'about to be placed'
  const freeText = `no worker has ${describe(need)} free: the largest free is ${says(largest(free))}`
  return before === undefined ? freeText : `waits behind application ${before.description.appId} (${before.description.name}); ${freeText}`
}

function fits(has: Capacity | undefined, need: Need): boolean {
  if (has === undefined) return false
  const resources = Object.entries(need.resources).every(([name, amount]) => (has.resources[name]?.length ?? 0) >= amount)
  return has.cores >= need.cores && has.memory >= need.memory && resources
}

function describe(need: Need): string {
  const resources = Object.entries(need.resources).map(([name, amount]) => `${amount} × ${name}`)
  return [count(need.cores, 'core'), formatSize(need.memory), ...resources].join(', ').replace(/, ([^,]*)$/, ' and $1')
}

function resourceText(need: Need, has: Capacity): string {
  return Object.keys(need.resources)
    .map(name => `, ${has.resources[name]?.length ?? 0} × ${name}`)
    .join('')
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}

/** `spark.driver.resource.gpu.amount` → `{ gpu: … }`; what is not a whole number is left out. */
export function resourceAmounts(conf: Readonly<Record<string, string>>, prefix: string): Record<string, number> {
  const amounts: Record<string, number> = {}
  for (const [key, value] of Object.entries(conf)) {
    if (!key.startsWith(prefix) || !key.endsWith('.amount')) continue
    const amount = Number(value)
    if (Number.isInteger(amount) && amount > 0) amounts[key.slice(prefix.length, -'.amount'.length)] = amount
  }
  return amounts
}
