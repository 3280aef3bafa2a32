/**
 * rand(seed), randn(seed), monotonically_increasing_id() and spark_partition_id(): functions whose values go by the task's partition and by the row's
 * place in it, so that every run over the same rows gives the same values. Each call in a query has a stream of its own, known by its number; the slot
 * starts all streams anew for each run of a statement. Numbers are those of Spark's `XORShiftRandom`, seeded with seed + partition.
 */
import { SpkError } from '../core/errors.js'
import { XorShift } from '../core/xor-shift.js'
import { type Connection, type DataChunk, keepOriginal, native, type Vector } from './duckdb.js'

export class RandomStreams {
  #partition = 0
  readonly #generators = new Map<string, XorShift>()
  readonly #rows = new Map<number, bigint>()

  /** Before each run of a task's statement. */
  start(partition: number): void {
    this.#partition = partition
    this.#generators.clear()
    this.#rows.clear()
  }

  /** Makes the functions known to the connection's instance. */
  register(connection: Connection['raw']): void {
    const { BIGINT, DOUBLE, INTEGER } = native.Type
    define(connection, 'spk_rand', [BIGINT, BIGINT], DOUBLE, (args, rows) => {
      const generator = this.#generator('rand', args)
      return doubles(rows, () => generator.double())
    })
    define(connection, 'spk_randn', [BIGINT, BIGINT], DOUBLE, (args, rows) => {
      const generator = this.#generator('randn', args)
      return doubles(rows, () => generator.gaussian())
    })
    define(connection, 'spk_row_id', [BIGINT], BIGINT, ([id = 0n], rows) => {
      const stream = Number(id)
      const first = this.#rows.get(stream) ?? BigInt(this.#partition) << 33n
      this.#rows.set(stream, first + BigInt(rows))
      return BigInt64Array.from({ length: rows }, (_, i) => first + BigInt(i))
    })
    define(connection, 'spk_partition_id', [], INTEGER, (_, rows) => new Int32Array(rows).fill(this.#partition))
  }

  #generator(kind: string, [seed = 0n, id = 0n]: readonly bigint[]): XorShift {
    const key = `${kind} ${seed} ${id}`
    let generator = this.#generators.get(key)
    if (generator === undefined) {
      generator = new XorShift(BigInt.asIntN(64, seed + BigInt(this.#partition)))
      this.#generators.set(key, generator)
    }
    return generator
  }
}

function doubles(rows: number, next: () => number): Float64Array {
  const values = new Float64Array(rows)
  for (let i = 0; i < rows; i++) values[i] = next()
  return values
}

type Values = (args: readonly bigint[], rows: number) => Float64Array | BigInt64Array | Int32Array

/** A function of constants: its arguments are those of the first row. */
function define(connection: Connection['raw'], name: string, parameters: readonly number[], result: number, values: Values): void {
  const made = native.create_scalar_function()
  native.scalar_function_set_name(made, name)
  for (const type of parameters) native.scalar_function_add_parameter(made, native.create_logical_type(type))
  native.scalar_function_set_return_type(made, native.create_logical_type(result))
  native.scalar_function_set_volatile(made)
  native.scalar_function_set_function(made, (info, input: DataChunk, output: Vector) => {
    try {
      const rows = native.data_chunk_get_size(input)
      if (rows === 0) return
      const args = parameters.map((_, i) => firstOf(native.data_chunk_get_vector(input, i)))
      const made = values(args, rows)
      native.copy_data_to_vector(output, 0, made.buffer as ArrayBuffer, 0, made.byteLength)
    } catch (error) {
      native.scalar_function_set_error(info, error instanceof SpkError ? error.message : keepOriginal(error))
    }
  })
  native.register_scalar_function(connection, made)
  native.destroy_scalar_function_sync(made)
}

function firstOf(vector: Vector): bigint {
  const bytes = native.vector_get_data(vector, 8)
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true)
}
