/**
 * The two halves of a value's place in a HyperLogLog sketch (`core/hyper-log-log.ts`), for ANALYZE TABLE: the value and how many bits of its hash choose
 * the register. Not to be called by users.
 */
import { types } from '../../core/types.js'
import { call, custom, type ScalarFunction } from './define.js'

function half(name: string, sql: (hash: string, bits: number) => string): ScalarFunction {
  return {
    ...custom(
      name,
      2,
      args => call(name, args, types.int, false),
      ([x], { args }) => {
        const bits = args[1]
        if (bits?.kind !== 'Literal' || typeof bits.value !== 'number') throw new Error(`bug in spk: ${name} without a number of bits`)
        return sql(`hash(${x})`, bits.value)
      },
    ),
    internal: true,
  }
}

/** The bits above those of the register, and one more set, so that some bit is. */
const rest = (hash: string, bits: number) => `CAST((${hash} >> ${bits}) | ${2n ** BigInt(64 - bits)} AS BIGINT)`

export const sketchFunctions: readonly ScalarFunction[] = [
  half('sketch_register', (hash, bits) => `CAST(${hash} & ${2 ** bits - 1} AS INTEGER)`),
  // The lowest bit set and all below it are what x and x - 1 differ in.
  half('sketch_rank', (hash, bits) => `CAST(bit_count(xor(${rest(hash, bits)}, ${rest(hash, bits)} - 1)) AS INTEGER)`),
]
