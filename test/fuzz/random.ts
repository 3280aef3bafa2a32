/** Random choices from one seed: the same seed, the same choices. */
import { seededRng } from '../support/virtual-clock.js'

export interface Random {
  /** A whole number from 0 to below `n`. */
  below(n: number): number
  one<T>(items: readonly T[]): T
  chance(probability: number): boolean
  /** `from` to `to` items. */
  some<T>(from: number, to: number, make: (i: number) => T): T[]
}

export function random(seed: number): Random {
  const rng = seededRng(seed)
  const below = (n: number): number => Math.floor(rng.next() * n)
  return {
    below,
    one: items => items[below(items.length)] as (typeof items)[number],
    chance: probability => rng.next() < probability,
    some: (from, to, make) => Array.from({ length: from + below(to - from + 1) }, (_, i) => make(i)),
  }
}
