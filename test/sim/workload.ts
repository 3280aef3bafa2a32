/** What runs on the cluster: programs on hosts of their own and on workers, and their executors with simulated tasks; and whether all have ended. */
import { startExecutor } from '#src/actors/executor/effects.js'
import { type Plant, type SimCluster, VERSIONS } from './cluster.js'
import type { StartExecutor, StartSubmitted } from './processes.js'
import { Program, type Stage } from './program.js'
import type { ApplicationPlan, Scenario } from './scenario.js'
import { Submission } from './submission.js'
import { simTaskRunner } from './tasks.js'
import type { World } from './world.js'

export class Applications {
  /** Those that run on hosts of their own. */
  readonly clients: Program[] = []
  readonly submissions: Submission[] = []
  readonly #world: World
  readonly #scenario: Scenario
  readonly #plant: Plant
  #stage: Stage | undefined

  constructor(world: World, scenario: Scenario, plant: Plant = {}) {
    this.#world = world
    this.#scenario = scenario
    this.#plant = plant
    const skews = world.seed.fork('driver skew')
    for (const plan of scenario.applications) {
      const clock = skews.chance(0.3) ? { skewMs: skews.between(-60_000, 60_000), drift: skews.between(0.995, 1.005) } : {}
      world.node(plan.node, plan.node, plan.cluster === undefined ? clock : {})
    }
  }

  attach(cluster: SimCluster): void {
    this.#stage = { world: this.#world, cluster, scenario: this.#scenario, plant: this.#plant }
    cluster.outputs.onSecondCommit = what => this.#world.violate('second commit', what)
  }

  /** An executor process: the real actor over the simulated runner. */
  readonly startExecutor: StartExecutor = (launch, node, life, exit) => {
    const { cluster } = this.#attached()
    const seed = this.#world.seed.fork(`tasks ${launch.appId}/${launch.executorId}`)
    const runner = simTaskRunner({ node, life, launch, disks: cluster.disks, outputs: cluster.outputs, seed, faults: this.#scenario.tasks })
    const handle = startExecutor({
      transport: this.#world.net.connect(node, life),
      clock: life.clock,
      rng: life.rng,
      log: this.#world.log(node.name, life),
      launch,
      runner,
      versions: VERSIONS,
      pid: Number(node.name.slice(1)),
      ...this.#plant.executor,
    })
    void handle.stopped.then(({ code }) => life.after(0, 'process ends', () => exit(code)))
    node.onEnd.push(() => handle.abandon())
    return { stop: () => void handle.stop('SIGTERM', 0) }
  }

  /** A driver process of a worker: runs its jobs and ends; the first so many runs end half-way. */
  readonly startSubmitted: StartSubmitted = ({ driverId }, node, life, exit) => {
    const submission = this.submissions.find(s => s.driverId === driverId)
    if (submission === undefined) throw new Error(`nobody submitted ${driverId}`)
    const { plan, runs } = submission
    const run = runs.length
    const program = new Program({ ...this.#attached(), plan, node, life, name: `${plan.node}-${run}`, driverId })
    runs.push(program)
    const end = (code: number) => life.after(0, 'process ends', () => exit(code))
    const fails = run < (plan.cluster?.failures ?? 0)
    if (fails) void program.runHalf().then(() => end(1))
    else
      void program
        .run()
        .then(() => program.stop())
        .then(() => end(0))
    return { stop: () => void end(143) }
  }

  start(plan: ApplicationPlan): void {
    const node = this.#world.nodes.get(plan.node)
    if (node === undefined) return
    if (plan.cluster !== undefined) {
      const submission = new Submission(this.#attached(), plan)
      this.submissions.push(submission)
      void submission.follow(node)
      return
    }
    const program = new Program({ ...this.#attached(), plan, node, life: node.start(), name: plan.node })
    this.clients.push(program)
    // Others may wait for its cores. The last one ends when all faults are over, so that what it leaves can be looked at in peace.
    void program.run().then(() => (this.allEnded() ? undefined : program.stop()))
  }

  allEnded(): boolean {
    const started = this.clients.length + this.submissions.length === this.#scenario.applications.length
    return started && this.clients.every(p => p.died || p.ended) && this.submissions.every(s => s.ended)
  }

  /** What has not ended, for the report. */
  waiting(): string {
    return [...this.clients.filter(p => !p.died), ...this.submissions].flatMap(p => p.waiting()).join(', ')
  }

  stopAll(): void {
    for (const program of this.clients) if (program.node.alive) void program.stop()
  }

  get programs(): readonly Program[] {
    return [...this.clients, ...this.submissions.flatMap(s => s.runs)]
  }

  #attached(): Stage {
    if (this.#stage === undefined) throw new Error('the applications have no cluster')
    return this.#stage
  }
}
