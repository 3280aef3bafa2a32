/** One round of placement: drivers before executors, applications in order of arrival, each taking what it can. Pure: changes the ledger. */
import {
  type App,
  activeApps,
  aliveWorkers,
  type Capacity,
  executorsOf,
  freeByWorker,
  isDriverQueued,
  isExecutorLive,
  keyOf,
  take,
} from './cluster.js'
import { tellAdded } from './executors.js'
import type { Ledger } from './ledger.js'
import { type ExecutorPlacement, type Offer, placeDriver, placeExecutors } from './placement.js'
import { resourceAmounts } from './waiting.js'

export function schedule(l: Ledger): void {
  l.placementDue = false
  const free = freeByWorker(l.cluster)
  const offers = (): Offer[] => aliveWorkers(l.cluster).map(w => ({ workerId: w.workerId, ...(free.get(w.workerId) as Capacity) }))
  placeDrivers(l, free, offers)
  for (const app of activeApps(l.cluster)) if (app.heldUntil <= l.at.monotonic) placeApp(l, app, free, offers)
}

function placeDrivers(l: Ledger, free: Map<string, Capacity>, offers: () => Offer[]): void {
  const queued = [...l.cluster.drivers.values()].filter(d => isDriverQueued(d) && d.heldUntil <= l.at.monotonic)
  for (const driver of queued.sort((a, b) => a.sequence - b.sequence)) {
    const { driverId, description } = driver
    const launch = driver.launch + 1
    const { cores, memory } = description
    const place = placeDriver(offers(), { cores, memory, resources: resourceAmounts(description.conf, 'spark.driver.resource.') })
    if (place === undefined) continue
    const { workerId } = place
    const resources = copyOf(place.resources)
    take(free.get(workerId), cores, memory, resources)
    l.putDriver({ ...driver, launch, workerId, resources, acked: false, missingSince: undefined })
    const body = { masterId: l.context.masterId, driverId, launch, description, resources }
    l.order(workerId, { kind: 'launchDriver', body }, [keyOf.driver(driverId)])
    l.note('info', `Driver ${driverId} goes to ${workerId}`, { driverId, workerId })
  }
}

function placeApp(l: Ledger, app: App, free: Map<string, Capacity>, offers: () => Offer[]): void {
  const { appId, coresMax, executorCores, executorMemory, executorResources, executorLimit } = app.description
  const mine = executorsOf(l.cluster, appId).filter(isExecutorLive)
  const cap = coresMax ?? l.context.settings.defaultCores ?? Number.MAX_SAFE_INTEGER
  const placements = placeExecutors(
    offers(),
    {
      cores: cap - mine.reduce((sum, e) => sum + e.cores, 0),
      executorCores,
      memory: executorMemory,
      resources: executorResources,
      executors: (executorLimit ?? Number.MAX_SAFE_INTEGER) - mine.length,
    },
    l.context.settings.spreadOut,
  )
  if (placements.length === 0) return
  const ids = placements.map((_, i) => String(app.nextExecutor + i))
  const claimed = app.claimed === undefined ? {} : { claimed: [...app.claimed, ...ids] }
  l.putApp({ ...app, ...claimed, state: 'RUNNING', nextExecutor: app.nextExecutor + placements.length })
  for (const [i, placement] of placements.entries()) launch(l, app, ids[i] as string, placement, free)
}

/** The launch is ordered once the store has the executor and the application's next number: no later leader can give either away again. */
function launch(l: Ledger, app: App, executorId: string, placement: ExecutorPlacement, free: Map<string, Capacity>): void {
  const { appId, name, user, token, conf, executorMemory: memory } = app.description
  const { workerId, cores } = placement
  const resources = copyOf(placement.resources)
  take(free.get(workerId), cores, memory, resources)
  const executor = { appId, executorId, workerId, cores, memory, resources, state: 'LAUNCHING', acked: false, missingSince: undefined } as const
  l.putExecutor(executor)
  const after = [keyOf.app(appId), keyOf.executor(appId, executorId)]
  const { masterId } = l.context
  const coresMax = app.description.coresMax ?? l.context.settings.defaultCores
  const capped = coresMax === undefined ? {} : { coresMax }
  const body = { masterId, appId, appName: name, user, executorId, ...capped, cores, memory, resources, token, conf }
  l.order(workerId, { kind: 'launchExecutor', body }, after)
  tellAdded(l, executor, after)
  l.note('info', `Executor ${appId}/${executorId} goes to ${workerId} with ${cores} cores`, { appId, executorId, workerId })
}

function copyOf(resources: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(resources).map(([name, addresses]) => [name, [...addresses]]))
}
