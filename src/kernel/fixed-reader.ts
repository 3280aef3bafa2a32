/**
 * Reads fixed-width vectors: accumulates DuckDB's own bytes and turns them into the batch layout while cutting. 64-bit values move as integer lanes,
 * never as doubles, so that NaN bit patterns survive.
 */
import type { ColumnData } from '../core/batch.js'
import { SpkError } from '../core/errors.js'
import type { DataType } from '../core/types.js'
import { BitStore, ByteStore, rawBytes } from './buffers.js'
import { boundValidity, type ColumnReader } from './column-reader.js'
import { type Cut, cutBits } from './cut.js'
import { native, type Vector } from './duckdb.js'

type Transform = (from: Uint8Array<ArrayBuffer>, to: Uint8Array<ArrayBuffer>, rows: number, target: Uint32Array | undefined) => void

/** Bytes per value inside DuckDB and in a batch, and how values get from the one to the other. `bits`: booleans, a byte each, become bitmaps. */
export interface Layout {
  readonly from: number
  readonly to: number
  readonly move: Transform | 'bits'
}

/** How DuckDB lays out values of physical or logical type `id` for spk type `as`. */
export function layoutFor(as: DataType, id: number): Layout {
  const Type = native.Type
  switch (as.kind) {
    case 'boolean':
      return { from: 1, to: 1, move: 'bits' }
    case 'byte':
    case 'ubyte':
      return { from: 1, to: 1, move: move8 }
    case 'short':
    case 'ushort':
      return { from: 2, to: 2, move: move16 }
    case 'int':
    case 'uint':
    case 'float':
    case 'date':
      return { from: 4, to: 4, move: move32 }
    case 'long':
    case 'ulong':
    case 'double':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'time':
      return { from: 8, to: 8, move: move64 }
    case 'hugeint':
      return { from: 16, to: 16, move: move128 }
    case 'uuid':
      return { from: 16, to: 16, move: moveUuid }
    case 'interval':
      return { from: 16, to: 16, move: moveInterval }
    case 'daytime_interval':
      return { from: 16, to: 8, move: moveDayTime }
    case 'yearmonth_interval':
      return { from: 16, to: 4, move: moveYearMonth }
    case 'decimal':
      if (as.bits === 64) return narrowLayout(id)
      switch (id) {
        case Type.SMALLINT:
          return { from: 2, to: 16, move: widen16 }
        case Type.INTEGER:
          return { from: 4, to: 16, move: widen32 }
        case Type.BIGINT:
          return { from: 8, to: 16, move: widen64 }
        default:
          return { from: 16, to: 16, move: move128 }
      }
    default:
      throw new Error(`bug in spk: ${as.kind} is not a fixed-width type`)
  }
}

/** Decimals of 64 bits. */
function narrowLayout(id: number): Layout {
  switch (id) {
    case native.Type.SMALLINT:
      return { from: 2, to: 8, move: extend16 }
    case native.Type.INTEGER:
      return { from: 4, to: 8, move: extend32 }
    default:
      return { from: 8, to: 8, move: move64 }
  }
}

export class FixedReader implements ColumnReader {
  readonly #type: DataType
  readonly #layout: Layout
  readonly #store = new ByteStore()
  readonly #valid = new BitStore()
  #source: Uint8Array = rawBytes(0)
  #sourceValid: Uint8Array | undefined

  constructor(type: DataType, layout: Layout) {
    this.#type = type
    this.#layout = layout
  }

  bind(vector: Vector, rows: number, mask?: Uint8Array): void {
    this.#source = native.vector_get_data(vector, rows * this.#layout.from)
    this.#sourceValid = boundValidity(vector, rows, mask)
  }

  add(from: number, to: number): void {
    const width = this.#layout.from
    this.#store.append(from === 0 && to * width === this.#source.length ? this.#source : this.#source.subarray(from * width, to * width))
    this.#valid.append(this.#sourceValid, from, to - from)
  }

  bytes(): number {
    return this.#store.length
  }

  take(cut: Cut): ColumnData[] {
    const { move, to } = this.#layout
    const bits = cutBits(this.#valid.bits(), cut)
    const values = move === 'bits' ? packBooleans(this.#store.bytes, cut) : this.#moved(cut, move, to)
    const columns = values.map(
      (data, p): ColumnData => ({ type: this.#type, length: cut.counts[p] as number, data, ...(bits[p] as { nullCount: number }) }),
    )
    this.#store.length = 0
    this.#valid.clear()
    return columns
  }

  #moved(cut: Cut, move: Transform, width: number): Uint8Array[] {
    const out = rawBytes(cut.rows * width)
    if (this.#type.kind.endsWith('interval')) clearNulls(this.#store.bytes, this.#valid.bits(), cut.rows)
    move(this.#store.bytes, out, cut.rows, cut.target)
    return Array.from(cut.counts, (_, p) => out.subarray((cut.starts[p] as number) * width, (cut.starts[p + 1] as number) * width))
  }
}

/** NULL rows hold arbitrary bytes; zero them where a conversion could fail on them. Values are 16 bytes. */
function clearNulls(bytes: Uint8Array, bits: Uint8Array | undefined, rows: number): void {
  if (bits === undefined) return
  for (let i = 0; i < rows; i++) if ((((bits[i >> 3] as number) >> (i & 7)) & 1) === 0) bytes.fill(0, i * 16, i * 16 + 16)
}

function packBooleans(bytes: Uint8Array, cut: Cut): Uint8Array[] {
  const { counts, starts, pid, target } = cut
  const first = new Uint32Array(cut.partitions + 1)
  for (let p = 0; p < cut.partitions; p++) first[p + 1] = (first[p] as number) + (((counts[p] as number) + 7) >> 3)
  const out = new Uint8Array(first[cut.partitions] as number)
  for (let i = 0; i < cut.rows; i++) {
    // Memory of a NULL row may hold any byte: only 1 is true.
    if (bytes[i] !== 1) continue
    const p = pid === undefined ? 0 : (pid[i] as number)
    const bit = (target === undefined ? i : (target[i] as number)) - (starts[p] as number)
    const byte = (first[p] as number) + (bit >> 3)
    out[byte] = (out[byte] as number) | (1 << (bit & 7))
  }
  return Array.from(counts, (_, p) => out.subarray(first[p], first[p + 1]))
}

const move8: Transform = (from, to, rows, target) => {
  if (target === undefined) to.set(from.subarray(0, rows))
  else for (let i = 0; i < rows; i++) to[target[i] as number] = from[i] as number
}

const move16: Transform = (from, to, rows, target) => {
  if (target === undefined) return to.set(from.subarray(0, rows * 2))
  const s = new Int16Array(from.buffer, 0, rows)
  const t = new Int16Array(to.buffer, 0, rows)
  for (let i = 0; i < rows; i++) t[target[i] as number] = s[i] as number
}

const move32: Transform = (from, to, rows, target) => {
  if (target === undefined) return to.set(from.subarray(0, rows * 4))
  const s = new Int32Array(from.buffer, 0, rows)
  const t = new Int32Array(to.buffer, 0, rows)
  for (let i = 0; i < rows; i++) t[target[i] as number] = s[i] as number
}

const move64: Transform = (from, to, rows, target) => {
  if (target === undefined) return to.set(from.subarray(0, rows * 8))
  const s = new BigInt64Array(from.buffer, 0, rows)
  const t = new BigInt64Array(to.buffer, 0, rows)
  for (let i = 0; i < rows; i++) t[target[i] as number] = s[i] as bigint
}

const move128: Transform = (from, to, rows, target) => {
  if (target === undefined) return to.set(from.subarray(0, rows * 16))
  const s = new BigInt64Array(from.buffer, 0, rows * 2)
  const t = new BigInt64Array(to.buffer, 0, rows * 2)
  for (let i = 0; i < rows; i++) {
    const at = (target[i] as number) * 2
    t[at] = s[i * 2] as bigint
    t[at + 1] = s[i * 2 + 1] as bigint
  }
}

const widen16: Transform = (from, to, rows, target) => widen(new Int16Array(from.buffer, 0, rows), to, rows, target)
const widen32: Transform = (from, to, rows, target) => widen(new Int32Array(from.buffer, 0, rows), to, rows, target)

const extend16: Transform = (from, to, rows, target) => extend(new Int16Array(from.buffer, 0, rows), to, rows, target)
const extend32: Transform = (from, to, rows, target) => extend(new Int32Array(from.buffer, 0, rows), to, rows, target)

function extend(s: Int16Array | Int32Array, to: Uint8Array<ArrayBuffer>, rows: number, target: Uint32Array | undefined): void {
  const t = new Int32Array(to.buffer, 0, rows * 2)
  for (let i = 0; i < rows; i++) {
    const at = (target === undefined ? i : (target[i] as number)) * 2
    const value = s[i] as number
    t[at] = value
    t[at + 1] = value >> 31
  }
}

function widen(s: Int16Array | Int32Array, to: Uint8Array<ArrayBuffer>, rows: number, target: Uint32Array | undefined): void {
  const t = new Int32Array(to.buffer, 0, rows * 4)
  for (let i = 0; i < rows; i++) {
    const at = (target === undefined ? i : (target[i] as number)) * 4
    const value = s[i] as number
    const sign = value >> 31
    t[at] = value
    t[at + 1] = sign
    t[at + 2] = sign
    t[at + 3] = sign
  }
}

const widen64: Transform = (from, to, rows, target) => {
  const s = new BigInt64Array(from.buffer, 0, rows)
  const t = new BigInt64Array(to.buffer, 0, rows * 2)
  for (let i = 0; i < rows; i++) {
    const at = (target === undefined ? i : (target[i] as number)) * 2
    const value = s[i] as bigint
    t[at] = value
    // Two 64-bit stores without a BigInt object: V8 keeps both in registers because of `asIntN`.
    t[at + 1] = BigInt.asIntN(64, value >> 63n)
  }
}

/** DuckDB keeps a UUID as a little-endian 128-bit number with the top bit flipped; a batch has its bytes in the order of its text. */
const moveUuid: Transform = (from, to, rows, target) => {
  for (let i = 0; i < rows; i++) {
    const at = (target === undefined ? i : (target[i] as number)) * 16
    for (let b = 0; b < 16; b++) to[at + b] = from[i * 16 + 15 - b] as number
    to[at] = (to[at] as number) ^ 0x80
  }
}

/** Largest microseconds that still fit 64 bits as nanoseconds. */
const maxMicros = 9_223_372_036_854_775n

/** int32 months, int32 days, int64 microseconds → the same with nanoseconds. */
const moveInterval: Transform = (from, to, rows, target) => {
  const s = new BigInt64Array(from.buffer, 0, rows * 2)
  const t = new BigInt64Array(to.buffer, 0, rows * 2)
  for (let i = 0; i < rows; i++) {
    const at = (target === undefined ? i : (target[i] as number)) * 2
    const micros = s[i * 2 + 1] as bigint
    if (micros > maxMicros || micros < -maxMicros) {
      throw new SpkError(
        'INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION',
        `An interval's time part of ${micros} microseconds does not fit an Arrow interval (at most ±${maxMicros}, 292 years). Move whole days into its day part.`,
        { sqlState: '22015' },
      )
    }
    t[at] = s[i * 2] as bigint
    t[at + 1] = micros * 1000n
  }
}

const microsPerDay = 86_400_000_000n

const moveDayTime: Transform = (from, to, rows, target) => {
  const parts = new Int32Array(from.buffer, 0, rows * 4)
  const micros = new BigInt64Array(from.buffer, 0, rows * 2)
  const t = new BigInt64Array(to.buffer, 0, rows)
  for (let i = 0; i < rows; i++) {
    if (parts[i * 4] !== 0) throw intervalMismatch('day-time', `${parts[i * 4]} months`)
    const total = BigInt(parts[i * 4 + 1] as number) * microsPerDay + (micros[i * 2 + 1] as bigint)
    if (BigInt.asIntN(64, total) !== total) throw intervalMismatch('day-time', `${total} microseconds, which need more than 64 bits`)
    t[target === undefined ? i : (target[i] as number)] = total
  }
}

const moveYearMonth: Transform = (from, to, rows, target) => {
  const parts = new Int32Array(from.buffer, 0, rows * 4)
  const t = new Int32Array(to.buffer, 0, rows)
  for (let i = 0; i < rows; i++) {
    if (parts[i * 4 + 1] !== 0 || parts[i * 4 + 2] !== 0 || parts[i * 4 + 3] !== 0) throw intervalMismatch('year-month', 'days or time')
    t[target === undefined ? i : (target[i] as number)] = parts[i * 4] as number
  }
}

function intervalMismatch(kind: string, what: string): SpkError {
  return new SpkError(
    'INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION',
    `A ${kind} interval cannot hold ${what}. Cast the column to CalendarInterval, or keep the parts apart.`,
    { sqlState: '22015' },
  )
}
