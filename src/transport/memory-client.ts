/**
 * One client of the in-memory bus: requests with their time limit, subscriptions, and store operations that may stay unanswered when a link lies between.
 * Made by `MemoryBus.connect`; behaves as the NATS transport does (`test/transport/contract.ts`).
 */
import type { Clock } from '../core/clock.js'
import { busUnavailable, disconnected, MAX_PAYLOAD, messageTooLarge, noResponders, requestAborted, requestTimeout } from './failures.js'
import type { MemoryBus } from './memory.js'
import type { StoredBucket, WatchListener } from './memory-store.js'
import type {
  Bucket,
  Entry,
  EventStream,
  IncomingMessage,
  RequestOptions,
  StreamRecord,
  Subscription,
  Transport,
  TransportStatus,
} from './transport.js'

export interface Subscriber {
  readonly client: MemoryClient
  readonly pattern: string
  readonly handler: (message: IncomingMessage) => void
  active: boolean
}

export interface StreamOptions {
  readonly subjects: string
  readonly maxAgeMs?: number
  readonly maxBytes?: number
}

const EMPTY = new Uint8Array(0)

interface Pending {
  reject(error: Error): void
}

interface Watch {
  pause(): void
  restart(): void
}

export class MemoryClient implements Transport {
  readonly name: string
  readonly #bus: MemoryBus
  readonly #clock: Clock
  readonly #subscribers = new Set<Subscriber>()
  readonly #watches = new Set<Watch>()
  readonly #pending = new Set<Pending>()
  readonly #listeners: ((status: TransportStatus) => void)[] = []
  #status: TransportStatus = 'connected'

  /** @internal Use `MemoryBus.connect`. */
  constructor(bus: MemoryBus, name: string, clock: Clock) {
    this.#bus = bus
    this.#clock = clock
    this.name = name
  }

  get status(): TransportStatus {
    return this.#status
  }

  publish(subject: string, data: Uint8Array): void {
    if (data.length > MAX_PAYLOAD) throw messageTooLarge(subject, data.length)
    if (this.#status !== 'connected') return
    this.#bus.toBus({ kind: 'message', client: this.name, subject, data }, () => void this.#bus.route(subject, data))
  }

  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (data.length > MAX_PAYLOAD) return Promise.reject(messageTooLarge(subject, data.length))
    if (this.#status !== 'connected') return Promise.reject(disconnected(`a request to ${subject}`))
    if (options.signal?.aborted) return Promise.reject(requestAborted(subject))
    return new Promise((resolve, reject) => {
      const abort = () => settle(() => reject(requestAborted(subject)))
      const pending: Pending = { reject: error => settle(() => reject(error)) }
      const timer = this.#clock.after(options.timeoutMs, () => settle(() => reject(requestTimeout(subject, options.timeoutMs))))
      const settle = (how: () => void) => {
        if (!this.#pending.delete(pending)) return
        timer.cancel()
        options.signal?.removeEventListener('abort', abort)
        how()
      }
      this.#pending.add(pending)
      options.signal?.addEventListener('abort', abort)
      this.#bus.toBus({ kind: 'message', client: this.name, subject, data }, () => {
        const heard = this.#bus.route(subject, data, (from, reply) => {
          if (reply.length > MAX_PAYLOAD) throw messageTooLarge(subject, reply.length)
          if (from.status !== 'connected') return
          this.#bus.toBus({ kind: 'reply', client: from.name, subject, data: reply }, () => {
            this.#bus.toClient({ kind: 'reply', client: this.name, subject, data: reply }, () => settle(() => resolve(reply)))
          })
        })
        if (heard > 0) return
        this.#bus.toClient({ kind: 'reply', client: this.name, subject, data: EMPTY }, () => settle(() => reject(noResponders(subject))))
      })
    })
  }

  subscribe(subject: string, handler: (message: IncomingMessage) => void): Subscription {
    const subscriber: Subscriber = { client: this, pattern: subject, handler, active: this.#status !== 'closed' }
    if (subscriber.active) {
      this.#subscribers.add(subscriber)
      if (this.#status === 'connected') this.#bus.add(subscriber)
    }
    return {
      unsubscribe: () => {
        subscriber.active = false
        this.#subscribers.delete(subscriber)
        this.#bus.remove(subscriber)
      },
    }
  }

  async bucket(name: string, options: { readonly ttlMs?: number } = {}): Promise<Bucket> {
    const ttlMs = options.ttlMs ?? Number.POSITIVE_INFINITY
    const stored = () => this.#bus.storedBucket(name, ttlMs)
    const call = <T>(what: string, key: string, run: () => T) => this.#store(`${what} ${name}/${key}`, run)
    await call('open', '', stored)
    return {
      get: key => call('get', key, () => stored().get(key)),
      create: (key, value) => call('create', key, () => stored().create(key, value)),
      update: (key, value, revision) => call('update', key, () => stored().update(key, value, revision)),
      put: (key, value) => call('put', key, () => stored().put(key, value)),
      delete: (key, revision) => call('delete', key, () => stored().delete(key, revision)),
      entries: () => call<Entry[]>('list', '', () => stored().entries()),
      ttlMs: () => call('lifetime', '', () => (Number.isFinite(stored().ttlMs) ? stored().ttlMs : 0)),
      watch: listener => this.#watch(name, stored, listener),
    }
  }

  async stream(name: string, options: StreamOptions): Promise<EventStream> {
    const stored = () => this.#bus.storedStream(name, options)
    await this.#store(`open ${name}`, stored)
    const read = (filter: string | undefined, from: number) => this.#store<StreamRecord[]>(`read ${name}`, () => stored().read(filter, from))
    return {
      append: (subject, data, id) => {
        if (data.length > MAX_PAYLOAD) return Promise.reject(messageTooLarge(subject, data.length))
        return this.#store(`append ${subject}`, () => this.#bus.append(stored(), subject, data, id))
      },
      read: async function* (wanted = {}) {
        yield* await read(wanted.filter, wanted.fromSequence ?? 1)
      },
    }
  }

  onStatus(listener: (status: TransportStatus) => void): void {
    this.#listeners.push(listener)
  }

  /** The connection broke: the bus drops this client's subscriptions, what it asked rejects, what it publishes is lost. For the simulator. */
  disconnect(): void {
    if (this.#status !== 'connected') return
    this.#leave('disconnected')
  }

  /** Connected again: subscriptions are back, every watch replays its bucket. */
  reconnect(): void {
    if (this.#status !== 'disconnected') return
    for (const subscriber of this.#subscribers) this.#bus.add(subscriber)
    this.#become('connected')
    for (const watch of this.#watches) watch.restart()
  }

  async close(): Promise<void> {
    if (this.#status === 'closed') return
    this.#leave('closed')
    for (const subscriber of this.#subscribers) subscriber.active = false
    this.#subscribers.clear()
    this.#watches.clear()
  }

  #leave(status: 'disconnected' | 'closed'): void {
    for (const subscriber of this.#subscribers) this.#bus.remove(subscriber)
    for (const watch of this.#watches) watch.pause()
    this.#become(status)
    for (const pending of [...this.#pending]) pending.reject(disconnected('a pending request'))
  }

  #become(status: TransportStatus): void {
    this.#status = status
    for (const listener of this.#listeners) listener(status)
  }

  /** Runs one operation at the store: at once, or through the link with a time limit after which nobody knows whether it ran. */
  #store<T>(what: string, run: () => T): Promise<T> {
    if (this.#status !== 'connected') return Promise.reject(busUnavailable(what))
    if (this.#bus.link === undefined) {
      try {
        return Promise.resolve(run())
      } catch (error) {
        return Promise.reject(error)
      }
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = { reject: error => settle(() => reject(busUnavailable(what, error))) }
      const timer = this.#clock.after(this.#bus.storeTimeoutMs, () => pending.reject(new Error('timeout')))
      const settle = (how: () => void) => {
        if (!this.#pending.delete(pending)) return
        timer.cancel()
        how()
      }
      this.#pending.add(pending)
      let ran = false
      this.#bus.toBus({ kind: 'store', client: this.name, subject: what, data: EMPTY }, () => {
        if (ran) return
        ran = true
        let outcome: () => void
        try {
          const value = run()
          outcome = () => resolve(value)
        } catch (error) {
          outcome = () => reject(error)
        }
        this.#bus.toClient({ kind: 'storeReply', client: this.name, subject: what, data: EMPTY }, () => settle(outcome))
      })
    })
  }

  async #watch(name: string, stored: () => StoredBucket, listener: WatchListener): Promise<Subscription> {
    let active = true
    let source: StoredBucket | undefined
    const deliver: WatchListener = (key, value, revision) => {
      this.#bus.toClient({ kind: 'watch', client: this.name, subject: `${name}/${key}`, data: value ?? EMPTY }, () => {
        if (!active) return
        try {
          listener(key, value, revision)
        } catch (error) {
          this.#bus.log.error({ err: error, bucket: name, key }, 'watch listener failed')
        }
      })
    }
    const watch: Watch = {
      pause: () => void source?.watchers.delete(deliver),
      restart: () => {
        watch.pause()
        source = stored()
        source.watchers.add(deliver)
        for (const entry of source.entries()) deliver(entry.key, entry.value, entry.revision)
      },
    }
    await this.#store(`watch ${name}`, watch.restart)
    this.#watches.add(watch)
    return {
      unsubscribe: () => {
        active = false
        watch.pause()
        this.#watches.delete(watch)
      },
    }
  }
}
