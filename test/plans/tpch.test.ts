/**
 * Golden plans of the TPC-H queries (`test/tpc/tpch`) over footers as the official generator's files of scale 1 have them: rows, bytes, and the ends of
 * keys and dates, in the files' order. After an intended change: `SPK_UPDATE_PLANS=1 node build/test/plans/tpch.test.js`, and read the difference.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { type DataType, decimal, field, type StructType, struct, types } from '#src/core/types.js'
import { parseExpression, parseStatement } from '#src/planner/parse/parse.js'
import { type PlannerEnvironment, planQuery } from '#src/planner/pipeline.js'
import type { FileInfo } from '#src/planner/ports.js'
import { queriesOf } from '../../scripts/tpc/suites.js'

const folder = fileURLToPath(new URL('../../../test/plans/tpch/', import.meta.url))
const test = suite('plans/tpch')

const money = decimal(15, 2)
const { int, long, string: text, date } = types

interface Table {
  readonly rows: number
  readonly megabytes: number
  readonly columns: readonly (readonly [string, DataType, ends?: readonly [string | number, string | number, sorted?: 'sorted']])[]
}

const tables: Readonly<Record<string, Table>> = {
  region: {
    rows: 5,
    megabytes: 0.002,
    columns: [
      ['r_regionkey', int, [0, 4, 'sorted']],
      ['r_name', text, ['AFRICA', 'MIDDLE EAST']],
      ['r_comment', text],
    ],
  },
  nation: {
    rows: 25,
    megabytes: 0.003,
    columns: [
      ['n_nationkey', int, [0, 24, 'sorted']],
      ['n_name', text, ['ALGERIA', 'VIETNAM']],
      ['n_regionkey', int, [0, 4]],
      ['n_comment', text],
    ],
  },
  supplier: {
    rows: 10_000,
    megabytes: 0.9,
    columns: [
      ['s_suppkey', long, [1, 10_000, 'sorted']],
      ['s_name', text],
      ['s_address', text],
      ['s_nationkey', int, [0, 24]],
      ['s_phone', text],
      ['s_acctbal', money],
      ['s_comment', text],
    ],
  },
  part: {
    rows: 200_000,
    megabytes: 6.9,
    columns: [
      ['p_partkey', long, [1, 200_000, 'sorted']],
      ['p_name', text],
      ['p_mfgr', text],
      ['p_brand', text],
      ['p_type', text],
      ['p_size', int, [1, 50]],
      ['p_container', text],
      ['p_retailprice', money],
      ['p_comment', text],
    ],
  },
  partsupp: {
    rows: 800_000,
    megabytes: 44.8,
    columns: [
      ['ps_partkey', long, [1, 200_000, 'sorted']],
      ['ps_suppkey', long, [1, 10_000]],
      ['ps_availqty', int, [1, 9999]],
      ['ps_supplycost', money],
      ['ps_comment', text],
    ],
  },
  customer: {
    rows: 150_000,
    megabytes: 13.9,
    columns: [
      ['c_custkey', long, [1, 150_000, 'sorted']],
      ['c_name', text],
      ['c_address', text],
      ['c_nationkey', int, [0, 24]],
      ['c_phone', text],
      ['c_acctbal', money],
      ['c_mktsegment', text],
      ['c_comment', text],
    ],
  },
  orders: {
    rows: 1_500_000,
    megabytes: 63.5,
    columns: [
      ['o_orderkey', long, [1, 6_000_000, 'sorted']],
      ['o_custkey', long, [1, 149_999]],
      ['o_orderstatus', text],
      ['o_totalprice', money],
      ['o_orderdate', date, ['1992-01-01', '1998-08-02']],
      ['o_orderpriority', text],
      ['o_clerk', text],
      ['o_shippriority', int, [0, 0]],
      ['o_comment', text],
    ],
  },
  lineitem: {
    rows: 6_001_215,
    megabytes: 231.7,
    columns: [
      ['l_orderkey', long, [1, 6_000_000, 'sorted']],
      ['l_partkey', long, [1, 200_000]],
      ['l_suppkey', long, [1, 10_000]],
      ['l_linenumber', int, [1, 7]],
      ['l_quantity', money],
      ['l_extendedprice', money],
      ['l_discount', money],
      ['l_tax', money],
      ['l_returnflag', text],
      ['l_linestatus', text],
      ['l_shipdate', date, ['1992-01-02', '1998-12-01']],
      ['l_commitdate', date, ['1992-01-31', '1998-10-31']],
      ['l_receiptdate', date, ['1992-01-03', '1998-12-31']],
      ['l_shipinstruct', text],
      ['l_shipmode', text],
      ['l_comment', text],
    ],
  },
}

const rowsOfGroup = 131_072

function schemaOf(table: Table): StructType {
  return struct(table.columns.map(([name, type]) => field(name, type)))
}

/** One file; a sorted column's ends move from group to group. */
function fileOf(name: string, table: Table): FileInfo {
  const size = Math.round(table.megabytes * 2 ** 20)
  const count = Math.ceil(table.rows / rowsOfGroup)
  const rowGroups = Array.from({ length: count }, (_, g) => {
    const rows = Math.min(rowsOfGroup, table.rows - g * rowsOfGroup)
    const bytes = Math.round((size * rows) / table.rows)
    const columns = new Map(
      table.columns.map(([column, , ends]) => {
        const part = Math.round(bytes / table.columns.length)
        if (ends === undefined) return [column, { bytes: part, nulls: 0 }] as const
        const [low, high, sorted] = ends
        if (sorted === undefined || typeof low !== 'number' || typeof high !== 'number')
          return [column, { bytes: part, nulls: 0, min: String(low), max: String(high) }] as const
        const at = (row: number) => String(low + Math.floor(((high - low) * row) / Math.max(1, table.rows - 1)))
        return [column, { bytes: part, nulls: 0, min: at(g * rowsOfGroup), max: at(g * rowsOfGroup + rows - 1) }] as const
      }),
    )
    return { rows, bytes, columns }
  })
  return { file: { uri: `/tpch/${name}.parquet`, size, mtimeMs: 0 }, rowGroups }
}

const environment: PlannerEnvironment = {
  sources: {
    describe: (_, [path = '']) => {
      const name = path.replace('/tpch/', '')
      const table = tables[name]
      return table === undefined
        ? Promise.reject(new Error(`no table at ${path}`))
        : Promise.resolve({ schema: schemaOf(table), files: [fileOf(name, table)] })
    },
  },
  view: name =>
    Object.hasOwn(tables, name.join('.')) ? { kind: 'ReadFiles', format: 'parquet', paths: [`/tpch/${name.join('.')}`], options: {} } : undefined,
  viewNames: () => Object.keys(tables),
  parseExpression,
  conf: new Conf({ 'spark.sql.session.timeZone': 'UTC' }),
  parallelism: 4,
  now: 0,
}

for (const { name, text: sql } of queriesOf('tpch')) {
  test(name, async () => {
    const statement = parseStatement(sql)
    if (statement.kind !== 'Query') throw new Error(`${name} is no query`)
    const actual = `${(await planQuery(statement.plan, environment)).explain()}\n`
    const path = join(folder, `${name}.plan`)
    if (process.env['SPK_UPDATE_PLANS'] !== undefined) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(path, actual)
    } else assert.fixture(actual, existsSync(path) ? readFileSync(path, 'utf8') : '')
  })
}

test.run()
