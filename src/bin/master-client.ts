/** Requests of commands to the leading master: repeated until one answers or the patience is over. Every request is idempotent. */
import { type Clock, delay } from '../core/clock.js'
import { SpkError } from '../core/errors.js'
import { subjects } from '../protocol/subjects.js'
import { decodeReply, encode, type Message, type Static, type TSchema } from '../protocol/wire.js'
import type { Transport } from '../transport/transport.js'

export interface MasterClientOptions {
  readonly transport: Transport
  readonly cluster: string
  /** Shown in errors; without credentials. */
  readonly url: string
  readonly clock: Clock
  /** How long to wait for a leader, milliseconds. A failover takes up to 5 s. */
  readonly patienceMs: number
  /** Called once when no leader answers at first. */
  readonly onWaiting?: () => void
}

const ANSWER_MS = 2000
const PAUSE_MS = 250

/** Asks the leading master. Rejects with `SPK_NO_LEADER` when none answers in time, or with the master's own error. */
export async function askMaster<S extends TSchema, R extends TSchema>(
  options: MasterClientOptions,
  type: Message<S, R>,
  body: Static<S>,
): Promise<Static<R>> {
  const { transport, clock } = options
  const end = clock.monotonic() + options.patienceMs
  for (let tries = 0; ; tries++) {
    let answer: Uint8Array
    try {
      answer = await transport.request(subjects(options.cluster).master(type.name), encode(type, body), { timeoutMs: ANSWER_MS })
    } catch (error) {
      if (!(error instanceof SpkError) || !error.retryable) throw error
      if (clock.monotonic() + PAUSE_MS >= end) {
        throw new SpkError(
          'SPK_NO_LEADER',
          `No master leads cluster "${options.cluster}" on ${options.url} (asked for ${Math.round(options.patienceMs / 1000)} s). Start one (spk node --role master --nats ${options.url}), or check --master and --cluster.`,
          { cause: error },
        )
      }
      if (tries === 0) options.onWaiting?.()
      await delay(clock, PAUSE_MS)
      continue
    }
    return decodeReply(type, answer)
  }
}
