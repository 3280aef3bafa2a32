/**
 * Options of readers and writers under Spark's names (any case): one table per format and direction, and typed access. An option that is not in the
 * table is refused with the valid ones listed, because an option that silently does nothing gives wrong data.
 */
import { SpkError } from '../core/errors.js'
import type { FileFormat } from '../core/stage.js'

/** Options of every file source: which files, not what is in them. */
const general = ['pathGlobFilter', 'recursiveFileLookup'] as const

export const readOptions: Readonly<Record<FileFormat, readonly string[]>> = {
  parquet: [...general, 'mergeSchema'],
  csv: [
    ...general,
    'sep',
    'delimiter',
    'encoding',
    'charset',
    'quote',
    'escape',
    'comment',
    'header',
    'inferSchema',
    'samplingRatio',
    'enforceSchema',
    'ignoreLeadingWhiteSpace',
    'ignoreTrailingWhiteSpace',
    'nullValue',
    'emptyValue',
    'nanValue',
    'positiveInf',
    'negativeInf',
    'dateFormat',
    'timestampFormat',
    'timestampNTZFormat',
    'maxColumns',
    'mode',
    'multiLine',
    'compression',
    'codec',
  ],
  json: [
    ...general,
    'primitivesAsString',
    'samplingRatio',
    'mode',
    'multiLine',
    'dateFormat',
    'timestampFormat',
    'timestampNTZFormat',
    'encoding',
    'charset',
    'compression',
    'codec',
  ],
}

export const writeOptions: Readonly<Record<FileFormat, readonly string[]>> = {
  parquet: ['compression', 'codec', 'rowGroupSize'],
  csv: [
    'sep',
    'delimiter',
    'quote',
    'escape',
    'header',
    'quoteAll',
    'nullValue',
    'dateFormat',
    'timestampFormat',
    'timestampNTZFormat',
    'compression',
    'codec',
  ],
  json: ['ignoreNullFields', 'dateFormat', 'timestampFormat', 'timestampNTZFormat', 'compression', 'codec'],
}

export class SourceOptions {
  readonly #what: string
  readonly #values: ReadonlyMap<string, string>

  /** Fails with `SPK_UNKNOWN_OPTION` on a name that is not in the format's table. */
  constructor(format: FileFormat, direction: 'reading' | 'writing', given: Readonly<Record<string, string>>) {
    this.#what = `${direction} ${format}`
    const valid = (direction === 'reading' ? readOptions : writeOptions)[format]
    const names = new Set(valid.map(name => name.toLowerCase()))
    for (const name of Object.keys(given)) {
      if (names.has(name.toLowerCase())) continue
      throw new SpkError('SPK_UNKNOWN_OPTION', `Option "${name}" is not one of those for ${this.#what}: ${valid.join(', ')}.`, {
        params: { option: name, valid: valid.join(',') },
      })
    }
    this.#values = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  }

  /** The first of the names that was given. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.#values.get(name.toLowerCase())
      if (value !== undefined) return value
    }
    return undefined
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.text(name)
    if (value === undefined) return otherwise
    if (/^true$/i.test(value)) return true
    if (/^false$/i.test(value)) return false
    throw this.#bad(name, value, 'true or false')
  }

  /** One of `choices`, given in any case. */
  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const value = this.text(name)
    if (value === undefined) return otherwise
    const found = choices.find(choice => choice.toLowerCase() === value.toLowerCase())
    if (found === undefined) throw this.#bad(name, value, `one of ${choices.join(', ')}`)
    return found
  }

  /** A single character, or the empty text. */
  character(name: string, otherwise: string): string {
    const value = this.text(name) ?? otherwise
    if ([...value].length > 1) throw this.#bad(name, value, 'one character')
    return value
  }

  integer(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (!/^[1-9]\d{0,14}$/.test(value)) throw this.#bad(name, value, 'a positive whole number')
    return Number(value)
  }

  /** Fails unless the option is absent or has the one value that is supported. */
  only(name: string, supported: readonly string[]): void {
    const value = this.text(name)
    if (value !== undefined && !supported.some(s => s.toLowerCase() === value.toLowerCase())) throw this.#bad(name, value, supported.join(' or '))
  }

  #bad(name: string, value: string, valid: string): SpkError {
    return new SpkError('SPK_BAD_OPTION_VALUE', `Option "${name}" for ${this.#what} is ${JSON.stringify(value)}; it must be ${valid}.`, {
      params: { option: name, value, valid },
    })
  }
}
