/** Runs the statements of one golden file in a fresh session, through `spark.sql`, and judges each. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeStream, streamSchema } from '#src/core/arrow/decode.js'
import { SpkError } from '#src/core/errors.js'
import type { StructType } from '#src/core/types.js'
import type { Relation } from '#src/planner/logical.js'
import { parseStatement } from '#src/planner/parse/parse.js'
import { SparkSession } from '#src/sdk/index.js'
import { decodeArrays } from '#src/sql/decode.js'
import { type Actual, type Judgement, judge } from './compare.js'
import { type GoldenStatement, readGolden, settingsOf } from './golden.js'
import { type BinaryStyle, type HiveOptions, hiveText } from './hive-text.js'
import { makeTables } from './tables.js'

export interface StatementResult extends Judgement {
  readonly sql: string
  readonly ms: number
}

export interface RunOptions {
  readonly folder: string
  /** Milliseconds that a statement may take. */
  readonly timeoutMs: number
}

export async function runFile(file: string, options: RunOptions): Promise<StatementResult[]> {
  const statements = readGolden(options.folder, file)
  const warehouse = mkdtempSync(join(tmpdir(), 'spk-conform-'))
  const spark = await SparkSession.builder()
    .master('local[2]')
    .appName(file)
    .config('spark.ui.showConsoleProgress', false)
    .config('spark.sql.warehouse.dir', join(warehouse, 'warehouse'))
    .config('spark.local.dir', warehouse)
    .create()
  try {
    for (const [key, value] of Object.entries(settingsOf(options.folder, file))) spark.conf.set(key, value)
    await makeTables(spark, options.folder, statements.map(s => s.sql).join('\n'))
    const results: StatementResult[] = []
    for (const statement of statements) results.push(await runStatement(spark, statement, options.timeoutMs))
    return results
  } finally {
    await spark.stop()
    rmSync(warehouse, { recursive: true, force: true })
  }
}

async function runStatement(spark: SparkSession, statement: GoldenStatement, timeoutMs: number): Promise<StatementResult> {
  const started = Date.now()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(() => resolve('late'), timeoutMs)
  })
  const running = answer(spark, statement.sql)
  const actual = await Promise.race([running, late])
  clearTimeout(timer)
  if (actual === 'late') {
    spark.interruptAll()
    await running
    return { sql: statement.sql, verdict: 'timeout', ms: Date.now() - started }
  }
  return { sql: statement.sql, ...judge(statement.expected, actual), ms: Date.now() - started }
}

async function answer(spark: SparkSession, sql: string): Promise<Actual> {
  try {
    const bytes = await spark.sql(sql).toArrowIPC()
    const schema = streamSchema(bytes)
    const options: HiveOptions = {
      timeZone: spark.timeZone,
      binaryStyle: spark.conf.get('spark.sql.binaryOutputStyle', 'UTF-8') as BinaryStyle,
    }
    const lines = [...decodeStream(bytes)].flatMap(batch =>
      decodeArrays(batch, { longAsBigInt: true }).map(row =>
        rowText(
          row.map((value, i) => hiveText(value, (schema.fields[i] as StructType['fields'][number]).type, options)),
          schema,
        ),
      ),
    )
    return { kind: 'rows', schema, lines, sorted: isSorted(sql, spark) }
  } catch (thrown) {
    const error = deepest(thrown)
    if (!(error instanceof SpkError)) return { kind: 'error', code: 'SPK_CRASH', message: String((error as Error)?.stack ?? error) }
    const where = error.context
    return { kind: 'error', code: error.code, message: error.message, ...(where === undefined ? {} : { start: where.start, stop: where.end }) }
  }
}

/** A failed job tells of its task, a failed task of what it met: the innermost error with a condition of Spark counts. */
function deepest(error: unknown): unknown {
  let current = error
  while (current instanceof SpkError && current.code.startsWith('SPK_') && current.cause instanceof SpkError) current = current.cause
  return current
}

/** DESCRIBE prints its three columns padded; everything else is joined by tabs. */
function rowText(cells: readonly string[], schema: StructType): string {
  const described = schema.fields.map(f => f.name).join() === 'col_name,data_type,comment'
  return described ? cells.map(c => (c === 'NULL' ? '' : c).padEnd(20)).join('\t') : cells.join('\t')
}

/** Whether Spark compares the rows in the order they came: a sort above the last join, aggregate, generate or distinct. */
function isSorted(sql: string, spark: SparkSession): boolean {
  try {
    const statement = parseStatement(sql, { timeZone: spark.timeZone })
    return statement.kind === 'Query' ? endsSorted(statement.plan) : /^(Describe|Show)/.test(statement.kind)
  } catch {
    return false
  }
}

function endsSorted(plan: Relation): boolean {
  switch (plan.kind) {
    case 'Sort':
      return plan.global
    case 'Project':
    case 'Filter':
    case 'Limit':
    case 'Offset':
    case 'SubqueryAlias':
    case 'WithCTE':
    case 'Qualify':
    case 'WithColumns':
    case 'Drop':
    case 'WithWindowDefinition':
      return endsSorted(plan.input)
    default:
      return false
  }
}
