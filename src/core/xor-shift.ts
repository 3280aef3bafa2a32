/** Spark's `XORShiftRandom` (Marsaglia 2003, shifts 21, 35, 4): from a seed the same numbers as there, bit for bit; Gaussian ones by the polar method. */

/** What MurmurHash3 of Scala starts arrays with. */
const arraySeed = 0x3c074a61

export class XorShift {
  #high: number
  #low: number
  #spare: number | undefined

  constructor(seed: bigint) {
    const words = [Number(BigInt.asUintN(32, seed >> 32n)), Number(BigInt.asUintN(32, seed))]
    this.#low = murmur(words, arraySeed)
    this.#high = murmur(words, this.#low)
  }

  /** The low bits of the next state; up to 32. */
  #next(bits: number): number {
    let [high, low] = [this.#high, this.#low]
    const [high21, low21] = [(high << 21) | (low >>> 11), low << 21]
    high ^= high21
    low ^= low21
    low ^= high >>> 3
    const [high4, low4] = [(high << 4) | (low >>> 28), low << 4]
    high ^= high4
    low ^= low4
    this.#high = high
    this.#low = low
    return low & (2 ** bits - 1)
  }

  /** At least 0, below 1. */
  double(): number {
    return (this.#next(26) * 2 ** 27 + this.#next(27)) * 2 ** -53
  }

  /** Normally distributed around 0, with deviation 1. */
  gaussian(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare
      this.#spare = undefined
      return spare
    }
    for (;;) {
      const [a, b] = [2 * this.double() - 1, 2 * this.double() - 1]
      const square = a * a + b * b
      if (square >= 1 || square === 0) continue
      const factor = Math.sqrt((-2 * Math.log(square)) / square)
      this.#spare = b * factor
      return a * factor
    }
  }
}

/** MurmurHash3 (32 bits) of words whose bytes stand in big-endian order. */
function murmur(words: readonly number[], seed: number): number {
  let hash = seed
  for (const word of words) {
    let k = ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
    k = Math.imul(k, 0xcc9e2d51)
    k = (k << 15) | (k >>> 17)
    hash ^= Math.imul(k, 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  hash ^= words.length * 4
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
