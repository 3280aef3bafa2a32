/**
 * What DuckDB itself counted while a statement ran: rows that csv and json readers gave, peak memory, peak spill. It costs a millisecond or two per
 * statement, so `run-task.ts` asks for it only when a task is large or reads texts.
 */
import { readFileSync, rmSync } from 'node:fs'
import { type Connection, quoteText } from './duckdb.js'

export interface Profile {
  /** Rows that came out of csv and json readers. */
  readonly textRows: number
  /** Bytes. */
  readonly peakMemory: number
  readonly peakSpill: number
}

interface Node {
  readonly operator_type?: string
  readonly operator_cardinality?: number
  readonly extra_info?: { readonly Function?: string }
  readonly system_peak_buffer_memory?: number
  readonly system_peak_temp_dir_size?: number
  readonly children?: readonly Node[]
}

const metrics = {
  OPERATOR_TYPE: 'true',
  OPERATOR_CARDINALITY: 'true',
  EXTRA_INFO: 'true',
  SYSTEM_PEAK_BUFFER_MEMORY: 'true',
  SYSTEM_PEAK_TEMP_DIR_SIZE: 'true',
}

/** Runs `work`, whose last statement on the connection is the one to count; `file`: an absolute path to use and remove. */
export async function profiled<T>(
  connection: Connection,
  file: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly profile: Profile }> {
  await connection.run(
    `SET enable_profiling = 'json'; SET profiling_output = ${quoteText(file)}; SET custom_profiling_settings = ${quoteText(JSON.stringify(metrics))}`,
  )
  try {
    const result = await work()
    // Before the next statement writes its own.
    const root = read(file)
    await connection.run('PRAGMA disable_profiling')
    return {
      result,
      profile: { textRows: textRows(root), peakMemory: root.system_peak_buffer_memory ?? 0, peakSpill: root.system_peak_temp_dir_size ?? 0 },
    }
  } finally {
    rmSync(file, { force: true })
  }
}

/** A count that is missing must not fail the task that was counted. */
function read(file: string): Node {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Node
  } catch {
    return {}
  }
}

function textRows(node: Node): number {
  const own = /^READ_(CSV|JSON)/.test(node.extra_info?.Function ?? '') ? (node.operator_cardinality ?? 0) : 0
  return (node.children ?? []).reduce((sum, child) => sum + textRows(child), own)
}
