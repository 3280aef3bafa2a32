/** `spark.conf`: the session's settings. Unknown keys are kept, with a warning that names the nearest known one. */
import { Conf } from '../core/config.js'
import { options } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'

type Setting = string | number | boolean

export class RuntimeConfig {
  readonly #initial: Readonly<Record<string, string>>
  readonly #warn: (sentence: string) => void
  #values: Record<string, string>

  constructor(initial: Readonly<Record<string, string>>, warn: (sentence: string) => void) {
    this.#initial = initial
    this.#values = { ...initial }
    this.#warn = warn
  }

  /** The value of a key, its default, or `fallback`. Error: `SQL_CONF_NOT_FOUND` (42K0I). @example spark.conf.get('spark.sql.shuffle.partitions') */
  get(key: string, fallback?: string): string {
    const value = this.#values[key] ?? fallback ?? options().find(o => o.key === key)?.default
    if (value !== undefined) return value
    throw new SpkError('SQL_CONF_NOT_FOUND', `The SQL config "${key}" cannot be found. Please verify that the config exists.`, { sqlState: '42K0I' })
  }

  /**
   * Sets a key for this session. Errors: `CANNOT_MODIFY_CONFIG` (46110) for settings of the application and the cluster, `SPK_BAD_CONFIG_VALUE`.
   *
   * @example spark.conf.set('spark.sql.shuffle.partitions', 16)
   */
  set(key: string, value: Setting): void {
    const option = options().find(o => o.key === key || o.alternatives?.includes(key))
    this.#refuseFixed(key)
    const next = new Conf({ [key]: String(value) })
    if (option === undefined) for (const sentence of next.warnings()) this.#warn(sentence)
    else next.optional(option)
    this.#values[key] = String(value)
  }

  /** Puts a key back to what the application was started with, or the default. */
  unset(key: string): void {
    this.#refuseFixed(key)
    delete this.#values[key]
    if (this.#initial[key] !== undefined) this.#values[key] = this.#initial[key]
  }

  /** Puts all keys back. */
  reset(): void {
    this.#values = { ...this.#initial }
  }

  /** Whether `set` takes the key. */
  isModifiable(key: string): boolean {
    const option = options().find(o => o.key === key)
    return option === undefined ? !key.startsWith('spark.executor.') && !key.startsWith('spark.driver.') : option.scope === 'session'
  }

  /** All keys that are set. */
  get getAll(): Readonly<Record<string, string>> {
    return { ...this.#values }
  }

  /** The same as typed settings. */
  snapshot(): Conf {
    return new Conf({ ...this.#values })
  }

  #refuseFixed(key: string): void {
    if (this.isModifiable(key)) return
    const message = `Cannot modify the value of the Spark config: "${key}". Set it when the session is built: SparkSession.builder().config('${key}', …).`
    throw new SpkError('CANNOT_MODIFY_CONFIG', message, { sqlState: '46110' })
  }
}
