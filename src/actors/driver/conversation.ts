/** Typed requests and answers over the transport, as the driver's effects use them: bytes in and out, errors as `SpkError`, and bad messages refused and logged. */
import { SpkError } from '../../core/errors.js'
import type { Logger } from '../../core/log.js'
import { decode, decodeReply, encode, encodeErrorReply, encodeReply, type Message, type Static, type TSchema } from '../../protocol/wire.js'
import type { Subscription, Transport } from '../../transport/transport.js'

/** One request. Rejects with the transport's error or the one that the other side answered. */
export async function ask<S extends TSchema, R extends TSchema>(
  transport: Transport,
  subject: string,
  message: Message<S, R>,
  value: Static<S>,
  timeoutMs: number,
): Promise<Static<R>> {
  return decodeReply(message, await transport.request(subject, encode(message, value), { timeoutMs }))
}

/** Answers every request on a subject. What does not decode, or makes the handler throw, is answered with the error. */
export function answer<S extends TSchema, R extends TSchema>(
  transport: Transport,
  log: Logger,
  subject: string,
  message: Message<S, R>,
  handler: (value: Static<S>) => Static<R>,
): Subscription {
  return transport.subscribe(subject, incoming => {
    try {
      incoming.respond(encodeReply(message, handler(decode(message, incoming.data))))
    } catch (error) {
      log.warn({ err: error, subject }, 'message refused')
      incoming.respond(encodeErrorReply(error))
    }
  })
}

/** Whether asking again may help: nobody there, no answer in time, or no connection. */
export function isTransient(error: unknown): boolean {
  return error instanceof SpkError && error.retryable
}

/** Whether the bus said at once that nobody listens there. */
export function hasNobody(error: unknown): boolean {
  return error instanceof SpkError && error.code === 'SPK_NO_RESPONDERS'
}
