/**
 * What a JetStream server keeps, in memory: key-value buckets with revisions and silent expiry, and append-only streams with a window of known ids.
 * Synchronous and without a network: `memory.ts` puts clients (and, in the simulator, a bad network) in front of it. Copies the rules of
 * nats-server 2.9: a delete is a revision too, expired keys make no event, an update of an expired key fails.
 */
import type { Clock } from '../core/clock.js'
import { casFailed } from './failures.js'
import { subjectMatches } from './subject-index.js'
import type { Entry, StreamRecord } from './transport.js'

export type WatchListener = (key: string, value: Uint8Array | undefined, revision: number) => void

interface Stored {
  /** Absent: deleted. */
  readonly value: Uint8Array | undefined
  readonly revision: number
  readonly expiresAt: number
}

export class StoredBucket {
  readonly name: string
  readonly ttlMs: number
  readonly #clock: Clock
  readonly #keys = new Map<string, Stored>()
  readonly watchers = new Set<WatchListener>()
  #revision = 0

  constructor(name: string, clock: Clock, ttlMs: number) {
    this.name = name
    this.#clock = clock
    this.ttlMs = ttlMs
  }

  get(key: string): Entry | undefined {
    const stored = this.#live(key)
    return stored?.value === undefined ? undefined : { key, value: stored.value, revision: stored.revision }
  }

  create(key: string, value: Uint8Array): number {
    if (this.#live(key)?.value !== undefined) throw casFailed(this.name, key, 'exists already')
    return this.#write(key, value)
  }

  update(key: string, value: Uint8Array, revision: number): number {
    this.#mustBeLast(key, revision)
    return this.#write(key, value)
  }

  put(key: string, value: Uint8Array): number {
    return this.#write(key, value)
  }

  delete(key: string, revision?: number): void {
    if (revision !== undefined) this.#mustBeLast(key, revision)
    this.#write(key, undefined)
  }

  entries(): Entry[] {
    const live: Entry[] = []
    for (const key of [...this.#keys.keys()]) {
      const entry = this.get(key)
      if (entry !== undefined) live.push(entry)
    }
    return live
  }

  #live(key: string): Stored | undefined {
    const stored = this.#keys.get(key)
    if (stored === undefined || stored.expiresAt > this.#clock.monotonic()) return stored
    this.#keys.delete(key)
    return undefined
  }

  #mustBeLast(key: string, revision: number): void {
    const last = this.#live(key)?.revision ?? 0
    if (last !== revision) throw casFailed(this.name, key, `is not at revision ${revision} but ${last}`)
  }

  #write(key: string, value: Uint8Array | undefined): number {
    const revision = ++this.#revision
    this.#keys.set(key, { value, revision, expiresAt: this.#clock.monotonic() + this.ttlMs })
    for (const watcher of this.watchers) watcher(key, value, revision)
    return revision
  }
}

/** Ids are known for as long as nats-server does by default. */
const DEDUPE_WINDOW_MS = 120_000

export class StoredStream {
  readonly subjects: string
  readonly #maxAgeMs: number
  readonly #maxBytes: number
  readonly #clock: Clock
  readonly #ids = new Map<string, { readonly sequence: number; readonly until: number }>()
  #records: StreamRecord[] = []
  /** Records before this index are dropped already. */
  #first = 0
  #bytes = 0
  #sequence = 0

  get lastSequence(): number {
    return this.#sequence
  }

  constructor(clock: Clock, options: { readonly subjects: string; readonly maxAgeMs?: number; readonly maxBytes?: number }) {
    this.#clock = clock
    this.subjects = options.subjects
    this.#maxAgeMs = options.maxAgeMs ?? Number.POSITIVE_INFINITY
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY
  }

  append(subject: string, data: Uint8Array, id?: string): number {
    const now = this.#clock.monotonic()
    for (const [known, seen] of this.#ids) {
      if (seen.until > now) break
      this.#ids.delete(known)
    }
    const seen = id === undefined ? undefined : this.#ids.get(id)
    if (seen !== undefined) return seen.sequence
    const sequence = ++this.#sequence
    if (id !== undefined) this.#ids.set(id, { sequence, until: now + DEDUPE_WINDOW_MS })
    this.#records.push({ sequence, subject, data, time: this.#clock.now() })
    this.#bytes += data.length
    this.#trim()
    return sequence
  }

  /** A copy of what is stored now, so that a slow reader sees one moment. */
  read(filter: string | undefined, fromSequence: number): StreamRecord[] {
    this.#trim()
    return this.#records.filter(
      (r, i) => i >= this.#first && r.sequence >= fromSequence && (filter === undefined || subjectMatches(filter, r.subject)),
    )
  }

  #trim(): void {
    const oldest = this.#clock.now() - this.#maxAgeMs
    for (let record = this.#records[this.#first]; record !== undefined; record = this.#records[this.#first]) {
      if (record.time > oldest && this.#bytes <= this.#maxBytes) break
      this.#bytes -= record.data.length
      this.#first++
    }
    if (this.#first * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#first)
      this.#first = 0
    }
  }
}
