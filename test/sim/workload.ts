/** TEMPORARY toy workload. */
import type { Plant, SimCluster } from './cluster.js'
import type { StartExecutor } from './processes.js'
import type { ApplicationPlan, Scenario } from './scenario.js'
import { startToyApp, type ToyApp } from './toy-app.js'
import type { World } from './world.js'

export class Applications {
  readonly counts: Record<string, number> = {}
  readonly startExecutor: StartExecutor = (_launch, _node, life, exit) => ({ stop: () => void life.after(10, 'toy exits', () => exit(0)) })
  readonly #world: World
  readonly #scenario: Scenario
  readonly #apps: ToyApp[] = []
  #cluster: SimCluster | undefined

  constructor(world: World, scenario: Scenario, _plant: Plant | undefined) {
    this.#world = world
    this.#scenario = scenario
    for (const plan of scenario.applications) world.node(plan.node)
  }

  attach(cluster: SimCluster): void {
    this.#cluster = cluster
  }

  start(plan: ApplicationPlan): void {
    const node = this.#world.nodes.get(plan.node)
    if (node === undefined || this.#cluster === undefined) return
    const options = {
      coresMax: plan.coresMax ?? 8,
      ...(plan.executorCores === undefined ? {} : { executorCores: plan.executorCores }),
      livesMs: 3000 * plan.jobs,
    }
    this.#apps.push(startToyApp(this.#world, node, node.start(), this.#cluster.names, options))
  }

  allEnded(): boolean {
    return this.#apps.length === this.#scenario.applications.length && this.#apps.every(a => a.over)
  }

  waiting(): string {
    return 'toy'
  }

  stopAll(): void {
    for (const app of this.#apps) app.stopping = true
  }

  left(): string[] {
    const cluster = this.#cluster
    if (cluster === undefined) return []
    const left = [...cluster.processes.running].map(p => `process of ${p.launch.appId} ${p.launch.executorId} on ${p.workerNode.name}`)
    const leader = [...cluster.masters.values()].find(m => m.phase() === 'leading')
    if (leader === undefined) return [...left, 'no leader']
    for (const worker of leader.status().workers) if (worker.coresused > 0) left.push(`${worker.coresused} cores of ${worker.host}`)
    return [...left, ...cluster.disks.left()]
  }
}
