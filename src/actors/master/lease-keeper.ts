/**
 * The lease on the bus: take, renew, give back. A write whose outcome is unknown is settled by reading again and comparing the nonce; never by writing
 * blindly. A lease counts as confirmed only when the records have been read too, because they may hold a higher epoch than the bucket's revisions.
 * Called by the effects, one call at a time.
 */
import { SpkError } from '../../core/errors.js'
import { LeaseRecord } from '../../protocol/state.js'
import { LEASE_KEY } from '../../protocol/subjects.js'
import { RECORD_VERSION } from '../../protocol/version.js'
import { decodeRecord, encodeRecord } from '../../protocol/wire.js'
import type { Bucket, Entry } from '../../transport/transport.js'
import type { At } from './cluster.js'
import { newEpoch } from './lease.js'

export interface LeasePorts {
  /** Opens the lease's bucket, made when missing. */
  open(): Promise<Bucket>
  now(): At
  nonce(): string
  /** Reads what the new leader must know; returns the highest epoch found there. */
  readRecords(): Promise<number>
}

export interface LeaseOwner {
  readonly masterId: string
  readonly host: string
  readonly ui: string
}

export type Taken =
  /** `ttlMs`: what the lease lives when it is not renewed; 0: for ever. */
  | { readonly kind: 'taken'; readonly epoch: number; readonly ttlMs: number; readonly sentAt: At }
  | { readonly kind: 'held'; readonly by: LeaseRecord }
  | { readonly kind: 'unknown'; readonly error: string }

export type Renewed =
  | { readonly kind: 'renewed'; readonly sentAt: At }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly error: string }

const GIVEN_UP: Renewed = { kind: 'lost', reason: 'the lease was given up' }

export class LeaseKeeper {
  readonly #owner: LeaseOwner
  readonly #ports: LeasePorts
  #bucket: Bucket | undefined
  /** Tells this term's lease from any other, also from an earlier one of this master. */
  #nonce: string | undefined
  #record: LeaseRecord | undefined
  #revision = 0
  /** When the first renewal of unknown outcome was sent. */
  #unsettled: At | undefined

  constructor(owner: LeaseOwner, ports: LeasePorts) {
    this.#owner = owner
    this.#ports = ports
  }

  /** Never rejects. `floor`: the highest epoch heard of. */
  async take(floor: number): Promise<Taken> {
    try {
      this.#nonce ??= this.#ports.nonce()
      const bucket = await this.#open()
      let entry = await this.#read(bucket)
      if (entry !== undefined && entry.record.nonce !== this.#nonce && entry.record.masterId === this.#owner.masterId) {
        // Left from an earlier term of this master, which has stood down: a new term needs a new epoch.
        await bucket.delete(LEASE_KEY, entry.revision)
        entry = undefined
      }
      entry ??= await this.#create(bucket)
      if (entry.record.nonce !== this.#nonce) return { kind: 'held', by: entry.record }
      return await this.#confirm(bucket, entry, floor)
    } catch (error) {
      this.#bucket = undefined
      return { kind: 'unknown', error: text(error) }
    }
  }

  async #create(bucket: Bucket): Promise<Stored> {
    const record: LeaseRecord = { v: RECORD_VERSION, ...this.#owner, epoch: 0, since: this.#ports.now().wall, nonce: this.#nonce ?? '' }
    try {
      return { record, revision: await bucket.create(LEASE_KEY, encodeRecord(LeaseRecord, record)) }
    } catch (error) {
      const entry = await this.#read(bucket)
      if (entry === undefined) throw error
      return entry
    }
  }

  /** Writes the epoch into the lease that is ours. What it rejects with may hide that it was written: the next `take` will see. */
  async #confirm(bucket: Bucket, entry: Stored, floor: number): Promise<Taken> {
    const known = Math.max(floor, await this.#ports.readRecords())
    // 0: not confirmed yet, so this is still the revision of its create.
    const epoch = newEpoch(entry.record.epoch === 0 ? entry.revision : entry.record.epoch, known)
    // The bucket says how long, not the configuration of whoever comes: two masters that count differently would lead at once.
    const ttlMs = await bucket.ttlMs()
    const record = { ...entry.record, epoch, ttlMs }
    const sentAt = this.#ports.now()
    const revision = await bucket.update(LEASE_KEY, encodeRecord(LeaseRecord, record), entry.revision)
    if (this.#nonce !== record.nonce) return { kind: 'unknown', error: 'given up meanwhile' }
    this.#revision = revision
    this.#record = record
    this.#unsettled = undefined
    return { kind: 'taken', epoch, ttlMs, sentAt }
  }

  /** Never rejects. */
  async renew(): Promise<Renewed> {
    const record = this.#record
    if (record === undefined) return GIVEN_UP
    const sentAt = this.#ports.now()
    try {
      const bucket = await this.#open()
      try {
        const revision = await bucket.update(LEASE_KEY, encodeRecord(LeaseRecord, record), this.#revision)
        if (this.#record !== record) return GIVEN_UP
        this.#revision = revision
        this.#unsettled = undefined
        return { kind: 'renewed', sentAt }
      } catch (error) {
        this.#unsettled ??= sentAt
        const entry = await this.#read(bucket)
        return this.#record === record ? this.#settle(entry, text(error)) : GIVEN_UP
      }
    } catch (error) {
      if (this.#record !== record) return GIVEN_UP
      this.#bucket = undefined
      this.#unsettled ??= sentAt
      return { kind: 'unknown', error: text(error) }
    }
  }

  #settle(entry: Stored | undefined, error: string): Renewed {
    if (entry === undefined) return { kind: 'lost', reason: `the lease is gone (${error})` }
    if (entry.record.nonce !== this.#nonce) return { kind: 'lost', reason: `${entry.record.masterId} holds the lease now` }
    if (entry.revision === this.#revision) return { kind: 'unknown', error }
    const sentAt = this.#unsettled ?? this.#ports.now()
    this.#revision = entry.revision
    this.#unsettled = undefined
    return { kind: 'renewed', sentAt }
  }

  /** The term is over; the next one has another nonce. With `giveBack` others need not wait for the lease to expire. */
  async end(giveBack: boolean): Promise<void> {
    const held = this.#record !== undefined
    const revision = this.#revision
    this.#nonce = undefined
    this.#record = undefined
    this.#unsettled = undefined
    if (!giveBack || !held) return
    try {
      await (await this.#open()).delete(LEASE_KEY, revision)
    } catch {
      // It expires by itself.
    }
  }

  async #open(): Promise<Bucket> {
    this.#bucket ??= await this.#ports.open()
    return this.#bucket
  }

  async #read(bucket: Bucket): Promise<Stored | undefined> {
    const entry: Entry | undefined = await bucket.get(LEASE_KEY)
    return entry === undefined ? undefined : { record: decodeRecord(LeaseRecord, entry.value, 'the lease'), revision: entry.revision }
  }
}

interface Stored {
  readonly record: LeaseRecord
  readonly revision: number
}

function text(error: unknown): string {
  return error instanceof SpkError || error instanceof Error ? error.message : String(error)
}
