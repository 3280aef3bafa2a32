/** One cell as a plain value that two readers can be compared by: NULL, text, bits as hex, lists and pairs. */

import { fixedWidth } from '#src/core/arrow/encode.js'
import { type ColumnData, isValid } from '#src/core/batch.js'

export type Plain = null | string | boolean | Plain[]

export function plainValue(column: ColumnData, index: number): Plain {
  if (!isValid(column, index)) return null
  const { type } = column
  const [from, to] = [column.offsets?.[index] ?? 0, column.offsets?.[index + 1] ?? 0]
  const child = (i: number) => column.children?.[i] as ColumnData
  switch (type.kind) {
    case 'boolean':
      return ((column.data?.[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
    case 'string':
    case 'enum':
      return Buffer.from(column.data?.subarray(from, to) ?? []).toString()
    case 'binary':
      return Buffer.from(column.data?.subarray(from, to) ?? []).toString('hex')
    case 'array':
      return Array.from({ length: to - from }, (_, i) => plainValue(child(0), from + i))
    case 'map':
      return Array.from({ length: to - from }, (_, i) => [plainValue(child(0), from + i), plainValue(child(1), from + i)])
    case 'struct':
      return type.fields.map((_, i) => plainValue(child(i), index))
    default: {
      const width = fixedWidth(type) ?? 0
      return Buffer.from(column.data?.subarray(index * width, (index + 1) * width) ?? []).toString('hex')
    }
  }
}

export function plainColumn(column: ColumnData): Plain[] {
  return Array.from({ length: column.length }, (_, i) => plainValue(column, i))
}
