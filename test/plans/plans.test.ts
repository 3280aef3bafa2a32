/**
 * Golden plans: each `.plan` file holds settings, a query, its physical plan and its stages with their SQL. After an intended change:
 * `SPK_UPDATE_PLANS=1 node build/test/plans/plans.test.js`, and read the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { decimal, field, type StructType, struct, types } from '#src/core/types.js'
import { parseExpression, parseStatement } from '#src/planner/parse/parse.js'
import { type PlannerEnvironment, planQuery } from '#src/planner/pipeline.js'
import type { FileInfo } from '#src/planner/ports.js'

const folder = fileURLToPath(new URL('../../../test/plans/', import.meta.url))
const test = suite('plans')

/** `megabytes` of Parquet in files of row groups of 16 MiB. */
function files(table: string, megabytes: number, count = 1, rowsPerMegabyte = 20_000): FileInfo[] {
  return Array.from({ length: count }, (_, i) => {
    const size = (megabytes / count) * 2 ** 20
    const groups = Math.max(1, Math.ceil(size / (16 * 2 ** 20)))
    const rows = Math.round((rowsPerMegabyte * megabytes) / count / groups)
    return {
      file: { uri: `/data/${table}/${i}.parquet`, size, mtimeMs: 0 },
      rowGroups: Array.from({ length: groups }, () => ({ rows, bytes: size / groups })),
    }
  })
}

const customers = struct([
  field('id', types.long),
  field('age', types.int),
  field('country', types.string),
  field('income', decimal(12, 2)),
  field('sales', types.double),
])
const orders = struct([
  field('order_id', types.long),
  field('customer_id', types.int),
  field('quantity', types.int),
  field('price', decimal(10, 2)),
  field('day', types.date),
])
const countries = struct([field('code', types.string), field('name', types.string), field('continent', types.string)])

const tables: Readonly<Record<string, { readonly schema: StructType; readonly files: FileInfo[] }>> = {
  customers: { schema: customers, files: files('customers', 150, 1) },
  orders: { schema: orders, files: files('orders', 2000, 4) },
  countries: { schema: countries, files: files('countries', 0.05) },
  returns: { schema: orders, files: files('returns', 60, 2) },
}

const environment: PlannerEnvironment = {
  sources: { describe: (_, paths) => Promise.resolve(tables[(paths[0] ?? '').replace('/data/', '')] ?? { schema: struct([]), files: [] }) },
  view: name =>
    tables[name.join('.')] === undefined ? undefined : { kind: 'ReadFiles', format: 'parquet', paths: [`/data/${name.join('.')}`], options: {} },
  viewNames: () => Object.keys(tables),
  parseExpression,
  conf: new Conf({ 'spark.sql.session.timeZone': 'UTC' }),
  parallelism: 4,
  now: 0,
}

for (const file of readdirSync(folder)
  .filter(f => f.endsWith('.plan'))
  .sort()) {
  test(file.replace('.plan', ''), async () => {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    const [head = ''] = text.split('\n== Optimized')
    const settings = Object.fromEntries([...head.matchAll(/^-- (spark\.\S+) = (\S+)$/gm)].map(m => [m[1] ?? '', m[2] ?? '']))
    const statement = parseStatement(head.replace(/^--.*$/gm, ''))
    if (statement.kind !== 'Query') throw new Error(`${file} holds no query`)
    const planned = await planQuery(statement.plan, { ...environment, conf: environment.conf.with(settings) })
    const actual = `${head.trim()}\n\n${planned.explain('cost')}\n\n${planned.explain('codegen')}\n`
    if (process.env['SPK_UPDATE_PLANS'] !== undefined) writeFileSync(path, actual)
    else assert.fixture(actual, text)
  })
}

test.run()
