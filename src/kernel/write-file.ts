/** A task's output as one file, by COPY. */
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SpkError } from '../core/errors.js'
import { fileWrite } from './copy-sql.js'
import { native } from './duckdb.js'
import { mismatched, outputSql, type Relation } from './fragment-sql.js'
import type { KernelOutput, KernelTask } from './task.js'
import type { TaskContext } from './task-context.js'

export interface WrittenFile {
  readonly path: string
  readonly bytes: number
  readonly rows: number
}

/**
 * COPY to one file. A task without rows leaves none, but for the first task, whose file carries the schema; a failed or cancelled one leaves nothing.
 */
export async function writeFile(
  task: KernelTask,
  relations: readonly Relation[],
  output: Extract<KernelOutput, { kind: 'files' }>,
  context: TaskContext,
): Promise<WrittenFile | undefined> {
  const write = fileWrite(output.write, task.schema)
  const path = join(output.directory, `${output.prefix}${write.suffix}`)
  let rows = 0
  try {
    mkdirSync(output.directory, { recursive: true })
    const rowsSql = await typedSql(task, relations, context)
    const stream = await context.connection.stream(write.sql(rowsSql, path))
    await stream.consume(chunk => {
      // COPY's result is one count.
      const count = native.vector_get_data(native.data_chunk_get_vector(chunk, 0), 8)
      rows = Number(new BigInt64Array(count.buffer, count.byteOffset, 1)[0])
    })
    context.check()
  } catch (error) {
    discard(path)
    throw writing(error, path)
  }
  if (rows === 0 && (task.seed ?? 0) !== 0) {
    rmSync(path, { force: true })
    return undefined
  }
  return { path, bytes: statSync(path).size, rows }
}

/** The failure that made the file worthless is what the caller must see, not one of removing it. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Its folder cannot be reached either.
  }
}

/** Errors of the target are Spark's for writing; any other comes from the rows themselves. */
function writing(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error || error.message.includes(dirname(path)))) return error
  return new SpkError('TASK_WRITE_FAILED', `Task failed while writing rows to ${path}: ${error.message}`, {
    sqlState: '58030',
    cause: error,
    params: { path },
  })
}

/** The statement that gives the schema's columns with the declared types. */
async function typedSql(task: KernelTask, relations: readonly Relation[], context: TaskContext): Promise<string> {
  const sql = outputSql(relations, task.sql, task.schema, [], new Set())
  const statement = await context.connection.prepare(sql)
  const casts = mismatched(statement.columnTypes(), task.schema)
  statement.destroy()
  return casts.size === 0 ? sql : outputSql(relations, task.sql, task.schema, [], casts)
}
