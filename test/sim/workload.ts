/** What runs on the cluster: real drivers with random queries, real executors with simulated tasks; and the verdict on every job and on what is left. */
import { type DriverHandle, startDriver } from '#src/actors/driver/effects.js'
import { startExecutor } from '#src/actors/executor/effects.js'
import { Conf } from '#src/core/config.js'
import { SpkError } from '#src/core/errors.js'
import { decodeEvents } from '#src/protocol/event-log.js'
import { RECORD_VERSION } from '#src/protocol/version.js'
import { CLUSTER, type Plant, type SimCluster, VERSIONS } from './cluster.js'
import { randomQuery, type SimQuery } from './graphs.js'
import { judge, type Outcome } from './judge.js'
import type { Life, SimNode } from './node.js'
import type { StartExecutor } from './processes.js'
import { packRows } from './rows.js'
import type { ApplicationPlan, Scenario } from './scenario.js'
import { simTaskRunner } from './tasks.js'
import type { World } from './world.js'

interface Job {
  readonly name: string
  readonly query: SimQuery
  outcome: Outcome | undefined
}

interface Application {
  readonly node: SimNode
  readonly driver: DriverHandle
  readonly jobs: readonly Job[]
  stopped: boolean
}

export class Applications {
  readonly counts: Record<string, number> = { jobs: 0, succeeded: 0, failed: 0 }
  readonly #world: World
  readonly #scenario: Scenario
  readonly #plant: Plant
  readonly #applications: Application[] = []
  #cluster: SimCluster | undefined

  constructor(world: World, scenario: Scenario, plant: Plant = {}) {
    this.#world = world
    this.#scenario = scenario
    this.#plant = plant
    for (const plan of scenario.applications) world.node(plan.node)
  }

  attach(cluster: SimCluster): void {
    this.#cluster = cluster
    cluster.outputs.onSecondCommit = what => this.#world.violate('second commit', what)
  }

  /** An executor process: the real actor over the simulated runner. */
  readonly startExecutor: StartExecutor = (launch, node, life, exit) => {
    const cluster = this.#attached()
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

  start(plan: ApplicationPlan): void {
    const node = this.#world.nodes.get(plan.node)
    if (node === undefined) return
    const life = node.start()
    const driver = this.#startDriver(plan, node, life)
    const seed = this.#world.seed.fork(`queries ${plan.node}`)
    const jobs = Array.from({ length: plan.jobs }, (_, i): Job => {
      const name = `${plan.node} job ${i}`
      return { name, query: randomQuery(seed.fork(i), `/out/${plan.node}/${i}`), outcome: undefined }
    })
    const application: Application = { node, driver, jobs, stopped: false }
    this.#applications.push(application)
    void this.#runAll(application, plan.together)
  }

  async #runAll(application: Application, together: boolean): Promise<void> {
    const { driver, jobs } = application
    if (together) await Promise.all(jobs.map(job => this.#run(driver, job)))
    else for (const job of jobs) await this.#run(driver, job)
    // Others may wait for its cores. The last one ends when all faults are over, so that what it leaves can be looked at in peace.
    if (!this.allEnded()) this.#stop(application)
  }

  #stop(application: Application): void {
    void application.driver.stop().then(() => {
      application.stopped = true
    })
  }

  #startDriver(plan: ApplicationPlan, node: SimNode, life: Life): DriverHandle {
    const { disks, outputs } = this.#attached()
    /** A file operation takes a while, and what a dead driver began never ends. */
    const slowly = <T>(what: string, work: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        life.after(3, what, () => {
          try {
            resolve(work())
          } catch (error) {
            reject(error)
          }
        })
      })
    return startDriver({
      transport: this.#world.net.connect(node, life),
      clock: life.clock,
      rng: life.rng,
      log: this.#world.log(node.name, life),
      conf: new Conf(this.#scenario.conf),
      cluster: CLUSTER,
      versions: VERSIONS,
      appName: node.name,
      user: 'sim',
      host: node.host,
      request: {
        ...(plan.coresMax === undefined ? {} : { coresMax: plan.coresMax }),
        ...(plan.executorCores === undefined ? {} : { executorCores: plan.executorCores }),
        executorMemory: 1,
        executorResources: {},
      },
      ports: {
        fetchResult: (source, appId, _token, file) =>
          slowly('fetch result', () => {
            const block = disks.read(node, source.workerId, appId, file)
            if (block === undefined) throw new SpkError('SPK_FETCH_FAILED', `${file} is not on ${source.workerId}`, { retryable: true })
            return packRows(block.partitions[0] ?? [])
          }),
        decode: () => [],
        prepareWrite: (write, job) => slowly('prepare write', () => outputs.prepare(write.path, job)),
        commitWrite: (write, temporary, files) => slowly('commit write', () => outputs.commit(write.path, temporary, files)),
        abortWrite: (_write, temporary) => slowly('abort write', () => outputs.abort(temporary)),
      },
      ...this.#plant.driver,
    })
  }

  async #run(driver: DriverHandle, job: Job): Promise<void> {
    try {
      job.outcome = { kind: 'result', result: await driver.run(job.query.graph, { description: job.name, conf: {} }) }
    } catch (error) {
      job.outcome = { kind: 'failure', error }
    }
    const { outcome } = job
    this.#add('jobs')
    this.#add(outcome.kind === 'result' ? 'succeeded' : 'failed')
    if (outcome.kind === 'failure') {
      const what = `${job.name}: ${outcome.error instanceof Error ? outcome.error.message : String(outcome.error)}`
      this.#world.trace.note(this.#world.scheduler.time, job.name, `failed: ${what}`)
      this.#add(`failure ${outcome.error instanceof SpkError ? outcome.error.code : 'untyped'}`)
      const harmless = this.#scenario.faults.length === 0 && this.#scenario.tasks.exception === 0
      if (harmless) this.#world.violate('needless failure', what)
    }
    const wrong = judge(job.query, outcome, this.#attached().outputs)
    if (wrong !== undefined) this.#world.violate(wrong.rule, `${job.name}: ${wrong.detail}`)
  }

  allEnded(): boolean {
    const { applications } = this.#scenario
    return this.#applications.length === applications.length && this.#applications.every(a => a.jobs.every(j => j.outcome !== undefined))
  }

  /** What has not ended, for the report. */
  waiting(): string {
    return this.#applications
      .flatMap(a => a.jobs.filter(j => j.outcome === undefined).map(j => `${j.name} (application ${a.driver.actor.snapshot().context.phase})`))
      .join(', ')
  }

  stopAll(): void {
    for (const application of this.#applications) this.#stop(application)
  }

  /** What an ended application must not leave: processes, cores in the leader's books, blocks, temporary files. */
  left(): string[] {
    const cluster = this.#attached()
    const left = [...cluster.processes.running].map(p => `process of executor ${p.launch.appId}/${p.launch.executorId} on ${p.workerNode.name}`)
    for (const a of this.#applications) if (!a.stopped) left.push(`driver ${a.node.name} has not stopped`)
    const leader = [...cluster.masters.values()].find(m => m.phase() === 'leading')
    if (leader === undefined) left.push('nobody leads')
    for (const worker of leader?.status().workers ?? []) if (worker.coresused > 0) left.push(`${worker.coresused} cores of ${worker.host}`)
    for (const file of cluster.disks.left()) left.push(`blocks ${file}`)
    for (const folder of cluster.outputs.temporary.keys()) left.push(`temporary folder ${folder}`)
    return left
  }

  /** By the event log: an attempt of a partition succeeds once, unless its output was lost in between. */
  checkEventLog(): void {
    const cluster = this.#attached()
    const whole = !this.#scenario.faults.some(f => f.kind === 'storeLost')
    const accepted = new Set<string>()
    const ended = new Map<string, string>()
    for (const record of this.#world.bus.peekStream(cluster.names.eventStream)) {
      const app = record.subject.split('.')[2]
      for (const event of decodeEvents(record.data, RECORD_VERSION)) {
        if (event.Event !== 'TaskEnd') continue
        const { reason } = event.end
        const attempt = `${app} job ${event.jobId} stage ${event.stageId} task ${event.index}.${event.attempt}`
        const before = ended.get(attempt)
        ended.set(attempt, reason)
        if (before !== undefined && !(before === 'Success' && reason === 'Resubmitted') && whole)
          this.#world.violate('stale status taken', `${attempt} had ended (${before}) and ends again (${reason})`)
        this.#add(reason)
        const task = `${app} job ${event.jobId} stage ${event.stageId} task ${event.index}`
        if (reason === 'Success') {
          if (accepted.has(task) && whole) this.#world.violate('second commit', `${task} succeeded twice`)
          accepted.add(task)
        } else if (reason === 'Resubmitted') accepted.delete(task)
      }
    }
  }

  #add(count: string): void {
    this.counts[count] = (this.counts[count] ?? 0) + 1
  }

  #attached(): SimCluster {
    if (this.#cluster === undefined) throw new Error('the applications have no cluster')
    return this.#cluster
  }
}
