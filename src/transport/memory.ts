/**
 * The bus in memory: what local mode runs on, and the simulator with a bad network behind it. Several clients share one `MemoryBus`. Without a `link`
 * every message is delivered in order in the next microtask; with one, each hop between a client and the bus passes through it, and it decides when,
 * how often or whether the hop happens.
 */
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/log.js'
import { MemoryClient, type StreamOptions, type Subscriber } from './memory-client.js'
import { StoredBucket, StoredStream } from './memory-store.js'
import { SubjectIndex, subjectMatches } from './subject-index.js'
import type { Entry, StreamRecord } from './transport.js'

/** What travels: a publish or request, its answer, a store operation, its result, or a change of a watched bucket. */
export interface Hop {
  readonly kind: 'message' | 'reply' | 'store' | 'storeReply' | 'watch'
  readonly client: string
  /** Subject, or bucket and key. */
  readonly subject: string
  readonly data: Uint8Array
}

/** The network between clients and the bus. `deliver` may be called later, never, or (message and reply only) more than once. */
export interface MemoryLink {
  toBus(hop: Hop, deliver: () => void): void
  toClient(hop: Hop, deliver: () => void): void
}

export interface MemoryBusOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly link?: MemoryLink
  /** How long a store operation waits for its result; only a link can make it wait. Default 500 ms. */
  readonly storeTimeoutMs?: number
}

export class MemoryBus {
  readonly clock: Clock
  readonly log: Logger
  readonly link: MemoryLink | undefined
  readonly storeTimeoutMs: number
  readonly #index = new SubjectIndex<Subscriber>()
  readonly #buckets = new Map<string, StoredBucket>()
  readonly #streams = new Map<string, StoredStream>()
  #queue: (() => void)[] = []
  #names = 0

  constructor(options: MemoryBusOptions) {
    this.clock = options.clock
    this.log = options.log
    this.link = options.link
    this.storeTimeoutMs = options.storeTimeoutMs ?? 500
  }

  /** A new client. `name` tells clients apart for the link; `clock` is the client's own, which its time limits go by. */
  connect(name = `client-${this.#names++}`, clock: Clock = this.clock): MemoryClient {
    return new MemoryClient(this, name, clock)
  }

  /** Forgets every bucket and stream, as when a server loses its disk. They are made again on their next use. */
  loseStore(): void {
    this.#buckets.clear()
    this.#streams.clear()
  }

  /** @internal */
  add(subscriber: Subscriber): void {
    this.#index.add(subscriber.pattern, subscriber)
  }

  /** @internal */
  remove(subscriber: Subscriber): void {
    this.#index.remove(subscriber)
  }

  /** @internal Hands a message to everybody who subscribes now; returns how many those are. */
  route(subject: string, data: Uint8Array, answer?: (from: MemoryClient, data: Uint8Array) => void): number {
    for (const stream of this.#streams.values()) if (subjectMatches(stream.subjects, subject)) stream.append(subject, data)
    return this.#deliver(subject, data, answer)
  }

  #deliver(subject: string, data: Uint8Array, answer?: (from: MemoryClient, data: Uint8Array) => void): number {
    const found = this.#index.matching(subject)
    for (const subscriber of found) {
      this.toClient({ kind: 'message', client: subscriber.client.name, subject, data }, () => {
        if (!subscriber.active) return
        let answered = answer === undefined
        try {
          subscriber.handler({
            subject,
            data,
            respond: reply => {
              if (answered) return
              answered = true
              answer?.(subscriber.client, reply)
            },
          })
        } catch (error) {
          this.log.error({ err: error, subject }, 'message handler failed')
        }
      })
    }
    return found.length
  }

  /** @internal */
  toBus(hop: Hop, deliver: () => void): void {
    if (this.link === undefined) deliver()
    else this.link.toBus(hop, deliver)
  }

  /** @internal */
  toClient(hop: Hop, deliver: () => void): void {
    if (this.link === undefined) this.#enqueue(deliver)
    else this.link.toClient(hop, deliver)
  }

  /** What a key holds now, past all links: for checks. */
  peek(bucket: string, key: string): Entry | undefined {
    return this.#buckets.get(bucket)?.get(key)
  }

  /** All that a bucket holds now, past all links. */
  peekAll(bucket: string): Entry[] {
    return this.#buckets.get(bucket)?.entries() ?? []
  }

  /** All that a stream holds now, past all links. */
  peekStream(name: string): StreamRecord[] {
    return this.#streams.get(name)?.read(undefined, 1) ?? []
  }

  /** @internal */
  storedBucket(name: string, ttlMs: number): StoredBucket {
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = new StoredBucket(name, this.clock, ttlMs)
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  /** @internal */
  storedStream(name: string, options: StreamOptions): StoredStream {
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = new StoredStream(this.clock, options)
      this.#streams.set(name, stream)
    }
    return stream
  }

  /** @internal Stores a record; those who subscribe to its subject hear it, as on NATS. */
  append(stream: StoredStream, subject: string, data: Uint8Array, id: string | undefined): number {
    const before = stream.lastSequence
    const sequence = stream.append(subject, data, id)
    if (sequence > before) this.#deliver(subject, data)
    return sequence
  }

  #enqueue(deliver: () => void): void {
    this.#queue.push(deliver)
    if (this.#queue.length > 1) return
    queueMicrotask(() => {
      const batch = this.#queue
      for (let i = 0; i < batch.length; i++) batch[i]?.()
      this.#queue = []
    })
  }
}
