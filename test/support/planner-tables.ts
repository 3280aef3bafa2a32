/**
 * Tables for tests of the planner: Parquet files written by DuckDB into a temporary folder, described to the planner by their real footers, and views of
 * the same names in DuckDB, so that a query can be asked of both.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Conf } from '#src/core/config.js'
import { type DataType, decimal, field, type StructType, struct, types } from '#src/core/types.js'
import { registerJsFunctions } from '#src/kernel/js-binding.js'
import { PlanningDatabase } from '#src/kernel/planning-database.js'
import { RandomStreams } from '#src/kernel/random-streams.js'
import { Sources } from '#src/kernel/sources.js'
import type { Relation } from '#src/planner/logical.js'
import { parseExpression, parseStatement } from '#src/planner/parse/parse.js'
import { type PlannedQuery, type PlannerEnvironment, planQuery } from '#src/planner/pipeline.js'
import type { FileInfo, SourcePort } from '#src/planner/ports.js'

export interface TestTables {
  readonly connection: DuckDBConnection
  readonly environment: PlannerEnvironment
  /** Writes the rows of a DuckDB query as `files` files of row groups of `rowGroup` rows, and makes them a table of the planner and of DuckDB. */
  add(name: string, sql: string, options?: { readonly files?: number; readonly rowGroup?: number }): Promise<void>
  /** Plans SQL text with extra settings. */
  plan(sql: string, settings?: Readonly<Record<string, string>>, parallelism?: number): Promise<PlannedQuery>
  planRelation(relation: Relation, settings?: Readonly<Record<string, string>>, parallelism?: number): Promise<PlannedQuery>
  close(): Promise<void>
}

/** `claim`: files say that they are this many times larger, so that plans for large data can be tried on small. */
export async function testTables(claim = 1): Promise<TestTables> {
  const folder = mkdtempSync(join(tmpdir(), 'spk-planner-'))
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  // The raw connection below the typed one.
  const raw = (connection as unknown as { connection: Parameters<typeof registerJsFunctions>[0] }).connection
  registerJsFunctions(raw)
  new RandomStreams().register(raw)
  await connection.run("SET TimeZone = 'UTC'; SET default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'")
  const database = new PlanningDatabase(join(folder, 'spill'))
  const views = new Map<string, Relation>()
  const described = new Map<string, { schema: StructType; files: FileInfo[] }>()
  const sources: SourcePort = {
    describe: (_, paths) => {
      const found = described.get(paths[0] ?? '')
      return found === undefined ? Promise.reject(new Error(`no files at ${paths[0]}`)) : Promise.resolve(found)
    },
  }
  const environment: PlannerEnvironment = {
    sources,
    view: nameParts => views.get(nameParts.join('.').toLowerCase()),
    viewNames: () => [...views.keys()],
    parseExpression,
    conf: new Conf({ 'spark.sql.session.timeZone': 'UTC' }),
    parallelism: 2,
    now: Date.UTC(2026, 0, 31, 12),
  }
  const planRelation = (relation: Relation, settings: Readonly<Record<string, string>> = {}, parallelism = environment.parallelism) =>
    planQuery(relation, { ...environment, conf: environment.conf.with(settings), parallelism })
  return {
    connection,
    environment,
    planRelation,
    async add(name, sql, options = {}) {
      const files = options.files ?? 1
      const path = join(folder, name)
      mkdirSync(path)
      await connection.run(`CREATE OR REPLACE TABLE "@new" AS SELECT *, (row_number() OVER () - 1) AS "@row" FROM (${sql})`)
      for (let i = 0; i < files; i++) {
        await connection.run(
          `COPY (SELECT * EXCLUDE "@row" FROM "@new" WHERE "@row" % ${files} = ${i} ORDER BY "@row") TO '${join(path, `part-${i}.parquet`)}' (FORMAT parquet, ROW_GROUP_SIZE ${options.rowGroup ?? 122880})`,
        )
      }
      await connection.run(`CREATE VIEW ${name} AS SELECT * FROM read_parquet('${join(path, '*.parquet')}')`)
      described.set(path, { schema: await schemaOf(connection, name), files: await footers(database, path, claim) })
      views.set(name.toLowerCase(), { kind: 'ReadFiles', format: 'parquet', paths: [path], options: {} })
    },
    async plan(sql, settings, parallelism) {
      const statement = parseStatement(sql)
      if (statement.kind !== 'Query') throw new Error(`not a query: ${sql}`)
      return await planQuery(statement.plan, {
        ...environment,
        conf: environment.conf.with(settings ?? {}),
        parallelism: parallelism ?? environment.parallelism,
        text: sql,
      })
    },
    async close() {
      await database.close()
      connection.closeSync()
      instance.closeSync()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const simple: Readonly<Record<string, DataType>> = {
  BOOLEAN: types.boolean,
  TINYINT: types.byte,
  SMALLINT: types.short,
  INTEGER: types.int,
  BIGINT: types.long,
  FLOAT: types.float,
  DOUBLE: types.double,
  VARCHAR: types.string,
  BLOB: types.binary,
  DATE: types.date,
  TIMESTAMP: types.timestampNtz,
  'TIMESTAMP WITH TIME ZONE': types.timestamp,
}

export function sparkType(duck: string): DataType {
  const decimals = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(duck)
  if (decimals !== null) return decimal(Number(decimals[1]), Number(decimals[2]))
  if (duck.endsWith('[]')) return { kind: 'array', element: sparkType(duck.slice(0, -2)), containsNull: true }
  const type = simple[duck]
  if (type === undefined) throw new Error(`no test type for ${duck}`)
  return type
}

async function schemaOf(connection: DuckDBConnection, name: string): Promise<StructType> {
  const rows = (await connection.runAndReadAll(`DESCRIBE ${name}`)).getRows()
  return struct(rows.map(r => field(String(r[0]), sparkType(String(r[1])))))
}

/** What the kernel reads in the footers, files said to be `claim` times as large. */
async function footers(database: PlanningDatabase, path: string, claim: number): Promise<FileInfo[]> {
  const { files } = await new Sources(database).describe('parquet', [path], {}, undefined)
  return files.map(({ file, rowGroups = [] }) => ({
    file: { ...file, size: file.size * claim },
    rowGroups: rowGroups.map(g => ({ ...g, bytes: g.bytes * claim })),
  }))
}
