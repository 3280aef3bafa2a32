/**
 * Makes the JavaScript functions known to a DuckDB instance: each takes any number of VARCHARs and gives a VARCHAR. DuckDB calls them a vector at a time,
 * on the thread that opened the instance. A failure of one becomes the statement's failure, with its own condition.
 */
import { SpkError } from '../core/errors.js'
import { type Connection, type DataChunk, keepOriginal, native, type Vector } from './duckdb.js'
import { jsFunctions } from './functions/all.js'
import type { JsFunction } from './functions/js-function.js'

/** Registers all of them for the connection's instance. */
export function registerJsFunctions(connection: Connection['raw']): void {
  const text = native.create_logical_type(native.Type.VARCHAR)
  for (const fn of jsFunctions) {
    const made = native.create_scalar_function()
    native.scalar_function_set_name(made, fn.name)
    native.scalar_function_set_varargs(made, text)
    native.scalar_function_set_return_type(made, text)
    native.scalar_function_set_special_handling(made)
    if (fn.volatile === true) native.scalar_function_set_volatile(made)
    native.scalar_function_set_function(made, (info, input, output) => {
      try {
        apply(fn, input, output)
      } catch (error) {
        native.scalar_function_set_error(info, error instanceof SpkError ? error.message : keepOriginal(error))
      }
    })
    native.register_scalar_function(connection, made)
    native.destroy_scalar_function_sync(made)
  }
}

function apply(fn: JsFunction, input: DataChunk, output: Vector): void {
  const rows = native.data_chunk_get_size(input)
  const columns = Array.from({ length: native.data_chunk_get_column_count(input) }, (_, i) => textsOf(native.data_chunk_get_vector(input, i), rows))
  const missing = new Uint8Array((rows + 7) >> 3).fill(0xff)
  let anyMissing = false
  const args: (string | null)[] = new Array(columns.length)
  for (let r = 0; r < rows; r++) {
    let complete = true
    for (let c = 0; c < columns.length; c++) {
      const value = (columns[c] as (string | null)[])[r] ?? null
      args[c] = value
      if (value === null) complete = false
    }
    const result = complete || fn.nullable === true ? fn.call(args) : null
    if (result === null) {
      anyMissing = true
      missing[r >> 3] = (missing[r >> 3] as number) & ~(1 << (r & 7))
    } else native.vector_assign_string_element(output, r, result)
  }
  if (!anyMissing) return
  native.vector_ensure_validity_writable(output)
  native.copy_data_to_vector_validity(output, 0, missing.buffer, 0, missing.length)
}

const inline = 12

/** The strings of a VARCHAR vector. */
function textsOf(vector: Vector, rows: number): (string | null)[] {
  const bytes = native.vector_get_data(vector, rows * 16)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const validity = native.vector_get_validity(vector, ((rows + 63) >> 6) * 8) as Uint8Array | null
  return Array.from({ length: rows }, (_, i) => {
    if (validity !== null && ((validity[i >> 3] as number) & (1 << (i & 7))) === 0) return null
    const length = view.getUint32(i * 16, true)
    const data =
      length <= inline
        ? bytes.subarray(i * 16 + 4, i * 16 + 4 + length)
        : native.get_data_from_pointer(bytes.buffer as ArrayBuffer, bytes.byteOffset + i * 16 + 8, length)
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
  })
}
