/**
 * The cluster while one event is decided: starts from the context's maps, copies one on its first change, and collects the commands. Everything that the
 * store must know is written here, with the change itself, so that no caller can forget it. Dropped afterwards: decisions stay pure from the outside.
 */
import type { ApplicationDescription } from '../../protocol/application.js'
import { RECORD_VERSION } from '../../protocol/version.js'
import { type App, type At, type Cluster, type Driver, type Executor, executorKey, isAppActive, keyOf, type Worker } from './cluster.js'
import type { Command, CommandParams, Decision, MasterContext } from './events.js'
import type { Answer, News, Order, RequestKind } from './messages.js'

const SECRET = /secret|password|passwd|token|access[._-]?key|credential/i

/** Whoever may read the bucket may not read the application's blocks: its driver brings the secrets again when it registers with the next leader. */
function withoutSecrets(description: ApplicationDescription): ApplicationDescription {
  const conf = Object.fromEntries(Object.entries(description.conf).map(([key, value]) => [key, SECRET.test(key) ? '*********(redacted)' : value]))
  return { ...description, token: '', conf }
}

/** A map that is copied on its first change. */
class Table<V> {
  rows: ReadonlyMap<string, V>
  #mine: Map<string, V> | undefined
  constructor(rows: ReadonlyMap<string, V>) {
    this.rows = rows
  }

  set(key: string, value: V): void {
    this.#own().set(key, value)
  }

  delete(key: string): void {
    this.#own().delete(key)
  }

  #own(): Map<string, V> {
    if (this.#mine === undefined) {
      this.#mine = new Map(this.rows)
      this.rows = this.#mine
    }
    return this.#mine
  }
}

export class Ledger {
  readonly context: MasterContext
  readonly at: At
  readonly #commands: Command[] = []
  readonly #workers: Table<Worker>
  readonly #apps: Table<App>
  readonly #executors: Table<Executor>
  readonly #drivers: Table<Driver>
  #nextSequence: number
  /** Something was freed, arrived or grew: placements are to be looked at again. */
  placementDue = false

  constructor(context: MasterContext, at: At) {
    this.context = context
    this.at = at
    this.#workers = new Table(context.cluster.workers)
    this.#apps = new Table(context.cluster.apps)
    this.#executors = new Table(context.cluster.executors)
    this.#drivers = new Table(context.cluster.drivers)
    this.#nextSequence = context.cluster.nextSequence
  }

  get cluster(): Cluster {
    return {
      workers: this.#workers.rows,
      apps: this.#apps.rows,
      executors: this.#executors.rows,
      drivers: this.#drivers.rows,
      nextSequence: this.#nextSequence,
    }
  }

  /** Placements are for the leader that has recovered. */
  get leading(): boolean {
    return this.context.status === 'ALIVE'
  }

  /** Not everybody who may register again has: what is missing may still come. */
  get incomplete(): boolean {
    return !this.leading || this.context.rebuildUntil !== undefined
  }

  worker(id: string): Worker | undefined {
    return this.#workers.rows.get(id)
  }

  app(id: string): App | undefined {
    return this.#apps.rows.get(id)
  }

  executor(appId: string, executorId: string): Executor | undefined {
    return this.#executors.rows.get(executorKey(appId, executorId))
  }

  driver(id: string): Driver | undefined {
    return this.#drivers.rows.get(id)
  }

  nextSequence(): number {
    return this.#nextSequence++
  }

  /** The worker was heard of: not worth a write. */
  touchWorker(worker: Worker): void {
    this.#workers.set(worker.workerId, worker)
  }

  putWorker(worker: Worker): void {
    this.touchWorker(worker)
    const { seen: _seen, seenAt: _seenAt, ...content } = worker
    this.#store(keyOf.worker(worker.workerId), { kind: 'worker', record: { ...this.#head(), ...content } })
  }

  dropWorker(workerId: string): void {
    this.#workers.delete(workerId)
    this.#push('erase', { key: keyOf.worker(workerId) })
  }

  touchApp(app: App): void {
    this.#apps.set(app.description.appId, app)
  }

  putApp(app: App): void {
    this.touchApp(app)
    const { seen: _seen, claimed: _claimed, heldUntil: _heldUntil, description, ...content } = app
    const record = { ...this.#head(), ...content, description: withoutSecrets(description) }
    this.#store(keyOf.app(description.appId), { kind: 'app', record })
  }

  dropApp(appId: string): void {
    this.#apps.delete(appId)
    this.#push('erase', { key: keyOf.app(appId) })
  }

  touchExecutor(executor: Executor): void {
    this.#executors.set(executorKey(executor.appId, executor.executorId), executor)
  }

  putExecutor(executor: Executor): void {
    this.touchExecutor(executor)
    const { acked: _acked, missingSince: _missingSince, ...content } = executor
    this.#store(keyOf.executor(executor.appId, executor.executorId), { kind: 'executor', record: { ...this.#head(), ...content } })
  }

  dropExecutor(executor: Executor): void {
    this.#executors.delete(executorKey(executor.appId, executor.executorId))
    this.#push('erase', { key: keyOf.executor(executor.appId, executor.executorId) })
    this.placementDue = true
  }

  touchDriver(driver: Driver): void {
    this.#drivers.set(driver.driverId, driver)
  }

  putDriver(driver: Driver): void {
    this.touchDriver(driver)
    const { acked: _acked, missingSince: _missingSince, heldUntil: _heldUntil, ...content } = driver
    this.#store(keyOf.driver(driver.driverId), { kind: 'driver', record: { ...this.#head(), ...content } })
  }

  dropDriver(driverId: string): void {
    this.#drivers.delete(driverId)
    this.#push('erase', { key: keyOf.driver(driverId) })
  }

  reply<K extends RequestKind>(token: number, kind: K, value: Answer<K>, after: readonly string[] = []): void {
    this.#push('reply', { token, kind, value, after } as CommandParams['reply'])
  }

  refuse(token: number, code: string, message: string): void {
    this.#push('refuse', { token, code, message })
  }

  order(workerId: string, order: Order, after: readonly string[] = []): void {
    this.#push('order', { workerId, order, after })
  }

  /** Tells a driver whose application is alive; nobody listens for an ended one. */
  tell(appId: string, news: News, after: readonly string[] = []): void {
    const app = this.app(appId)
    if (app !== undefined && isAppActive(app)) this.#push('tell', { appId, news, after, last: false })
  }

  command<N extends Command['type']>(type: N, params: CommandParams[N]): void {
    this.#push(type, params)
  }

  note(level: CommandParams['note']['level'], text: string, fields: CommandParams['note']['fields'] = {}): void {
    this.#push('note', { level, text, fields })
  }

  decision(more: Partial<MasterContext> = {}): Decision {
    return { next: { cluster: this.cluster, ...more }, commands: this.#commands }
  }

  #head(): { v: number; epoch: number } {
    return { v: RECORD_VERSION, epoch: this.context.epoch }
  }

  #store(key: string, state: CommandParams['store']['state']): void {
    this.#push('store', { key, state })
  }

  #push<N extends Command['type']>(type: N, params: CommandParams[N]): void {
    this.#commands.push({ type, params } as Command)
  }
}
