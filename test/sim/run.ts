/**
 * Runs one seed: starts the scenario's cluster, lets its faults happen, heals everything, waits until every job has ended, ends the applications, and looks
 * whether anything was left. What was found is in `violations`; nothing throws.
 */

import { checkEventLog, leftBehind } from './aftermath.js'
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
/** Most time for what healed to find together again before the applications end, and how long it then rests. */
const SETTLE_MS = 6000
const CALM_MS = 300
/**
 * What remains of an application is gone so long after its end: its executors may take 5 s to stop. Shorter than the worker's time-out (10 s), after which
 * the master finds out by other means what it failed to keep books of.
 */
const CLEAN_MS = 9000
/** `spk.application.timeout`, and what it takes to act on it. */
const SILENCE_MS = 12_000
const CLEAN_STEP_MS = 500
/** `spk.master.leaseTtl`. */
const LEASE_MS = 3000
const STARTED_WITHIN_MS = 300

export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const world = newWorld(seed, options.trace === undefined ? {} : { trace: options.trace })
  const scenario = options.scenario ?? drawScenario(world.seed.fork('scenario'))
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

/** Puts a fault and its end on the schedule. */
function happen(fault: Fault, cluster: SimCluster): void {
  const { world } = cluster
  const begin = (fn: () => void) => void world.scheduler.after(fault.at, `fault: ${fault.kind}`, fn)
  const end = (fn: () => void) => void world.scheduler.after(fault.until, `end of ${fault.kind}`, fn)
  switch (fault.kind) {
    case 'crash':
      begin(() => crash(world, fault.node))
      end(() => restart(cluster, fault.node))
      break
    case 'hostCrash':
      begin(() => {
        world.counts.add('fault: hostCrash')
        for (const node of on(world, fault.host)) node.end()
      })
      end(() => restart(cluster, fault.host))
      break
    case 'pause':
      begin(() => {
        const node = world.nodes.get(fault.node)
        if (node?.alive && !node.paused)
          world.counts.add(`fault: pause of ${roleOf(node)}${fault.until - fault.at > LEASE_MS ? ', longer than the lease' : ''}`)
        node?.pause(fault.suspended)
      })
      end(() => world.nodes.get(fault.node)?.resume(fault.timersFirst))
      break
    case 'cut':
      begin(() => {
        world.counts.add(`fault: cut ${fault.directions.join(' and ')}`)
        world.net.cut(fault.host, fault.directions)
      })
      end(() => world.net.heal(fault.host))
      break
    case 'busDown':
      begin(() => {
        world.counts.add('fault: busDown')
        world.net.busDown()
      })
      end(() => world.net.busBack())
      break
    case 'storeDown':
      begin(() => {
        world.counts.add('fault: storeDown')
        world.net.storeDown()
      })
      end(() => world.net.storeBack())
      break
    case 'storeLost':
      begin(() => {
        world.counts.add('fault: storeLost')
        world.bus.loseStore()
        cluster.invariants.storeLost()
      })
      break
    case 'stop':
      begin(() => {
        const node = world.nodes.get(fault.node)
        if (node === undefined || !node.alive) return
        world.counts.add(`fault: stop of ${roleOf(node)}`)
        cluster.stop(node)
      })
      end(() => {
        world.nodes.get(fault.node)?.end()
        restart(cluster, fault.node)
      })
      break
    case 'rewrite':
      for (let at = fault.at; at < fault.until; at += fault.everyMs) world.scheduler.after(at, 'rewrite', () => rewrite(cluster))
      break
  }
}

const ROLES: Readonly<Record<string, string>> = { m: 'a master', w: 'a worker', x: 'an executor', d: 'a driver', y: 'a driver on a worker' }

function roleOf(node: SimNode): string {
  return ROLES[node.name[0] ?? ''] ?? node.name
}

function crash(world: World, name: string): void {
  const node = world.nodes.get(name)
  if (node === undefined || !node.alive) return
  world.counts.add(`fault: crash of ${roleOf(node)}`)
  node.end()
}

/** Writes one record of the store again: its value stays, its revision does not. */
function rewrite({ world, names }: SimCluster): void {
  const draws = world.seed.fork(`rewrite ${world.scheduler.time}`)
  const bucket = draws.chance(0.3) ? names.leaderBucket : names.stateBucket
  const entries = world.bus.peekAll(bucket)
  if (entries.length === 0) return
  const { key, value } = draws.pick(entries)
  world.counts.add('fault: rewrite of a record')
  world.bus.storedBucket(bucket, Number.POSITIVE_INFINITY).put(key, value)
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
