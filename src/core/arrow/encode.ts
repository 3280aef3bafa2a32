/**
 * Batch → Arrow IPC stream format. A message is a list of byte pieces: the header made here, the column buffers as they are (not copied unless they are
 * compressed), padding between. Who writes them to a file can hand the list to `writev`.
 */
import type { Batch, ColumnData } from '../batch.js'
import { assert, must } from '../errors.js'
import type { DataType, StructType } from '../types.js'
import type { Codec } from './compression.js'
import { type FlatNode, type FlatTemplate, flatBytes, flatPairs, flatTable, flatTemplate, i8, i16, i64, ref } from './flatbuffer.js'
import { schemaTable } from './schema-message.js'

export const CONTINUATION = 0xffff_ffff
export const METADATA_V5 = 4
export const headerKind = { schema: 1, dictionary: 2, recordBatch: 3 } as const
export const codecNumber = { lz4: 0, zstd: 1 } as const

/** Ends a stream. */
export const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)

const padding = new Uint8Array(8)
/** Smaller buffers are left as they are: a frame costs about 20 bytes. */
const COMPRESS_FROM = 64
const fixedWidths: Readonly<Record<string, number>> = {
  byte: 1,
  short: 2,
  int: 4,
  long: 8,
  ubyte: 1,
  ushort: 2,
  uint: 4,
  ulong: 8,
  float: 4,
  double: 8,
  date: 4,
  timestamp: 8,
  timestamp_ntz: 8,
  time: 8,
  interval: 16,
  daytime_interval: 8,
  yearmonth_interval: 4,
  decimal: 16,
  hugeint: 16,
  uuid: 16,
}

/** Bytes per value of a fixed-width type, or undefined (bits, text, nested). */
export function fixedWidth(type: DataType): number | undefined {
  return type.kind === 'decimal' && type.bits === 64 ? 8 : fixedWidths[type.kind]
}

/** The schema message that opens a stream. */
export function encodeSchema(schema: StructType): Uint8Array {
  return message(headerKind.schema, schemaTable(schema), 0)
}

/** One record batch message. */
export function encodeBatch(batch: Batch, codec?: Codec): Uint8Array[] {
  const body = new Body(codec)
  batch.columns.forEach((column, i) => {
    assert(column.length === batch.rows, `column ${batch.schema.fields[i]?.name} has ${column.length} rows, its batch ${batch.rows}`)
    body.column(column)
  })
  return [batchHeader(batch.rows, body, codec), ...body.pieces]
}

/** Headers of batches of one shape differ in numbers only: made once, with the places of the numbers. */
const batchHeaders = new Map<string, FlatTemplate>()

function batchHeader(rows: number, body: Body, codec: Codec | undefined): Uint8Array {
  const { nodes, buffers } = body
  const shape = `${nodes.length}.${buffers.length}.${codec?.name ?? ''}`
  let template = batchHeaders.get(shape)
  if (template === undefined) {
    const numbered = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i)
    const header = flatTable(
      i64(0),
      ref(flatPairs(numbered(2, nodes.length))),
      ref(flatPairs(numbered(2 + nodes.length, buffers.length))),
      codec === undefined ? undefined : ref(flatTable(i8(codecNumber[codec.name]), i8(0))),
    )
    template = flatTemplate(messageTable(headerKind.recordBatch, header, 1), PREFIX)
    batchHeaders.set(shape, template)
  }
  const bytes = template.bytes.slice()
  const view = new DataView(bytes.buffer)
  const put = (number: number, value: number): void =>
    view.setBigInt64(must(template.places[number], 'place of a header number'), BigInt(value), true)
  put(0, rows)
  put(1, body.length)
  nodes.forEach((value, i) => {
    put(2 + i, value)
  })
  buffers.forEach((value, i) => {
    put(2 + nodes.length + i, value)
  })
  return prefixed(bytes)
}

/** A whole stream in one array: results, and rows that the driver holds. */
export function encodeStream(schema: StructType, batches: Iterable<Batch>, codec?: Codec): Uint8Array {
  const pieces = [encodeSchema(schema)]
  for (const batch of batches) pieces.push(...encodeBatch(batch, codec))
  pieces.push(END_OF_STREAM)
  return joined(pieces)
}

/** Pieces, one after the other, in one array of their own. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** Bytes before a message: continuation mark and length. */
const PREFIX = 8

function message(kind: number, header: FlatNode, bodyLength: number): Uint8Array {
  return prefixed(flatBytes(messageTable(kind, header, bodyLength), PREFIX))
}

function messageTable(kind: number, header: FlatNode, bodyLength: number): FlatNode {
  return flatTable(i16(METADATA_V5), i8(kind), ref(header), i64(bodyLength))
}

function prefixed(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  view.setUint32(0, CONTINUATION, true)
  view.setUint32(4, bytes.length - PREFIX, true)
  return bytes
}

class Body {
  readonly nodes: number[] = []
  readonly buffers: number[] = []
  readonly pieces: Uint8Array[] = []
  length = 0
  readonly #codec: Codec | undefined

  constructor(codec: Codec | undefined) {
    this.#codec = codec
  }

  column(column: ColumnData): void {
    const { type, length } = column
    if (type.kind === 'null') {
      this.nodes.push(length, length)
      return
    }
    this.nodes.push(length, column.nullCount)
    if (column.nullCount === 0) this.#empty()
    else this.#buffer(must(column.validity, 'a column with NULLs has a validity bitmap'), Math.ceil(length / 8))
    switch (type.kind) {
      case 'boolean':
        this.#buffer(column.data, Math.ceil(length / 8))
        return
      case 'string':
      case 'binary':
      case 'enum': {
        const offsets = this.#offsets(column)
        this.#buffer(column.data, offsets)
        return
      }
      case 'array':
        this.#offsets(column)
        this.column(child(column, 0))
        return
      case 'map': {
        this.#offsets(column)
        const keys = child(column, 0)
        this.nodes.push(keys.length, 0)
        this.#empty()
        this.column(keys)
        this.column(child(column, 1))
        return
      }
      case 'struct':
        for (let i = 0; i < type.fields.length; i++) this.column(child(column, i))
        return
      default:
        this.#buffer(column.data, length * must(fixedWidth(type), `width of ${type.kind}`))
    }
  }

  /** Writes the offsets and returns the last one. */
  #offsets(column: ColumnData): number {
    const offsets = must(column.offsets, `offsets of a ${column.type.kind} column`)
    const end = offsets[column.length] ?? 0
    this.#buffer(new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength), column.length === 0 ? 0 : (column.length + 1) * 4)
    return end
  }

  /** Adds the first `size` bytes of a buffer, padded to 8. */
  #buffer(bytes: Uint8Array | undefined, size: number): void {
    if (size === 0) {
      this.#empty()
      return
    }
    assert(bytes !== undefined && bytes.length >= size, `a buffer of ${bytes?.length ?? 0} bytes where ${size} are needed`)
    const raw = bytes.length === size ? bytes : bytes.subarray(0, size)
    const from = this.length
    if (this.#codec === undefined) this.#piece(raw)
    else {
      const packed = size < COMPRESS_FROM ? undefined : this.#codec.compress(raw)
      const prefix = new DataView(new ArrayBuffer(8))
      prefix.setBigInt64(0, packed === undefined ? -1n : BigInt(size), true)
      this.#piece(new Uint8Array(prefix.buffer))
      this.#piece(packed ?? raw)
    }
    this.buffers.push(from, this.length - from)
    const over = this.length % 8
    if (over !== 0) this.#piece(padding.subarray(over))
  }

  #empty(): void {
    this.buffers.push(this.length, 0)
  }

  #piece(bytes: Uint8Array): void {
    this.pieces.push(bytes)
    this.length += bytes.length
  }
}

function child(column: ColumnData, index: number): ColumnData {
  return must(column.children?.[index], `child ${index} of a ${column.type.kind} column`)
}
