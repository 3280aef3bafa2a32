/**
 * How buckets and streams call JetStream: reads are repeated for a while, writes only when the server surely did not carry them out, a stream that vanished
 * is made again, and every error becomes one of the codes of `transport.ts`.
 */
import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, PermissionViolationError, RequestError } from '@nats-io/transport-node'
import { type Clock, delay } from '../core/clock.js'
import { SpkError } from '../core/errors.js'
import type { Logger } from '../core/log.js'
import { busUnavailable } from './failures.js'
import type { TransportStatus } from './transport.js'

export interface JetStreamLink {
  readonly connection: NatsConnection
  readonly jetstream: JetStreamClient
  readonly clock: Clock
  readonly log: Logger
  readonly replicas: number
  guard<T>(what: string, work: () => Promise<T>): Promise<T>
  closed(): boolean
}

/** A read is tried again for this long: longer than a server needs to start, shorter than a lease. */
const READ_LIMIT_MS = 2000
const WRITE_TRIES = 4
const RETRY_WAIT_MS = 50

export class JetStreamCalls {
  readonly link: JetStreamLink
  readonly #reconnected = new Set<() => void>()
  #manager: Promise<JetStreamManager> | undefined

  constructor(link: JetStreamLink) {
    this.link = link
  }

  manager(): Promise<JetStreamManager> {
    // Without its check of the API: no round trip, no permission for account information.
    this.#manager ??= jetstreamManager(this.link.connection, { ...this.link.jetstream.getOptions(), checkAPI: false })
    return this.#manager
  }

  /** Something that changes nothing: tried again until it is answered, for at most `READ_LIMIT_MS`. `ensure` makes the stream anew when it is gone. */
  async read<T>(what: string, run: () => Promise<T>, ensure?: () => Promise<void>): Promise<T> {
    const end = this.link.clock.monotonic() + READ_LIMIT_MS
    for (;;) {
      try {
        return await this.link.guard(what, run)
      } catch (error) {
        if (!passing(error) && !(streamGone(error) && ensure !== undefined)) throw failure(what, error)
        if (this.link.closed() || this.link.clock.monotonic() >= end) throw busUnavailable(what, error)
        if (streamGone(error)) await this.#ensureQuietly(ensure)
        await delay(this.link.clock, RETRY_WAIT_MS)
      }
    }
  }

  /** A write. Only a refusal that proves it was not carried out is tried again, unless a repeat is harmless (`idempotent`). */
  async write<T>(what: string, run: () => Promise<T>, ensure: () => Promise<void>, idempotent = false): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.link.guard(what, run)
      } catch (error) {
        const again = notCarriedOut(error) || (idempotent && passing(error))
        if (!again || tries === WRITE_TRIES || this.link.closed()) throw failure(what, error)
        if (notCarriedOut(error)) await this.#ensureQuietly(ensure)
        await delay(this.link.clock, RETRY_WAIT_MS)
      }
    }
  }

  /** What must start over after the connection broke (watches). Returns how to forget it. */
  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener)
    return () => void this.#reconnected.delete(listener)
  }

  statusChanged(status: TransportStatus): void {
    if (status === 'connected') for (const listener of [...this.#reconnected]) listener()
  }

  /** The connection closes: what would start over is told one last time, and then forgotten. */
  stop(): void {
    for (const listener of [...this.#reconnected]) listener()
    this.#reconnected.clear()
  }

  /** Its own failure says less than the one that made us try. */
  async #ensureQuietly(ensure: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await ensure?.()
    } catch (error) {
      this.link.log.debug({ err: error }, 'stream not made yet')
    }
  }
}

/** Nobody took the request: JetStream is starting, electing, or the stream does not exist. */
function nobodyThere(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const cause = error.cause ?? error
  return cause instanceof RequestError && cause.isNoResponders()
}

/** A stream that does not exist; for a write that looks like nobody listening. */
export function streamGone(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound
}

/** 503 from the API: "temporarily unavailable", no leader yet. */
function unavailable(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status === 503
}

function notCarriedOut(error: unknown): boolean {
  return nobodyThere(error) || streamGone(error) || unavailable(error)
}

function passing(error: unknown): boolean {
  if (error instanceof SpkError) return error.retryable
  if (error instanceof JetStreamApiError) return unavailable(error)
  return !(error instanceof PermissionViolationError) && !(error instanceof RequestError && error.cause instanceof PermissionViolationError)
}

/** True when a compare-and-set found another revision. */
export function wrongRevision(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false
  return error.code === JetStreamApiCodes.StreamWrongLastSequence || error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown
}

/** Every failure that is not a `SpkError` of its own: refused for good, or unknown. */
function failure(what: string, error: unknown): Error {
  if (error instanceof SpkError && error.code !== 'SPK_DISCONNECTED') return error
  if (wrongRevision(error)) return error as Error
  const cause = error instanceof RequestError && error.cause !== undefined ? error.cause : error
  if (cause instanceof PermissionViolationError) {
    return new SpkError(
      'SPK_NATS_PERMISSION',
      `The NATS server does not let this user do this: ${what} (${cause.message}). Use the user of the right role.`,
      {
        cause,
      },
    )
  }
  if (error instanceof JetStreamApiError && !unavailable(error) && !streamGone(error)) {
    return new SpkError('SPK_BUS_REFUSED', `JetStream refuses ${what}: ${error.message}.`, { cause: error })
  }
  return busUnavailable(what, error)
}
