/**
 * A user's program: a real driver in a simulated process, with random queries, one after the other or all at once. Every end of a job is judged at once.
 * A program dies with its process; the jobs it had not ended then have no end.
 */
import { type DriverHandle, startDriver } from '#src/actors/driver/effects.js'
import { delay } from '#src/core/clock.js'
import { Conf } from '#src/core/config.js'
import { SpkError } from '#src/core/errors.js'
import { CLUSTER, type Plant, type SimCluster, VERSIONS } from './cluster.js'
import { countingMerge } from './coverage.js'
import { randomQuery, type SimQuery } from './graphs.js'
import { judge, type Outcome } from './judge.js'
import type { Life, SimNode } from './node.js'
import { packRows } from './rows.js'
import type { ApplicationPlan, Scenario } from './scenario.js'
import type { Seed } from './seed.js'
import type { World } from './world.js'

/** What all programs of a run share. */
export interface Stage {
  readonly world: World
  readonly cluster: SimCluster
  readonly scenario: Scenario
  readonly plant: Plant
}

export interface ProgramOptions extends Stage {
  readonly plan: ApplicationPlan
  readonly node: SimNode
  readonly life: Life
  /** Of this run of it: names its folders. */
  readonly name: string
  /** Set when a worker runs it. */
  readonly driverId?: string
}

interface Job {
  readonly name: string
  readonly query: SimQuery
  outcome: Outcome | undefined
}

/** A file operation takes a while, and what a dead driver began never ends. */
const FILE_MS = 3
/** Longest pause between two jobs. */
const PAUSE_MS = 300
const MOST_JOBS = 40

export class Program {
  readonly node: SimNode
  readonly name: string
  readonly plan: ApplicationPlan
  readonly jobs: Job[]
  readonly driver: DriverHandle
  /** Its process ended before its jobs did. */
  died = false
  stopped = false
  readonly #options: ProgramOptions
  readonly #seed: Seed
  #more: boolean

  constructor(options: ProgramOptions) {
    this.#options = options
    this.node = options.node
    this.plan = options.plan
    const { name } = options
    this.name = name
    this.#seed = options.world.seed.fork(`queries ${name}`)
    this.jobs = Array.from({ length: options.plan.jobs }, (_, i) => this.#job(i))
    this.#more = options.plan.busyUntil > 0
    this.driver = this.#startDriver()
    options.node.onEnd.push(() => {
      this.died = !this.ended
      this.driver.abandon()
    })
  }

  get ended(): boolean {
    return !this.#more && this.jobs.every(job => job.outcome !== undefined)
  }

  /** Resolves when every job has ended. */
  async run(): Promise<void> {
    const { world, life, plan } = this.#options
    await this.#runAll(this.jobs)
    while (world.scheduler.time < plan.busyUntil && this.jobs.length < MOST_JOBS) {
      await delay(life.clock, this.#seed.between(0, PAUSE_MS))
      const job = this.#job(this.jobs.length)
      this.jobs.push(job)
      await this.#run(job)
    }
    this.#more = false
  }

  /** Resolves when the first half of the jobs has ended. */
  async runHalf(): Promise<void> {
    await this.#runAll(this.jobs.slice(0, Math.floor(this.jobs.length / 2)))
  }

  async #runAll(jobs: readonly Job[]): Promise<void> {
    if (this.plan.together) await Promise.all(jobs.map(job => this.#run(job)))
    else for (const job of jobs) await this.#run(job)
  }

  #job(number: number): Job {
    const { name } = this.#options
    return { name: `${name} job ${number}`, query: randomQuery(this.#seed.fork(number), `/out/${name}/${number}`), outcome: undefined }
  }

  async stop(): Promise<void> {
    await this.driver.stop()
    this.stopped = true
  }

  /** For the report of a job that never ends. */
  waiting(): string[] {
    const { phase } = this.driver.actor.snapshot().context
    return this.jobs.filter(job => job.outcome === undefined).map(job => `${job.name} (application ${phase})`)
  }

  #startDriver(): DriverHandle {
    const { world, cluster, scenario, plant, plan, node, life, driverId } = this.#options
    const { disks, outputs } = cluster
    const slowly = <T>(what: string, work: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        life.after(FILE_MS, what, () => {
          try {
            resolve(work())
          } catch (error) {
            reject(error)
          }
        })
      })
    return startDriver({
      transport: world.net.connect(node, life),
      clock: life.clock,
      rng: life.rng,
      log: world.log(node.name, life),
      conf: new Conf(scenario.conf),
      cluster: CLUSTER,
      versions: VERSIONS,
      appName: this.#options.name,
      user: 'sim',
      host: node.host,
      request: {
        ...(plan.coresMax === undefined ? {} : { coresMax: plan.coresMax }),
        ...(plan.executorCores === undefined ? {} : { executorCores: plan.executorCores }),
        executorMemory: 1,
        executorResources: {},
      },
      ...(driverId === undefined ? {} : { driverId }),
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
      ...plant.driver,
      merge: countingMerge(world.counts, plant.driver?.merge),
    })
  }

  async #run(job: Job): Promise<void> {
    const { world, cluster, scenario } = this.#options
    try {
      job.outcome = { kind: 'result', result: await this.driver.run(job.query.graph, { description: job.name, conf: {} }) }
    } catch (error) {
      job.outcome = { kind: 'failure', error }
    }
    const { outcome } = job
    world.counts.add('jobs')
    if (outcome.kind === 'result') world.counts.add('jobs succeeded')
    else {
      const what = `${job.name}: ${outcome.error instanceof Error ? outcome.error.message : String(outcome.error)}`
      world.trace.note(world.scheduler.time, job.name, `failed: ${what}`)
      world.counts.add(`jobs failed: ${outcome.error instanceof SpkError ? outcome.error.code : 'untyped'}`)
      // Two ids may fall into one lane; a user would start the second program again.
      const unlucky = outcome.error instanceof SpkError && outcome.error.code === 'SPK_APPLICATION_REFUSED'
      if (scenario.faults.length === 0 && scenario.tasks.exception === 0 && world.endurable && !unlucky) world.violate('needless failure', what)
    }
    const wrong = judge(job.query, outcome, cluster.outputs)
    if (wrong !== undefined) world.violate(wrong.rule, `${job.name}: ${wrong.detail}`)
  }
}
