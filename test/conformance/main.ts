/**
 * `npm run conform:spark -- [--group queries|types|later] [--file GLOB] [--json] [--parse] [--failures] [--timeout S] [--processes N]`: Spark's own
 * golden suite through the public API. Files run in several child processes, each in a session of its own. `--parse` only reads the statements.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { goldenFiles, goldenFolder, readGolden, settingsOf } from './golden.js'
import { parseOnly, parseReport } from './parse-only.js'
import { type FileResult, reportText } from './report.js'
import type { WorkerAnswer, WorkerAsk } from './worker.js'

const { values: flags } = parseArgs({
  options: {
    group: { type: 'string', multiple: true },
    file: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    parse: { type: 'boolean', default: false },
    failures: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '30' },
    processes: { type: 'string' },
  },
})

const folder = goldenFolder()
if (folder === undefined) {
  process.stderr.write(
    'Spark’s golden suite is not here: unpack spark-sql_2.13-4.2.0-tests.jar (Maven Central) into ~/.cache/spk/spark-4.2.0-golden, or set SPARK_GOLDEN_DIR.\n',
  )
  process.exit(3)
}

const groups = readGroups()
const files = goldenFiles(folder).filter(file => {
  const inGroup = flags.group === undefined || flags.group.includes(groups.get(file) ?? 'later')
  return inGroup && (flags.file === undefined || flags.file.some(glob => globPattern(glob).test(file)))
})
if (files.length === 0) {
  process.stderr.write(`No file fits. Groups are queries, types and later; --file takes names as in results/, without .sql.out, with * and ?.\n`)
  process.exit(2)
}

if (flags.parse) {
  const result = parseOnly(files.map(file => ({ file, settings: settingsOf(folder, file), statements: readGolden(folder, file) })))
  process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : parseReport(result, flags.failures))
} else {
  const results = await runAll(folder, files)
  if (flags.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  else {
    if (flags.failures) process.stdout.write(failures(results))
    process.stdout.write(reportText(results))
  }
}

function readGroups(): Map<string, string> {
  const path = join(fileURLToPath(new URL('.', import.meta.url)), '../../../test/conformance/groups.json')
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, readonly string[]>
  return new Map(Object.entries(json).flatMap(([group, names]) => names.map(name => [name, group] as const)))
}

function globPattern(glob: string): RegExp {
  return new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  )
}

async function runAll(from: string, names: readonly string[]): Promise<FileResult[]> {
  // The largest files first, so that no process ends long after the others.
  const sizes = new Map(names.map(name => [name, readGolden(from, name).length]))
  const queue = [...names].sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0))
  const done = new Map<string, FileResult>()
  const count = Math.min(queue.length, Number(flags.processes ?? Math.max(2, availableParallelism())))
  await Promise.all(Array.from({ length: count }, () => drain(from, queue, done)))
  return names.map(name => done.get(name) as FileResult)
}

/** One child process after the other takes files from the queue: a process that dies is replaced. */
async function drain(from: string, queue: string[], done: Map<string, FileResult>): Promise<void> {
  let child: ChildProcess | undefined
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    child ??= fork(fileURLToPath(new URL('worker.js', import.meta.url)), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const answer = await ask(child, { file, folder: from, timeoutMs: Number(flags.timeout) * 1000 })
    const group = groups.get(file) ?? 'later'
    if ('results' in answer) done.set(file, { file, group, results: answer.results })
    else {
      const results = readGolden(from, file).map(s => ({ sql: s.sql, verdict: 'error' as const, detail: answer.failure, ms: 0 }))
      done.set(file, { file, group, results, failure: answer.failure })
    }
    if (!child.connected) child = undefined
  }
  child?.disconnect()
}

function ask(child: ChildProcess, question: WorkerAsk): Promise<WorkerAnswer> {
  return new Promise(resolve => {
    const over = (answer: WorkerAnswer): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(answer)
    }
    const onMessage = (answer: WorkerAnswer): void => over(answer)
    const onExit = (code: number | null, signal: string | null): void =>
      over({ file: question.file, failure: `the process ended (${signal ?? code})` })
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.send(question)
  })
}

function failures(results: readonly FileResult[]): string {
  return results
    .flatMap(f =>
      f.results
        .filter(r => r.verdict !== 'pass' || r.names)
        .map(r => `-- ${f.file} ${r.names ? 'name' : r.verdict}\n${r.sql}\n   ${r.detail ?? ''}\n\n`),
    )
    .join('')
}
