/**
 * Runs one seed: starts the scenario's cluster, lets its faults happen, heals everything, waits until every job has ended, ends the applications, and looks
 * whether anything was left. What was found is in `violations`; nothing throws.
 */
import { type Plant, SimCluster } from './cluster.js'
import type { Fault } from './faults.js'
import type { SimNode } from './node.js'
import { drawScenario, type Scenario } from './scenario.js'
import type { TraceLine } from './trace.js'
import { Applications } from './workload.js'
import { calm, newWorld, type Violation, type World } from './world.js'

export interface RunResult {
  readonly seed: number
  readonly scenario: Scenario
  readonly violations: readonly Violation[]
  /** The same for every run of the seed. */
  readonly hash: string
  readonly events: number
  /** Virtual milliseconds. */
  readonly time: number
  readonly counts: Readonly<Record<string, number>>
  readonly lines: readonly TraceLine[]
}

export interface RunOptions {
  readonly trace?: boolean
  readonly plant?: Plant
  /** Stop at the first violation. */
  readonly stopEarly?: boolean
  /** Instead of the seed's own. */
  readonly scenario?: Scenario
}

/** After the last fault every job ends within so much virtual time: longer than `spark.network.timeout` and a few attempts after it. */
const LIVENESS_MS = 600_000
/** Time for what healed to find together again before the applications end. */
const SETTLE_MS = 6000
/**
 * What remains of an application is gone so long after its end: its executors may take 5 s to stop. Shorter than the worker's time-out (10 s), after which
 * the master finds out by other means what it failed to keep books of.
 */
const CLEAN_MS = 9000
const CLEAN_STEP_MS = 500
const STARTED_WITHIN_MS = 300

export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const world = newWorld(seed, options.trace === undefined ? {} : { trace: options.trace })
  const scenario = options.scenario ?? drawScenario(world.seed.fork('scenario'))
  const applications = new Applications(world, scenario, options.plant)
  const cluster = new SimCluster(world, scenario, applications.startExecutor, options.plant)
  applications.attach(cluster)
  const starts = world.seed.fork('starts')
  for (const node of [...world.nodes.values()]) world.scheduler.after(starts.between(0, STARTED_WITHIN_MS), 'start', () => cluster.start(node))
  for (const plan of scenario.applications) world.scheduler.after(plan.startAt, 'application', () => applications.start(plan))
  for (const fault of scenario.faults) happen(fault, cluster)
  world.scheduler.after(scenario.healAt, 'heal', () => heal(cluster))

  const over = (): boolean => options.stopEarly === true && world.violations.length > 0
  const { scheduler } = world
  await scheduler.run(scenario.healAt, over)
  const ended = over() || (await scheduler.run(scenario.healAt + LIVENESS_MS, () => over() || applications.allEnded()))
  if (!ended) world.violate('a job never ends', applications.waiting())
  if (!over()) {
    await scheduler.run(scheduler.time + SETTLE_MS)
    applications.stopAll()
    const end = scheduler.time + CLEAN_MS
    while (scheduler.time < end && applications.left().length > 0) await scheduler.run(scheduler.time + CLEAN_STEP_MS)
    for (const what of applications.left()) world.violate('left behind', what)
    applications.checkEventLog()
  }
  return {
    seed,
    scenario,
    violations: world.violations,
    hash: world.trace.hash(),
    events: scheduler.events,
    time: scheduler.time,
    counts: { ...cluster.invariants.counts, ...world.net.counts, ...applications.counts },
    lines: world.trace.lines,
  }
}

/** Puts a fault and its end on the schedule. */
function happen(fault: Fault, cluster: SimCluster): void {
  const { world } = cluster
  const begin = (fn: () => void) => void world.scheduler.after(fault.at, `fault: ${fault.kind}`, fn)
  const end = (fn: () => void) => void world.scheduler.after(fault.until, `end of ${fault.kind}`, fn)
  switch (fault.kind) {
    case 'crash':
      begin(() => world.nodes.get(fault.node)?.end())
      end(() => restart(cluster, fault.node))
      break
    case 'hostCrash':
      begin(() => {
        for (const node of on(world, fault.host)) node.end()
      })
      end(() => restart(cluster, fault.host))
      break
    case 'pause':
      begin(() => world.nodes.get(fault.node)?.pause(fault.suspended))
      end(() => world.nodes.get(fault.node)?.resume(fault.timersFirst))
      break
    case 'cut':
      begin(() => world.net.cut(fault.host, fault.directions))
      end(() => world.net.heal(fault.host))
      break
    case 'busDown':
      begin(() => world.net.busDown())
      end(() => world.net.busBack())
      break
    case 'storeDown':
      begin(() => world.net.storeDown())
      end(() => world.net.storeBack())
      break
    case 'storeLost':
      begin(() => {
        world.bus.loseStore()
        cluster.invariants.storeLost()
      })
      break
  }
}

function on(world: World, host: string): SimNode[] {
  return [...world.nodes.values()].filter(node => node.host === host)
}

function restart(cluster: SimCluster, name: string): void {
  const node = cluster.world.nodes.get(name)
  if (node !== undefined) cluster.start(node)
}

function heal(cluster: SimCluster): void {
  const { world } = cluster
  world.net.setProfile(calm)
  world.net.busBack()
  world.net.storeBack()
  for (const node of [...world.nodes.values()]) {
    node.resume(true)
    world.net.heal(node.host)
    cluster.start(node)
  }
}
