/**
 * Time and randomness as ports. Every actor, transport and policy takes them as arguments, so that the simulator can run a cluster on virtual time
 * from one seed. `systemClock` and `systemRng` are the only places that touch the real ones.
 */
import { randomBytes } from 'node:crypto'

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall-clock time, milliseconds since the epoch. */
  now(): number
  /** Monotonic time in milliseconds from an arbitrary origin: leases and durations use this one. */
  monotonic(): number
  /** Calls `fn` once after `ms` milliseconds. Real timers do not keep the process alive when `unref` is true. */
  after(ms: number, fn: () => void, options?: { readonly unref?: boolean }): Timer
}

export interface Rng {
  /** A number in [0, 1). */
  next(): number
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn, options) {
    const timer = setTimeout(fn, ms)
    if (options?.unref) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

export const systemRng: Rng = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  hex: bytes => randomBytes(bytes).toString('hex'),
}

/** Resolves after `ms` on the given clock. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise(resolve => clock.after(ms, resolve))
}
