/** A driver on the in-memory bus and a clock that the test moves, with a master that says yes and executors that do what the test tells them. */
import { type DriverHandle as Driver, type DriverOptions, startDriver } from '#src/actors/driver/effects.js'
import type { JobResult, RunOptions } from '#src/actors/driver/handle.js'
import type { DriverPorts } from '#src/actors/driver/ports.js'
import { Conf } from '#src/core/config.js'
import type { ExecutorId, TaskKey } from '#src/core/ids.js'
import { silentLogger } from '#src/core/log.js'
import type { StageGraph, StageInput, StageOutput, StageSpec } from '#src/core/stage.js'
import { field, struct, types } from '#src/core/types.js'
import { ApplicationHeartbeat, RegisterApplication, UnregisterApplication } from '#src/protocol/application.js'
import type { LogEvent } from '#src/protocol/event-log.js'
import { decodeStagePlan, type StagePlan } from '#src/protocol/stage-plan.js'
import { subjects } from '#src/protocol/subjects.js'
import { noMetrics } from '#src/protocol/task-metrics.js'
import {
  ExecutorHeartbeat,
  KillTasks,
  LaunchTasks,
  RegisterExecutor,
  RemoveStages,
  StagePart,
  StatusUpdate,
  StopExecutor,
  type TaskFailure,
  type TaskLaunch,
  type TaskOutput,
  type TaskReport,
} from '#src/protocol/tasks.js'
import { PROTOCOL_VERSION, SPK_VERSION } from '#src/protocol/version.js'
import { decode, decodeReply, encode, encodeReply, type Message, type Static, type TSchema } from '#src/protocol/wire.js'
import { MemoryBus } from '#src/transport/memory.js'
import type { Transport } from '#src/transport/transport.js'
import { seededRng, settle, type VirtualClock, virtualClock } from '../../support/virtual-clock.js'

const names = subjects('spk')
export const versions = { spk: SPK_VERSION, duckdb: 'v1', protocol: PROTOCOL_VERSION }

function serve<S extends TSchema, R extends TSchema>(
  bus: Transport,
  subject: string,
  type: Message<S, R>,
  handler: (value: Static<S>) => Static<R>,
): void {
  bus.subscribe(subject, message => message.respond(encodeReply(type, handler(decode(type, message.data)))))
}

export class FakeMaster {
  epoch = 1
  registrations: Static<typeof RegisterApplication.schema>[] = []
  ended: Static<typeof UnregisterApplication.schema>[] = []
  waiting: string | undefined
  answer: 'ok' | 'reregister' | 'ended' = 'ok'
  readonly #bus: Transport
  constructor(bus: Transport) {
    this.#bus = bus
    serve(bus, names.master(RegisterApplication.name), RegisterApplication, (request): Static<typeof RegisterApplication.reply> => {
      this.registrations.push(request)
      return { kind: 'registered', masterId: 'm', epoch: this.epoch, heartbeatMs: 2500, uiUrl: '' }
    })
    serve(bus, names.master(ApplicationHeartbeat.name), ApplicationHeartbeat, () => {
      const kind = this.answer
      if (kind === 'reregister') this.answer = 'ok'
      return { kind, epoch: this.epoch, masterId: 'm', ...(this.waiting === undefined ? {} : { waiting: this.waiting }) }
    })
    serve(bus, names.master(UnregisterApplication.name), UnregisterApplication, request => {
      this.ended.push(request)
      return {}
    })
  }
  /** News for the driver. */
  async tell<S extends TSchema>(driver: Driver, type: Message<S>, value: Static<S>): Promise<void> {
    await this.#bus.request(names.driver(driver.appId, type.name), encode(type, value), { timeoutMs: 1000 })
    await settle()
  }
}

export class FakeExecutor {
  readonly id: string
  readonly workerId: string
  readonly launched: TaskLaunch[] = []
  readonly killed: TaskKey[] = []
  killMessages = 0
  readonly removed: number[] = []
  readonly plans = new Map<string, StagePlan>()
  stopped = false
  /** What it says its tasks took, milliseconds. */
  runTime = 1000
  answer: 'accepted' | 'missingStage' | 'refused' = 'accepted'
  readonly #driver: Driver
  readonly #bus: Transport
  readonly #hostId: string

  constructor(bus: Transport, driver: Driver, id: string, workerId: string, hostId: string) {
    this.#bus = bus
    this.#driver = driver
    this.id = id
    this.workerId = workerId
    this.#hostId = hostId
    const parts = new Map<string, Uint8Array[]>()
    const on = <S extends TSchema, R extends TSchema>(type: Message<S, R>, handler: (value: Static<S>) => Static<R>): void =>
      serve(bus, names.executor(driver.appId, id as ExecutorId, type.name), type, handler)
    on(StagePart, ({ stage, part, of, bytes }) => {
      const key = `${stage.stage}.${stage.stageAttempt}`
      const got = parts.get(key) ?? []
      got[part] = bytes
      parts.set(key, got)
      if (Object.keys(got).length === of) this.plans.set(key, decodeStagePlan(Buffer.concat(got)))
      return {}
    })
    on(LaunchTasks, ({ stage, tasks }): Static<typeof LaunchTasks.reply> => {
      if (this.answer !== 'accepted') return { kind: this.answer }
      if (!this.plans.has(`${stage.stage}.${stage.stageAttempt}`)) return { kind: 'missingStage' }
      this.launched.push(...tasks)
      return { kind: 'accepted' }
    })
    on(KillTasks, ({ keys }) => {
      this.killMessages++
      this.killed.push(...keys)
      return {}
    })
    on(RemoveStages, ({ stages }) => {
      this.removed.push(...stages)
      return {}
    })
    on(StopExecutor, () => {
      this.stopped = true
      return {}
    })
  }

  async register(cores = 1, token = this.#driver.token, version = versions): Promise<Static<typeof RegisterExecutor.reply>> {
    const { id: executorId, workerId } = this
    const request = {
      ...{ executorId, workerId, host: workerId, hostId: this.#hostId, pid: 1, cores, memory: 2 ** 30, resources: {} },
      ...{ versions: version, blockUrl: `http://${workerId}`, blocksDir: `/${workerId}`, token, running: [] },
    }
    const reply = await this.ask(RegisterExecutor, request)
    await settle()
    return reply
  }

  async ask<S extends TSchema, R extends TSchema>(type: Message<S, R>, value: Static<S>): Promise<Static<R>> {
    return decodeReply(type, await this.#bus.request(names.report(this.#driver.appId, type.name), encode(type, value), { timeoutMs: 1000 }))
  }

  /** Its process is gone, and nobody has told the driver. */
  vanish(): Promise<void> {
    return this.#bus.close()
  }

  heartbeat(): Promise<Static<typeof ExecutorHeartbeat.reply>> {
    return this.ask(ExecutorHeartbeat, { executorId: this.id, running: [], memoryUsed: 0 })
  }

  async report(...reports: TaskReport[]): Promise<void> {
    await this.ask(StatusUpdate, { executorId: this.id, reports })
    await settle()
  }

  /** Takes the oldest launch that is not yet taken. */
  take(): TaskLaunch {
    const launch = this.launched.shift()
    if (launch === undefined) throw new Error(`executor ${this.id} has no task`)
    return launch
  }

  async finish(launch = this.take(), output: TaskOutput = this.outputOf(launch)): Promise<void> {
    await this.report({ key: launch.key, state: 'FINISHED', output, metrics: { ...noMetrics, executorRunTime: this.runTime } })
  }

  async fail(launch = this.take(), message = 'boom', code = 'DIVIDE_BY_ZERO'): Promise<void> {
    await this.failWith(launch, { kind: 'ExceptionFailure', error: { code, message: `[${code}] ${message}` } })
  }

  async failWith(launch: TaskLaunch, failure: TaskFailure): Promise<void> {
    await this.report({ key: launch.key, state: failure.kind === 'TaskKilled' ? 'KILLED' : 'FAILED', failure })
  }

  planOf(launch: TaskLaunch): StagePlan {
    const plan = this.plans.get(`${launch.key.stage}.${launch.key.stageAttempt}`)
    if (plan === undefined) throw new Error('no plan')
    return plan
  }

  /** An output of the kind the stage has: 10 bytes and a row per reduce partition; a result row that names the task. */
  outputOf(launch: TaskLaunch): TaskOutput {
    const { output } = this.planOf(launch)
    const { partition, attempt, stage: id } = launch.key
    if (output.kind === 'result') return { kind: 'result', rows: 1, ipc: Uint8Array.of(partition, attempt) }
    if (output.kind === 'write') {
      return { kind: 'files', rows: 1, files: [{ path: `${output.temporary}/${id}-${partition}-${attempt}.parquet`, bytes: 1, rows: 1 }] }
    }
    if (output.kind === 'noop') return { kind: 'discarded', rows: 1 }
    const partitions = 'partitions' in output ? output.partitions : 1
    const sample =
      output.kind === 'single' && output.sample !== undefined ? { sample: [Uint8Array.of(partition), Uint8Array.of(partition + 100)] } : {}
    return { kind: 'shuffle', bytes: new Array(partitions).fill(10), rows: new Array(partitions).fill(1), ...sample }
  }
}

export interface Run {
  readonly promise: Promise<JobResult>
  result?: JobResult
  error?: Error & { code?: string }
}

export interface Stand {
  readonly clock: VirtualClock
  readonly bus: MemoryBus
  readonly driver: Driver
  readonly master: FakeMaster
  readonly ports: FakePorts
  readonly events: LogEvent[]
  executor(id: string, options?: { cores?: number; worker?: string; host?: string }): Promise<FakeExecutor>
  run(graph: StageGraph, options?: Partial<RunOptions>): Run
}

export class FakePorts implements DriverPorts {
  readonly blocks = new Map<string, Uint8Array>()
  readonly log: string[] = []
  prepared: string | undefined = '/out/_temporary/0'
  failCommit = false
  async fetchResult(_source: unknown, _app: string, _token: string, file: string): Promise<Uint8Array> {
    const block = this.blocks.get(file)
    if (block === undefined) throw new Error(`no block ${file}`)
    return block
  }
  decode(): never[] {
    return []
  }
  async prepareWrite(): Promise<string | undefined> {
    this.log.push('prepare')
    return this.prepared
  }
  async commitWrite(_write: unknown, _temporary: string, files: readonly string[]): Promise<string[]> {
    this.log.push(`commit ${files.join(' ')}`)
    if (this.failCommit) throw new Error('disk full')
    return files.map(file => file.replace('/_temporary/0', ''))
  }
  async abortWrite(): Promise<void> {
    this.log.push('abort')
  }
}

export async function stand(conf: Record<string, string> = {}, more: Partial<DriverOptions> = {}): Promise<Stand> {
  const clock = virtualClock()
  const log = silentLogger()
  const bus = new MemoryBus({ clock, log })
  const master = new FakeMaster(bus.connect('master'))
  const ports = new FakePorts()
  const events: LogEvent[] = []
  const driver = startDriver({
    ...{ transport: bus.connect('driver'), clock, rng: seededRng(), log, conf: new Conf(conf), cluster: 'spk', ports },
    ...{ appName: 'test', user: 'me', host: 'here', versions, request: { executorMemory: 2 ** 30, executorResources: {} }, ...more },
  })
  driver.listen(event => events.push(event))
  await settle()
  return {
    ...{ clock, bus, driver, master, ports, events },
    async executor(id, { cores = 1, worker = `w${id}`, host = worker } = {}) {
      const executor = new FakeExecutor(bus.connect(`x${id}`), driver, id, worker, host)
      await executor.register(cores)
      return executor
    },
    run(graph, options = {}) {
      const run: Run = { promise: driver.run(graph, { description: 'test', conf: {}, ...options }) }
      run.promise.then(
        result => {
          run.result = result
        },
        error => {
          run.error = error
        },
      )
      return run
    },
  }
}

const schema = struct([field('v', types.long)])

export function stage(id: number, inputs: readonly StageInput[], output: StageOutput, more: Partial<StageSpec> = {}): StageSpec {
  const parents = inputs.flatMap(i => (i.kind === 'shuffle' || i.kind === 'broadcast' ? [i.stage] : []))
  return {
    id,
    name: `stage ${id}`,
    fragments: [{ inputs, sql: 'select 1' }],
    schema,
    output,
    parents: [...new Set(parents)],
    deterministic: true,
    ...more,
  }
}
export function graph(...stages: StageSpec[]): StageGraph {
  return { stages, schema }
}
export function range(partitions: number): StageInput {
  return { kind: 'range', name: 'r', start: '0', end: '100', step: '1', partitions }
}
export function shuffle(of: number, read: 'partition' | 'all' | 'forward' = 'partition'): StageInput {
  return { kind: 'shuffle', name: `s${of}`, stage: of, schema, read }
}
export const hash = (partitions: number): StageOutput => ({ kind: 'hash', keys: ['v'], partitions })
export const result: StageOutput = { kind: 'result' }
/** Two stages: `maps` tasks that write `partitions`, and their reader. */
export const twoStages = (maps: number, partitions: number, more: Partial<StageSpec> = {}): StageGraph =>
  graph(stage(0, [range(maps)], hash(partitions), more), stage(1, [shuffle(0)], result))
export const noCoalescing = { 'spark.sql.adaptive.enabled': 'false' }
export { settle }
