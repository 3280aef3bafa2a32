/**
 * How a value of a schema lies in a message: an object is the array of its properties in the schema's order, a union of objects starts with the index of
 * its alternative, a choice of texts is its index. So nothing but values travels, both sides agree by the schema alone, and reading checks at the same
 * time. The same reader checks JSON records, which keep their names. `wire.ts` calls it; codecs are made on first use.
 */

/** The part of JSON Schema that messages use (TypeBox builds it). Any other keyword is refused, so that nothing is silently unchecked. */
export interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly const?: unknown
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly $id?: string
  readonly $ref?: string
}

/** `packed`: as `pack` made it. `named`: as JSON has it. */
export type Form = 'packed' | 'named'

export interface Codec {
  pack(value: unknown): unknown
  /** Throws `Mismatch`. Unknown properties are dropped. */
  read(raw: unknown, form: Form): unknown
  /** True when packing gives the value itself. */
  readonly plain: boolean
}

/** What was read is not of the schema: where, and what would have been valid. */
export class Mismatch extends Error {
  readonly expected: string
  path = ''
  constructor(expected: string) {
    super(expected)
    this.expected = expected
  }
}

const KEYWORDS = new Set(['type', 'properties', 'required', 'items', 'anyOf', 'const', 'patternProperties', '$id', '$ref', 'description'])

export function makeCodec(schema: Schema, named: Map<string, Codec> = new Map()): Codec {
  for (const keyword of Object.keys(schema)) if (!KEYWORDS.has(keyword)) throw new Error(`bug in spk: a message schema uses "${keyword}"`)
  if (schema.$ref !== undefined) return reference(schema.$ref, named)
  const codec = makeOwn(schema, named)
  if (schema.$id !== undefined) named.set(schema.$id, codec)
  return codec
}

function makeOwn(schema: Schema, named: Map<string, Codec>): Codec {
  if (schema.const !== undefined) return scalar(`${JSON.stringify(schema.const)}`, v => v === schema.const)
  if (schema.anyOf !== undefined) return union(schema.anyOf, named)
  switch (schema.type) {
    case undefined:
      return scalar('anything', v => v !== undefined)
    case 'string':
      return scalar('a text', v => typeof v === 'string')
    case 'boolean':
      return scalar('true or false', v => typeof v === 'boolean')
    case 'integer':
      return scalar('an integer', v => Number.isInteger(v))
    case 'number':
      return scalar('a number', v => Number.isFinite(v))
    case 'Uint8Array':
      return { plain: true, pack: same, read: readBytes }
    case 'array':
      return array(makeCodec(schema.items ?? {}, named))
    case 'object':
      return schema.patternProperties === undefined ? object(schema, named) : record(schema.patternProperties, named)
    default:
      throw new Error(`bug in spk: a message schema has type "${schema.type}"`)
  }
}

const same = (value: unknown): unknown => value

function scalar(expected: string, valid: (value: unknown) => boolean): Codec {
  return {
    plain: true,
    pack: same,
    read(raw) {
      if (!valid(raw)) throw new Mismatch(expected)
      return raw
    },
  }
}

function readBytes(raw: unknown): Uint8Array {
  if (!(raw instanceof Uint8Array)) throw new Mismatch('bytes')
  return raw.constructor === Uint8Array ? raw : new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength)
}

/** A part of itself: known only when its whole is made. */
function reference(id: string, named: Map<string, Codec>): Codec {
  const target = (): Codec => {
    const found = named.get(id)
    if (found === undefined) throw new Error(`bug in spk: schema reference ${id} leads nowhere`)
    return found
  }
  return { plain: false, pack: value => target().pack(value), read: (raw, form) => target().read(raw, form) }
}

function array(item: Codec): Codec {
  return {
    plain: item.plain,
    pack: item.plain ? same : value => (value as unknown[]).map(v => item.pack(v)),
    read(raw, form) {
      if (!Array.isArray(raw)) throw new Mismatch('a list')
      const values = new Array<unknown>(raw.length)
      let i = 0
      try {
        for (; i < raw.length; i++) values[i] = item.read(raw[i], form)
      } catch (error) {
        throw at(String(i), error)
      }
      return values
    },
  }
}

function record(patterns: Readonly<Record<string, Schema>>, named: Map<string, Codec>): Codec {
  const item = makeCodec(Object.values(patterns)[0] ?? {}, named)
  return {
    plain: item.plain,
    pack: item.plain ? same : value => Object.fromEntries(Object.entries(value as object).map(([key, v]) => [key, item.pack(v)])),
    read(raw, form) {
      if (!isObject(raw)) throw new Mismatch('an object')
      const values: Record<string, unknown> = {}
      for (const key of Object.keys(raw)) {
        try {
          values[key] = item.read(raw[key], form)
        } catch (error) {
          throw at(key, error)
        }
      }
      return values
    },
  }
}

interface Field {
  readonly name: string
  readonly codec: Codec
  readonly optional: boolean
}

function fieldsOf(schema: Schema, named: Map<string, Codec>): Field[] {
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).map(([name, part]) => ({ name, codec: makeCodec(part, named), optional: !required.has(name) }))
}

function object(schema: Schema, named: Map<string, Codec>): Codec {
  const fields = fieldsOf(schema, named)
  return {
    plain: false,
    pack: value => packFields(fields, value as Record<string, unknown>, []),
    read(raw, form) {
      if (form === 'named' ? !isObject(raw) : !Array.isArray(raw)) throw new Mismatch('an object')
      return readFields(fields, raw as never, form, 0, {})
    },
  }
}

function packFields(fields: readonly Field[], value: Record<string, unknown>, into: unknown[]): unknown[] {
  for (const { name, codec } of fields) {
    const part = value[name]
    into.push(part === undefined ? null : codec.pack(part))
  }
  return into
}

function readFields(
  fields: readonly Field[],
  raw: unknown[] & Record<string, unknown>,
  form: Form,
  from: number,
  into: Record<string, unknown>,
): unknown {
  let i = 0
  try {
    for (; i < fields.length; i++) {
      const field = fields[i] as Field
      const part = form === 'named' ? raw[field.name] : raw[i + from]
      if (field.optional && (part === undefined || (part === null && form === 'packed'))) continue
      into[field.name] = field.codec.read(part, form)
    }
  } catch (error) {
    throw at(fields[i]?.name ?? '', error)
  }
  return into
}

/** Texts, or objects told apart by one property that is another literal text in each (`kind`). */
function union(alternatives: readonly Schema[], named: Map<string, Codec>): Codec {
  if (alternatives.every(a => typeof a.const === 'string')) return choice(alternatives.map(a => a.const as string))
  const tag = tagOf(alternatives)
  if (tag === undefined) throw new Error('bug in spk: the alternatives of a union in a message need a literal "kind"')
  const kinds = alternatives.map(a => a.properties?.[tag]?.const)
  const index = new Map(kinds.map((kind, i) => [kind, i]))
  const fields = alternatives.map(a => fieldsOf(a, named).filter(field => field.name !== tag))
  const expected = `an object whose ${tag} is one of ${kinds.join(', ')}`
  return {
    plain: false,
    pack(value) {
      const i = index.get((value as Record<string, string>)[tag])
      if (i === undefined) throw new Mismatch(expected)
      return packFields(fields[i] as Field[], value as Record<string, unknown>, [i])
    },
    read(raw, form) {
      if (form === 'named' ? !isObject(raw) : !Array.isArray(raw)) throw new Mismatch(expected)
      const parts = raw as unknown[] & Record<string, unknown>
      const i = form === 'named' ? index.get(parts[tag] as string) : (parts[0] as number)
      const chosen = i === undefined ? undefined : fields[i]
      if (chosen === undefined) throw new Mismatch(expected)
      return readFields(chosen, parts, form, 1, { [tag]: kinds[i as number] })
    },
  }
}

function tagOf(alternatives: readonly Schema[]): string | undefined {
  return Object.keys(alternatives[0]?.properties ?? {}).find(name => {
    const texts = alternatives.map(a => (a.required?.includes(name) ? a.properties?.[name]?.const : undefined))
    return texts.every(text => typeof text === 'string') && new Set(texts).size === texts.length
  })
}

function choice(texts: readonly string[]): Codec {
  const index = new Map(texts.map((text, i) => [text, i]))
  const expected = `one of ${texts.join(', ')}`
  return {
    plain: false,
    pack(value) {
      const i = index.get(value as string)
      if (i === undefined) throw new Mismatch(expected)
      return i
    },
    read(raw, form) {
      const text = form === 'named' ? (index.has(raw as string) ? raw : undefined) : texts[raw as number]
      if (text === undefined) throw new Mismatch(expected)
      return text
    },
  }
}

function isObject(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !(raw instanceof Uint8Array)
}

function at(name: string, error: unknown): unknown {
  if (error instanceof Mismatch) error.path = `/${name}${error.path}`
  return error
}
