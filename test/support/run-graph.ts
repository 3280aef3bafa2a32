/**
 * Runs a StageGraph with DuckDB alone, one task after the other, tables between stages: no cluster, no kernel. Checks on the way that every fragment
 * gives exactly the names and types of its stage's schema. For tests of the planner.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Fragment, SortKey, StageGraph, StageInput, StageSpec } from '#src/core/stage.js'
import type { StructType } from '#src/core/types.js'
import { scanSql } from '#src/kernel/scan-sql.js'
import { duckType, quoteName, quoteText } from '#src/planner/duck-type.js'

export interface GraphRun {
  /** Rows of the result, in task order, each value as DuckDB prints it. */
  readonly rows: readonly (readonly string[])[]
  /** Tasks of each stage. */
  readonly tasks: readonly number[]
}

/** Rows of a `rows` input: what the test's Arrow stands for. */
export type RowsOf = (bytes: Uint8Array) => string

export async function runGraph(connection: DuckDBConnection, graph: StageGraph, rowsSql: RowsOf = () => 'SELECT 1 WHERE false'): Promise<GraphRun> {
  const rows: (readonly string[])[] = []
  const tasks: number[] = []
  const maps: number[] = []
  for (const stage of graph.stages) {
    const table = stageTable(stage.id)
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${table} (${[...stage.schema.fields.map(f => `${quoteName(f.name)} ${columnType(f.type)}`), '"@map" BIGINT', '"@part" BIGINT'].join(', ')})`,
    )
    let task = 0
    for (const fragment of stage.fragments) {
      const count = taskCount(fragment, graph, maps)
      for (let i = 0; i < count; i++) {
        const statement = `WITH ${[...fragment.inputs.map(input => `${quoteName(input.name)} AS NOT MATERIALIZED (${inputSql(input, i, rowsSql)})`), '"@nothing" AS (SELECT 1)'].join(', ')}\n`
        await setAll(connection, fragment.settings ?? {})
        if (i === 0) await checkColumns(connection, statement, fragment, stage)
        if (stage.output.kind === 'result' || stage.output.kind === 'write') rows.push(...(await textRows(connection, statement + fragment.sql)))
        else await connection.run(`INSERT INTO ${table} ${statement} SELECT *, ${task}, ${partitionSql(stage)} FROM (${fragment.sql})`)
        await resetAll(connection, fragment.settings ?? {})
        task++
      }
    }
    if (stage.output.kind === 'range') await assignRanges(connection, table, stage.output.keys, stage.output.partitions)
    tasks.push(task)
    maps.push(task)
  }
  const limit = graph.stages.at(-1)?.rowLimit
  return { rows: limit === undefined ? rows : rows.slice(0, limit), tasks }
}

const stageTable = (id: number) => `"@stage_${id}"`

function columnType(type: StructType['fields'][number]['type']): string {
  return type.kind === 'null' ? 'INTEGER' : duckType(type)
}

function taskCount(fragment: Fragment, graph: StageGraph, maps: readonly number[]): number {
  const counts = fragment.inputs.flatMap(input => {
    switch (input.kind) {
      case 'scan':
        return [input.tasks.length]
      case 'rows':
        return [input.partitions.length]
      case 'range':
        return [input.partitions]
      case 'broadcast':
        return []
      case 'shuffle': {
        if (input.read === 'all') return [1]
        if (input.read === 'forward') return [maps[input.stage] ?? 0]
        const output = graph.stages[input.stage]?.output
        return [output !== undefined && 'partitions' in output ? output.partitions : 1]
      }
      default:
        return []
    }
  })
  if (new Set(counts).size > 1) throw new Error(`inputs of one fragment disagree on the number of tasks: ${counts.join(', ')}`)
  return counts[0] ?? 1
}

function inputSql(input: StageInput, task: number, rowsSql: RowsOf): string {
  switch (input.kind) {
    case 'scan':
      return scanSql({ ...input, splits: input.tasks[task] ?? [] }, new Map())
    case 'rows':
      return rowsSql(input.partitions[task] ?? new Uint8Array())
    case 'range': {
      const [start, end, step, parts] = [BigInt(input.start), BigInt(input.end), BigInt(input.step), BigInt(input.partitions)]
      const count = (end - start + step - (step > 0n ? 1n : -1n)) / step
      const n = count < 0n ? 0n : count
      const [from, to] = [(BigInt(task) * n) / parts, ((BigInt(task) + 1n) * n) / parts]
      return `SELECT (${start} + i * ${step})::BIGINT AS id FROM range(${from}, ${to}) t(i)`
    }
    case 'broadcast':
      return `SELECT ${columns(input.schema)} FROM ${stageTable(input.stage)}`
    case 'shuffle': {
      const where = input.read === 'all' ? '' : input.read === 'forward' ? ` WHERE "@map" = ${task}` : ` WHERE "@part" = ${task}`
      return `SELECT ${columns(input.schema)} FROM ${stageTable(input.stage)}${where}`
    }
  }
}

function columns(schema: StructType): string {
  return schema.fields.length === 0 ? '1 AS "@none"' : schema.fields.map(f => quoteName(f.name)).join(', ')
}

function partitionSql(stage: StageSpec): string {
  switch (stage.output.kind) {
    case 'hash':
      return `hash(${stage.output.keys.map(quoteName).join(', ')}) % ${stage.output.partitions}`
    case 'roundRobin':
      return `(row_number() OVER ()) % ${stage.output.partitions}`
    default:
      return '0'
  }
}

/** Bounds as a perfect sample would give them. */
async function assignRanges(connection: DuckDBConnection, table: string, keys: readonly SortKey[], partitions: number): Promise<void> {
  const order = keys.map(k => `${quoteName(k.column)} ${k.ascending ? 'ASC' : 'DESC'} NULLS ${k.nullsFirst ? 'FIRST' : 'LAST'}`).join(', ')
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT * EXCLUDE "@part", ((rank() OVER (ORDER BY ${order}) - 1) * ${partitions} // greatest(count(*) OVER (), 1))::BIGINT AS "@part" FROM ${table}`,
  )
}

async function checkColumns(connection: DuckDBConnection, inputs: string, fragment: Fragment, stage: StageSpec): Promise<void> {
  const described = await connection.runAndReadAll(`DESCRIBE ${inputs}${fragment.sql}`)
  const actual = described.getRows().map(r => [String(r[0]), String(r[1])] as const)
  for (const [i, f] of stage.schema.fields.entries()) {
    const column = actual[i]
    if (column?.[0] !== f.name) throw new Error(`stage ${stage.id}: column ${i} is ${column?.[0]}, not ${f.name}\n${fragment.sql}`)
    if (f.type.kind === 'null') continue
    const wanted = String((await connection.runAndReadAll(`SELECT typeof(CAST(NULL AS ${duckType(f.type)}))`)).getRows()[0]?.[0])
    if (column[1] !== wanted) throw new Error(`stage ${stage.id}: column ${f.name} has type ${column[1]}, not ${wanted}\n${fragment.sql}`)
  }
  if (actual.length !== stage.schema.fields.length) throw new Error(`stage ${stage.id}: ${actual.length} columns, not ${stage.schema.fields.length}`)
}

/** Rows as text, one string per value. */
export async function textRows(connection: DuckDBConnection, sql: string): Promise<string[][]> {
  const read = await connection.runAndReadAll(sql)
  return read.getRows().map(row => row.map(v => (v === null ? 'NULL' : String(v))))
}

async function setAll(connection: DuckDBConnection, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, value] of Object.entries(settings)) await connection.run(`SET ${key} = ${quoteText(value)}`)
}
async function resetAll(connection: DuckDBConnection, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const key of Object.keys(settings)) await connection.run(`RESET ${key}`)
}
