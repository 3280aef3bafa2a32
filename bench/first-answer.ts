/** From the start of `node` to the first answer of a local session, beside an empty program and DuckDB alone. `npm run bench:first-answer`. */
import { join } from 'node:path'
import { root } from '../scripts/paths.js'
import { interleaved, report, timeToFirstLine } from './measure.js'

const program = (name: string): string => join(root, 'build', 'bench', 'programs', `${name}.js`)
const times = await interleaved(
  {
    'node alone': () => timeToFirstLine(process.execPath, ['-e', 'console.log(1)']),
    'DuckDB alone': () => timeToFirstLine(process.execPath, [program('first-answer-duckdb')]),
    'spk local[2]': () => timeToFirstLine(process.execPath, [program('first-answer-spk')]),
  },
  9,
)
report('Start of the process to the first answer', times, 'DuckDB alone')
