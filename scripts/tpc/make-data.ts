/**
 * Makes the official TPC-H or TPC-DS data as Parquet, with `tpcgen-cli`: from PATH or `SPK_TPCGEN`, else installed from PyPI into a folder of this
 * repository. `npm run data:tpch|data:tpcds -- --sf N [--out DIR] [--scramble]`; `--scramble` writes the rows of every table in random order, so that no
 * file order helps. What is there already is kept; an unfinished folder never gets the final name.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { root } from '../paths.js'
import { dataFolder, isSuite, type SuiteName, scrambledFolder, tablesOf } from './suites.js'

const [suite = '', ...args] = process.argv.slice(2)
const { values } = parseArgs({
  args,
  options: { sf: { type: 'string', default: '1' }, out: { type: 'string' }, scramble: { type: 'boolean', default: false } },
})
const scale = Number(values.sf)
/** Of the sort that scrambles; what is more goes to disk. */
const sortMemory = '6GB'
if (!isSuite(suite) || !(scale > 0)) {
  process.stderr.write('Usage: npm run data:tpch|data:tpcds -- --sf N [--out DIR] [--scramble]\n')
  process.exit(2)
}
const folder = values.out === undefined ? dataFolder(suite, scale) : resolve(values.out)
if (existsSync(folder)) process.stdout.write(`${folder} is there already\n`)
else generate(suite, folder)
if (values.scramble) await scramble(folder, scrambledFolder(folder))

function generate(name: SuiteName, target: string): void {
  const building = `${target}.building`
  rmSync(building, { recursive: true, force: true })
  mkdirSync(building, { recursive: true })
  run(generator(), [name, 'parquet', '-s', String(scale), '-o', building])
  renameSync(building, target)
  process.stdout.write(`${target}: ${tablesOf(target).length} tables\n`)
}

/** A `tpcgen-cli` that can be run. */
function generator(): string {
  const named = process.env['SPK_TPCGEN'] ?? 'tpcgen-cli'
  if (spawnSync(named, ['--version']).status === 0) return named
  const venv = join(root, '.spk', 'tpcgen')
  const installed = join(venv, 'bin', 'tpcgen-cli')
  if (!existsSync(installed)) {
    process.stdout.write('Installing tpcgen-cli from PyPI …\n')
    run('python3', ['-m', 'venv', venv])
    run(join(venv, 'bin', 'pip'), ['install', '--quiet', 'tpcgen-cli'])
  }
  return installed
}

function run(command: string, commandArgs: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, commandArgs, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  if (status === 0) return
  process.stderr.write(`${command} ${commandArgs.join(' ')} failed: ${error?.message ?? stderr}\n`)
  process.exit(1)
}

async function scramble(from: string, to: string): Promise<void> {
  if (existsSync(to)) {
    process.stdout.write(`${to} is there already\n`)
    return
  }
  const building = `${to}.building`
  rmSync(building, { recursive: true, force: true })
  mkdirSync(building, { recursive: true })
  const spill = `${building}.spill`
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: spill, memory_limit: sortMemory })
  const connection = await instance.connect()
  for (const { name, path } of tablesOf(from)) {
    const files = path.endsWith('.parquet') ? path : `${path}/*.parquet`
    await connection.run(
      `COPY (SELECT * EXCLUDE (n) FROM (SELECT *, row_number() OVER () AS n FROM read_parquet('${files}')) ORDER BY hash(n))
       TO '${join(building, `${name}.parquet`)}' (FORMAT parquet, COMPRESSION snappy)`,
    )
  }
  connection.closeSync()
  instance.closeSync()
  rmSync(spill, { recursive: true, force: true })
  renameSync(building, to)
  process.stdout.write(`${to}: rows in random order\n`)
}
