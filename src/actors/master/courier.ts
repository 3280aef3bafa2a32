/**
 * Brings orders to workers and news to drivers: one lane per receiver, one message at a time and in order, repeated until acknowledged. A message waits
 * for the records it depends on, and before every try for the leader's right to act. A lane ends with its receiver or with the term.
 */
import type { Clock, Timer } from '../../core/clock.js'
import { SpkError } from '../../core/errors.js'

export interface Parcel {
  /** One try. Resolves when the receiver has taken it (or refused it for good). Rejects: tried again when the error is retryable. */
  deliver(): Promise<void>
  /** Calls back when what the parcel depends on is stored. */
  ready(then: () => void): void
  /** Tried no longer than until this monotonic time; undefined: until the lane ends. */
  readonly until: number | undefined
  /** The receiver cannot understand it: trying again is useless. */
  onUndeliverable(error: unknown): void
}

export interface CourierOptions {
  readonly clock: Clock
  mayAct(): boolean
}

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 1000

interface Lane {
  readonly parcels: Parcel[]
  busy: boolean
  tries: number
  timer: Timer | undefined
}

export class Courier {
  readonly #options: CourierOptions
  readonly #lanes = new Map<string, Lane>()

  constructor(options: CourierOptions) {
    this.#options = options
  }

  send(to: string, parcel: Parcel): void {
    let lane = this.#lanes.get(to)
    if (lane === undefined) {
      lane = { parcels: [], busy: false, tries: 0, timer: undefined }
      this.#lanes.set(to, lane)
    }
    lane.parcels.push(parcel)
    this.#next(to, lane)
  }

  /** Forgets what has not arrived. A message on its way may still arrive. */
  drop(to: string): void {
    const lane = this.#lanes.get(to)
    if (lane === undefined) return
    lane.timer?.cancel()
    lane.parcels.length = 0
    this.#lanes.delete(to)
  }

  close(): void {
    for (const to of [...this.#lanes.keys()]) this.drop(to)
  }

  #next(to: string, lane: Lane): void {
    const parcel = lane.parcels[0]
    if (lane.busy || parcel === undefined) return
    lane.busy = true
    parcel.ready(() => void this.#deliver(to, lane, parcel))
  }

  async #deliver(to: string, lane: Lane, parcel: Parcel): Promise<void> {
    if (lane.parcels[0] !== parcel || !this.#options.mayAct()) return
    try {
      await parcel.deliver()
    } catch (error) {
      if (lane.parcels[0] !== parcel) return
      const now = this.#options.clock.monotonic()
      if (error instanceof SpkError && error.retryable && (parcel.until === undefined || now < parcel.until)) {
        const waitMs = Math.min(FIRST_RETRY_MS * 2 ** lane.tries, LONGEST_RETRY_MS)
        lane.tries++
        lane.timer = this.#options.clock.after(waitMs, () => void this.#deliver(to, lane, parcel))
        return
      }
      parcel.onUndeliverable(error)
    }
    if (lane.parcels[0] !== parcel) return
    lane.parcels.shift()
    lane.busy = false
    lane.tries = 0
    if (lane.parcels.length === 0 && this.#lanes.get(to) === lane) this.#lanes.delete(to)
    else this.#next(to, lane)
  }
}
