/**
 * The one place where messages become bytes and back: msgpack on the wire, its shape given by the TypeBox schema (`wire-codec.ts`) and checked on arrival.
 * A message that does not validate is a typed error (`SPK_BAD_MESSAGE`) that names message and field; it never crashes an actor. Every conversation file
 * defines its messages with `message()`.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Packr } from 'msgpackr'
import { fromErrorData, SpkError, toErrorSummary } from '../core/errors.js'
import { PROTOCOL_VERSION } from './version.js'
import { type Codec, type Form, Mismatch, makeCodec, type Schema } from './wire-codec.js'

export { type Static, type TSchema, Type }

/** One message of a conversation: its name is the last token of the subject it travels on. */
export interface Message<S extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly name: string
  readonly schema: S
  readonly reply: R
}

const registry = new Map<string, Message>()
const codecs = new WeakMap<TSchema, Codec>()
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

/** An error as it travels: what `toErrorData` gives. */
export const WireError = Type.Recursive(self =>
  Type.Object({
    code: Type.String(),
    message: Type.String(),
    sqlState: Type.Optional(Type.String()),
    retryable: Type.Optional(Type.Boolean()),
    params: Type.Optional(Type.Record(Type.String(), Type.String())),
    stack: Type.Optional(Type.String()),
    cause: Type.Optional(self),
  }),
)

function codecOf(schema: TSchema): Codec {
  let codec = codecs.get(schema)
  if (codec === undefined) {
    codec = makeCodec(schema as Schema)
    codecs.set(schema, codec)
  }
  return codec
}

function pack(schema: TSchema, value: unknown): unknown {
  try {
    return codecOf(schema).pack(value)
  } catch (error) {
    throw error instanceof Mismatch ? new Error(`bug in spk: a value to send should have been ${error.expected}`) : error
  }
}

function read<S extends TSchema>(schema: S, raw: unknown, form: Form, what: string, code: string): Static<S> {
  try {
    return codecOf(schema).read(raw, form) as Static<S>
  } catch (error) {
    if (error instanceof RangeError) throw new SpkError(code, `${what} is nested too deep.`, { cause: error })
    if (!(error instanceof Mismatch)) throw error
    throw new SpkError(code, `${what} is not valid at ${error.path === '' ? '/' : error.path}: expected ${error.expected}.`)
  }
}

export function encode<S extends TSchema>(type: Message<S>, value: Static<S>): Uint8Array {
  return packr.pack([PROTOCOL_VERSION, pack(type.schema, value)])
}

/** Decodes and validates. Throws `SpkError` `SPK_BAD_MESSAGE`, or `SPK_PROTOCOL_VERSION` when the sender speaks another version. */
export function decode<S extends TSchema>(type: Message<S>, bytes: Uint8Array): Static<S> {
  return decodeBody(type.schema, bytes, `message ${type.name}`)
}

/** A value that travels inside messages as bytes, in parts (a stage plan). */
export function encodeBody<S extends TSchema>(schema: S, value: Static<S>): Uint8Array {
  return packr.pack([PROTOCOL_VERSION, pack(schema, value)])
}

/** Decodes and validates what `encodeBody` made; `what` names it in errors. */
export function decodeBody<S extends TSchema>(schema: S, bytes: Uint8Array, what: string): Static<S> {
  return read(schema, unpack(bytes, what), 'packed', what, 'SPK_BAD_MESSAGE')
}

/** First element of a reply's body. */
const OK = 0
const FAILED = 1

/** What answers a request: the value, or the error of the one who was asked. */
export function encodeReply<R extends TSchema>(type: Message<TSchema, R>, value: Static<R>): Uint8Array {
  return packr.pack([PROTOCOL_VERSION, [OK, pack(type.reply, value)]])
}

export function encodeErrorReply(error: unknown): Uint8Array {
  return packr.pack([PROTOCOL_VERSION, [FAILED, pack(WireError, toErrorSummary(error))]])
}

/** Throws the remote error when the answer is one. */
export function decodeReply<R extends TSchema>(type: Message<TSchema, R>, bytes: Uint8Array): Static<R> {
  const what = `reply to ${type.name}`
  const body = unpack(bytes, what)
  if (!Array.isArray(body) || body.length !== 2) throw new SpkError('SPK_BAD_MESSAGE', `${what} is neither a value nor an error.`)
  if (body[0] === FAILED) throw fromErrorData(read(WireError, body[1], 'packed', what, 'SPK_BAD_MESSAGE'))
  return read(type.reply, body[0] === OK ? body[1] : undefined, 'packed', what, 'SPK_BAD_MESSAGE')
}

/** Validates a JSON record (KV value, event) against its schema; properties that the schema does not know are kept. Throws `SPK_BAD_RECORD`. */
export function decodeRecord<S extends TSchema>(schema: S, text: string | Uint8Array, what: string): Static<S> {
  let value: unknown
  try {
    value = JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text))
  } catch (cause) {
    throw new SpkError('SPK_BAD_RECORD', `${what} is not JSON.`, { cause })
  }
  return checkRecord(schema, value, what)
}

/** Validates a value that came out of a JSON record. Throws `SPK_BAD_RECORD`. */
export function checkRecord<S extends TSchema>(schema: S, value: unknown, what: string): Static<S> {
  read(schema, value, 'named', what, 'SPK_BAD_RECORD')
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
