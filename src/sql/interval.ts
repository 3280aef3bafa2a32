/** What INTERVAL columns hold in rows. Immutable. */

/** A span of time: months, days and microseconds. A year-month interval has months only; a day-time interval has its days apart from the rest. */
export class Interval {
  readonly months: number
  readonly days: number
  readonly micros: bigint

  constructor(months: number, days: number, micros: bigint) {
    this.months = months
    this.days = days
    this.micros = micros
  }

  /** `1 years 2 months 3 days 4 hours 5.5 seconds`, as Spark prints calendar intervals. */
  toString(): string {
    const parts: string[] = []
    const add = (n: number | bigint, unit: string): void => {
      if (n !== 0 && n !== 0n) parts.push(`${n} ${unit}`)
    }
    add(Math.trunc(this.months / 12), 'years')
    add(this.months % 12, 'months')
    add(this.days, 'days')
    add(this.micros / 3_600_000_000n, 'hours')
    add((this.micros / 60_000_000n) % 60n, 'minutes')
    const rest = this.micros % 60_000_000n
    if (rest !== 0n) parts.push(`${secondsText(rest)} seconds`)
    return parts.length === 0 ? '0 seconds' : parts.join(' ')
  }

  toJSON(): string {
    return this.toString()
  }
}

/** `-5.5` for microseconds below a minute. */
export function secondsText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros
  const fraction = (size % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '')
  return `${micros < 0n ? '-' : ''}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}
