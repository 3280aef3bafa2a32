/** `spk up` as a process: what it prints, that its cluster works, and that it leaves nothing, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { silentLogger } from '#src/core/log.js'
import { connectNats } from '#src/transport/nats.js'
import { runs } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'

const test = suite('cluster/up')
const spk = fileURLToPath(new URL('../../../dist/bin/spk.js', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'spk-test-up-'))
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
test.after(() => rmSync(root, { recursive: true, force: true }))

interface Node {
  readonly id: string
  readonly pid: number
  readonly ui: string
}
interface Line {
  readonly nats: string
  readonly observer: string
  readonly masters: readonly Node[]
  readonly workers: readonly Node[]
  readonly pid: number
}
interface Up {
  readonly line: Line
  readonly child: ChildProcess
  /** All processes of the cluster: those it names and nats-server. */
  readonly pids: readonly number[]
  /** Its own folder for temporary files; empty when all is over. */
  readonly tmp: string
  stderr(): string
  end(signal: NodeJS.Signals): Promise<number | null>
}

function start(tmp: string, flags: readonly string[]): { child: ChildProcess; output: { stdout: string; stderr: string } } {
  const env = { ...process.env, TMPDIR: tmp, SPK_LOG_LEVEL: 'info' }
  const child = spawn(process.execPath, [spk, 'up', ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (data: Buffer) => {
    output.stdout += data.toString()
  })
  child.stderr?.on('data', (data: Buffer) => {
    output.stderr += data.toString()
  })
  return { child, output }
}

async function up(...flags: string[]): Promise<Up> {
  const tmp = mkdtempSync(join(root, 'tmp-'))
  const { child, output } = start(tmp, ['--json', ...flags])
  const text = await eventually(
    'one line',
    () => {
      if (child.exitCode !== null) throw new Error(output.stderr)
      return output.stdout.includes('\n') && output.stdout
    },
    30_000,
  )
  const line = JSON.parse(text) as Line
  const pids = [...childrenOf(line.pid), ...line.workers.flatMap(({ pid }) => childrenOf(pid))]
  return {
    line,
    child,
    pids,
    tmp,
    stderr: () => output.stderr,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
      return child.exitCode
    },
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

const rows = async (line: Line, n: number): Promise<bigint | number | undefined> => {
  const spark = await SparkSession.builder().master(line.nats).appName('up').config('spark.executor.memory', '600m').create()
  try {
    return await spark.range(n).count()
  } finally {
    await spark.stop()
  }
}

test('one line when ready, a cluster that answers, and nothing left after SIGTERM', async () => {
  const one = await up('--masters', '2', '--workers', '2', '--cores', '1', '--memory', '1g')
  const { line } = one
  assert.is(line.pid, one.child.pid)
  assert.equal([line.masters.length, line.workers.length], [2, 2])
  for (const { id, pid, ui } of [...line.masters, ...line.workers]) {
    assert.ok(id.length > 0 && runs(pid), id)
    assert.is((await fetch(`${ui}/health`)).status, 200)
  }
  assert.is(Number(await rows(line, 1000)), 1000)
  for (const pid of one.pids) assert.not.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /\/\/\w+:\w+@/, 'no password on a command line')
  assert.is(await one.end('SIGTERM'), 0)
  assert.equal(one.pids.filter(runs), [])
  assert.equal(readdirSync(one.tmp), [])
  assert.is(one.stderr(), '')
})

test('the observer of the printed URL reads, and may not write', async () => {
  const one = await up('--workers', '1', '--cores', '1')
  const observer = await connectNats({ servers: one.line.observer, name: 'observer', log: silentLogger() })
  const state = await observer.bucket('spk_state')
  assert.ok((await state.entries()).some(entry => entry.key === `worker.${one.line.workers[0]?.id}`))
  const refused = await state.put('x', new Uint8Array()).then(
    () => undefined,
    (error: { code: string }) => error.code,
  )
  assert.is(refused, 'SPK_NATS_PERMISSION')
  await observer.close()
  await one.end('SIGINT')
  assert.equal(one.pids.filter(runs), [])
})

test('SIGKILL of spk up leaves no process and no file either', async () => {
  const one = await up('--cores', '1')
  const spark = await SparkSession.builder().master(one.line.nats).appName('up').config('spark.executor.memory', '600m').create()
  await spark.range(10).count()
  const executors = one.line.workers.flatMap(({ pid }) => childrenOf(pid))
  assert.is(executors.length, 2)
  await one.end('SIGKILL')
  await eventually('everything is gone', () => [...one.pids, ...executors].every(pid => !runs(pid)) && readdirSync(one.tmp).length === 0, 30_000)
  await spark.stop()
})

test('a process that dies is reported, and the rest goes on; without nats-server all ends', async () => {
  const one = await up('--cores', '1')
  process.kill(one.line.workers[0]?.pid ?? -1, 'SIGKILL')
  await eventually('said', () => /worker-1 \(process \d+\) ended by SIGKILL; left: master-1, worker-2/.test(one.stderr()))
  const nats = one.pids.find(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('nats-server.conf'))
  const ended = once(one.child, 'exit')
  process.kill(nats ?? -1, 'SIGKILL')
  assert.is((await ended)[0], 1)
  assert.match(one.stderr(), /nats-server \(process \d+\) ended by SIGKILL; everything is stopped/)
  assert.equal(readdirSync(one.tmp), [])
})

test('--keep-data goes on where the last one stopped, and is not shared', async () => {
  const data = join(root, 'data')
  const applications = async (line: Line): Promise<string[]> => {
    const response = await fetch(`${line.masters[0]?.ui}/json/`)
    return ((await response.json()) as { completedapps: { id: string }[] }).completedapps.map(app => app.id)
  }
  const one = await up('--keep-data', data, '--workers', '1', '--cores', '1')
  await rows(one.line, 5)
  const [app] = await eventually('the application is over', async () => {
    const over = await applications(one.line)
    return over.length === 1 && over
  })
  const second = start(mkdtempSync(join(root, 'tmp-')), ['--keep-data', data])
  const [code] = await once(second.child, 'exit')
  assert.equal([code, /is in use by another spk up \(process \d+\)/.test(second.output.stderr)], [1, true])
  assert.is(await one.end('SIGTERM'), 0)
  assert.equal(readdirSync(one.tmp), [])
  assert.equal(readdirSync(data), ['nats'])

  const two = await up('--keep-data', data, '--workers', '1', '--cores', '1')
  assert.equal(await applications(two.line), [app])
  await two.end('SIGTERM')
  assert.ok(existsSync(join(data, 'nats')))
})

test('a signal during the start ends it, with nothing left', async () => {
  const tmp = mkdtempSync(join(root, 'tmp-'))
  const { child } = start(tmp, [])
  await eventually('it has begun', () => readdirSync(tmp).length > 0)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  assert.is((await ended)[0], 0)
  assert.equal(readdirSync(tmp), [])
})

for (const [flags, text] of [
  [['--worker', '2'], /Unknown flag --worker; did you mean --workers\?/],
  [['--masters', '0'], /--masters "0" is not a whole number from 1 to 9/],
  [['--memory', '9000g'], /--memory 9000g is more than this host has/],
  [['--memory', '10m'], /less than 256/],
  [['now'], /takes flags only/],
] as const) {
  test(`spk up ${flags.join(' ')} is a usage error`, async () => {
    const { child, output } = start(root, flags)
    const [code] = await once(child, 'close')
    assert.is(code, 2)
    assert.match(output.stderr, text)
  })
}

test.run()
