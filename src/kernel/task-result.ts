/**
 * Runs a task's statement and gives its chunks. A small task is one native call: its whole result, up to a limit, is made at once, by a statement that
 * similar tasks share where its inputs allow. Any other is streamed. Columns whose DuckDB type is not the declared one are cast.
 */
import type { ChunkSource, Statement } from './duckdb.js'
import { mismatched, outputSql, type Relation, sharedInputs } from './fragment-sql.js'
import type { KernelTask } from './task.js'
import type { TaskContext } from './task-context.js'

/** Inputs of at most so many rows make a task small, and so many rows of its result are taken in one go. */
const smallInput = 10_000
const smallResult = 8_192

/** `inputRows`: rows of all inputs, if known. `again` is called when what was read so far does not count, because it is read again. */
export async function taskResult(
  task: KernelTask,
  relations: readonly Relation[],
  extra: readonly string[],
  context: TaskContext,
  inputRows: number | undefined,
  again: () => void,
): Promise<ChunkSource> {
  const { connection } = context
  const shared = inputRows !== undefined && inputRows <= smallInput ? sharedInputs(relations) : undefined
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
  if (shared === undefined && inputRows !== undefined && inputRows <= smallInput) {
    // Four hops to the thread pool fewer than a stream. The limit keeps a product of small inputs from filling the memory.
    const whole = () => connection.result(`${sql()} LIMIT ${smallResult + 1}`)
    let result = await whole()
    casts = mismatched(result.columnTypes(), task.schema)
    if (casts.size > 0) {
      again()
      context.check()
      result = await whole()
    }
    if (result.rows <= smallResult) return result
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
  return statement.stream()
}
