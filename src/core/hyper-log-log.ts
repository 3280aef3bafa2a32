/**
 * How many distinct values a HyperLogLog sketch has seen (Flajolet et al. 2007), by Ertl's estimator (2017), which needs no tables of bias and no switch
 * for small numbers. The sketch is made elsewhere: register r of a value's hash keeps the largest rank (position of the lowest bit set in the rest).
 */

/**
 * @param ranks - the largest rank of each register that a value fell into, in any order
 * @param bits - of the hash that choose the register; the error is about 1.04 / √2^bits
 * @returns the estimate, a whole number
 */
export function distinctOf(ranks: Iterable<number>, bits: number): number {
  const registers = 2 ** bits
  const restBits = 64 - bits
  const counts = new Array<number>(restBits + 2).fill(0)
  let used = 0
  for (const rank of ranks) {
    counts[rank] = (counts[rank] ?? 0) + 1
    used++
  }
  if (used === 0) return 0
  counts[0] = registers - used
  let z = registers * tau(1 - (counts[restBits + 1] ?? 0) / registers)
  for (let k = restBits; k >= 1; k--) z = 0.5 * (z + (counts[k] ?? 0))
  z += registers * sigma((counts[0] ?? 0) / registers)
  return Math.round(registers ** 2 / (2 * Math.LN2 * z))
}

/** Σ of what registers without a value stand for. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY
  let [power, step, z] = [x, 1, x]
  for (;;) {
    power *= power
    const next = z + power * step
    step += step
    if (next === z) return z
    z = next
  }
}

/** Σ of what full registers stand for. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0
  let [root, step, z] = [x, 1, 1 - x]
  for (;;) {
    root = Math.sqrt(root)
    step *= 0.5
    const next = z - (1 - root) ** 2 * step
    if (next === z) return z / 3
    z = next
  }
}
