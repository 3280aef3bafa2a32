/**
 * All randomness of a simulation, from one seed. A source forks into independent ones by name, so that a choice more in one part does not change the
 * choices of another. (sfc32; forks are seeded by hashing the name.)
 */
import type { Rng } from '#src/core/clock.js'

export class Seed implements Rng {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(name: string | number) {
    this.#name = String(name)
    this.#a = hashText(`a${this.#name}`)
    this.#b = hashText(`b${this.#name}`)
    this.#c = hashText(`c${this.#name}`)
    for (let i = 0; i < 12; i++) this.uint32()
  }

  fork(name: string | number): Seed {
    return new Seed(`${this.#name}/${name}`)
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    return t >>> 0
  }

  next(): number {
    return this.uint32() / 2 ** 32
  }

  hex(bytes: number): string {
    let text = ''
    for (let i = 0; i < bytes; i++) text += (this.uint32() & 255).toString(16).padStart(2, '0')
    return text
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** An integer from `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items]
    for (let i = left.length - 1; i > 0; i--) {
      const j = this.int(0, i)
      const swap = left[i] as T
      left[i] = left[j] as T
      left[j] = swap
    }
    return left
  }
}

/** 32 bits of a text (FNV-1a with a final mix). */
export function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h, 0x9e3779b9)
}

/** Mixes two 32-bit numbers into one. */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ (b + 0x7f4a7c15), 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h ^ (b >>> 3), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
