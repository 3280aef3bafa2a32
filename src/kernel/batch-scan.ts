/**
 * Batches as a relation: one table function per instance, `spk_batches(source)`, that returns ONE row per batch with every column as a LIST, which
 * the query unnests (three times as fast as rows of 2,048). Sources are registered by number while a statement runs. Runs on the thread that registered
 * it; each scan of a source decodes it anew, so a query may read it twice.
 */
import type { Batch, ColumnData } from '../core/batch.js'
import { must } from '../core/errors.js'
import { array, type DataType, type StructType } from '../core/types.js'
import { type Connection, type DataChunk, keepOriginal, native, quoteName, type Vector } from './duckdb.js'
import { logicalType } from './spark-types.js'
import { fillVector } from './vector-write.js'

export interface BatchSource {
  readonly schema: StructType
  /** A fresh pass over the batches; errors thrown while iterating reject the query as they are. */
  batches(): Iterator<Batch>
}

const functionName = 'spk_batches'
/** Stands in for the columns of a relation that has none, so that its rows can be counted. */
const rowColumn = '__spk_row'

interface Scan {
  readonly iterator: Iterator<Batch>
  readonly columns: readonly number[]
}

export class BatchScans {
  readonly #sources = new Map<number, BatchSource>()
  #next = 1

  /** Registers the table function on the connection's instance. Once per instance. */
  constructor(connection: Connection) {
    const fn = native.create_table_function()
    native.table_function_set_name(fn, functionName)
    native.table_function_add_parameter(fn, native.create_logical_type(native.Type.BIGINT))
    native.table_function_supports_projection_pushdown(fn, true)
    native.table_function_set_bind(fn, info => {
      try {
        const id = Number(native.get_int64(native.bind_get_parameter(info, 0)))
        const source = must(this.#sources.get(id), `batch source ${id} is not registered`)
        native.bind_set_bind_data(info, { source })
        for (const [name, type] of listColumns(source.schema)) native.bind_add_result_column(info, name, logicalType(array(type)))
      } catch (error) {
        native.bind_set_error(info, keepOriginal(error))
      }
    })
    native.table_function_set_init(fn, info => {
      try {
        const { source } = native.init_get_bind_data(info) as { source: BatchSource }
        const columns = Array.from({ length: native.init_get_column_count(info) }, (_, i) => native.init_get_column_index(info, i))
        const scan: Scan = { iterator: source.batches(), columns }
        native.init_set_init_data(info, scan)
        native.init_set_max_threads(info, 1)
      } catch (error) {
        native.init_set_error(info, keepOriginal(error))
      }
    })
    native.table_function_set_function(fn, (info, output) => {
      try {
        fillNext(native.function_get_init_data(info) as Scan, output)
      } catch (error) {
        native.function_set_error(info, keepOriginal(error))
      }
    })
    native.register_table_function(connection.raw, fn)
  }

  /** Makes a source readable until `release`; returns its number. */
  add(source: BatchSource): number {
    const id = this.#next++
    this.#sources.set(id, source)
    return id
  }

  release(id: number): void {
    this.#sources.delete(id)
  }
}

/** A SELECT over a registered source that gives its rows under the schema's column names. */
export function batchesSql(id: number, schema: StructType): string {
  const columns = listColumns(schema).map(([name]) => `unnest(${quoteName(name)}) AS ${quoteName(name)}`)
  return `SELECT ${columns.join(', ')} FROM ${functionName}(${id})`
}

function listColumns(schema: StructType): [string, DataType][] {
  return schema.fields.length === 0 ? [[rowColumn, { kind: 'byte' }]] : schema.fields.map(f => [f.name, f.type])
}

function fillNext(scan: Scan, output: DataChunk): void {
  let next = scan.iterator.next()
  while (!next.done && next.value.rows === 0) next = scan.iterator.next()
  if (next.done) {
    native.data_chunk_set_size(output, 0)
    return
  }
  const batch = next.value
  native.data_chunk_set_size(output, 1)
  const entry = new BigUint64Array([0n, BigInt(batch.rows)])
  scan.columns.forEach((column, i) => {
    const vector: Vector = native.data_chunk_get_vector(output, i)
    native.list_vector_reserve(vector, batch.rows)
    native.list_vector_set_size(vector, batch.rows)
    native.copy_data_to_vector(vector, 0, entry.buffer, 0, 16)
    fillVector(native.list_vector_get_child(vector), batch.columns[column] ?? rowsOnly(batch.rows))
  })
}

function rowsOnly(rows: number): ColumnData {
  return { type: { kind: 'byte' }, length: rows, nullCount: 0, data: new Uint8Array(rows) }
}
