/**
 * The rules of the lease, pure: when to renew, and until when a leader may act. A leader stops before its lease can pass on, counted from the moment
 * before its last successful write was sent, by the monotonic clock and by the wall (some pauses stop one of them). Used by machine and effects.
 */
import type { At } from './cluster.js'

/** All milliseconds. */
export interface LeaseTimes {
  readonly ttlMs: number
  readonly renewMs: number
  /** A leader acts for so long after its last renewal was sent. */
  readonly holdMs: number
  /** Pause after a renewal whose outcome is not known. */
  readonly retryMs: number
  /** How often a standby looks at the lease. */
  readonly pollMs: number
}

export function leaseTimes(ttlMs: number): LeaseTimes {
  const between = (low: number, value: number, high: number) => Math.max(low, Math.min(value, high))
  return {
    ttlMs,
    renewMs: ttlMs / 3,
    holdMs: (ttlMs * 2) / 3,
    retryMs: between(20, ttlMs / 30, 200),
    pollMs: between(20, ttlMs / 15, 500),
  }
}

/** Milliseconds since `from`, by the clock that moved more. */
export function elapsed(from: At, now: At): number {
  return Math.max(now.monotonic - from.monotonic, now.wall - from.wall)
}

/** Whether a leader whose last renewal was sent at `renewed` may act at `now`. */
export function mayAct(renewed: At, now: At, times: LeaseTimes): boolean {
  return elapsed(renewed, now) < times.holdMs
}

/**
 * The epoch of a new leader: the revision at which it created the lease, which grows over all leaders; above every epoch it has heard of, should the
 * store have been lost and its revisions have begun anew.
 */
export function newEpoch(createdAt: number, floor: number): number {
  return Math.max(createdAt, floor + 1)
}
