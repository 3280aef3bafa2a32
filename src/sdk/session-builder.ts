/** `SparkSession.builder()`: collects settings; `getOrCreate()` opens the session, or gives the one that is open. */
import { SpkError } from '../core/errors.js'

type Setting = string | number | boolean

export class SessionBuilder<S> {
  readonly #getOrCreate: (settings: Readonly<Record<string, string>>) => Promise<S>
  readonly #create: (settings: Readonly<Record<string, string>>) => Promise<S>
  #settings: Readonly<Record<string, string>> = {}

  constructor(
    getOrCreate: (settings: Readonly<Record<string, string>>) => Promise<S>,
    create: (settings: Readonly<Record<string, string>>) => Promise<S>,
  ) {
    this.#getOrCreate = getOrCreate
    this.#create = create
  }

  /**
   * Where to run: `local`, `local[N]`, `local[*]` in this process, or the URL(s) of the cluster's NATS server.
   *
   * @example .master('local[2]'), .master('nats://driver:secret@host:4222')
   */
  master(url: string): this {
    return this.config('spark.master', url)
  }

  /** The application's name, in the UI and the event log. */
  appName(name: string): this {
    return this.config('spark.app.name', name)
  }

  /** Settings, one or several. @example .config('spark.executor.memory', '2g'), .config({ 'spark.cores.max': 4 }) */
  config(key: string, value: Setting): this
  config(settings: Readonly<Record<string, Setting>>): this
  config(key: string | Readonly<Record<string, Setting>>, value?: Setting): this {
    if (typeof key === 'string' && value === undefined) throw new SpkError('SPK_INVALID_CALL', `config('${key}', …) needs a value.`)
    const entries = typeof key === 'string' ? [[key, value] as const] : Object.entries(key)
    this.#settings = { ...this.#settings, ...Object.fromEntries(entries.map(([k, v]) => [k, String(v)])) }
    return this
  }

  /** The open session of this process with these settings applied, or a new one. Errors: `SPK_MISSING_CONFIG` without a master, `SPK_CLUSTER_UNREACHABLE`. */
  getOrCreate(): Promise<S> {
    return this.#getOrCreate(this.#settings)
  }

  /** A new session with an application of its own, whatever else is open. */
  create(): Promise<S> {
    return this.#create(this.#settings)
  }
}
