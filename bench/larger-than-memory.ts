/**
 * A join of TPC-H's two largest tables with executors much smaller than its data, checked against DuckDB alone: once as planned (file order makes the
 * exchange needless), once with an exchange of both sides. Fails on a wrong answer, and when an executor held more than 1.5 times its size.
 * `npm run bench:larger-than-memory -- [--sf 10 | --data DIR] [--memory 512m] [--executors 2]`.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseSize } from '#src/core/bytes.js'
import { difference } from '../scripts/tpc/compare.js'
import { DuckDbSide } from '../scripts/tpc/duckdb-side.js'
import { executorPeaks } from '../scripts/tpc/resident-memory.js'
import { startSpk } from '../scripts/tpc/spk-side.js'
import { dataFolder } from '../scripts/tpc/suites.js'

const { values } = parseArgs({
  options: {
    sf: { type: 'string', default: '10' },
    data: { type: 'string' },
    memory: { type: 'string', default: '512m' },
    executors: { type: 'string', default: '2' },
  },
})
const data = values.data === undefined ? dataFolder('tpch', Number(values.sf)) : resolve(values.data)
if (!existsSync(data)) {
  process.stderr.write(`No data in ${data}: npm run data:tpch -- --sf ${values.sf}, or --data DIR.\n`)
  process.exit(2)
}
const join = (on: string): string =>
  `SELECT count(*) AS n, sum(l_extendedprice) AS e, sum(o_totalprice) AS t, max(l_comment) AS c, max(o_comment) AS d FROM lineitem JOIN orders ON ${on}`
const limit = (parseSize(values.memory) / 2 ** 20) * 1.5

const duckdb = await DuckDbSide.open(data, 2)
const expected = await duckdb.rows(join('l_orderkey = o_orderkey'))
// A process beside the measured ones should not hold much.
duckdb.close()
for (const [name, on] of [
  ['by file order', 'l_orderkey = o_orderkey'],
  ['by an exchange of both sides', 'l_orderkey + 0 = o_orderkey + 0'],
] as const) {
  const conf = { 'spark.sql.autoBroadcastJoinThreshold': '-1' }
  const spk = await startSpk({ data, memory: values.memory, executors: Number(values.executors), conf })
  try {
    const began = performance.now()
    const actual = await spk.rows(join(on))
    const seconds = (performance.now() - began) / 1000
    const wrong = await difference(join(on), actual, expected, async () => expected)
    const peaks = executorPeaks(spk.processes)
    process.stdout.write(
      `lineitem ⋈ orders ${name}, ${data}, ${spk.title}, ${values.memory} each: ${seconds.toFixed(0)} s, ${wrong ?? 'right'}, ` +
        `most resident memory per executor ${peaks.map(mb => `${mb.toFixed(0)} MB`).join(', ')}\n`,
    )
    if (wrong !== undefined || peaks.some(mb => mb > limit)) process.exitCode = 1
  } finally {
    await spk.stop()
  }
}
