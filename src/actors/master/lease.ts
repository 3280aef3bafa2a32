/**
 * The rules of the lease, pure: when to renew, and until when a leader may act. A leader stops before its lease can pass on, counted from the moment
 * before its last successful write was sent, by the monotonic clock and by the wall (some pauses stop one of them). Used by machine and effects.
 */
import type { At } from './cluster.js'
import type { Settings } from './events.js'

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

/** What to tell when the lease of this cluster lives another time than this master's configuration says; undefined when it does not. */
export function otherLeaseTtl(settings: Pick<Settings, 'leaseTtlMs'>, ttlMs: number): string | undefined {
  if (ttlMs === settings.leaseTtlMs) return undefined
  const how = 'To change it, stop all masters, remove the bucket <cluster>_leader (nats kv del), and start them with one and the same value.'
  const lives =
    ttlMs === 0 ? 'never expires, so that no standby can take over from a leader that dies' : `lives ${ttlMs} ms, and so it does for this master`
  return `spk.master.leaseTtl is ${settings.leaseTtlMs} ms here and has no effect: the lease of this cluster ${lives}. ${how}`
}

/** An epoch that somebody has heard of may be above ours by so much: revisions of a bucket grow by one a second. */
const FARTHEST = 2 ** 32
/** So many claims within this time are enough for all who followed leaders of a store that was lost. */
const MOST_CLAIMS = 8
export const CLAIMS_MS = 60_000

/**
 * Whether a leader of `epoch` takes the word of who says it has heard of `claimed`, and takes a new lease above it. An invented number can thus neither
 * exhaust epochs nor hold elections without end. `earlier`: how many claims were believed in the last `CLAIMS_MS`.
 */
export function believable(claimed: number, epoch: number, earlier: number): boolean {
  return claimed - epoch <= FARTHEST && earlier < MOST_CLAIMS
}
