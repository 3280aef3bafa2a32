/**
 * Runs a task's statement and gives its chunks. Where the inputs say that the result is not large it is made whole, up to a limit, in one native call, by
 * a statement that similar small tasks share where its inputs allow. A larger one is, too, when its scans bound it and memory allows. Any other is streamed, which costs two changes of thread per chunk, and chunks are
 * small where few rows pass a filter: a scan that keeps a tenth of its rows takes half the time when it is made whole. Columns whose DuckDB type is not
 * the declared one are cast.
 */
import type { DataType, StructType } from '../core/types.js'
import type { ChunkSource, Statement } from './duckdb.js'
import { mismatched, outputSql, type Relation, sharedInputs } from './fragment-sql.js'
import { inputRows as rowsOf } from './input-relations.js'
import type { KernelTask } from './task.js'
import type { TaskContext } from './task-context.js'

/** Inputs of at most so many rows make a task small: its statement is shared, and gives up to `smallResult` rows. */
const smallInput = 10_000
const smallResult = 8_192
/** Bytes of a result that may be held at once, by rule of thumb. */
const wholeBytes = 24 * 2 ** 20

/** `inputRows`: rows of all inputs, if known. `reread` is called when what was read so far does not count, because it is read again. */
export async function taskResult(
  task: KernelTask,
  relations: readonly Relation[],
  extra: readonly string[],
  context: TaskContext,
  inputRows: number | undefined,
  reread: () => void,
): Promise<ChunkSource> {
  const { connection } = context
  const again = () => {
    reread()
    context.random.start(task.seed ?? 0)
  }
  // The plan of a merge works only once (DuckDB 1.5: "Attempted to access index 2 within vector of size 2", and the instance is lost).
  const repeatable = task.settings['merge_join_threshold'] === undefined
  const shared = repeatable && inputRows !== undefined && inputRows <= smallInput ? sharedInputs(relations) : undefined
  if (shared !== undefined) {
    const result = await context.prepared.run(
      connection,
      task.schema,
      shared.parameters,
      casts => `${outputSql(shared.relations, task.sql, task.schema, extra, casts)} LIMIT ${smallResult + 1}`,
    )
    if (result.rows <= smallResult) return result
    again()
    context.check()
  }
  let casts: ReadonlySet<string> = new Set()
  const sql = () => outputSql(relations, task.sql, task.schema, extra, casts)
  const wholeRows = Math.floor(wholeBytes / rowBytes(task.schema))
  // What was not small is hardly a little larger.
  if (shared === undefined && inputRows !== undefined && inputRows <= wholeRows) {
    // The limit keeps a product of small inputs from filling the memory.
    const whole = () => connection.result(`${sql()} LIMIT ${wholeRows + 1}`)
    let result = await whole()
    casts = mismatched(result.columnTypes(), task.schema)
    if (casts.size > 0) {
      again()
      context.check()
      result = await whole()
    }
    if (result.rows <= wholeRows) return result
    again()
    context.check()
  }
  let statement: Statement = await connection.prepare(sql())
  const wrong = mismatched(statement.columnTypes(), task.schema)
  if (wrong.size > 0) {
    statement.destroy()
    casts = new Set([...casts, ...wrong])
    statement = await connection.prepare(sql())
  }
  context.check()
  return isWorthWhole(task, context.wholeBytes) ? statement.whole() : statement.stream()
}

/** Whether a result that its scans bound takes no more than so many bytes, were it as large as it can be. */
function isWorthWhole({ bounded, inputs, schema }: KernelTask, most: number): boolean {
  if (!bounded) return false
  let rows = 0
  for (const input of inputs) {
    if (input.kind === 'segments') {
      // A table that all tasks share is one that rows are joined with.
      if (input.cacheKey === undefined) return false
      continue
    }
    const known = rowsOf(input)
    if (known === undefined) return false
    rows += known
  }
  return rows * rowBytes(schema) <= most
}

/** About what a row takes in a result of DuckDB. */
function rowBytes(schema: StructType): number {
  return schema.fields.reduce((sum, f) => sum + valueBytes(f.type), 8)
}

function valueBytes(type: DataType): number {
  switch (type.kind) {
    case 'decimal':
      return type.precision <= 18 ? 8 : 16
    case 'string':
    case 'binary':
      return 48
    case 'array':
    case 'map':
      return 128
    case 'struct':
      return type.fields.reduce((sum, f) => sum + valueBytes(f.type), 0)
    default:
      return 8
  }
}
