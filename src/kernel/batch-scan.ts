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

/** What a number stands for: a statement that was planned over it reads what is here when it runs. */
interface Place {
  source: BatchSource | undefined
}

const MOST_NUMBERS = 256

export class BatchScans {
  readonly #places = new Map<number, Place>()
  readonly #numbers = new Map<string, number>()
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
        const place = must(this.#places.get(id), `batch source ${id} is not registered`)
        const source = must(place.source, `batch source ${id} is released`)
        native.bind_set_bind_data(info, place)
        for (const [name, type] of listColumns(source.schema)) native.bind_add_result_column(info, name, logicalType(array(type)))
      } catch (error) {
        native.bind_set_error(info, keepOriginal(error))
      }
    })
    native.table_function_set_init(fn, info => {
      try {
        const source = must((native.init_get_bind_data(info) as Place).source, 'a batch source that is not released')
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

  /**
   * Makes a source readable until `release`; returns its number. The same input (by its position) of the same schema has the same number each time, so that
   * a statement over it can be planned once and run again.
   */
  add(position: number, source: BatchSource): number {
    const key = `${position} ${JSON.stringify(source.schema)}`
    let id = this.#numbers.get(key)
    if (id === undefined) {
      // A statement over a forgotten number is never asked for again.
      if (this.#numbers.size === MOST_NUMBERS) this.#forget()
      id = this.#next++
      this.#numbers.set(key, id)
      this.#places.set(id, { source: undefined })
    }
    must(this.#places.get(id), 'a batch source').source = source
    return id
  }

  release(id: number): void {
    const place = this.#places.get(id)
    if (place !== undefined) place.source = undefined
  }

  #forget(): void {
    this.#numbers.clear()
    for (const [id, place] of this.#places) if (place.source === undefined) this.#places.delete(id)
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
