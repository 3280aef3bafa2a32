/**
 * Runs a StageGraph with DuckDB alone, one task after the other, tables between stages: no cluster, no kernel. Checks on the way that every fragment
 * gives exactly the names and types of its stage's schema. For tests of the planner.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { type CutOptions, cutPartitions, cutProduct, type ShuffleRead } from '#src/actors/driver/shuffle-cut.js'
import type { Adapt, Fragment, SortKey, StageGraph, StageInput, StageSize, StageSpec } from '#src/core/stage.js'
import type { StructType } from '#src/core/types.js'
import { sortKeySql } from '#src/kernel/partitioner.js'
import { scanSql } from '#src/kernel/scan-sql.js'
import { duckType, quoteName, quoteText } from '#src/planner/duck-type.js'

export interface GraphRun {
  /** Rows of the result, in task order, each value as DuckDB prints it. */
  readonly rows: readonly (readonly string[])[]
  /** Stages that ran, in order. */
  readonly ran: readonly number[]
  /** Tasks of each stage that ran, by its number. */
  readonly tasks: readonly number[]
}

export interface GraphOptions {
  /** Rows of a `rows` input: what the test's Arrow stands for. */
  readonly rowsSql?: (bytes: Uint8Array) => string
  /** Called as the driver calls it: with what is complete, and with what has started, which is one stage at a time. */
  readonly adapt?: Adapt
  /** How tasks share partitions; default: each has its own. */
  readonly cut?: CutOptions
}

/** What a row of a stage's output is said to weigh. */
const rowBytes = 100

export async function runGraph(connection: DuckDBConnection, graph: StageGraph, options: GraphOptions = {}): Promise<GraphRun> {
  const stages = [...graph.stages]
  const complete = new Map<number, StageSize>()
  const maps: number[] = []
  const ran: number[] = []
  let rows: (readonly string[])[] = []
  for (let stage = nextStage(stages, complete); stage !== undefined; stage = nextStage(stages, complete)) {
    const run = await runStage(connection, stage, stages, maps, options)
    rows = run.rows
    maps[stage.id] = run.tasks
    ran.push(stage.id)
    complete.set(stage.id, run.size)
    // As in the driver, another plan does not change what a stage waits for.
    for (const spec of options.adapt?.(complete, new Set(complete.keys())) ?? []) stages[spec.id] = { ...spec, after: stages[spec.id]?.after ?? [] }
  }
  const limit = stages.at(-1)?.rowLimit
  return { rows: limit === undefined ? rows : rows.slice(0, limit), ran, tasks: maps }
}

/** The first stage that the result needs and that nothing keeps from running. */
function nextStage(stages: readonly StageSpec[], complete: ReadonlyMap<number, StageSize>): StageSpec | undefined {
  const wanted = new Set<number>()
  const want = (id: number): void => {
    if (complete.has(id) || wanted.has(id)) return
    wanted.add(id)
    const stage = stages[id]
    for (const parent of stage === undefined ? [] : needs(stage)) want(parent)
  }
  want(stages.length - 1)
  const next = stages.find(s => wanted.has(s.id) && needs(s).every(id => complete.has(id)) && (s.after ?? []).every(id => !wanted.has(id)))
  if (next === undefined && wanted.size > 0) throw new Error(`stages ${[...wanted].join(', ')} wait for each other`)
  return next
}

/** Stages that a stage reads. */
export function needs(stage: StageSpec): readonly number[] {
  return stage.output.kind === 'range' ? [...stage.parents, stage.output.sampleFrom] : stage.parents
}

/** Runs a stage whose parents are complete; `maps` has the number of their tasks. What it wrote is a table. */
export async function runStage(
  connection: DuckDBConnection,
  stage: StageSpec,
  stages: readonly StageSpec[],
  maps: readonly number[],
  options: GraphOptions,
): Promise<{ readonly rows: (readonly string[])[]; readonly tasks: number; readonly size: StageSize }> {
  const { rowsSql = () => 'SELECT 1 WHERE false' } = options
  const rows: (readonly string[])[] = []
  const table = stageTable(stage.id)
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${table} (${[...stage.schema.fields.map(f => `${quoteName(f.name)} ${columnType(f.type)}`), '"@map" BIGINT', '"@part" BIGINT'].join(', ')})`,
  )
  let task = 0
  for (const fragment of stage.fragments) {
    const reads = await partitionReads(connection, fragment, stages, maps, options.cut ?? {})
    const count = reads?.length ?? taskCount(fragment, stages, maps)
    for (let i = 0; i < count; i++) {
      const read = (input: StageInput) => reads?.[i]?.[partitioned(fragment).indexOf(input)]
      const statement = `WITH ${[...fragment.inputs.map(input => `${quoteName(input.name)} AS NOT MATERIALIZED (${inputSql(input, i, rowsSql, read(input))})`), '"@nothing" AS (SELECT 1)'].join(', ')}\n`
      await setAll(connection, fragment.settings ?? {})
      if (i === 0) await checkColumns(connection, statement, fragment, stage)
      if (stage.output.kind === 'result' || stage.output.kind === 'write') rows.push(...(await textRows(connection, statement + fragment.sql)))
      else await connection.run(`INSERT INTO ${table} ${statement} SELECT *, ${task}, ${partitionSql(stage)} FROM (${fragment.sql})`)
      await resetAll(connection, fragment.settings ?? {})
      task++
    }
  }
  if (stage.output.kind === 'range') await assignRanges(connection, table, stage.output.keys, stage.output.partitions)
  const written = Number((await connection.runAndReadAll(`SELECT count(*) FROM ${table}`)).getRows()[0]?.[0])
  const sizes = await mapSizes(connection, stage, task)
  const partitions = sizes.map(of => of.reduce((a, b) => a + b, 0))
  const ends = await endsOf(connection, stage, table)
  return { rows, tasks: task, size: { rows: written, bytes: written * rowBytes, partitions, tasks: task, ...ends } }
}

/** The ends of the column that a broadcast reports, as its tasks report them. */
async function endsOf(connection: DuckDBConnection, { output }: StageSpec, table: string): Promise<Pick<StageSize, 'ends'>> {
  if (output.kind !== 'broadcast' || output.ends === undefined) return {}
  const key = sortKeySql([{ column: output.ends, ascending: true, nullsFirst: false }])
  const sql = `SELECT hex(min(${key})), hex(max(${key})) FROM ${table} WHERE ${quoteName(output.ends)} IS NOT NULL`
  const [low, high] = (await connection.runAndReadAll(sql)).getRows()[0] ?? []
  if (typeof low !== 'string' || typeof high !== 'string') return {}
  return { ends: { low: Buffer.from(low, 'hex'), high: Buffer.from(high, 'hex') } }
}

/** Where a stage's rows are. */
export const stageTable = (id: number) => `"@stage_${id}"`

function columnType(type: StructType['fields'][number]['type']): string {
  return type.kind === 'null' ? 'INTEGER' : duckType(type)
}

function taskCount(fragment: Fragment, stages: readonly StageSpec[], maps: readonly number[]): number {
  const counts = fragment.inputs.flatMap(input => {
    switch (input.kind) {
      case 'scan':
        return input.everyTask ? [] : [input.tasks.length]
      case 'rows':
        return [input.partitions.length]
      case 'range':
        return [input.partitions]
      case 'broadcast':
        return []
      case 'shuffle': {
        if (input.read === 'all') return [1]
        if (input.read === 'forward') return [maps[input.stage] ?? 0]
        const output = stages[input.stage]?.output
        return [output !== undefined && 'partitions' in output ? output.partitions : 1]
      }
      default:
        return []
    }
  })
  if (new Set(counts).size > 1) throw new Error(`inputs of one fragment disagree on the number of tasks: ${counts.join(', ')}`)
  return counts[0] ?? 1
}

function partitioned(fragment: Fragment): StageInput[] {
  return fragment.inputs.filter(input => input.kind === 'shuffle' && input.read === 'partition')
}

/** As the driver lays a fragment out that reads partitions and nothing else by tasks. */
async function partitionReads(
  connection: DuckDBConnection,
  fragment: Fragment,
  stages: readonly StageSpec[],
  maps: readonly number[],
  options: CutOptions,
): Promise<readonly (readonly ShuffleRead[])[] | undefined> {
  const inputs = partitioned(fragment)
  const alone = fragment.inputs.every(input => input.kind === 'broadcast' || inputs.includes(input))
  if (!alone || inputs.length === 0) return undefined
  const all = []
  for (const input of inputs) {
    if (input.kind !== 'shuffle') continue
    const sizes = await mapSizes(connection, stages[input.stage], maps[input.stage] ?? 0)
    all.push({ cut: input.cut, bytes: sizes.map(of => of.reduce((a, b) => a + b, 0)), mapBytes: (p: number) => sizes[p] ?? [] })
  }
  return all[0]?.cut === 'product' ? cutProduct(all, options) : cutPartitions(all, all[0]?.bytes.length ?? 0, options)
}

/** Bytes per partition and map of what a stage wrote. */
async function mapSizes(connection: DuckDBConnection, stage: StageSpec | undefined, maps: number): Promise<number[][]> {
  if (stage === undefined) return []
  const partitions = 'partitions' in stage.output ? stage.output.partitions : 1
  const sizes = Array.from({ length: partitions }, () => new Array<number>(maps).fill(0))
  const counted = await connection.runAndReadAll(`SELECT "@part", "@map", count(*) FROM ${stageTable(stage.id)} GROUP BY ALL`)
  for (const [part, map, n] of counted.getRows()) {
    const of = sizes[Number(part)]
    if (of !== undefined) of[Number(map)] = Number(n) * rowBytes
  }
  return sizes
}

function inputSql(input: StageInput, task: number, rowsSql: (bytes: Uint8Array) => string, read?: ShuffleRead): string {
  switch (input.kind) {
    case 'scan':
      return scanSql({ ...input, splits: input.tasks[input.everyTask ? 0 : task] ?? [] }, new Map())
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
      const { from, to, maps } = read ?? { from: task, to: task + 1 }
      const some = ` WHERE "@part" >= ${from} AND "@part" < ${to}${maps === undefined ? '' : ` AND "@map" >= ${maps.from} AND "@map" < ${maps.to}`}`
      const where = input.read === 'all' ? '' : input.read === 'forward' ? ` WHERE "@map" = ${task}` : some
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
