/**
 * The one place where messages become bytes and back: msgpack on the wire, TypeBox schemas checked on arrival. A message that does not validate is a
 * typed error (`SPK_BAD_MESSAGE`) that names subject and field; it never crashes an actor. Every conversation file defines its messages with `message()`.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { Packr } from 'msgpackr'
import { type ErrorData, fromErrorData, SpkError, toErrorData } from '../core/errors.js'
import { PROTOCOL_VERSION } from './version.js'

export { type Static, type TSchema, Type }

/** One message of a conversation: its name is the last token of the subject it travels on. */
export interface Message<S extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly name: string
  readonly schema: S
  readonly reply: R
}

const registry = new Map<string, Message>()
const checks = new WeakMap<TSchema, TypeCheck<TSchema>>()
const packr = new Packr({ useRecords: false, int64AsType: 'bigint' })

/** Declares a message and, for requests, what is answered. Without `reply` the answer is an empty acknowledgement. */
export function message<S extends TSchema, R extends TSchema>(name: string, schema: S, reply: R): Message<S, R> {
  if (registry.has(name)) throw new Error(`bug in spk: message ${name} is defined twice`)
  const defined = { name, schema, reply }
  registry.set(name, defined)
  return defined
}

/** The reply of a message that only needs to be acknowledged. */
export const Ack = Type.Object({})

/** Every defined message, for the contract test and the generated protocol page. */
export function messages(): readonly Message[] {
  return [...registry.values()]
}

function check(schema: TSchema, value: unknown, what: string): void {
  let compiled = checks.get(schema)
  if (compiled === undefined) {
    compiled = TypeCompiler.Compile(schema)
    checks.set(schema, compiled)
  }
  if (compiled.Check(value)) return
  const first = compiled.Errors(value).First()
  throw new SpkError('SPK_BAD_MESSAGE', `${what} is not valid at ${first?.path || '/'}: ${first?.message ?? 'wrong shape'}.`)
}

export function encode<S extends TSchema>(_type: Message<S>, value: Static<S>): Uint8Array {
  return packr.pack([PROTOCOL_VERSION, value])
}

/** Decodes and validates. Throws `SpkError` `SPK_BAD_MESSAGE`, or `SPK_PROTOCOL_VERSION` when the sender speaks another version. */
export function decode<S extends TSchema>(type: Message<S>, bytes: Uint8Array): Static<S> {
  return open(type.schema, bytes, `message ${type.name}`)
}

/** A value that travels inside messages as bytes, in parts (a stage plan). */
export function encodeBody<S extends TSchema>(_schema: S, value: Static<S>): Uint8Array {
  return packr.pack([PROTOCOL_VERSION, value])
}

/** Decodes and validates what `encodeBody` made; `what` names it in errors. */
export function decodeBody<S extends TSchema>(schema: S, bytes: Uint8Array, what: string): Static<S> {
  return open(schema, bytes, what)
}

/** What answers a request: the value, or the error of the one who was asked. */
export function encodeReply<R extends TSchema>(_type: Message<TSchema, R>, value: Static<R>): Uint8Array {
  return packr.pack([PROTOCOL_VERSION, { ok: value }])
}

export function encodeErrorReply(error: unknown): Uint8Array {
  const { stack: _stack, ...data } = toErrorData(error)
  return packr.pack([PROTOCOL_VERSION, { error: data }])
}

/** Throws the remote error when the answer is one. */
export function decodeReply<R extends TSchema>(type: Message<TSchema, R>, bytes: Uint8Array): Static<R> {
  const body = unpack(bytes, `reply to ${type.name}`) as { ok?: unknown; error?: ErrorData }
  if (body.error !== undefined) throw fromErrorData(body.error)
  check(type.reply, body.ok, `reply to ${type.name}`)
  return body.ok as Static<R>
}

/** Validates a JSON record (KV value, event) against its schema. */
export function decodeRecord<S extends TSchema>(schema: S, text: string | Uint8Array, what: string): Static<S> {
  let value: unknown
  try {
    value = JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text))
  } catch (cause) {
    throw new SpkError('SPK_BAD_RECORD', `${what} is not JSON.`, { cause })
  }
  check(schema, value, what)
  return value as Static<S>
}

export function encodeRecord<S extends TSchema>(_schema: S, value: Static<S>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

function unpack(bytes: Uint8Array, what: string): unknown {
  let envelope: unknown
  try {
    envelope = packr.unpack(bytes)
  } catch (cause) {
    throw new SpkError('SPK_BAD_MESSAGE', `${what} is not msgpack.`, { cause })
  }
  if (!Array.isArray(envelope) || envelope.length !== 2) throw new SpkError('SPK_BAD_MESSAGE', `${what} has no version envelope.`)
  if (envelope[0] !== PROTOCOL_VERSION) {
    throw new SpkError(
      'SPK_PROTOCOL_VERSION',
      `${what} speaks protocol version ${String(envelope[0])}, this process speaks ${PROTOCOL_VERSION}. Run one spk version in the cluster.`,
    )
  }
  return envelope[1]
}

function open<S extends TSchema>(schema: S, bytes: Uint8Array, what: string): Static<S> {
  const value = unpack(bytes, what)
  check(schema, value, what)
  return value as Static<S>
}
