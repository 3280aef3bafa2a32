/**
 * From a plan to its rows: plans with the session's settings and views, runs on the cluster, shows progress. A file that changed between planning and
 * reading is planned and run once more.
 */
import { userInfo } from 'node:os'
import type { JobResult } from '../actors/driver/handle.js'
import type { Batch } from '../core/batch.js'
import { firstRows } from '../core/batch-head.js'
import { conf } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import type { WriteTarget } from '../core/stage.js'
import type { StructType } from '../core/types.js'
import type { LocalRelation, Relation } from '../planner/logical.js'
import { asCalled } from './call-site.js'
import { CommandQueue } from './command-queue.js'
import { DeferredRelations } from './deferred.js'
import { analyzed } from './explain-analyze.js'
import { batchesOf } from './local-relation.js'
import { parseOptions } from './parse-options.js'
import { ProgressBar } from './progress-bar.js'
import type { RuntimeConfig } from './runtime-config.js'
import type { ExplainMode, PlanContext, PlannedQuery, SessionServices } from './services.js'
import type { SessionTables } from './session-tables.js'
import type { TempViews } from './temp-views.js'

/** Rows of a query and the columns they have. */
export interface QueryResult {
  readonly schema: StructType
  readonly batches: readonly Batch[]
  /** What ran; absent when nothing had to. */
  readonly job?: JobResult
}

let user: string | undefined

/** Whose process it is; containers may not know. */
function userName(): string {
  if (user === undefined) {
    try {
      user = userInfo().username
    } catch {
      user = process.env['USER'] ?? 'unknown'
    }
  }
  return user
}

export class QueryRunner {
  readonly services: SessionServices
  readonly config: RuntimeConfig
  readonly views: TempViews
  readonly tables: SessionTables
  /** Statements under way. */
  readonly commands: CommandQueue
  readonly #deferred = new DeferredRelations()
  readonly #running = new Set<AbortController>()
  /** How a plan was run the last time, when adaptive execution changed it on the way. */
  readonly #finalPlans = new WeakMap<Relation, string>()

  constructor(services: SessionServices, config: RuntimeConfig, views: TempViews, tables: SessionTables) {
    this.services = services
    this.config = config
    this.views = views
    this.tables = tables
    this.commands = new CommandQueue(error => services.terminal.err(`WARN A statement failed: ${error instanceof Error ? error.message : error}\n`))
  }

  #context(text: string | undefined): PlanContext {
    return {
      conf: this.config.getAll,
      view: nameParts => this.views.get(nameParts) ?? this.tables.relation(nameParts),
      viewNames: () => [...this.views.names(), ...this.tables.names()],
      session: { schema: this.tables.currentSchema, user: userName(), version: this.services.version },
      parallelism: this.services.cluster.defaultParallelism(),
      parseOptions: parseOptions(this.config.snapshot()),
      log: text => this.services.terminal.err(text),
      ...(text === undefined ? {} : { text }),
    }
  }

  /** A leaf whose rows are made when an action needs them. */
  deferred(make: () => Promise<LocalRelation>): Relation {
    return this.#deferred.add(make)
  }

  /** A statement that takes time: it starts when those before it have ended. Its rows are a leaf. */
  command(run: () => Promise<Relation>): Relation {
    return this.deferred(this.commands.add(run) as () => Promise<LocalRelation>)
  }

  /** The plan to work on, when what was ordered before is done. */
  async #ready(given: Relation): Promise<Relation> {
    await this.commands.idle()
    return this.#deferred.settled(given)
  }

  schemaOf(given: Relation, text?: string): Promise<StructType> {
    return this.#told(async () => {
      const plan = await this.#ready(given)
      return plan.kind === 'LocalRelation' ? plan.schema : this.services.planner.schemaOf(plan, this.#context(text))
    })
  }

  /** The columns of a source of files, and how many bytes the files have. */
  measured(source: Relation): Promise<{ readonly schema: StructType; readonly bytes: number }> {
    return this.#told(() => this.services.planner.measured(source, this.#context(undefined)))
  }

  /** A plan that was run, and changed while it ran, is shown as it ended too. */
  async explain(given: Relation, mode: ExplainMode, text?: string): Promise<string> {
    if (mode === 'analyze') return this.#interruptible(signal => this.#analyze(given, { description: 'explain', text, signal, profile: true }))
    const plan = await this.#ready(given)
    const explained = await this.services.planner.explain(plan, this.#context(text), mode)
    const final = mode === 'codegen' ? undefined : this.#finalPlans.get(plan)
    return final === undefined ? explained : `${explained}\n\n== Final Plan of the Last Run ==\n${final}`
  }

  async #analyze(given: Relation, order: Order): Promise<string> {
    const plan = await this.#ready(given)
    if (plan.kind === 'LocalRelation') return this.services.planner.explain(plan, this.#context(order.text), 'simple')
    const { planned, job } = await this.#run(plan, order)
    const final = planned.finalPlan()
    return analyzed(final === undefined ? planned.physical : `== Physical Plan ==\n${final}`, job.stages)
  }

  /** Rows of a plan. Rows that the driver holds already need no job. */
  collect(given: Relation, description: string, text?: string): Promise<QueryResult> {
    return this.#interruptible(signal => this.#collect(given, { description, text, signal }))
  }

  async #collect(given: Relation, order: Order): Promise<QueryResult> {
    const plan = await this.#ready(given)
    if (plan.kind === 'LocalRelation') return { schema: plan.schema, batches: batchesOf(plan) }
    const { planned, job } = await this.#run(plan, order)
    const { schema, stages } = planned.graph
    const limit = stages.at(-1)?.rowLimit
    const batches = limit === undefined ? job.batches() : firstRows(job.batches(), limit)
    // Inside stages names are unique; the query's own are those of the graph.
    return { schema, batches: batches.map(batch => ({ ...batch, schema })), job }
  }

  write(plan: Relation, write: WriteTarget, description: string, text?: string): Promise<JobResult> {
    return this.#interruptible(async signal => (await this.#run(await this.#ready(plan), { description, text, write, signal })).job)
  }

  /** Cancels what runs now; how many that were. The actions reject with `SPARK_JOB_CANCELLED`. */
  interruptAll(reason: string): number {
    const count = this.#running.size
    for (const running of this.#running) running.abort(new Error(reason))
    return count
  }

  /** From the call on: also what waits for a statement before it, or is still being planned, can be cancelled. */
  #interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const running = new AbortController()
    this.#running.add(running)
    return this.#told(() => action(running.signal)).finally(() => this.#running.delete(running))
  }

  /** Errors have the stack of this call. */
  async #told<T>(work: () => Promise<T>): Promise<T> {
    const called = new Error('called')
    try {
      return await work()
    } catch (error) {
      throw asCalled(error, called)
    }
  }

  async #run(plan: Relation, order: Order): Promise<{ planned: PlannedQuery; job: JobResult }> {
    try {
      return await this.#runOnce(plan, order)
    } catch (error) {
      if (!(error instanceof SpkError) || !isFileChanged(error)) throw error
      return await this.#runOnce(plan, order)
    }
  }

  async #runOnce(plan: Relation, { description, text, write, signal, profile }: Order): Promise<{ planned: PlannedQuery; job: JobResult }> {
    const { planner, cluster, terminal } = this.services
    // Planned and run under the same settings, whatever is set meanwhile.
    const settings = this.config.snapshot()
    const planned = await planner.plan(plan, this.#context(text), write)
    const bar = (settings.optional(conf.showConsoleProgress) ?? terminal.errIsTerminal) ? new ProgressBar(terminal) : undefined
    try {
      const job = await cluster.run(planned.graph, {
        description,
        plan: planned.physical,
        conf: profile ? { ...settings.entries(), [conf.profile.key]: 'true' } : settings.entries(),
        signal,
        ...(planned.adapt === undefined ? {} : { adapt: planned.adapt }),
        ...(planned.laidOut === undefined ? {} : { laidOut: planned.laidOut, finalPlan: () => planned.finalPlan() }),
        ...(bar === undefined ? {} : { onProgress: progress => bar.update(progress) }),
      })
      const final = planned.finalPlan()
      if (final !== undefined) this.#finalPlans.set(plan, final)
      return { planned, job }
    } finally {
      bar?.finish()
    }
  }
}

interface Order {
  readonly description: string
  readonly text: string | undefined
  readonly write?: WriteTarget
  readonly signal: AbortSignal
  /** True: tasks count what each operator did. */
  readonly profile?: boolean
}

/** The failure may be the cause of the job's. */
function isFileChanged(error: SpkError): boolean {
  return error.code === 'SPK_FILE_CHANGED' || (error.cause instanceof SpkError && isFileChanged(error.cause))
}
