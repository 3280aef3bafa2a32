/**
 * The one door to DuckDB: an in-memory instance, its connections, statements and result streams, over the raw bindings (a third of the load time of the
 * typed API, and vectors instead of row objects). Guarantees: one statement at a time per connection; every failure is an `SpkError`; a connection or
 * instance closes only when nothing runs on it. Called by the slot and the sources.
 */
import native, { type DataChunk, type LogicalType, type PreparedStatement, type Result, type Vector } from '@duckdb/node-bindings'
import { assert, must, SpkError } from '../core/errors.js'
import { duckdbError } from './duckdb-errors.js'

export { keepOriginal } from './duckdb-errors.js'
export type { DataChunk, LogicalType, Vector }
export { native }

/** DuckDB's version, e.g. `v1.5.6`. Nodes of one cluster must have the same: `hash()` decides where rows go. */
export function duckdbVersion(): string {
  return native.library_version()
}

/**
 * [native calls of this thread in flight, closed]: shared with the slot's host, which must not terminate the thread while the first is not 0. The host
 * closes before it looks, so that no call starts between its look and its act.
 */
let gate = new Int32Array(2)

/** Lets another thread see (and close) this thread's native calls. */
export function shareGate(shared: Int32Array<ArrayBuffer | SharedArrayBuffer>): void {
  gate = shared as Int32Array<ArrayBuffer>
}

async function gated<T>(call: () => Promise<T>, sql?: string): Promise<T> {
  Atomics.add(gate, 0, 1)
  try {
    if (Atomics.load(gate, 1) !== 0) throw new SpkError('SPK_SLOT_LOST', 'The slot is being replaced.', { retryable: true })
    return await call()
  } catch (error) {
    throw duckdbError(error, sql)
  } finally {
    Atomics.sub(gate, 0, 1)
  }
}

export interface DatabaseOptions {
  /** Absolute folder for spilled data, of this instance alone: two sharing one corrupt each other's. */
  readonly spillDir: string
  /** Bytes. */
  readonly memoryLimit?: number
  readonly threads?: number
}

/** Text of a string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Text of an identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export class Database {
  readonly #db: import('@duckdb/node-bindings').Database
  #open = true
  private constructor(db: import('@duckdb/node-bindings').Database) {
    this.#db = db
  }

  /** Opens an instance that never downloads an extension, never serves a stale file from its cache, and reports errors as data. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const config = native.create_config()
    const settings: Record<string, string> = {
      threads: String(options.threads ?? 1),
      temp_directory: options.spillDir,
      errors_as_json: 'true',
      autoinstall_known_extensions: 'false',
      enable_external_file_cache: 'false',
      preserve_insertion_order: 'false',
      ...(options.memoryLimit === undefined ? {} : { memory_limit: `${options.memoryLimit}B` }),
    }
    for (const [name, value] of Object.entries(settings)) native.set_config(config, name, value)
    const database = new Database(await gated(() => native.open(':memory:', config)))
    const connection = await database.connect()
    // Parquet's own setting exists only once the instance is open.
    await connection.run('SET GLOBAL parquet_metadata_cache = true')
    connection.close()
    return database
  }

  async connect(): Promise<Connection> {
    assert(this.#open, 'connect on a closed database')
    return new Connection(await gated(() => native.connect(this.#db)))
  }

  /** Only when no statement runs. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    native.close_sync(this.#db)
  }
}

export class Connection {
  readonly raw: import('@duckdb/node-bindings').Connection
  #busy = false
  #open = true
  constructor(raw: import('@duckdb/node-bindings').Connection) {
    this.raw = raw
  }

  /** Runs one or more statements and drops their results. */
  async run(sql: string): Promise<void> {
    await this.alone(() => native.query(this.raw, sql), sql)
  }

  /**
   * Rows of a small metadata query as JSON values (64-bit integers beyond 2^53 lose digits: cast them to text). Not for data.
   */
  async rows<T>(sql: string): Promise<T[]> {
    const stream = await this.stream(`SELECT CAST(to_json(t) AS VARCHAR) AS j FROM (${sql}) t`)
    const out: T[] = []
    for (let chunk = await stream.next(); chunk !== undefined; chunk = await stream.next()) {
      const rows = native.data_chunk_get_size(chunk)
      const vector = native.data_chunk_get_vector(chunk, 0)
      for (const text of textValues(vector, rows)) out.push(JSON.parse(text) as T)
    }
    return out
  }

  /** Binds a statement without running it. The caller destroys it. */
  async prepare(sql: string): Promise<Statement> {
    return new Statement(this, await this.alone(() => native.prepare(this.raw, sql), sql), sql)
  }

  /** Runs a query and holds its whole result, in one native call: for results known to be small. */
  async result(sql: string): Promise<WholeResult> {
    return new WholeResult(await this.alone(() => native.query(this.raw, sql), sql))
  }

  /** Starts a query whose chunks are made as they are asked for. */
  async stream(sql: string): Promise<ResultStream> {
    const statement = await this.prepare(sql)
    return statement.stream()
  }

  /** Ends the running statement, if any, within milliseconds: its promise rejects and the connection stays usable. Callable at any time. */
  interrupt(): void {
    if (this.#open) native.interrupt(this.raw)
  }

  close(): void {
    if (!this.#open) return
    assert(!this.#busy, 'close of a connection with a statement in flight')
    this.#open = false
    native.disconnect_sync(this.raw)
  }

  /** @internal one native call at a time: a second one on the same connection may crash the process. */
  async alone<T>(call: () => Promise<T>, sql?: string): Promise<T> {
    assert(this.#open && !this.#busy, 'two statements at once on one connection')
    this.#busy = true
    try {
      return await gated(call, sql)
    } finally {
      this.#busy = false
    }
  }
}

export class Statement {
  readonly #connection: Connection
  readonly #statement: PreparedStatement
  readonly #sql: string
  constructor(connection: Connection, statement: PreparedStatement, sql: string) {
    this.#connection = connection
    this.#statement = statement
    this.#sql = sql
  }

  columns(): { readonly name: string; readonly type: LogicalType }[] {
    return this.columnTypes().map((type, i) => ({ name: native.prepared_statement_column_name(this.#statement, i), type }))
  }

  columnTypes(): LogicalType[] {
    const count = native.prepared_statement_column_count(this.#statement)
    return Array.from({ length: count }, (_, i) => native.prepared_statement_column_logical_type(this.#statement, i))
  }

  /** Runs it; the statement is destroyed with the stream's end. */
  async stream(): Promise<ResultStream> {
    try {
      const result = await this.#connection.alone(() => native.execute_prepared_streaming(this.#statement), this.#sql)
      return new ResultStream(this.#connection, result, () => this.destroy())
    } catch (error) {
      this.destroy()
      throw error
    }
  }

  /** Binds $1, $2, … as 64-bit integers, runs it and holds its whole result, in one native call. It can be run again: planned once. */
  async result(parameters: readonly bigint[]): Promise<WholeResult> {
    return new WholeResult(
      await this.#connection.alone(() => {
        for (const [i, value] of parameters.entries()) native.bind_int64(this.#statement, i + 1, value)
        return native.execute_prepared(this.#statement)
      }, this.#sql),
    )
  }

  /** Runs it, once, and holds its whole result. */
  async whole(): Promise<WholeResult> {
    try {
      return await this.result([])
    } finally {
      this.destroy()
    }
  }

  destroy(): void {
    native.destroy_prepare_sync(this.#statement)
  }
}

/** What a query gives, chunk by chunk. A chunk's memory lives while the chunk object is referenced. */
export interface ChunkSource {
  columnTypes(): LogicalType[]
  /** Hands over each chunk that has rows, in order, awaiting `take`. When this rejects, nothing of the query runs any more. */
  consume(take: (chunk: DataChunk) => void | Promise<void>): Promise<void>
}

const CHUNKS_PER_TURN = 64

/** A result that is all there. */
export class WholeResult implements ChunkSource {
  readonly #result: Result
  constructor(result: Result) {
    this.#result = result
  }

  get rows(): number {
    return native.row_count(this.#result)
  }

  columnTypes(): LogicalType[] {
    return resultTypes(this.#result)
  }

  async consume(take: (chunk: DataChunk) => void | Promise<void>): Promise<void> {
    const chunks = native.result_chunk_count(this.#result)
    for (let i = 0; i < chunks; i++) {
      await take(native.result_get_chunk(this.#result, i))
      // What the thread is told meanwhile, an interrupt above all, must be heard.
      if ((i + 1) % CHUNKS_PER_TURN === 0) await new Promise(setImmediate)
    }
  }
}

/** Chunks of a running query. */
export class ResultStream implements ChunkSource {
  readonly #connection: Connection
  readonly #result: Result
  readonly #end: () => void
  #ended = false
  constructor(connection: Connection, result: Result, end: () => void) {
    this.#connection = connection
    this.#result = result
    this.#end = end
  }

  columnTypes(): LogicalType[] {
    return resultTypes(this.#result)
  }

  /** Next chunk with at least one row, or undefined at the end. */
  async next(): Promise<DataChunk | undefined> {
    if (this.#ended) return undefined
    const chunk = await this.#connection.alone(() => native.fetch_chunk(this.#result))
    if (chunk !== null && native.data_chunk_get_size(chunk) > 0) return chunk
    this.#ended = true
    this.#end()
    return undefined
  }

  /** Makes the next chunk while `take` works on one. When `take` or the query fails, the query is ended before this rejects. */
  async consume(take: (chunk: DataChunk) => void | Promise<void>): Promise<void> {
    let pending = this.next()
    try {
      for (;;) {
        const chunk = await pending
        if (chunk === undefined) return
        pending = this.next()
        await take(chunk)
      }
    } catch (error) {
      await this.#abandon(pending)
      throw error
    }
  }

  async #abandon(pending: Promise<unknown>): Promise<void> {
    if (!this.#ended) this.#connection.interrupt()
    await pending.catch(() => undefined)
    if (!this.#ended) this.#end()
    this.#ended = true
  }
}

function resultTypes(result: Result): LogicalType[] {
  return Array.from({ length: native.column_count(result) }, (_, i) => native.column_logical_type(result, i))
}

/** Strings of a VARCHAR vector without NULLs; small results only. */
function textValues(vector: Vector, rows: number): string[] {
  const bytes = native.vector_get_data(vector, rows * 16)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: rows }, (_, i) => {
    const length = view.getUint32(i * 16, true)
    const text =
      length <= 12
        ? bytes.subarray(i * 16 + 4, i * 16 + 4 + length)
        : native.get_data_from_pointer(must(bytes.buffer as ArrayBuffer, 'vector memory'), bytes.byteOffset + i * 16 + 8, length)
    return Buffer.from(text).toString('utf8')
  })
}
