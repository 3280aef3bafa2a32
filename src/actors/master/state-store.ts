/**
 * Writes a term's records into the state bucket: per key in order, the newest value winning, many keys at a time. Each write goes through only at the
 * revision that this leader knows; a conflict is settled by reading again: an older epoch's value is overwritten, a newer epoch ends this term. Before
 * every write it asks whether the leader may still act.
 */
import type { Clock, Timer } from '../../core/clock.js'
import { SpkError } from '../../core/errors.js'
import type { Logger } from '../../core/log.js'
import type { Bucket, Entry } from '../../transport/transport.js'

export interface StateStoreOptions {
  readonly epoch: number
  readonly clock: Clock
  readonly log: Logger
  open(): Promise<Bucket>
  /** What was in the bucket when the term began. */
  readonly known: readonly Entry[]
  /** Whether the lease is held right now; a write that may not happen is dropped with the term. */
  mayAct(): boolean
  /** The epoch of a value found in the bucket; 0 when it is not readable. */
  epochOf(value: Uint8Array): number
  /** A newer leader has written. */
  onNewer(epoch: number): void
}

const RETRY_MS = 200
const AT_ONCE = 64

interface Wanted {
  /** Undefined: erase. */
  readonly value: Uint8Array | undefined
}

export class StateStore {
  readonly #options: StateStoreOptions
  readonly #revisions: Map<string, number>
  /** Values that the bucket holds as far as this leader knows. */
  readonly #stored: Map<string, Uint8Array>
  readonly #wanted = new Map<string, Wanted>()
  readonly #writing = new Set<string>()
  readonly #waiters: { keys: Set<string>; then: () => void }[] = []
  readonly #timers = new Set<Timer>()
  #bucket: Bucket | undefined
  #closed = false

  constructor(options: StateStoreOptions) {
    this.#options = options
    this.#revisions = new Map(options.known.map(e => [e.key, e.revision]))
    this.#stored = new Map(options.known.map(e => [e.key, e.value]))
  }

  put(key: string, value: Uint8Array): void {
    if (this.#wanted.get(key) === undefined && same(this.#stored.get(key), value)) return
    this.#want(key, value)
  }

  erase(key: string): void {
    if (this.#wanted.has(key) || this.#revisions.has(key)) this.#want(key, undefined)
  }

  /** Calls back once everything wanted so far for `keys` (default: for all) is in the bucket; never when the term ends first. */
  whenStored(keys: readonly string[] | undefined, then: () => void): void {
    const open = new Set((keys ?? [...this.#wanted.keys()]).filter(key => this.#wanted.has(key)))
    if (open.size === 0) then()
    else this.#waiters.push({ keys: open, then })
  }

  /** Compares the bucket with what was written: a lost bucket fills up again, and what an older leader wrote late is put right. */
  async audit(): Promise<void> {
    if (this.#closed || this.#wanted.size > 0) return
    let entries: Entry[]
    try {
      entries = await (await this.#open()).entries()
    } catch (error) {
      this.#options.log.debug({ err: error }, 'state bucket not audited')
      return
    }
    if (this.#closed) return
    const found = new Map(entries.map(e => [e.key, e]))
    for (const [key, value] of this.#stored) {
      const entry = found.get(key)
      // What is being written meanwhile is settled by its own write.
      if (this.#wanted.has(key) || (entry !== undefined && entry.revision === this.#revisions.get(key))) continue
      this.#options.log.warn({ key }, 'state record missing or changed: written again')
      this.#stored.delete(key)
      this.#want(key, value)
    }
    for (const [key, entry] of found) {
      if (this.#stored.has(key) || this.#wanted.has(key) || this.#options.epochOf(entry.value) >= this.#options.epoch) continue
      this.#options.log.warn({ key }, 'state record of an older leader: erased')
      this.#revisions.set(key, entry.revision)
      this.#want(key, undefined)
    }
  }

  close(): void {
    this.#closed = true
    this.#wanted.clear()
    this.#waiters.length = 0
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  #want(key: string, value: Uint8Array | undefined): void {
    if (this.#closed) return
    this.#wanted.delete(key)
    this.#wanted.set(key, { value })
    this.#pump()
  }

  #pump(): void {
    for (const [key, wanted] of this.#wanted) {
      if (this.#writing.size >= AT_ONCE) return
      if (this.#writing.has(key)) continue
      this.#writing.add(key)
      void this.#write(key, wanted)
    }
  }

  async #write(key: string, wanted: Wanted): Promise<void> {
    const outcome = await this.#attempt(key, wanted)
    this.#writing.delete(key)
    if (this.#closed) return
    if (outcome === 'stored') {
      if (this.#wanted.get(key) === wanted) {
        this.#wanted.delete(key)
        this.#settled(key)
      }
      this.#pump()
    } else if (outcome === 'again') {
      this.#pump()
    } else {
      const timer = this.#options.clock.after(RETRY_MS, () => {
        this.#timers.delete(timer)
        this.#writing.delete(key)
        this.#pump()
      })
      this.#timers.add(timer)
      this.#writing.add(key)
    }
  }

  async #attempt(key: string, { value }: Wanted): Promise<'stored' | 'again' | 'later'> {
    try {
      const bucket = await this.#open()
      if (this.#closed || !this.#options.mayAct()) return 'later'
      const revision = this.#revisions.get(key)
      try {
        if (value === undefined) {
          if (revision !== undefined) await bucket.delete(key, revision)
          this.#revisions.delete(key)
          this.#stored.delete(key)
        } else {
          this.#revisions.set(key, revision === undefined ? await bucket.create(key, value) : await bucket.update(key, value, revision))
          this.#stored.set(key, value)
        }
        return 'stored'
      } catch (error) {
        if (!(error instanceof SpkError) || error.code !== 'SPK_CAS_FAILED') throw error
        return this.#reconsider(key, value, await bucket.get(key))
      }
    } catch (error) {
      this.#bucket = undefined
      this.#options.log.debug({ err: error, key }, 'state record not written yet')
      return 'later'
    }
  }

  /** Somebody else's write came first: an earlier try of ours, an older leader's last gasp, or a newer leader. */
  #reconsider(key: string, value: Uint8Array | undefined, entry: Entry | undefined): 'stored' | 'again' | 'later' {
    if (entry === undefined) {
      this.#revisions.delete(key)
      return 'again'
    }
    const theirs = this.#options.epochOf(entry.value)
    if (theirs > this.#options.epoch) {
      this.#options.onNewer(theirs)
      return 'later'
    }
    this.#revisions.set(key, entry.revision)
    if (value === undefined || !same(entry.value, value)) return 'again'
    this.#stored.set(key, value)
    return 'stored'
  }

  #settled(key: string): void {
    for (const waiter of this.#waiters.filter(w => w.keys.delete(key) && w.keys.size === 0)) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
      waiter.then()
    }
  }

  async #open(): Promise<Bucket> {
    this.#bucket ??= await this.#options.open()
    return this.#bucket
  }
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i])
}
