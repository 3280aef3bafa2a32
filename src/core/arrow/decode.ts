/**
 * Arrow IPC stream format → Batch. Columns are views of the bytes given (no copy) where they are aligned to 8, not compressed and not in shared memory; whoever passes bytes
 * must not change them while a batch lives. Bytes that are not what they claim are `SPK_CORRUPT_BLOCK` (retryable: another copy may be sound), never a
 * read outside the buffer. Offsets inside columns are checked too, since they become native pointers later.
 */
import type { Batch, ColumnData } from '../batch.js'
import { SpkError } from '../errors.js'
import type { DataType, StructType } from '../types.js'
import { type Codec, loadCodec, loadedCodec } from './compression.js'
import { CONTINUATION, codecNumber, fixedWidth, headerKind } from './encode.js'
import { FlatReader } from './flatbuffer.js'
import { readSchema } from './schema-message.js'

/** A message's header. `metadataLength` counts from the end of the 8-byte prefix to the start of the body. */
export interface ArrowMessage {
  readonly kind: 'schema' | 'recordBatch' | 'other'
  readonly header: FlatReader
  readonly bodyLength: number
}

/** Bytes of a message prefix: continuation mark and length of the metadata. */
export const PREFIX = 8

/** The metadata's length, or undefined at the end of the stream. */
export function readPrefix(bytes: Uint8Array, at: number): number | undefined {
  if (at + PREFIX > bytes.length) throw corrupt('the stream ends inside a message')
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, PREFIX)
  if (view.getUint32(0, true) !== CONTINUATION) throw corrupt('a message does not start with the continuation mark')
  const length = view.getInt32(4, true)
  if (length < 0 || length % 8 !== 0) throw corrupt(`a message header of ${length} bytes`)
  return length === 0 ? undefined : length
}

/** Opens a message's metadata. */
export function readMessage(metadata: Uint8Array): ArrowMessage {
  const root = FlatReader.root(isShared(metadata) ? metadata.slice() : metadata)
  const header = root.table(2)
  if (header === undefined) throw corrupt('a message without a header')
  const number = root.i8(1)
  const bodyLength = root.i64(3)
  if (bodyLength < 0 || bodyLength % 8 !== 0) throw corrupt(`a message body of ${bodyLength} bytes`)
  return { kind: number === headerKind.schema ? 'schema' : number === headerKind.recordBatch ? 'recordBatch' : 'other', header, bodyLength }
}

/** The schema of a schema message. */
export function messageSchema(message: ArrowMessage): StructType {
  return readSchema(message.header)
}

/** The schema that opens a stream. */
export function streamSchema(bytes: Uint8Array): StructType {
  const length = readPrefix(bytes, 0)
  if (length === undefined) throw corrupt('the stream is empty')
  const message = readMessage(part(bytes, PREFIX, length))
  if (message.kind !== 'schema') throw corrupt('the stream does not start with a schema')
  return messageSchema(message)
}

/**
 * The batches of a stream, or of several one after the other, one at a time. `schema` is needed for a piece that starts after the schema message; a schema
 * in the bytes wins. A stream may end with its end mark or with the bytes.
 */
export function* decodeStream(bytes: Uint8Array, schema?: StructType): Generator<Batch, void, undefined> {
  let known = schema
  for (let at = 0; at < bytes.length; ) {
    const length = readPrefix(bytes, at)
    if (length === undefined) {
      at += PREFIX
      continue
    }
    const message = readMessage(part(bytes, at + PREFIX, length))
    const body = part(bytes, at + PREFIX + length, message.bodyLength)
    at += PREFIX + length + message.bodyLength
    if (message.kind === 'schema') known = messageSchema(message)
    else if (message.kind === 'recordBatch') {
      if (known === undefined) throw corrupt('a record batch comes before its schema')
      yield decodeBatch(message, body, known)
    } else throw corrupt('a message that is neither schema nor record batch')
  }
}

/** Loads what `decodeStream` will need for these bytes: zstd, when they use it. */
export async function loadCodecOf(bytes: Uint8Array): Promise<void> {
  if (streamCodec(bytes) === codecNumber.zstd) await loadCodec('zstd')
}

/** The codec's number in the first record batch of a stream; the others have the same. */
function streamCodec(bytes: Uint8Array): number | undefined {
  for (let at = 0; at < bytes.length; ) {
    const length = readPrefix(bytes, at)
    if (length === undefined) {
      at += PREFIX
      continue
    }
    const message = readMessage(part(bytes, at + PREFIX, length))
    if (message.kind === 'recordBatch') return message.header.table(3)?.i8(0)
    at += PREFIX + length + message.bodyLength
  }
  return undefined
}

/** A record batch message and its body as a Batch. */
export function decodeBatch(message: ArrowMessage, body: Uint8Array, schema: StructType): Batch {
  const header = message.header
  const rows = header.i64(0)
  if (rows < 0 || rows > 2 ** 31) throw corrupt(`a batch of ${rows} rows`)
  const source = new Source(header, body.byteOffset % 8 === 0 && !isShared(body) ? body : body.slice())
  const columns = schema.fields.map(field => source.column(field.type))
  for (const column of columns) if (column.length !== rows) throw corrupt(`a column of ${column.length} rows in a batch of ${rows}`)
  source.end()
  return { schema, rows, columns }
}

class Source {
  readonly #nodes: [number, number][]
  readonly #buffers: [number, number][]
  readonly #codec: Codec | undefined
  readonly #body: Uint8Array
  #node = 0
  #buffer = 0

  constructor(header: FlatReader, body: Uint8Array) {
    this.#nodes = header.pairs(1)
    this.#buffers = header.pairs(2)
    this.#body = body
    const compression = header.table(3)
    if (compression !== undefined) {
      const number = compression.i8(0)
      if (number !== codecNumber.lz4 && number !== codecNumber.zstd) throw corrupt(`compression codec number ${number}`)
      this.#codec = loadedCodec(number === codecNumber.lz4 ? 'lz4' : 'zstd')
    }
  }

  column(type: DataType): ColumnData {
    const [length, nullCount] = this.#nextNode()
    if (type.kind === 'null') return { type, length, nullCount: length }
    const bitmap = this.#next()
    if (nullCount > 0 && bitmap.length < Math.ceil(length / 8)) throw corrupt('a validity bitmap is too short')
    const base = { type, length, nullCount, ...(nullCount > 0 ? { validity: bitmap } : {}) }
    switch (type.kind) {
      case 'boolean':
        return { ...base, data: this.#exactly(Math.ceil(length / 8)) }
      case 'string':
      case 'binary':
      case 'enum': {
        const [offsets, from, to] = this.#offsets(length)
        const data = this.#next()
        if (to > data.length) throw corrupt('a string points outside its data')
        return { ...base, offsets, data: data.subarray(from, to) }
      }
      case 'array': {
        const [offsets, from, to] = this.#offsets(length)
        const element = this.column(type.element)
        if (from !== 0 || to > element.length) throw corrupt('a list points outside its elements')
        return { ...base, offsets, children: [element] }
      }
      case 'map': {
        const [offsets, from, to] = this.#offsets(length)
        this.#nextNode()
        this.#next()
        const key = this.column(type.key)
        const value = this.column(type.value)
        if (from !== 0 || to > key.length || key.length !== value.length) throw corrupt('a map points outside its entries')
        return { ...base, offsets, children: [key, value] }
      }
      case 'struct':
        return { ...base, children: type.fields.map(f => this.#sized(this.column(f.type), length)) }
      default:
        return { ...base, data: this.#exactly(length * (fixedWidth(type) ?? 0)) }
    }
  }

  end(): void {
    if (this.#node !== this.#nodes.length || this.#buffer !== this.#buffers.length) throw corrupt('a record batch does not match its schema')
  }

  #sized(column: ColumnData, length: number): ColumnData {
    if (column.length !== length) throw corrupt('a struct and its field differ in length')
    return column
  }

  #nextNode(): [number, number] {
    const node = this.#nodes[this.#node++]
    if (node === undefined) throw corrupt('a record batch has too few columns')
    if (node[0] < 0 || node[1] < 0 || node[1] > node[0]) throw corrupt('a column has an impossible length')
    return node
  }

  #exactly(size: number): Uint8Array {
    const bytes = this.#next()
    if (bytes.length < size) throw corrupt(`a buffer of ${bytes.length} bytes where ${size} are needed`)
    return bytes.length === size ? bytes : bytes.subarray(0, size)
  }

  /** Offsets that start at 0 and never fall, with the first and last value as they were written. */
  #offsets(length: number): [offsets: Int32Array, from: number, to: number] {
    if (length === 0) {
      this.#next()
      return [new Int32Array(1), 0, 0]
    }
    const bytes = this.#exactly((length + 1) * 4)
    const offsets = new Int32Array(bytes.buffer, bytes.byteOffset, length + 1)
    const from = offsets[0] as number
    let last = from
    for (let i = 1; i <= length; i++) {
      const next = offsets[i] as number
      if (next < last) throw corrupt('offsets that fall')
      last = next
    }
    if (from < 0) throw corrupt('a negative offset')
    return [from === 0 ? offsets : offsets.map(offset => offset - from), from, last]
  }

  #next(): Uint8Array {
    const buffer = this.#buffers[this.#buffer++]
    if (buffer === undefined) throw corrupt('a record batch has too few buffers')
    const [at, length] = buffer
    if (at % 8 !== 0) throw corrupt('a buffer that is not aligned')
    const raw = part(this.#body, at, length)
    if (this.#codec === undefined || length === 0) return raw
    if (length < 8) throw corrupt('a compressed buffer without its length')
    const size = Number(new DataView(raw.buffer, raw.byteOffset, 8).getBigInt64(0, true))
    if (size === -1) return raw.subarray(8)
    // No codec packs tighter than this, so that a damaged length cannot ask for all memory.
    if (size < 0 || size > 2 ** 31 || size > length * 40_000) throw corrupt(`a compressed buffer of ${size} bytes`)
    const bytes = new Uint8Array(size)
    this.#codec.decompress(raw.subarray(8), bytes)
    return bytes
  }
}

/** Text decoders and native code take no shared memory. */
function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer
}

function part(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (at < 0 || length < 0 || at + length > bytes.length) throw corrupt('the stream ends inside a message')
  return bytes.subarray(at, at + length)
}

function corrupt(what: string): SpkError {
  return new SpkError('SPK_CORRUPT_BLOCK', `Arrow IPC bytes are damaged: ${what}.`, { retryable: true })
}
