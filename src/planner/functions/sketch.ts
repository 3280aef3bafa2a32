/** The two halves of a value's place in a HyperLogLog sketch (`core/hyper-log-log.ts`), for ANALYZE TABLE. Not to be called by users. */
import { registerBits } from '../../core/hyper-log-log.js'
import { types } from '../../core/types.js'
import { call, custom, type ScalarFunction } from './define.js'

function half(name: string, sql: (hash: string) => string): ScalarFunction {
  return {
    ...custom(
      name,
      1,
      args => call(name, args, types.int, false),
      ([x]) => sql(`hash(${x})`),
    ),
    internal: true,
  }
}

const rest = (hash: string) => `CAST((${hash} >> ${registerBits}) | ${2n ** BigInt(64 - registerBits)} AS BIGINT)`

export const sketchFunctions: readonly ScalarFunction[] = [
  half('sketch_register', hash => `CAST(${hash} & ${2 ** registerBits - 1} AS INTEGER)`),
  // The lowest bit set and all below it are what x and x - 1 differ in.
  half('sketch_rank', hash => `CAST(bit_count(xor(${rest(hash)}, ${rest(hash)} - 1)) AS INTEGER)`),
]
