/**
 * Runs test files, each in a process of its own, two at a time, and closes with the plain line `N passed, N failed`. Arguments are parts of file names;
 * `--not PART` leaves files out. Before the first file it makes sure of a nats-server. A file that prints no uvu summary, exits non-zero without a failed
 * test, or runs longer than ten minutes counts as one failure.
 */
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { join, relative } from 'node:path'
import { provideNatsServer } from './nats-server.js'
import { filesBelow, root } from './paths.js'

interface Outcome {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly output: string
  readonly ms: number
}

const fileTimeoutMs = 600_000

function runFile(file: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise(resolve => {
    const started = performance.now()
    const child = spawn(process.execPath, ['--expose-gc', '--enable-source-maps', file], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const timer = setTimeout(() => {
      output += `\nThis file ran longer than ${fileTimeoutMs / 1000} s and was ended.\n`
      child.kill('SIGKILL')
    }, fileTimeoutMs)
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
    })
    child.stderr.on('data', (data: Buffer) => {
      output += data.toString()
    })
    child.on('close', code => {
      clearTimeout(timer)
      const count = (word: string): number | undefined => {
        const found = [...output.matchAll(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'gm'))].at(-1)
        return found === undefined ? undefined : Number(found[1])
      }
      const total = count('Total')
      const passed = count('Passed') ?? 0
      const skipped = count('Skipped') ?? 0
      const failed = total === undefined ? 1 : Math.max(total - passed - skipped, code === 0 ? 0 : 1)
      resolve({ file: relative(root, file), passed, failed, skipped, output, ms: performance.now() - started })
    })
  })
}

async function main(): Promise<number> {
  const parts: string[] = []
  const not: string[] = []
  const args = process.argv.slice(2)
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--not') not.push(args[++i] ?? '')
    else parts.push(args[i] ?? '')
  }
  const files = filesBelow(join(root, 'build', 'test'), '.test.js').filter(
    f => (parts.length === 0 || parts.some(p => f.includes(p))) && !not.some(p => f.includes(p)),
  )
  if (files.length === 0) {
    process.stderr.write(`No test file matches ${parts.join(' ')}.\n`)
    return 1
  }
  const nats = await provideNatsServer(line => process.stdout.write(`${line}\n`))
  process.stdout.write(`nats-server: ${nats.path} (${nats.version}); ${files.length} test files\n`)
  const env = { ...process.env, SPK_NATS_SERVER: nats.path, SPK_LOG_LEVEL: process.env['SPK_LOG_LEVEL'] ?? 'warn' }
  const outcomes: Outcome[] = []
  const queue = [...files]
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const outcome = await runFile(file, env)
      outcomes.push(outcome)
      process.stdout.write(
        `${outcome.failed === 0 ? '  ok  ' : ' FAIL '} ${outcome.file} (${outcome.passed} passed, ${(outcome.ms / 1000).toFixed(1)} s)\n`,
      )
      if (outcome.failed > 0) process.stdout.write(`${outcome.output}\n`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, lane))
  const sum = (pick: (o: Outcome) => number): number => outcomes.reduce((total, o) => total + pick(o), 0)
  const failed = outcomes.filter(o => o.failed > 0)
  if (failed.length > 0) process.stdout.write(`\nFailed: ${failed.map(o => o.file).join(', ')}\n`)
  const skipped = sum(o => o.skipped)
  process.stdout.write(`\n${sum(o => o.passed)} passed, ${sum(o => o.failed)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  return failed.length === 0 ? 0 : 1
}

process.exitCode = await main()
