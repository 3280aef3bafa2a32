/** What an option is, and how its text becomes a value. The table itself is `config-table.ts`, reading it is `config.ts`. */
import { parseDuration, parseSize } from './bytes.js'
import { SpkError } from './errors.js'

export interface ConfigOption<T> {
  readonly key: string
  /** As the user would write it; undefined = unset. */
  readonly default: string | undefined
  readonly parse: (text: string) => T
  readonly doc: string
  readonly alternatives?: readonly string[]
  /** Where it takes effect. */
  readonly scope: 'application' | 'session' | 'cluster'
}

export const asString = (text: string): string => text
export const asBoolean = (text: string): boolean => {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  throw new SpkError('SPK_BAD_CONFIG_VALUE', `"${text}" is not true or false.`)
}
export const asInt = (text: string): number => {
  if (/^\s*-?\d+\s*$/.test(text)) return Number(text)
  throw new SpkError('SPK_BAD_CONFIG_VALUE', `"${text}" is not a whole number.`)
}
export const asNumber = (text: string): number => {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new SpkError('SPK_BAD_CONFIG_VALUE', `"${text}" is not a number.`)
}
export const asSize = (text: string): number => parseSize(text)
/** A bare number is MiB, as Spark reads memory settings. */
export const asMemory = (text: string): number => parseSize(text, 2 ** 20)
export const asDuration = (text: string): number => parseDuration(text)
/** A bare number is seconds. */
export const asSeconds = (text: string): number => parseDuration(text, 1000)

/** Bytes, or -1: never. */
export function asSizeOrOff(text: string): number {
  return text.trim() === '-1' ? -1 : asSize(text)
}
