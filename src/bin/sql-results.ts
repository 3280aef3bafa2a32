/** One statement of `spk sql`: run, and its result as text: a table, JSON lines or CSV. */
import type { Batch } from '../core/batch.js'
import { SpkError, unreachable } from '../core/errors.js'
import type { StructType } from '../core/types.js'
import { cellText } from '../sql/cell-text.js'
import { decodeArrays } from '../sql/decode.js'
import { csvHeader, csvLine, jsonLine } from '../sql/row-text.js'
import type { SparkSession } from '../sql/session.js'
import { showString } from '../sql/show.js'
import type { ResultFormat } from './sql-plan.js'

/** Longest description of a job. */
const DESCRIPTION = 100

/** Runs the statement and prints its result; how many rows, or undefined for statements without columns. Rejects as the statement does. */
export async function runStatement(
  spark: SparkSession,
  text: string,
  format: ResultFormat,
  out: (text: string) => Promise<void> | void,
): Promise<number | undefined> {
  const oneLine = text.replace(/\s+/g, ' ')
  const description = oneLine.length > DESCRIPTION ? `${oneLine.slice(0, DESCRIPTION - 1)}…` : oneLine
  const { schema, batches } = await spark.runner.collect(spark.sql(text).plan, description, text)
  if (schema.fields.length === 0) return undefined
  for (const piece of resultText(schema, batches, format, spark.timeZone)) await out(piece)
  return batches.reduce((sum, b) => sum + b.rows, 0)
}

/** What a person is told of an error: the message alone when it is one of ours, the stack when it is a bug. */
export function errorText(error: unknown): string {
  if (error instanceof SpkError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Pieces of text that make the whole result, to be written one after the other. */
export function* resultText(
  schema: StructType,
  batches: readonly Batch[],
  format: ResultFormat,
  timeZone: string,
): Generator<string, void, undefined> {
  switch (format) {
    case 'table': {
      const rows = batches.flatMap(b => decodeArrays(b))
      const cells = rows.map(row => schema.fields.map((f, i) => cellText(row[i] ?? null, f.type, timeZone)))
      const [text] = cells[0] ?? []
      if (rows.length === 1 && schema.fields.length === 1 && text?.includes('\n')) {
        // EXPLAIN and its like: a text, not a cell.
        yield text.endsWith('\n') ? text : `${text}\n`
        return
      }
      const names = schema.fields.map(f => f.name)
      // Without the blank line that follows a table of `show()`.
      yield showString(names, cells, false, { truncate: 0, vertical: false }).slice(0, -1)
      return
    }
    case 'json':
      for (const batch of batches) yield lines(decodeArrays(batch).map(row => jsonLine(row, schema, timeZone)))
      return
    case 'csv':
      yield `${csvHeader(schema)}\n`
      for (const batch of batches) yield lines(decodeArrays(batch).map(row => csvLine(row, schema, timeZone)))
      return
    default:
      unreachable(format)
  }
}

function lines(texts: readonly string[]): string {
  return texts.map(t => `${t}\n`).join('')
}
