/**
 * The bus on NATS: the transport of every real cluster. It never gives up a connection once it had one (100 ms between tries), rejects what is pending the
 * moment the connection breaks, and needs nothing newer than nats-server 2.9. Together with `nats-*.ts` the only door to the NATS client.
 */
import { jetstream } from '@nats-io/jetstream'
import {
  AuthorizationError,
  connect,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node'
import { type Clock, delay, systemClock } from '../core/clock.js'
import { SpkError } from '../core/errors.js'
import { inboxPrefix } from '../core/ids.js'
import type { Logger } from '../core/log.js'
import { disconnected, MAX_PAYLOAD, messageTooLarge, noResponders, requestAborted, requestTimeout } from './failures.js'
import { natsBucket } from './nats-bucket.js'
import { JetStreamCalls } from './nats-jetstream.js'
import { natsStream } from './nats-stream.js'
import { type NatsServers, parseNatsServers } from './nats-url.js'
import type { Bucket, EventStream, IncomingMessage, RequestOptions, StreamOptions, Subscription, Transport, TransportStatus } from './transport.js'

export interface NatsOptions {
  /** `nats://[user:password@]host[:port]`, several parted by commas. */
  readonly servers: string
  /** Shown by the server's monitoring. */
  readonly name: string
  readonly log: Logger
  /** How long to try for the first connection, milliseconds. Default 10 s. */
  readonly waitMs?: number
  /** Copies of buckets and streams that are created here. Default 1. */
  readonly replicas?: number
  /** First tokens of the subjects on which answers arrive. Default: one for each user of the server, see `core/ids.ts`. */
  readonly inboxPrefix?: string
  readonly clock?: Clock
}

const FIRST_WAIT_MS = 10_000
const RECONNECT_WAIT_MS = 100
const PING_MS = 2000
const DIAL_TIMEOUT_MS = 2000
/** How long `close` waits for what was published to leave. */
const FLUSH_MS = 1000

/** Rejects with `SPK_NATS_UNREACHABLE` when nobody answers in time, `SPK_NATS_AUTHORIZATION` at once when the user is refused, `SPK_NATS_URL`. */
export async function connectNats(options: NatsOptions): Promise<NatsTransport> {
  const clock = options.clock ?? systemClock
  const servers = parseNatsServers(options.servers)
  const waitMs = options.waitMs ?? FIRST_WAIT_MS
  const end = clock.monotonic() + waitMs
  for (;;) {
    try {
      const connection = await dial(servers, options)
      // The client forgets servers that did not answer at first.
      if (servers.urls.length > 1) connection.setServers([...servers.urls])
      return new NatsTransport(connection, options, clock)
    } catch (error) {
      const refused = authorizationError(error)
      if (refused !== undefined) {
        throw new SpkError(
          'SPK_NATS_AUTHORIZATION',
          `The NATS server at ${servers.shown} refuses ${servers.user === undefined ? 'a connection without user' : `user "${servers.user}" with this password`}. Write the user into the URL: nats://user:password@host:port.`,
          { cause: error },
        )
      }
      if (clock.monotonic() + RECONNECT_WAIT_MS >= end) {
        throw new SpkError(
          'SPK_NATS_UNREACHABLE',
          `No NATS server answers at ${servers.shown} (tried for ${waitMs / 1000} s: ${error instanceof Error ? error.message : String(error)}). Check that nats-server runs there with JetStream (nats-server -js) and that the port is open, or give another URL.`,
          { cause: error, params: { url: servers.shown } },
        )
      }
      await delay(clock, RECONNECT_WAIT_MS)
    }
  }
}

function dial(servers: NatsServers, options: NatsOptions): Promise<NatsConnection> {
  return connect({
    servers: [...servers.urls],
    ...servers.credentials,
    ...(servers.tls ? { tls: {} } : {}),
    name: options.name,
    timeout: DIAL_TIMEOUT_MS,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: 20,
    reconnectJitterTLS: 20,
    pingInterval: PING_MS,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    inboxPrefix: options.inboxPrefix ?? inboxPrefix(servers.user),
  })
}

function authorizationError(error: unknown): Error | undefined {
  return error instanceof AuthorizationError ? error : undefined
}

interface Pending {
  reject(error: Error): void
}

export class NatsTransport implements Transport {
  readonly #connection: NatsConnection
  readonly #log: Logger
  readonly #clock: Clock
  readonly #calls: JetStreamCalls
  readonly #pending = new Set<Pending>()
  readonly #listeners: ((status: TransportStatus) => void)[] = []
  #status: TransportStatus = 'connected'

  /** @internal Use `connectNats`. */
  constructor(connection: NatsConnection, options: NatsOptions, clock: Clock) {
    this.#connection = connection
    this.#log = options.log
    this.#clock = clock
    this.#calls = new JetStreamCalls({
      connection,
      clock,
      log: options.log,
      replicas: options.replicas ?? 1,
      jetstream: jetstream(connection, { timeout: 500 }),
      guard: (what, work) => this.#whileConnected(what, work),
      closed: () => this.#status === 'closed',
    })
    void this.#followStatus()
  }

  publish(subject: string, data: Uint8Array): void {
    this.#mustFit(subject, data)
    // What is published without a connection is lost, as it would be on its way to a server that died.
    if (this.#status === 'connected') this.#connection.publish(subject, data)
  }

  async request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    this.#mustFit(subject, data)
    if (options.signal?.aborted) throw requestAborted(subject)
    const answer = this.#whileConnected(`a request to ${subject}`, () => this.#connection.request(subject, data, { timeout: options.timeoutMs }), {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      aborted: () => requestAborted(subject),
    })
    try {
      return (await answer).data
    } catch (error) {
      throw requestFailure(subject, options.timeoutMs, error)
    }
  }

  subscribe(subject: string, handler: (message: IncomingMessage) => void): Subscription {
    if (this.#status === 'closed') return { unsubscribe: () => undefined }
    let active = true
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (!active) return
        if (error !== null) {
          this.#log.error({ err: error, subject }, 'subscription refused')
          return
        }
        // A consumer delivers wherever it was told to, whatever its maker may publish: what comes from a stream was not said by a peer.
        if (message.reply?.startsWith('$JS.') === true) {
          this.#log.warn({ subject: message.subject }, 'message refused: a stream delivers it')
          return
        }
        let answered = false
        try {
          handler({
            subject: message.subject,
            data: message.data,
            respond: reply => {
              if (answered) return
              this.#mustFit(subject, reply)
              answered = true
              if (this.#status === 'connected') message.respond(reply)
            },
          })
        } catch (cause) {
          this.#log.error({ err: cause, subject: message.subject }, 'message handler failed')
        }
      },
    })
    return {
      unsubscribe: () => {
        if (!active) return
        active = false
        subscription.unsubscribe()
      },
    }
  }

  bucket(name: string, options: { readonly ttlMs?: number; readonly history?: number; readonly memory?: boolean } = {}): Promise<Bucket> {
    return natsBucket(this.#calls, name, options)
  }

  stream(name: string, options: StreamOptions): Promise<EventStream> {
    return natsStream(this.#calls, name, options)
  }

  onStatus(listener: (status: TransportStatus) => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    if (this.#status === 'closed') return
    const connected = this.#status === 'connected'
    this.#become('closed')
    this.#calls.stop()
    if (connected) {
      await new Promise<void>(resolve => {
        const limit = this.#clock.after(FLUSH_MS, resolve)
        const done = () => {
          limit.cancel()
          resolve()
        }
        this.#connection.flush().then(done, done)
      })
    }
    await this.#connection.close()
  }

  #mustFit(subject: string, data: Uint8Array): void {
    const limit = Math.min(MAX_PAYLOAD, this.#connection.info?.max_payload ?? MAX_PAYLOAD)
    if (data.length > limit) throw messageTooLarge(subject, data.length, limit)
  }

  /** Runs something that waits for the server, and gives it up the moment the connection breaks: its answer cannot come any more. */
  #whileConnected<T>(what: string, work: () => Promise<T>, giveUp: { readonly signal?: AbortSignal; aborted?(): Error } = {}): Promise<T> {
    if (this.#status !== 'connected') return Promise.reject(disconnected(what))
    return new Promise((resolve, reject) => {
      const abort = () => pending.reject(giveUp.aborted?.() ?? new Error('aborted'))
      const settle = () => {
        giveUp.signal?.removeEventListener('abort', abort)
        return this.#pending.delete(pending)
      }
      const pending: Pending = {
        reject: error => {
          if (settle()) reject(error)
        },
      }
      this.#pending.add(pending)
      giveUp.signal?.addEventListener('abort', abort)
      work().then(value => {
        if (settle()) resolve(value)
      }, pending.reject)
    })
  }

  async #followStatus(): Promise<void> {
    for await (const event of this.#connection.status()) {
      if (event.type === 'disconnect') this.#become('disconnected')
      else if (event.type === 'reconnect') this.#become('connected')
      else if (event.type === 'error') this.#log.warn({ reason: event.error.message }, 'NATS server reports an error')
    }
    const error = await this.#connection.closed()
    if (error) this.#log.error({ err: error }, 'NATS connection ended')
    this.#become('closed')
  }

  #become(status: TransportStatus): void {
    if (this.#status === status || this.#status === 'closed') return
    this.#status = status
    if (status === 'connected') this.#log.info({ server: this.#connection.getServer() }, 'connected to NATS again')
    if (status === 'disconnected') this.#log.warn('connection to NATS lost')
    if (status !== 'connected') for (const pending of [...this.#pending]) pending.reject(disconnected('a pending request'))
    this.#calls.statusChanged(status)
    for (const listener of this.#listeners) listener(status)
  }
}

function requestFailure(subject: string, timeoutMs: number, error: unknown): Error {
  if (error instanceof SpkError) return error
  const cause = error instanceof RequestError && error.cause instanceof Error ? error.cause : error
  if (cause instanceof NoRespondersError) return noResponders(subject)
  if (cause instanceof TimeoutError) return requestTimeout(subject, timeoutMs)
  if (cause instanceof PermissionViolationError) {
    return new SpkError('SPK_NATS_PERMISSION', `The NATS server does not let this user ask ${subject}. Use the user of the right role.`, { cause })
  }
  return disconnected(`a request to ${subject}`, cause)
}
