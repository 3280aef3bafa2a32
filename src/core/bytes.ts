/** Spark's textual sizes and durations (`512m`, `1g`, `100ms`, `2min`) to numbers and back. */
import { SpkError } from './errors.js'

const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  t: 2 ** 40,
  tb: 2 ** 40,
  p: 2 ** 50,
  pb: 2 ** 50,
}
const timeUnits: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

function parse(text: string, units: Readonly<Record<string, number>>, bare: number, what: string, examples: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text)
  const unit = match?.[2] === '' ? bare : units[match?.[2]?.toLowerCase() ?? '']
  if (match === null || unit === undefined) throw new SpkError('SPK_BAD_CONFIG_VALUE', `"${text}" is not a ${what}. Write it like ${examples}.`)
  return Number(match[1]) * unit
}

/** Bytes. A bare number is in `bareUnit` bytes. */
export function parseSize(text: string, bareUnit = 1): number {
  return Math.floor(parse(text, sizeUnits, bareUnit, 'size', '512m or 1g'))
}

/** Milliseconds. A bare number is in `bareUnit` milliseconds. */
export function parseDuration(text: string, bareUnit = 1): number {
  return parse(text, timeUnits, bareUnit, 'duration', '100ms, 10s or 2min')
}

/** `1.5 GiB`, as Spark prints sizes. */
export function formatSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < names.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${names[unit] ?? 'B'}`
}

/** `85 ms`, `2.3 s`, `1.2 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${(ms / 60_000).toFixed(1)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}
