import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { PROTOCOL_VERSION } from '#src/protocol/version.js'
import {
  decode,
  decodeBody,
  decodeRecord,
  decodeReply,
  encode,
  encodeBody,
  encodeErrorReply,
  encodeRecord,
  encodeReply,
  type Message,
  messages,
  type TSchema,
  Type,
} from '#src/protocol/wire.js'
import type { Schema } from '#src/protocol/wire-codec.js'
import { type Description, describe, valuesOf } from './schema-tools.js'

const test = suite('protocol/contract')
const folder = new URL('../../../src/protocol/', import.meta.url)

/** Everything that `src/protocol` exports and that is a schema by itself: records and bodies. */
const schemas: Record<string, TSchema> = {}
for (const file of readdirSync(folder).sort()) {
  const module = (await import(`#src/protocol/${file.replace(/\.ts$/, '.js')}`)) as Record<string, unknown>
  for (const [name, value] of Object.entries(module)) {
    if (/Record$|^StagePlan$|^ExecutorLaunch$/.test(name) && typeof value === 'object') schemas[name] = value as TSchema
  }
}
const all: readonly Message[] = [...messages()].sort((a, b) => (a.name < b.name ? -1 : 1))
const raw = new Packr({ useRecords: false })

function bad(work: () => unknown, codes = ['SPK_BAD_MESSAGE', 'SPK_PROTOCOL_VERSION']): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    assert.instance(error, SpkError, String(error instanceof Error ? error.stack : error))
    assert.ok(codes.includes((error as SpkError).code), (error as SpkError).code)
    return (error as SpkError).message
  }
}

test('the wire is the pinned one: another wire needs another version', () => {
  const wire: Description = {
    version: String(PROTOCOL_VERSION),
    messages: Object.fromEntries(all.map(m => [m.name, { message: describe(m.schema as Schema), reply: describe(m.reply as Schema) }])),
    bodiesAndRecords: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, describe(schema as Schema)])),
  }
  const file = new URL(`../../../test/protocol/wire-v${PROTOCOL_VERSION}.json`, import.meta.url)
  const text = `${JSON.stringify(wire, null, 2)}\n`
  if (process.env['SPK_PIN_WIRE'] === '1' && !existsSync(file)) writeFileSync(file, text)
  const advice = `The wire differs from test/protocol/wire-v${PROTOCOL_VERSION}.json. Raise PROTOCOL_VERSION and run this test with SPK_PIN_WIRE=1, which pins the new one. (As long as no release speaks version ${PROTOCOL_VERSION}: delete the file instead of raising the version.)`
  assert.ok(existsSync(file), advice)
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), wire, advice)
  assert.is(JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))), JSON.stringify(wire), `Order of fields. ${advice}`)
})

for (const m of all) {
  test(`${m.name}: random values come back as they were, and are valid for TypeBox too`, () => {
    fc.assert(
      fc.property(valuesOf(m.schema as Schema), value => {
        assert.ok(Value.Check(m.schema, value))
        assert.equal(decode(m, encode(m, value as never)), value)
      }),
      { numRuns: 40 },
    )
    fc.assert(
      fc.property(valuesOf(m.reply as Schema), value => assert.equal(decodeReply(m, encodeReply(m, value as never)), value)),
      { numRuns: 20 },
    )
  })

  test(`${m.name}: damaged bytes are refused or decode to something valid, never anything else`, () => {
    const damage = fc.tuple(fc.nat(1_000_000), fc.nat(255), fc.constantFrom('flip', 'cut', 'replace'))
    fc.assert(
      fc.property(valuesOf(m.schema as Schema), fc.array(damage, { minLength: 1, maxLength: 3 }), (value, damages) => {
        let bytes = new Uint8Array(encode(m, value as never))
        for (const [where, what, how] of damages) {
          const i = where % bytes.length
          if (how === 'cut') bytes = bytes.slice(0, Math.max(1, i))
          else bytes[i] = how === 'flip' ? (bytes[i] as number) ^ (1 << (what & 7)) : what
        }
        let decoded: unknown
        if (bad(() => (decoded = decode(m, bytes))) === undefined) assert.ok(Value.Check(m.schema, decoded))
      }),
      { numRuns: 60 },
    )
  })
}

for (const [name, schema] of Object.entries(schemas)) {
  test(`${name}: random values come back, as message body and as JSON record`, () => {
    fc.assert(
      fc.property(valuesOf(schema as Schema), value => {
        assert.equal(decodeBody(schema, encodeBody(schema, value as never), name), value)
        if (!JSON.stringify(describe(schema as Schema)).includes('Uint8Array')) {
          const json = JSON.parse(JSON.stringify(value))
          assert.equal(decodeRecord(schema, encodeRecord(schema, value as never), name), json)
        }
      }),
      { numRuns: 40 },
    )
  })

  test(`${name}: a record is accepted exactly when TypeBox accepts it`, () => {
    const changes = fc.tuple(fc.nat(1_000_000), fc.constantFrom<unknown>(null, 1.5, -3, 'x', [], {}, true, { kind: 'struct' }))
    fc.assert(
      fc.property(valuesOf(schema as Schema), changes, (value, [where, replacement]) => {
        const changed = replaceSomewhere(JSON.parse(JSON.stringify(value)), where, replacement)
        const refused = bad(() => decodeRecord(schema, JSON.stringify(changed), name), ['SPK_BAD_RECORD'])
        assert.is(refused === undefined, Value.Check(schema, changed), `${JSON.stringify(changed)}: ${refused}`)
      }),
      { numRuns: 100 },
    )
  })
}

/** Replaces the n-th node (counted round) of plain data. */
function replaceSomewhere(data: unknown, n: number, replacement: unknown): unknown {
  let nodes = 0
  const count = (value: unknown): void => {
    nodes++
    if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) count(part)
  }
  count(data)
  let at = n % nodes
  const walk = (value: unknown): unknown => {
    if (at-- === 0) return replacement
    if (Array.isArray(value)) return value.map(walk)
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, walk(v)])) : value
  }
  return walk(data)
}

test('garbage is SPK_BAD_MESSAGE, whatever it is', () => {
  const message = all[0] as Message
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      for (const m of all.slice(0, 5)) {
        bad(() => decode(m, bytes))
        bad(() => decodeReply(m, bytes), ['SPK_BAD_MESSAGE', 'SPK_PROTOCOL_VERSION'])
      }
    }),
    { numRuns: 300 },
  )
  for (const value of [null, 5, 'x', [], {}, [PROTOCOL_VERSION], [PROTOCOL_VERSION, null], [PROTOCOL_VERSION, {}], [PROTOCOL_VERSION, [], 1]]) {
    assert.match(bad(() => decode(message, raw.pack(value))) ?? 'accepted', /SPK_BAD_MESSAGE/)
    assert.match(bad(() => decodeReply(message, raw.pack(value))) ?? 'accepted', /SPK_BAD_MESSAGE/)
  }
  const deep = new Uint8Array(1024 * 1024).fill(0x91)
  assert.match(bad(() => decode(message, deep)) ?? 'accepted', /SPK_BAD_MESSAGE/)
})

test('a refusal names message, field and what is valid; another version says which', () => {
  const m = all.find(x => x.name === 'requestExecutors') as Message
  assert.match(
    bad(() => decode(m, raw.pack([PROTOCOL_VERSION, ['app', 1.5]]))) ?? '',
    /message requestExecutors is not valid at \/total: expected an integer/,
  )
  assert.match(bad(() => decode(m, raw.pack([PROTOCOL_VERSION + 1, ['app', 1]]))) ?? '', /SPK_PROTOCOL_VERSION.*version 2, this process speaks 1/)
})

test('an error crosses as it is, with its cause, without its stack', () => {
  const m = all[0] as Message
  const sent = new SpkError('CODE', 'it failed', { sqlState: '42000', retryable: true, params: { a: 'b' }, cause: new Error('why') })
  try {
    decodeReply(m, encodeErrorReply(sent))
    assert.unreachable()
  } catch (error) {
    const got = error as SpkError
    assert.equal([got.code, got.message, got.sqlState, got.retryable, got.params], ['CODE', sent.message, '42000', true, { a: 'b' }])
    assert.is((got.cause as SpkError).message, 'why')
  }
})

test('a schema that the codec does not know is a bug said at once', () => {
  assert.throws(() => encodeBody(Type.String({ minLength: 1 }), 'x'), /minLength/)
  assert.throws(() => encodeBody(Type.Union([Type.String(), Type.Number()]), 'x'), /kind/)
})

test.run()
