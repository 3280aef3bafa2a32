/**
 * Configuration: every option declared once (key, default, meaning; `config-table.ts`), read through `Conf`. Spark's keys keep their names, meanings and
 * defaults; what only spk has lives under `spk.`. An unknown key is a warning with the nearest known one. `docs/configuration.md` is generated.
 */
import type { ConfigOption } from './config-option.js'
import { options } from './config-table.js'
import { SpkError } from './errors.js'

/** An immutable set of settings. */
export class Conf {
  readonly #values: Readonly<Record<string, string>>
  constructor(values: Readonly<Record<string, string>> = {}) {
    this.#values = values
  }

  /** The option's value, or its default. Fails with `SPK_MISSING_CONFIG` when there is neither. */
  get<T>(option: ConfigOption<T>): T {
    const value = this.optional(option)
    if (value === undefined) throw new SpkError('SPK_MISSING_CONFIG', `${option.key} is not set. ${option.doc}`)
    return value
  }

  /** What the user set (under the key or an alternative), or undefined. */
  text(option: ConfigOption<unknown>): string | undefined {
    for (const key of [option.key, ...(option.alternatives ?? [])]) {
      const value = this.#values[key]
      if (value !== undefined) return value
    }
    return undefined
  }

  /** The option's value when it is set or has a default. */
  optional<T>(option: ConfigOption<T>): T | undefined {
    const text = this.text(option) ?? option.default
    return text === undefined ? undefined : this.#parse(option, text)
  }

  with(more: Readonly<Record<string, string>>): Conf {
    return new Conf({ ...this.#values, ...more })
  }

  entries(): Readonly<Record<string, string>> {
    return this.#values
  }

  /** All keys that start with `prefix`, without it: `spark.executor.resource.` → `gpu.amount`. */
  withPrefix(prefix: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.#values)
        .filter(([k]) => k.startsWith(prefix))
        .map(([k, v]) => [k.slice(prefix.length), v]),
    )
  }

  /** One sentence per key that is not known, with the nearest known one. */
  warnings(): string[] {
    const known = options().flatMap(o => [o.key, ...(o.alternatives ?? [])])
    const free = ['spark.executor.resource.', 'spark.worker.resource.', 'spark.task.resource.', 'spark.driver.resource.', 'spark.executorEnv.']
    return Object.keys(this.#values)
      .filter(k => !known.includes(k) && !free.some(p => k.startsWith(p)))
      .map(k => `Unknown configuration key ${k}${nearest(k, known)}`)
  }

  #parse<T>(option: ConfigOption<T>, text: string): T {
    try {
      return option.parse(text)
    } catch (cause) {
      if (cause instanceof SpkError) throw new SpkError('SPK_BAD_CONFIG_VALUE', `${option.key}: ${cause.message.replace(/^\[\w+\] /, '')}`, { cause })
      throw cause
    }
  }
}

/** `; did you mean x?`, or nothing when no known name is near. */
function nearest(name: string, known: readonly string[]): string {
  let best: string | undefined
  let bestDistance = Math.max(3, Math.floor(name.length / 4))
  for (const candidate of known) {
    const d = editDistance(name, candidate)
    if (d < bestDistance) {
      best = candidate
      bestDistance = d
    }
  }
  return best === undefined ? '; it has no effect.' : `; did you mean ${best}?`
}

/** Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
