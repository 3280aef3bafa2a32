/**
 * LZ4 frames, as Arrow's buffer compression wants them: blocks of at most 4 MiB, written independent and without checksums (our blocks carry their own),
 * read in any form another writer may have chosen. Pure TypeScript, synchronous, no table shared between calls' data: safe in any thread.
 * Called through `compression.ts`.
 */
import { SpkError } from '../errors.js'

const MAGIC = 0x184d2204
/** Version 1, independent blocks; maximum block size 4 MiB; header checksum byte of exactly these two bytes. */
const HEADER = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73)
const BLOCK = 4 << 20
const UNCOMPRESSED = 0x80000000
const HASH_BITS = 14
/** Bytes copied at once. */
const WORD = 4
const MIN_MATCH = 4
/** The format's rules for the end of a block: the last match starts 12 bytes before the end, the last 5 bytes are literals. */
const MATCH_LIMIT = 12
const LAST_LITERALS = 5
const MAX_DISTANCE = 65_535

/** Positions by hash of four bytes, biased by `epoch` so that the table need not be cleared for every block. */
const table = new Int32Array(1 << HASH_BITS)
let epoch = 1

/** Most bytes that a frame of `length` bytes can take. */
export function lz4Bound(length: number): number {
  return HEADER.length + 4 + Math.ceil(length / BLOCK) * 4 + length + Math.ceil(length / 255) + 16
}

/** Writes a frame of `source` into `target` at `at` (room for `lz4Bound`); returns where it ends. */
export function lz4Compress(source: Uint8Array, target: Uint8Array, at: number): number {
  const out = new DataView(target.buffer, target.byteOffset, target.byteLength)
  target.set(HEADER, at)
  let to = at + HEADER.length
  for (let from = 0; from < source.length; from += BLOCK) {
    const end = Math.min(from + BLOCK, source.length)
    const size = compressBlock(source.subarray(from, end), target, to + 4)
    if (size < end - from) out.setUint32(to, size, true)
    else target.set(source.subarray(from, end), to + 4)
    if (size >= end - from) out.setUint32(to, (end - from + UNCOMPRESSED) >>> 0, true)
    to += 4 + Math.min(size, end - from)
  }
  out.setUint32(to, 0, true)
  return to + 4
}

/** One block; the result may be larger than the source when it does not compress. */
function compressBlock(source: Uint8Array, target: Uint8Array, at: number): number {
  const length = source.length
  if (epoch > 0x3fff_ffff) {
    table.fill(0)
    epoch = 1
  }
  const base = epoch
  epoch += length + 1
  const view = new DataView(source.buffer, source.byteOffset, length)
  const last = length - MATCH_LIMIT
  const matchEnd = length - LAST_LITERALS
  let anchor = 0
  let position = 0
  let to = at
  let misses = 1 << 6
  while (position <= last) {
    const word = view.getInt32(position, true)
    const slot = Math.imul(word, -1640531535) >>> (32 - HASH_BITS)
    const candidate = (table[slot] as number) - base
    table[slot] = position + base
    if (candidate < 0 || position - candidate > MAX_DISTANCE || view.getInt32(candidate, true) !== word) {
      position += misses++ >> 6
      continue
    }
    misses = 1 << 6
    let start = position
    let match = candidate
    while (start > anchor && match > 0 && source[start - 1] === source[match - 1]) {
      start--
      match--
    }
    let end = position + MIN_MATCH
    let other = candidate + MIN_MATCH
    while (end <= matchEnd - 4) {
      const difference = view.getInt32(end, true) ^ view.getInt32(other, true)
      if (difference !== 0) {
        const same = (31 - Math.clz32(difference & -difference)) >> 3
        end += same
        other += same
        break
      }
      end += 4
      other += 4
    }
    if (end > matchEnd - 4) {
      while (end < matchEnd && source[end] === source[other]) {
        end++
        other++
      }
    }
    to = writeSequence(source, anchor, start - anchor, target, to, start - match, end - start - MIN_MATCH)
    anchor = end
    position = end
    if (position <= last) table[Math.imul(view.getInt32(position - 2, true), -1640531535) >>> (32 - HASH_BITS)] = position - 2 + base
  }
  return writeLiterals(source, anchor, length - anchor, target, to) - at
}

function writeSequence(source: Uint8Array, from: number, literals: number, target: Uint8Array, at: number, distance: number, extra: number): number {
  let to = at + 1
  target[at] = (Math.min(literals, 15) << 4) | Math.min(extra, 15)
  if (literals >= 15) to = writeLength(target, to, literals - 15)
  if (literals > 64) target.set(source.subarray(from, from + literals), to)
  else for (let i = 0; i < literals; i++) target[to + i] = source[from + i] as number
  to += literals
  target[to++] = distance & 0xff
  target[to++] = distance >> 8
  return extra >= 15 ? writeLength(target, to, extra - 15) : to
}

function writeLiterals(source: Uint8Array, from: number, literals: number, target: Uint8Array, at: number): number {
  let to = at + 1
  target[at] = Math.min(literals, 15) << 4
  if (literals >= 15) to = writeLength(target, to, literals - 15)
  target.set(source.subarray(from, from + literals), to)
  return to + literals
}

function writeLength(target: Uint8Array, at: number, rest: number): number {
  let to = at
  let left = rest
  for (; left >= 255; left -= 255) target[to++] = 255
  target[to++] = left
  return to
}

/** Decodes a frame into `target`, which it must fill exactly. Throws `SPK_CORRUPT_BLOCK` on anything else. */
export function lz4Decompress(source: Uint8Array, target: Uint8Array): void {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  if (source.length < 11 || view.getUint32(0, true) !== MAGIC) throw corrupt('no LZ4 frame')
  const flags = view.getUint8(4)
  if (flags >> 6 !== 1) throw corrupt(`LZ4 frame version ${flags >> 6}`)
  const blockChecksum = (flags & 0x10) !== 0
  let at = 7 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0)
  let to = 0
  for (;;) {
    if (at + 4 > source.length) throw corrupt('LZ4 frame ends early')
    const word = view.getUint32(at, true)
    at += 4
    if (word === 0) break
    const size = word & 0x7fff_ffff
    if (at + size > source.length) throw corrupt('LZ4 block ends early')
    if (word >>> 31 === 1) {
      if (to + size > target.length) throw corrupt('LZ4 block is longer than announced')
      target.set(source.subarray(at, at + size), to)
      to += size
    } else to = decompressBlock(source, at, at + size, target, to)
    at += size + (blockChecksum ? 4 : 0)
  }
  if (to !== target.length) throw corrupt(`LZ4 frame holds ${to} bytes, ${target.length} were announced`)
}

function decompressBlock(source: Uint8Array, from: number, end: number, target: Uint8Array, at: number): number {
  const input = new DataView(source.buffer, source.byteOffset, source.byteLength)
  const output = new DataView(target.buffer, target.byteOffset, target.byteLength)
  // Up to here copies may go by words, and write some bytes too many: what follows overwrites them.
  const inputEnd = source.length - WORD
  const outputEnd = target.length - WORD
  let to = at
  let i = from
  while (i < end) {
    const token = source[i++] as number
    let literals = token >> 4
    if (literals === 15) {
      let byte = 255
      while (byte === 255 && i < end) {
        byte = source[i++] as number
        literals += byte
      }
    }
    if (i + literals > end || to + literals > target.length) throw corrupt('LZ4 literals run over the end')
    if (literals > 64) target.set(source.subarray(i, i + literals), to)
    else if (i + literals <= inputEnd && to + literals <= outputEnd) {
      for (let b = 0; b < literals; b += WORD) output.setUint32(to + b, input.getUint32(i + b, true), true)
    } else for (let b = 0; b < literals; b++) target[to + b] = source[i + b] as number
    i += literals
    to += literals
    if (i >= end) break
    const distance = (source[i] as number) | ((source[i + 1] ?? 0) << 8)
    i += 2
    let size = token & 15
    if (size === 15) {
      let byte = 255
      while (byte === 255 && i < end) {
        byte = source[i++] as number
        size += byte
      }
    }
    size += MIN_MATCH
    const match = to - distance
    if (distance === 0 || match < 0 || to + size > target.length) throw corrupt('LZ4 match points outside the data')
    if (size > 128 && distance >= size) target.copyWithin(to, match, match + size)
    else if (distance === 1 && size > 16) target.fill(target[match] as number, to, to + size)
    else if (distance >= WORD && to + size <= outputEnd) {
      for (let b = 0; b < size; b += WORD) output.setUint32(to + b, output.getUint32(match + b, true), true)
    } else for (let b = 0; b < size; b++) target[to + b] = target[match + b] as number
    to += size
  }
  return to
}

function corrupt(what: string): SpkError {
  return new SpkError('SPK_CORRUPT_BLOCK', `A compressed Arrow buffer is damaged: ${what}.`, { retryable: true })
}
