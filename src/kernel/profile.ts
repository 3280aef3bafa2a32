/**
 * What DuckDB itself counted while a statement ran: rows that csv and json readers gave, peak memory, peak spill, and on demand every operator. It costs
 * a millisecond or two per statement, so `run-task.ts` asks for it only when a task is large, reads texts, or is to be explained.
 */
import { readFileSync, rmSync } from 'node:fs'
import type { OperatorProfile } from '../core/operator-profile.js'
import { type Connection, quoteText } from './duckdb.js'

export interface Profile {
  /** Rows that came out of csv and json readers. */
  readonly textRows: number
  /** Bytes. */
  readonly peakMemory: number
  readonly peakSpill: number
  readonly operators: readonly OperatorProfile[]
}

interface Node {
  readonly operator_name?: string
  readonly operator_cardinality?: number
  readonly result_set_size?: number
  /** Seconds. */
  readonly operator_timing?: number
  readonly extra_info?: Readonly<Record<string, string | readonly string[]>>
  readonly system_peak_buffer_memory?: number
  readonly system_peak_temp_dir_size?: number
  readonly children?: readonly Node[]
}

const metrics = {
  OPERATOR_NAME: 'true',
  OPERATOR_CARDINALITY: 'true',
  EXTRA_INFO: 'true',
  SYSTEM_PEAK_BUFFER_MEMORY: 'true',
  SYSTEM_PEAK_TEMP_DIR_SIZE: 'true',
}

/** Of every operator too: these are taken with a clock around each chunk. */
const allMetrics = { ...metrics, OPERATOR_TIMING: 'true', RESULT_SET_SIZE: 'true' }

/** Runs `work`, whose last statement on the connection is the one to count; `file`: an absolute path to use and remove. */
export async function profiled<T>(
  connection: Connection,
  file: string,
  everything: boolean,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly profile: Profile }> {
  await connection.run(
    `SET enable_profiling = 'json'; SET profiling_output = ${quoteText(file)}; SET custom_profiling_settings = ${quoteText(JSON.stringify(everything ? allMetrics : metrics))}`,
  )
  try {
    const result = await work()
    // Before the next statement writes its own.
    const root = read(file)
    await connection.run('PRAGMA disable_profiling')
    return {
      result,
      profile: {
        textRows: textRows(root),
        peakMemory: root.system_peak_buffer_memory ?? 0,
        peakSpill: root.system_peak_temp_dir_size ?? 0,
        operators: everything ? (root.children ?? []).flatMap(child => operators(child, 0)) : [],
      },
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
  const own = /^READ_(CSV|JSON)/.test(String(node.extra_info?.['Function'] ?? '')) ? (node.operator_cardinality ?? 0) : 0
  return (node.children ?? []).reduce((sum, child) => sum + textRows(child), own)
}

/** What of `extra_info` tells operators apart, in this order; the rest repeats the plan. */
const telling = ['Join Type', 'Conditions', 'Groups', 'Aggregates', 'Expression', 'Filters', 'Order By', 'Top']
const longestDetail = 160

function operators(node: Node, depth: number): OperatorProfile[] {
  const parts = telling.flatMap(key => {
    const value = node.extra_info?.[key]
    const text = typeof value === 'string' ? value : (value ?? []).join(', ')
    return text === '' ? [] : [text.replace(/\s+/g, ' ')]
  })
  const detail = parts.join('; ')
  const own: OperatorProfile = {
    depth,
    name: node.operator_name ?? '',
    detail: detail.length > longestDetail ? `${detail.slice(0, longestDetail)}…` : detail,
    rows: node.operator_cardinality ?? 0,
    bytes: node.result_set_size ?? 0,
    ms: (node.operator_timing ?? 0) * 1000,
    tasks: 1,
  }
  return [own, ...(node.children ?? []).flatMap(child => operators(child, depth + 1))]
}
