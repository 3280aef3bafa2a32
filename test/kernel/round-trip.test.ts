import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { array, type DataType, decimal, field, map, type StructType, struct } from '#src/core/types.js'
import { duckdbTypeName } from '#src/kernel/spark-types.js'
import { makeBatch, rowsOf, type Value } from './batches.js'
import { Collected, type TestSlot, task, testSlot } from './slots.js'

const test = suite('kernel/round-trip')

let slot: TestSlot
test.before(async () => {
  slot = await testSlot()
})
test.after(() => slot.close())

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
const bigBits = (bits: number) => fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n })
const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(b => Buffer.from(b).toString('hex'))
/** Microseconds of 1000-2999: what DuckDB can print, so that casts to text in error paths work. */
const micros = fc.bigInt({ min: -30_610_224_000_000_000n, max: 32_503_680_000_000_000n })
const lengths = [0, 1, 11, 12, 13, 14, 70, 5000]
const text = fc.oneof(
  { weight: 200, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  { weight: 200, arbitrary: fc.constantFrom(...lengths).chain(n => fc.constantFrom('x', 'y', '\u0000').map(c => c.repeat(n))) },
  { weight: 1, arbitrary: fc.constantFrom('x', 'é').map(c => c.repeat(70_000)) },
)

/** A type with its values, by kind: [type, values]. */
function atomic(): fc.Arbitrary<[DataType, fc.Arbitrary<Value>]> {
  const plain: [DataType, fc.Arbitrary<Value>][] = [
    [{ kind: 'boolean' }, fc.boolean()],
    [{ kind: 'byte' }, int(8)],
    [{ kind: 'short' }, int(16)],
    [{ kind: 'int' }, int(32)],
    [{ kind: 'long' }, bigBits(64)],
    [{ kind: 'ubyte' }, uint(8)],
    [{ kind: 'ushort' }, uint(16)],
    [{ kind: 'uint' }, uint(32)],
    [{ kind: 'ulong' }, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
    [{ kind: 'hugeint' }, bigBits(128)],
    [{ kind: 'float' }, hex(4)],
    [{ kind: 'double' }, fc.oneof(hex(8), fc.constantFrom('010000000000f87f', '000000000000f8ff', '010000000000f07f', '0000000000000080'))],
    [{ kind: 'string' }, text],
    [{ kind: 'binary' }, fc.constantFrom(...lengths).chain(hex)],
    [{ kind: 'date' }, int(22)],
    [{ kind: 'time' }, fc.bigInt({ min: 0n, max: 86_399_999_999n })],
    [{ kind: 'timestamp' }, micros],
    [{ kind: 'timestamp_ntz' }, micros],
    [{ kind: 'interval' }, fc.record({ months: int(32), days: int(32), nanos: bigBits(53).map(v => v * 1000n) }, { noNullPrototype: true })],
    [{ kind: 'daytime_interval' }, bigBits(60)],
    [{ kind: 'yearmonth_interval' }, int(32)],
    [{ kind: 'uuid' }, hex(16)],
    [{ kind: 'null' }, fc.constant(null)],
    [
      { kind: 'enum', values: ['', 'a', 'exactly twelv', 'a value longer than an inline string'] },
      fc.constantFrom('', 'a', 'exactly twelv', 'a value longer than an inline string'),
    ],
    [{ kind: 'enum', values: Array.from({ length: 300 }, (_, i) => `value ${i}`) }, fc.integer({ min: 0, max: 299 }).map(i => `value ${i}`)],
  ]
  const decimals = fc.integer({ min: 1, max: 38 }).chain(precision =>
    fc.integer({ min: 0, max: precision }).map((scale): [DataType, fc.Arbitrary<Value>] => {
      const limit = 10n ** BigInt(precision) - 1n
      return [decimal(precision, scale), fc.bigInt({ min: -limit, max: limit })]
    }),
  )
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...plain) }, { weight: 1, arbitrary: decimals })
}

function nullable(values: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 4, arbitrary: values }, { weight: 1, arbitrary: fc.constant(null) })
}

/** Keys of a map: DuckDB itself never checks what a batch brings, but equal or NULL keys would be no map. */
const keyed: [DataType, fc.Arbitrary<Value>][] = [
  [{ kind: 'int' }, int(32)],
  [{ kind: 'string' }, text],
]

function anyType(depth: number): fc.Arbitrary<[DataType, fc.Arbitrary<Value>]> {
  if (depth === 0) return atomic()
  const inner = anyType(depth - 1)
  return fc.oneof(
    { weight: 3, arbitrary: atomic() },
    { weight: 1, arbitrary: inner.map(([t, v]): [DataType, fc.Arbitrary<Value>] => [array(t), fc.array(nullable(v), { maxLength: 5 })]) },
    {
      weight: 1,
      arbitrary: fc
        .array(inner, { minLength: 1, maxLength: 3 })
        .map((fields): [DataType, fc.Arbitrary<Value>] => [
          struct(fields.map(([t], i) => field(`f${i}`, t))),
          fc.tuple(...fields.map(([, v]) => nullable(v))),
        ]),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...keyed), inner)
        .map(([[kt, kv], [vt, vv]]): [DataType, fc.Arbitrary<Value>] => [
          map(kt, vt),
          fc.uniqueArray(fc.tuple(kv, nullable(vv)), { maxLength: 4, selector: pair => pair[0] }),
        ]),
    },
  )
}

/** Some columns of random types, and batches of random values. */
const relation = fc.array(anyType(3), { minLength: 1, maxLength: 4 }).chain(columns => {
  const schema = struct(columns.map(([t], i) => field(`c${i}`, t)))
  const rows = fc.array(fc.tuple(...columns.map(([, v]) => nullable(v))), { maxLength: 40 })
  return fc.tuple(fc.constant(schema), fc.array(rows, { minLength: 1, maxLength: 3 }))
})

async function through(schema: StructType, batches: readonly (readonly Value[][])[], parts: Parameters<typeof task>[0]): Promise<Collected> {
  const made = batches.map(rows =>
    makeBatch(
      schema,
      schema.fields.map((_, i) => rows.map(r => r[i] as Value)),
      rows.length,
    ),
  )
  const sink = new Collected()
  await slot.slot.run(task({ ...parts, inputs: [slot.input('t', schema, made)] }), sink)
  return sink
}

test('random batches survive Batch → DuckDB → Batch', async () => {
  await fc.assert(
    fc.asyncProperty(relation, async ([schema, batches]) => {
      const sink = await through(schema, batches as Value[][][], { sql: 'SELECT * FROM t', schema })
      assert.equal(rowsOf(sink.all()), (batches as Value[][][]).flat(1))
    }),
    { numRuns: 150 },
  )
})

test('random batches survive a sort by row number and a scatter, each partition in order', async () => {
  await fc.assert(
    fc.asyncProperty(relation, fc.integer({ min: 2, max: 9 }), async ([schema, batches], count) => {
      const all = (batches as Value[][][]).flat(1)
      const wide = struct([...schema.fields, field('row number', { kind: 'int' })])
      const numbered = all.map((row, i) => [...row, i])
      const sink = await through(wide, [numbered], {
        // The sort copies every value through DuckDB's row layout, and leaves vectors that are not laid out in order.
        sql: 'SELECT * FROM t ORDER BY "row number" % 3, "row number"',
        schema: wide,
        output: { kind: 'partitions', count, by: { kind: 'hash', keys: ['row number'] } },
      })
      const rows: Value[][] = []
      for (let p = 0; p < count; p++) rows.push(...rowsOf(sink.batches.filter(b => b.partition === p).map(b => b.batch)))
      assert.equal(
        rows.sort((a, b) => (a.at(-1) as number) - (b.at(-1) as number)),
        numbered,
      )
    }),
    { numRuns: 80 },
  )
})

test('types have the same name and meaning inside DuckDB', async () => {
  await fc.assert(
    fc.asyncProperty(anyType(2), async ([type]) => {
      // Untyped NULL has no column type of its own.
      if (JSON.stringify(type).includes('"null"')) return
      const schema = struct([field('t', { kind: 'boolean' })])
      const sink = new Collected()
      const input = slot.input('t', struct([field('c', type)]), [makeBatch(struct([field('c', type)]), [[null]])])
      await slot.slot.run(
        task({ sql: `SELECT typeof(c) = typeof(CAST(NULL AS ${duckdbTypeName(type)})) AS t FROM t`, schema, inputs: [input] }),
        sink,
      )
      assert.equal(rowsOf(sink.all()), [[true]])
    }),
    { numRuns: 60 },
  )
})

test.run()
