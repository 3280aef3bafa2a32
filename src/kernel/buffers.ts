/** Memory helpers of the vector readers: buffers without zero fill, growing arrays, and bitmaps (LSB first, 1 = set) appended at any bit position. */

/** `bytes` bytes of memory with arbitrary content: every byte must be written before it is handed over. Aligned for any typed array. */
export function rawBytes(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer, 0, bytes)
}

/** A byte buffer that doubles when full. */
export class ByteStore {
  bytes: Uint8Array<ArrayBuffer> = rawBytes(0)
  length = 0

  /** Makes room for `extra` more bytes after `length`. */
  reserve(extra: number): void {
    const needed = this.length + extra
    if (needed <= this.bytes.length) return
    const grown = rawBytes(Math.max(needed, Math.min(this.bytes.length * 2, this.bytes.length + 2 ** 26)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  append(source: Uint8Array): void {
    this.reserve(source.length)
    this.bytes.set(source, this.length)
    this.length += source.length
  }
}

/** A validity bitmap built row by row; costs nothing while all rows are valid. */
export class BitStore {
  #bits: Uint8Array | undefined
  length = 0

  /** Appends `count` set bits. */
  appendOnes(count: number): void {
    const from = this.length
    this.length += count
    if (this.#bits === undefined) return
    this.#grow()
    setOnes(this.#bits as Uint8Array, from, count)
  }

  /** Appends bits [from, from + count) of `source`; absent = all set. */
  append(source: Uint8Array | undefined, from: number, count: number): void {
    if (source === undefined) {
      this.appendOnes(count)
      return
    }
    const at = this.length
    if (this.#bits === undefined) {
      this.#bits = new Uint8Array(Math.max(64, (at + count + 7) >> 3))
      setOnes(this.#bits, 0, at)
    }
    this.length += count
    this.#grow()
    copyBits(this.#bits, at, source, from, count)
  }

  /** The bitmap, or undefined when no bit was ever clear. */
  bits(): Uint8Array | undefined {
    return this.#bits
  }

  clear(): void {
    this.#bits = undefined
    this.length = 0
  }

  #grow(): void {
    const bits = this.#bits as Uint8Array
    const needed = (this.length + 7) >> 3
    if (needed <= bits.length) return
    const grown = new Uint8Array(Math.max(needed, bits.length * 2))
    grown.set(bits)
    this.#bits = grown
  }
}

/** Sets bits [from, from + count). */
export function setOnes(bits: Uint8Array, from: number, count: number): void {
  let i = from
  const end = from + count
  while (i < end && (i & 7) !== 0) {
    bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7))
    i++
  }
  const whole = (end - i) >> 3
  if (whole > 0) {
    bits.fill(255, i >> 3, (i >> 3) + whole)
    i += whole * 8
  }
  while (i < end) {
    bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7))
    i++
  }
}

/** Copies `count` bits into zeroed bits of `target` at `at`. */
export function copyBits(target: Uint8Array, at: number, source: Uint8Array, from: number, count: number): void {
  let i = 0
  if (((at | from) & 7) === 0) {
    const whole = count >> 3
    target.set(source.subarray(from >> 3, (from >> 3) + whole), at >> 3)
    i = whole * 8
  }
  for (; i < count; i++) {
    const s = from + i
    if (((source[s >> 3] as number) >> (s & 7)) & 1) {
      const t = at + i
      target[t >> 3] = (target[t >> 3] as number) | (1 << (t & 7))
    }
  }
}

/** Clear bits among the first `count`. */
export function countZeros(bits: Uint8Array, count: number): number {
  let ones = 0
  const whole = count >> 3
  for (let i = 0; i < whole; i++) {
    let b = bits[i] as number
    b -= (b >> 1) & 0x55
    b = (b & 0x33) + ((b >> 2) & 0x33)
    ones += (b + (b >> 4)) & 0x0f
  }
  for (let i = whole * 8; i < count; i++) ones += ((bits[i >> 3] as number) >> (i & 7)) & 1
  return count - ones
}

/** A bitmap that is set where both are; absent = all set. */
export function andBits(a: Uint8Array | undefined, b: Uint8Array | undefined, count: number): Uint8Array | undefined {
  if (a === undefined) return b
  if (b === undefined) return a
  const bytes = (count + 7) >> 3
  const out = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++) out[i] = (a[i] as number) & (b[i] as number)
  return out
}
