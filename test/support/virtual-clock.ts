/** Time that stands still until the test moves it; and randomness that is the same each time. */
import type { Clock, Rng, Timer } from '#src/core/clock.js'

export interface VirtualClock extends Clock {
  /** Lets `ms` go by: runs what falls due, in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>
  /** Timers that are set. */
  pending(): number
}

interface Due {
  readonly at: number
  readonly order: number
  readonly fn: () => void
}

/** Lets every promise that can settle without a timer do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

export function virtualClock(start = Date.UTC(2026, 0, 31)): VirtualClock {
  const timers = new Set<Due>()
  let time = 0
  let order = 0
  return {
    now: () => start + time,
    monotonic: () => time,
    after(ms, fn): Timer {
      const due: Due = { at: time + ms, order: order++, fn }
      timers.add(due)
      return { cancel: () => void timers.delete(due) }
    },
    async advance(ms) {
      const end = time + ms
      await settle()
      for (;;) {
        const next = [...timers].filter(t => t.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0]
        if (next === undefined) break
        time = Math.max(time, next.at)
        timers.delete(next)
        next.fn()
        await settle()
      }
      time = end
    },
    pending: () => timers.size,
  }
}

/** A small generator (mulberry32): good enough to be different, the same for the same seed. */
export function seededRng(seed = 1): Rng {
  let a = seed
  const next = (): number => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    hex: bytes =>
      Array.from({ length: bytes }, () =>
        Math.floor(next() * 256)
          .toString(16)
          .padStart(2, '0'),
      ).join(''),
  }
}
