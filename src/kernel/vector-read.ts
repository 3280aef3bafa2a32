/** The reader for a column's type: fixed width, strings or nested. The scatter and the row output make one reader per column of a task. */
import type { DataType } from '../core/types.js'
import type { ColumnReader } from './column-reader.js'
import { type LogicalType, native } from './duckdb.js'
import { FixedReader, layoutFor } from './fixed-reader.js'
import { ListReader, NullReader, StructReader } from './nested-reader.js'
import { EnumReader, StringReader } from './string-reader.js'

/** A reader for vectors of DuckDB type `type` as spk type `as`; `readsAs(type, as)` must hold. */
export function columnReader(type: LogicalType, as: DataType): ColumnReader {
  switch (as.kind) {
    case 'null':
      return new NullReader()
    case 'string':
    case 'binary':
      return new StringReader(as)
    case 'enum':
      return new EnumReader(as, enumWidth(type))
    case 'array':
      return new ListReader(as, [columnReader(native.list_type_child_type(type), as.element)], list => [list])
    case 'map':
      return new ListReader(
        as,
        [columnReader(native.map_type_key_type(type), as.key), columnReader(native.map_type_value_type(type), as.value)],
        entries => [native.struct_vector_get_child(entries, 0), native.struct_vector_get_child(entries, 1)],
      )
    case 'struct':
      return new StructReader(
        as,
        as.fields.map((f, i) => columnReader(native.struct_type_child_type(type, i), f.type)),
      )
    case 'decimal':
      return new FixedReader(as, layoutFor(as, native.decimal_internal_type(type)))
    default:
      return new FixedReader(as, layoutFor(as, native.get_type_id(type)))
  }
}

function enumWidth(type: LogicalType): 1 | 2 | 4 {
  switch (native.enum_internal_type(type)) {
    case native.Type.UTINYINT:
      return 1
    case native.Type.USMALLINT:
      return 2
    default:
      return 4
  }
}
