/**
 * `npm run test:tpc`: every TPC-H and TPC-DS query, distributed, against DuckDB alone and, where `pyspark` can be imported, against Spark itself, on the
 * same files, row for row. `-- --suite tpch|tpcds --sf N --data DIR --query 1,q14a --modes default,shuffle,… --timeout SECONDS --local --python PATH`
 * (PATH: the Python that has pyspark; else `SPK_PYTHON`, python3). A query that spk refuses, or does not answer in time, is named with the error's code;
 * that and a wrong answer fail the run. The data is made by `npm run data:tpch|data:tpcds`.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SpkError } from 'spk'
import { difference, type Result } from '../../scripts/tpc/compare.js'
import { DuckDbSide } from '../../scripts/tpc/duckdb-side.js'
import { SparkAnswers } from '../../scripts/tpc/spark-answers.js'
import { findPySpark } from '../../scripts/tpc/spark-side.js'
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
    python: { type: 'string' },
  },
})

/** Ways to run a query that must not change its answer. */
const allModes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  default: {},
  shuffle: { 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spark.sql.shuffle.partitions': '4' },
  static: { 'spark.sql.adaptive.enabled': 'false', 'spark.sql.shuffle.partitions': '5' },
  'static-shuffle': { 'spark.sql.adaptive.enabled': 'false', 'spark.sql.autoBroadcastJoinThreshold': '-1', 'spark.sql.shuffle.partitions': '4' },
}

/** An engine to agree with. */
interface Judge {
  readonly name: string
  rows(text: string): Promise<Result>
}

/** What a judge answers to a query. */
interface Expected {
  readonly judge: Judge
  readonly result: Result
}

type Outcome =
  | { readonly kind: 'same'; readonly ms: number }
  | { readonly kind: 'wrong'; readonly what: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }

/** Milliseconds between two attempts to cancel a query that is late. */
const cancelAgain = 1000

async function runQuery(spk: SpkSide, query: Query, expected: readonly Expected[]): Promise<Outcome> {
  const began = performance.now()
  let actual: Result
  try {
    actual = await inTime(spk, query)
  } catch (error) {
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    return { kind: 'refused', code: error instanceof SpkError ? error.code : 'not an SpkError', message }
  }
  const ms = performance.now() - began
  for (const { judge, result } of expected) {
    const what = await difference(query.text, actual, result, text => judge.rows(text))
    if (what !== undefined) return { kind: 'wrong', what: `not as ${judge.name}: ${what}` }
  }
  return { kind: 'same', ms }
}

/** The rows; what takes too long is cancelled and its end waited for, so that it takes nothing from the queries after it. */
async function inTime(spk: SpkSide, query: Query): Promise<Result> {
  const cancel = (): void => void spk.spark.interruptAll(`no answer within ${values.timeout} s`)
  let again: NodeJS.Timeout | undefined
  const late = setTimeout(() => {
    cancel()
    again = setInterval(cancel, cancelAgain)
  }, Number(values.timeout) * 1000)
  try {
    return await spk.rows(query.text)
  } finally {
    clearTimeout(late)
    clearInterval(again)
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
  const spark = pyspark === undefined ? undefined : new SparkAnswers(pyspark, data)
  const judges: readonly Judge[] = [
    { name: 'DuckDB', rows: text => duckdb.rows(text) },
    ...(spark === undefined ? [] : [{ name: 'Spark', rows: (text: string) => spark.rows(text) }]),
  ]
  const spk = await startSpk({ data, local: values.local })
  const tally: Tally = { same: 0, wrong: 0, refused: 0 }
  try {
    process.stdout.write(`${suite}, ${data}, ${spk.title}; modes ${modes.join(', ')}\n`)
    for (const query of queries) {
      const expected: Expected[] = []
      for (const judge of judges) {
        try {
          expected.push({ judge, result: await judge.rows(query.text) })
        } catch (error) {
          tally.refused++
          process.stdout.write(`  ${judge.name} refuses ${query.name}: ${error instanceof Error ? error.message : error}\n`)
        }
      }
      for (const mode of modes) {
        const settings = Object.entries(allModes[mode] ?? {})
        for (const [key, value] of settings) spk.spark.conf.set(key, value)
        const outcome = await runQuery(spk, query, expected)
        for (const [key] of settings) spk.spark.conf.unset(key)
        tally[outcome.kind]++
        const name = `${query.name.padEnd(5)} ${mode.padEnd(15)}`
        if (outcome.kind === 'same') process.stdout.write(`  same    ${name} ${expected[0]?.result.rows.length} rows, ${outcome.ms.toFixed(0)} ms\n`)
        else if (outcome.kind === 'wrong') process.stdout.write(`  WRONG   ${name} ${outcome.what}\n`)
        else {
          process.stdout.write(`  refused ${name} ${outcome.code}: ${outcome.message.slice(0, 200)}\n`)
        }
      }
    }
  } finally {
    await spk.stop()
    spark?.stop()
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
const pyspark = findPySpark(values.python)
process.stdout.write(
  pyspark === undefined
    ? 'pyspark cannot be imported (--python PATH or SPK_PYTHON names a Python that has it): compared with DuckDB alone\n'
    : `compared with DuckDB and with Spark ${pyspark.version} itself\n`,
)
let failed = false
for (const suite of suites.filter(isSuite)) {
  const data = values.data === undefined ? dataFolder(suite, Number(values.sf)) : resolve(values.data)
  if (!existsSync(data)) {
    process.stderr.write(`No data in ${data}: npm run data:${suite} -- --sf ${values.sf}, or --data DIR.\n`)
    process.exit(2)
  }
  const { same, wrong, refused } = await runSuite(suite, data, modes)
  failed ||= wrong > 0 || refused > 0
  process.stdout.write(`${suite}: ${same} as DuckDB${pyspark === undefined ? '' : ' and Spark'}, ${wrong} wrong, ${refused} refused\n`)
}
process.exitCode = failed ? 1 : 0
