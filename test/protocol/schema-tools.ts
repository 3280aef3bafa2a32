/** What the wire tests derive from a message schema: a readable description for the pinned file, and random values that are valid. */
import fc from 'fast-check'
import type { Schema } from '#src/protocol/wire-codec.js'

export type Description = string | readonly Description[] | { readonly [name: string]: Description }

/** `name?` is optional, `[x]` a list, `{"*": x}` a map, `a | b` a choice of texts. The order of names is the order on the wire. */
export function describe(schema: Schema): Description {
  if (schema.$ref !== undefined) return 'itself'
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf !== undefined) {
    if (schema.anyOf.every(a => a.const !== undefined)) return schema.anyOf.map(a => String(a.const)).join(' | ')
    return { oneOf: schema.anyOf.map(describe) }
  }
  if (schema.type === 'array') return [describe(schema.items ?? {})]
  if (schema.type !== 'object') return schema.type ?? 'any'
  if (schema.patternProperties !== undefined) return { '*': describe(Object.values(schema.patternProperties)[0] ?? {}) }
  const required = new Set(schema.required ?? [])
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [required.has(name) ? name : `${name}?`, describe(part)]))
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 63, 64, 127, 128, 2 ** 31, 2 ** 32, 2 ** 53),
)

export function valuesOf(schema: Schema, depth = 3): fc.Arbitrary<unknown> {
  if (schema.$id !== undefined) return valuesOf(unfold(schema, depth), depth)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(a => valuesOf(a, depth)))
  switch (schema.type) {
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 40 })
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.nat(200))
    case 'number':
      return number
    case 'Uint8Array':
      return fc.uint8Array({ maxLength: 300 })
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, depth), { maxLength: 4 })
    case 'object': {
      if (schema.patternProperties !== undefined) {
        const key = fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).filter(k => k !== '__proto__')
        return fc.dictionary(key, valuesOf(Object.values(schema.patternProperties)[0] ?? {}, depth), { maxKeys: 4, noNullPrototype: true })
      }
      const parts = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, valuesOf(part, depth)]))
      return fc.record(parts, { requiredKeys: [...(schema.required ?? [])], noNullPrototype: true })
    }
    default:
      // "any": plain data as types and plans hold it
      return fc.jsonValue({ maxDepth: 2 }).filter(v => v !== null && !JSON.stringify(v).includes('__proto__'))
  }
}

/** A schema that holds itself, written out to some depth and without itself below that. */
function unfold(schema: Schema, depth: number): Schema {
  const { $id, properties = {}, ...rest } = schema
  const parts = Object.entries(properties).flatMap(([name, part]): [string, Schema][] => {
    if (part.$ref !== $id) return [[name, part]]
    return depth === 0 ? [] : [[name, unfold(schema, depth - 1)]]
  })
  return { ...rest, properties: Object.fromEntries(parts) }
}
