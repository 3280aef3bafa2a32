/** Random batches of every type for property tests: the type, then columns built the way the kernel builds them (absent bitmap without NULLs, offsets from 0). */
import * as fc from 'fast-check'
import { fixedWidth } from '#src/core/arrow/encode.js'
import type { Batch, ColumnData } from '#src/core/batch.js'
import type { AtomicKind, DataType, StructField } from '#src/core/types.js'

const fixed = `byte short int long ubyte ushort uint ulong float double date timestamp timestamp_ntz time interval daytime_interval yearmonth_interval hugeint uuid`
export const atomicKinds = ['null', 'boolean', 'string', 'binary', ...fixed.split(' ')] as AtomicKind[]

const leaf: fc.Arbitrary<DataType> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...atomicKinds).map(kind => ({ kind })) },
  { weight: 2, arbitrary: fc.nat(37).chain(p => fc.nat(p + 1).map(scale => ({ kind: 'decimal' as const, precision: p + 1, scale }))) },
  { weight: 1, arbitrary: fc.nat(17).map(p => ({ kind: 'decimal' as const, precision: p + 1, scale: 1, bits: 64 as const })) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 5 }).map(values => ({ kind: 'enum' as const, values })),
  },
)

export const anyType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>(tie => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(tie('type'), fc.boolean()).map(([element, containsNull]) => ({ kind: 'array' as const, element, containsNull })),
    fc
      .tuple(
        leaf.filter(t => t.kind !== 'null'),
        tie('type'),
        fc.boolean(),
      )
      .map(([key, value, valueContainsNull]) => ({ kind: 'map' as const, key, value, valueContainsNull })),
    fc
      .uniqueArray(fc.tuple(fc.string({ maxLength: 6 }), tie('type'), fc.boolean()), { maxLength: 3, selector: f => f[0] })
      .map(fields => ({ kind: 'struct' as const, fields: fields.map(([name, type, nullable]) => ({ name, type, nullable })) })),
  ),
})).type

type Random = (below: number) => number

function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  bits.forEach((bit, i) => {
    if (bit) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7))
  })
  return bytes
}

/** A column of random values; `nulls` is off inside what may hold none. */
export function randomColumn(type: DataType, length: number, random: Random, nulls = true): ColumnData {
  if (type.kind === 'null') return { type, length, nullCount: length }
  const valid = Array.from({ length }, () => !nulls || random(4) > 0)
  const nullCount = valid.filter(v => !v).length
  const base = { type, length, nullCount, ...(nullCount === 0 ? {} : { validity: bitmap(valid) }) }
  const offsets = (most: number) => {
    const made = new Int32Array(length + 1)
    for (let i = 0; i < length; i++) made[i + 1] = (made[i] ?? 0) + (valid[i] ? random(most + 1) : 0)
    return made
  }
  switch (type.kind) {
    case 'boolean':
      return { ...base, data: bitmap(valid.map(() => random(2) === 1)) }
    case 'string':
    case 'binary':
    case 'enum': {
      const texts = valid.map(v => (v ? text(type, random) : new Uint8Array(0)))
      const made = new Int32Array(length + 1)
      texts.forEach((t, i) => {
        made[i + 1] = (made[i] ?? 0) + t.length
      })
      return { ...base, offsets: made, data: Buffer.concat(texts) }
    }
    case 'array': {
      const made = offsets(3)
      return { ...base, offsets: made, children: [randomColumn(type.element, made[length] ?? 0, random, type.containsNull)] }
    }
    case 'map': {
      const made = offsets(2)
      const entries = made[length] ?? 0
      return {
        ...base,
        offsets: made,
        children: [randomColumn(type.key, entries, random, false), randomColumn(type.value, entries, random, type.valueContainsNull)],
      }
    }
    case 'struct':
      return { ...base, children: type.fields.map(f => randomColumn(f.type, length, random, f.nullable)) }
    default: {
      const width = fixedWidth(type) ?? 0
      const data = new Uint8Array(length * width)
      for (let i = 0; i < data.length; i++) data[i] = random(256)
      return { ...base, data }
    }
  }
}

function text(type: DataType, random: Random): Uint8Array {
  if (type.kind === 'enum') return Buffer.from(type.values[random(type.values.length)] ?? '')
  const length = [0, 1, 12, 13, 70, random(300)][random(6)] ?? 0
  return type.kind === 'string' ? Buffer.from('añ世x'.repeat(length).slice(0, length)) : Buffer.from(Array.from({ length }, () => random(256)))
}

/** What a random batch is made from; a counterexample prints this and not the values. */
export interface BatchSeed {
  readonly fields: readonly StructField[]
  readonly rows: number
  readonly seed: number
}

export const batchSeed: fc.Arbitrary<BatchSeed> = fc
  .tuple(fc.array(fc.tuple(anyType, fc.boolean()), { maxLength: 5 }), fc.nat(40), fc.nat())
  .map(([types, rows, seed]) => ({ fields: types.map(([type, nullable], i) => ({ name: `c${i}`, type, nullable })), rows, seed }))

/** A batch of these fields from a seed. */
export function makeBatch(fields: readonly StructField[], rows: number, seed: number): Batch {
  let state = seed | 1
  const random: Random = below => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * below)
  }
  return { schema: { kind: 'struct', fields }, rows, columns: fields.map(f => randomColumn(f.type, rows, random, f.nullable)) }
}
