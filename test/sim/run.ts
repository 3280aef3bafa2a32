/**
 * Runs one seed: starts the scenario's cluster, lets its faults happen, heals everything, waits until every job has ended, ends the applications, and looks
 * whether anything was left. What was found is in `violations`; nothing throws.
 */

import { checkEventLog, leftBehind } from './aftermath.js'
import { type Plant, SimCluster } from './cluster.js'
import { happen, heal } from './happen.js'
import { drawScenario, type Scenario } from './scenario.js'
import { Seed } from './seed.js'
import type { TraceLine } from './trace.js'
import { Applications } from './workload.js'
import { newWorld, type Violation } from './world.js'

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
/** Most time for what healed to find together again before the applications end, and how long it then rests. */
const SETTLE_MS = 20_000
const CALM_MS = 300
/**
 * What remains of an application is gone so long after its end: its executors may take 5 s to stop. Shorter than the worker's time-out (10 s), after which
 * the master finds out by other means what it failed to keep books of.
 */
const CLEAN_MS = 9000
/** `spk.application.timeout`, and what it takes to act on it. */
const SILENCE_MS = 12_000
const CLEAN_STEP_MS = 500
const STARTED_WITHIN_MS = 300

export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const scenario = options.scenario ?? drawScenario(new Seed(seed).fork('scenario'))
  const world = newWorld(seed, { gently: scenario.gently, ...(options.trace === undefined ? {} : { trace: options.trace }) })
  const applications = new Applications(world, scenario, options.plant)
  const cluster = new SimCluster(world, scenario, { executor: applications.startExecutor, driver: applications.startSubmitted }, options.plant)
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
    // Of a driver that died its master learns by its silence.
    const died = applications.clients.some(p => p.died)
    const silent = died ? scenario.healAt + SILENCE_MS : 0
    await scheduler.run(silent, over)
    await scheduler.run(scheduler.time + SETTLE_MS, () => over() || cluster.settled())
    await scheduler.run(scheduler.time + CALM_MS, over)
    applications.stopAll()
    const end = scheduler.time + CLEAN_MS
    while (scheduler.time < end && leftBehind(cluster, applications).length > 0) await scheduler.run(scheduler.time + CLEAN_STEP_MS)
    for (const what of leftBehind(cluster, applications)) world.violate('left behind', what)
    checkEventLog(cluster, scenario)
  }
  return {
    seed,
    scenario,
    violations: world.violations,
    hash: world.trace.hash(),
    events: scheduler.events,
    time: scheduler.time,
    counts: world.counts.all,
    lines: world.trace.lines,
  }
}
