/** Hashes as Spark computes them: murmur3 (`hash`), xxHash64, CRC-32, SHA-2. Values come as pairs: a letter for the type and the text of the value. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type JsFunction, strict } from './js-function.js'

/** Hashes one value on top of a seed. */
interface Hasher<S> {
  int(value: number, seed: S): S
  long(value: bigint, seed: S): S
  bytes(value: Buffer, seed: S): S
}

const int = (n: number) => n | 0

function mixK(k: number): number {
  const a = Math.imul(k, 0xcc9e2d51)
  return Math.imul((a << 15) | (a >>> 17), 0x1b873593)
}
function mixH(h: number, k: number): number {
  const a = h ^ k
  return int(Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64)
}
function finish(h: number, length: number): number {
  let x = h ^ length
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

const murmur: Hasher<number> = {
  int: (value, seed) => finish(mixH(seed, mixK(value)), 4),
  long: (value, seed) => {
    const low = Number(BigInt.asIntN(32, value))
    const high = Number(BigInt.asIntN(32, value >> 32n))
    return finish(mixH(mixH(seed, mixK(low)), mixK(high)), 8)
  },
  bytes: (value, seed) => {
    let h = seed
    const aligned = value.length - (value.length % 4)
    for (let i = 0; i < aligned; i += 4) h = mixH(h, mixK(value.readInt32LE(i)))
    // Spark hashes what is left byte by byte.
    for (let i = aligned; i < value.length; i++) h = mixH(h, mixK(value.readInt8(i)))
    return finish(h, value.length)
  },
}

const p1 = 0x9e3779b185ebca87n
const p2 = 0xc2b2ae3d27d4eb4fn
const p3 = 0x165667b19e3779f9n
const p4 = 0x85ebca77c2b2ae63n
const p5 = 0x27d4eb2f165667c5n
const u64 = (n: bigint) => BigInt.asUintN(64, n)
const rotate = (n: bigint, by: bigint) => u64((n << by) | (n >> (64n - by)))
const round = (acc: bigint, value: bigint) => u64(rotate(u64(acc + value * p2), 31n) * p1)

function avalanche(hash: bigint): bigint {
  let h = hash
  h = u64((h ^ (h >> 33n)) * p2)
  h = u64((h ^ (h >> 29n)) * p3)
  return h ^ (h >> 32n)
}

const xx: Hasher<bigint> = {
  int: (value, seed) => {
    let h = u64(seed + p5 + 4n)
    h ^= u64(BigInt.asUintN(32, BigInt(value)) * p1)
    return avalanche(u64(rotate(h, 23n) * p2 + p3))
  },
  long: (value, seed) => {
    let h = u64(seed + p5 + 8n)
    h ^= round(0n, u64(value))
    return avalanche(u64(rotate(h, 27n) * p1 + p4))
  },
  bytes: (value, seed) => {
    let at = 0
    let h: bigint
    if (value.length >= 32) {
      let lanes = [u64(seed + p1 + p2), u64(seed + p2), seed, u64(seed - p1)]
      for (; at <= value.length - 32; at += 32) lanes = lanes.map((lane, i) => round(lane, value.readBigUInt64LE(at + i * 8)))
      const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes
      h = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n))
      for (const lane of lanes) h = u64((h ^ round(0n, lane)) * p1 + p4)
    } else h = u64(seed + p5)
    h = u64(h + BigInt(value.length))
    for (; at <= value.length - 8; at += 8) h = u64(rotate(h ^ round(0n, value.readBigUInt64LE(at)), 27n) * p1 + p4)
    if (at <= value.length - 4) {
      h = u64(rotate(h ^ u64(BigInt(value.readUInt32LE(at)) * p1), 23n) * p2 + p3)
      at += 4
    }
    for (; at < value.length; at++) h = u64(rotate(h ^ u64(BigInt(value.readUInt8(at)) * p5), 11n) * p1)
    return avalanche(h)
  },
}

/** One value on top of a seed; NULL leaves the seed. */
function hashOne<S>(hasher: Hasher<S>, kind: string, text: string | null, seed: S): S {
  if (text === null) return seed
  switch (kind[0]) {
    case 'b':
      return hasher.int(text === 'true' ? 1 : 0, seed)
    case 'i':
      return hasher.int(Number(text), seed)
    case 'l':
      return hasher.long(BigInt(text), seed)
    case 'f': {
      const bytes = Buffer.alloc(4)
      bytes.writeFloatLE(numberOf(text))
      return hasher.int(bytes.readInt32LE(), seed)
    }
    case 'd': {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(numberOf(text))
      return hasher.long(bytes.readBigInt64LE(), seed)
    }
    case 'D':
      return hashDecimal(hasher, Number(kind.slice(1)), text, seed)
    case 'x':
      return hasher.bytes(Buffer.from(text, 'hex'), seed)
    default:
      return hasher.bytes(Buffer.from(text, 'utf8'), seed)
  }
}

function numberOf(text: string): number {
  const value = text === 'inf' || text === '-inf' ? (text === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY) : Number(text)
  // Zero has one hash.
  return value === 0 ? 0 : value
}

/** Of up to 18 digits as a long, of more as the bytes of the unscaled number. */
function hashDecimal<S>(hasher: Hasher<S>, precision: number, text: string, seed: S): S {
  const unscaled = BigInt(text.replace('.', ''))
  if (precision <= 18) return hasher.long(unscaled, seed)
  let size = 1
  while (BigInt.asIntN(size * 8, unscaled) !== unscaled) size++
  const bytes = Buffer.alloc(size)
  for (let i = 0, rest = BigInt.asUintN(size * 8, unscaled); i < size; i++, rest >>= 8n) bytes[size - 1 - i] = Number(rest & 255n)
  return hasher.bytes(bytes, seed)
}

function hashAll<S>(hasher: Hasher<S>, args: readonly (string | null)[], start: S): S {
  let seed = start
  for (let i = 0; i + 1 < args.length; i += 2) seed = hashOne(hasher, args[i] ?? 's', args[i + 1] ?? null, seed)
  return seed
}

export const hashFunctions: readonly JsFunction[] = [
  { name: 'spk_hash', nullable: true, call: args => String(int(hashAll(murmur, args, 42))) },
  { name: 'spk_xxhash64', nullable: true, call: args => String(BigInt.asIntN(64, hashAll(xx, args, 42n))) },
  strict('spk_crc32', hex => String(crc32(Buffer.from(hex, 'hex')))),
  strict('spk_sha2', (hex, bits) => {
    const size = bits === '0' ? '256' : bits
    return ['224', '256', '384', '512'].includes(size) ? createHash(`sha${size}`).update(Buffer.from(hex, 'hex')).digest('hex') : null
  }),
  strict('spk_sha1', hex => createHash('sha1').update(Buffer.from(hex, 'hex')).digest('hex')),
]
