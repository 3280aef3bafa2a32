/**
 * `npm run test:tpc`: every TPC-H and TPC-DS query, distributed, against DuckDB alone on the same files, row for row. `-- --suite tpch|tpcds --sf N
 * --data DIR --query 1,q14a --modes broadcast,shuffle,… --local --all`. A query that spk refuses is named with the error's code and counts as missing;
 * a wrong answer fails the run. The data is made by `npm run data:tpch|data:tpcds`.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SpkError } from 'spk'
import { difference, type Result } from '../../scripts/tpc/compare.js'
import { DuckDbSide } from '../../scripts/tpc/duckdb-side.js'
import { type SpkSide, startSpk } from '../../scripts/tpc/spk-side.js'
import { chosen, dataFolder, isSuite, type Query, queriesOf, type SuiteName } from '../../scripts/tpc/suites.js'

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'tpch,tpcds' },
    sf: { type: 'string', default: '1' },
    data: { type: 'string' },
    query: { type: 'string' },
    modes: { type: 'string' },
    timeout: { type: 'string', default: '120' },
    local: { type: 'boolean', default: false },
  },
})

/** Ways to run a query that must not change its answer. */
const allModes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  default: {},
  shuffle: { 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spark.sql.shuffle.partitions': '4' },
  static: { 'spark.sql.adaptive.enabled': 'false', 'spark.sql.shuffle.partitions': '5' },
  'static-shuffle': { 'spark.sql.adaptive.enabled': 'false', 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spark.sql.shuffle.partitions': '4' },
}

type Outcome =
  | { readonly kind: 'same'; readonly ms: number }
  | { readonly kind: 'wrong'; readonly what: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }

async function runQuery(spk: SpkSide, duckdb: DuckDbSide, query: Query, expected: Result): Promise<Outcome> {
  const began = performance.now()
  let actual: Result
  try {
    actual = await within(Number(values.timeout) * 1000, spk.rows(query.text))
  } catch (error) {
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    return { kind: 'refused', code: error instanceof SpkError ? error.code : 'not an SpkError', message }
  }
  const ms = performance.now() - began
  const what = await difference(query.text, actual, expected, text => duckdb.rows(text))
  return what === undefined ? { kind: 'same', ms } : { kind: 'wrong', what }
}

/** The promise, or a failure when it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

interface Tally {
  same: number
  wrong: number
  refused: number
}

async function runSuite(suite: SuiteName, data: string, modes: readonly string[]): Promise<Tally> {
  const queries = chosen(queriesOf(suite), values.query)
  const duckdb = await DuckDbSide.open(data, 2)
  const spk = await startSpk({ data, local: values.local })
  const tally: Tally = { same: 0, wrong: 0, refused: 0 }
  try {
    process.stdout.write(`${suite}, ${data}, ${spk.title}; modes ${modes.join(', ')}\n`)
    for (const query of queries) {
      let expected: Result
      try {
        expected = await duckdb.rows(query.text)
      } catch (error) {
        tally.refused++
        process.stdout.write(`  DuckDB refuses ${query.name}: ${error instanceof Error ? error.message : error}\n`)
        continue
      }
      for (const mode of modes) {
        const settings = Object.entries(allModes[mode] ?? {})
        for (const [key, value] of settings) spk.spark.conf.set(key, value)
        const outcome = await runQuery(spk, duckdb, query, expected)
        for (const [key] of settings) spk.spark.conf.unset(key)
        tally[outcome.kind]++
        const name = `${query.name.padEnd(5)} ${mode.padEnd(15)}`
        if (outcome.kind === 'same') process.stdout.write(`  same    ${name} ${expected.rows.length} rows, ${outcome.ms.toFixed(0)} ms\n`)
        else if (outcome.kind === 'wrong') process.stdout.write(`  WRONG   ${name} ${outcome.what}\n`)
        else {
          process.stdout.write(`  refused ${name} ${outcome.code}: ${outcome.message.slice(0, 200)}\n`)
          // It will be refused in the other modes for the same reason, most likely before it runs.
          if (outcome.code !== 'not an SpkError') break
        }
      }
    }
  } finally {
    await spk.stop()
    duckdb.close()
  }
  return tally
}

const suites = values.suite.split(',')
const modes = values.modes?.split(',') ?? Object.keys(allModes)
for (const name of [...suites.filter(s => !isSuite(s)), ...modes.filter(m => allModes[m] === undefined)]) {
  process.stderr.write(`"${name}" is none of tpch, tpcds (suites), ${Object.keys(allModes).join(', ')} (modes).\n`)
  process.exit(2)
}
let failed = false
for (const suite of suites.filter(isSuite)) {
  const data = values.data === undefined ? dataFolder(suite, Number(values.sf)) : resolve(values.data)
  if (!existsSync(data)) {
    process.stderr.write(`No data in ${data}: npm run data:${suite} -- --sf ${values.sf}, or --data DIR.\n`)
    process.exit(2)
  }
  const { same, wrong, refused } = await runSuite(suite, data, modes)
  failed ||= wrong > 0 || refused > 0
  process.stdout.write(`${suite}: ${same} as DuckDB, ${wrong} wrong, ${refused} refused\n`)
}
process.exitCode = failed ? 1 : 0
