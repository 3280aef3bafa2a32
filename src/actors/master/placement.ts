/**
 * Where executors and drivers go: Spark's standalone policy, pure. With `executorCores` unset one executor takes the free cores of a worker; set, several
 * executors of that size may share a worker. `spreadOut` goes round over workers, otherwise one worker is filled after the other.
 */

/** What a worker has free. */
export interface Offer {
  readonly workerId: string
  readonly cores: number
  readonly memory: number
  /** Free addresses of each named resource. */
  readonly resources: Readonly<Record<string, readonly string[]>>
}

/** What an application wants. */
export interface ExecutorDemand {
  /** Cores it may still take. */
  readonly cores: number
  readonly executorCores: number | undefined
  /** Bytes per executor. */
  readonly memory: number
  /** Amount per executor. */
  readonly resources: Readonly<Record<string, number>>
  /** Executors it may still start. */
  readonly executors: number
}

export interface ExecutorPlacement {
  readonly workerId: string
  readonly cores: number
  readonly resources: Readonly<Record<string, readonly string[]>>
}

/** Executors to launch, worker by worker; never more than an offer or the demand allows, and no address twice. */
export function placeExecutors(offers: readonly Offer[], demand: ExecutorDemand, spreadOut: boolean): ExecutorPlacement[] {
  const usable = offers.filter(o => fits(o, demand, 0, 0)).sort((a, b) => b.cores - a.cores)
  const assigned = assignCores(usable, demand, spreadOut)
  return usable.flatMap((offer, i) => {
    const { cores, executors } = assigned[i] ?? { cores: 0, executors: 0 }
    return Array.from({ length: executors }, (_, n) => ({
      workerId: offer.workerId,
      cores: demand.executorCores ?? cores,
      resources: pickResources(offer.resources, demand.resources, n),
    }))
  })
}

interface Assigned {
  cores: number
  executors: number
}

/** Cores and executors for each usable worker, handed out step by step: whole executors when their size is set, else core by core. */
function assignCores(usable: readonly Offer[], demand: ExecutorDemand, spreadOut: boolean): Assigned[] {
  const step = demand.executorCores ?? 1
  const assigned = usable.map((): Assigned => ({ cores: 0, executors: 0 }))
  let cores = demand.cores
  let executors = demand.executors

  function canTake(offer: Offer, mine: Assigned): boolean {
    if (cores < step || offer.cores - mine.cores < step) return false
    const grows = demand.executorCores === undefined && mine.executors > 0
    return grows || (executors > 0 && fits(offer, demand, mine.cores, mine.executors))
  }

  for (let progress = true; progress; ) {
    progress = false
    for (const [i, offer] of usable.entries()) {
      const mine = assigned[i] as Assigned
      while (canTake(offer, mine)) {
        progress = true
        cores -= step
        mine.cores += step
        if (demand.executorCores !== undefined || mine.executors === 0) {
          mine.executors++
          executors--
        }
        if (spreadOut) break
      }
    }
  }
  return assigned
}

/** Whether one more executor fits beside `executors` of them that took `cores`. */
function fits(offer: Offer, demand: Omit<ExecutorDemand, 'cores' | 'executors'>, cores: number, executors: number): boolean {
  return (
    offer.cores - cores >= (demand.executorCores ?? 1) &&
    offer.memory >= demand.memory * (executors + 1) &&
    Object.entries(demand.resources).every(([name, amount]) => (offer.resources[name]?.length ?? 0) >= amount * (executors + 1))
  )
}

/** The addresses of the `n`th executor on a worker. */
function pickResources(
  free: Readonly<Record<string, readonly string[]>>,
  wanted: Readonly<Record<string, number>>,
  n: number,
): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(wanted).map(([name, amount]) => [name, (free[name] ?? []).slice(n * amount, (n + 1) * amount)]))
}

export interface DriverDemand {
  readonly cores: number
  readonly memory: number
  readonly resources: Readonly<Record<string, number>>
}

/** The worker with most free cores that can take the driver, and the addresses it gets; undefined when none can. */
export function placeDriver(
  offers: readonly Offer[],
  demand: DriverDemand,
): { readonly workerId: string; readonly resources: Readonly<Record<string, readonly string[]>> } | undefined {
  const wanted = { executorCores: demand.cores, memory: demand.memory, resources: demand.resources }
  const [best] = offers.filter(o => fits(o, wanted, 0, 0)).sort((a, b) => b.cores - a.cores)
  return best === undefined ? undefined : { workerId: best.workerId, resources: pickResources(best.resources, demand.resources, 0) }
}
