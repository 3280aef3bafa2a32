/** A schema as the tree that `printSchema()` prints. */
import type { DataType, StructType } from '../core/types.js'
import { typeString } from '../core/types.js'

const words: Readonly<Record<string, string>> = { int: 'integer' }

/** Spark's `typeName`: `integer`, `long`, `decimal(10,2)`, `array`. */
function typeName(type: DataType): string {
  switch (type.kind) {
    case 'decimal':
      return typeString(type)
    case 'null':
      return 'void'
    case 'daytime_interval':
    case 'yearmonth_interval':
      return typeString(type)
    default:
      return words[type.kind] ?? type.kind
  }
}

/** `root` and one line per field, nested ones further in. */
export function schemaTree(schema: StructType): string {
  const lines = ['root']
  const field = (name: string, type: DataType, note: string, prefix: string): void => {
    lines.push(`${prefix}-- ${name}: ${typeName(type)} (${note})`)
    nested(type, `${prefix}    |`)
  }
  const nested = (type: DataType, prefix: string): void => {
    if (type.kind === 'struct') for (const f of type.fields) field(f.name, f.type, `nullable = ${f.nullable}`, prefix)
    if (type.kind === 'array') field('element', type.element, `containsNull = ${type.containsNull}`, prefix)
    if (type.kind === 'map') {
      lines.push(`${prefix}-- key: ${typeName(type.key)}`)
      nested(type.key, `${prefix}    |`)
      field('value', type.value, `valueContainsNull = ${type.valueContainsNull}`, prefix)
    }
  }
  for (const f of schema.fields) field(f.name, f.type, `nullable = ${f.nullable}`, ' |')
  return `${lines.join('\n')}\n`
}
