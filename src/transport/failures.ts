/** The typed failures that every transport shares, so that a caller sees the same code and advice on the in-memory bus as on NATS. */
import { SpkError } from '../core/errors.js'

/** Largest payload of one message: the default `max_payload` of nats-server. */
export const MAX_PAYLOAD = 1024 * 1024

export function noResponders(subject: string): SpkError {
  return new SpkError('SPK_NO_RESPONDERS', `Nobody answers on ${subject} now. Ask again later.`, { retryable: true, params: { subject } })
}

export function requestTimeout(subject: string, timeoutMs: number): SpkError {
  return new SpkError('SPK_REQUEST_TIMEOUT', `No answer from ${subject} within ${timeoutMs} ms; it may have been carried out.`, {
    retryable: true,
    params: { subject },
  })
}

export function requestAborted(subject: string): SpkError {
  return new SpkError('SPK_REQUEST_ABORTED', `The request to ${subject} was given up by its caller.`, { params: { subject } })
}

export function disconnected(what: string, cause?: unknown): SpkError {
  return new SpkError('SPK_DISCONNECTED', `No connection to the bus for ${what}. It may have been carried out; ask again.`, {
    retryable: true,
    cause,
  })
}

export function messageTooLarge(subject: string, size: number, limit = MAX_PAYLOAD): SpkError {
  return new SpkError('SPK_MESSAGE_TOO_LARGE', `A message of ${size} bytes to ${subject} is above the ${limit} bytes of the bus.`, {
    params: { subject },
  })
}

export function casFailed(bucket: string, key: string, why: string): SpkError {
  return new SpkError('SPK_CAS_FAILED', `Key ${key} of bucket ${bucket} ${why}. Read it again and decide anew.`, { params: { bucket, key } })
}

/** Ambiguous: a write may have happened. */
export function busUnavailable(what: string, cause?: unknown): SpkError {
  const why = cause instanceof Error ? ` (${cause.message})` : ''
  return new SpkError('SPK_BUS_UNAVAILABLE', `The bus did not confirm ${what}${why}. A write may have happened: read again and compare.`, {
    retryable: true,
    cause,
  })
}
