import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { removeStaleFolders, workerFolders } from '#src/actors/worker/folders.js'
import type { ChildExit } from '#src/actors/worker/ports.js'
import { processes } from '#src/actors/worker/processes.js'
import { systemClock } from '#src/core/clock.js'
import { silentLogger } from '#src/core/log.js'
import type { ExecutorLaunch } from '#src/protocol/executor-launch.js'
import type { LaunchDriverOrder } from '#src/protocol/worker-orders.js'

const dir = mkdtempSync(join(tmpdir(), 'spk-processes-'))
const test = suite('actors/worker/processes')
test.after(() => rmSync(dir, { recursive: true, force: true }))

const script = (name: string, text: string): string => {
  const file = join(dir, `${name}.mjs`)
  writeFileSync(file, text)
  return file
}

/** Prints what it got; then waits for its channel to close, deaf to SIGTERM when told so. */
const child = script(
  'child',
  `console.log(JSON.stringify({ launch: process.env.SPK_EXECUTOR_LAUNCH, pool: process.env.UV_THREADPOOL_SIZE, gc: typeof gc, mine: process.env.MINE,
     nats: process.env.SPK_NATS_URL ?? null, cwd: process.cwd() }))
   console.error('to the error file')
   process.on('disconnect', () => process.exit(7))
   if (process.env.MINE === 'deaf') process.on('SIGTERM', () => {})
   process.send('ready')`,
)
const preload = pathToFileURL(script('preload', 'globalThis.preloaded = true')).href

interface Rig {
  readonly ports: ReturnType<typeof processes>
  readonly folders: ReturnType<typeof workerFolders>
  readonly tokens: Map<string, string>
}
function rig(name: string, executorScript = child): Rig {
  const tokens = new Map<string, string>()
  const folders = workerFolders(join(dir, name), 'worker-1', 'host-a')
  const ports = processes({
    folders,
    clock: systemClock,
    log: silentLogger(),
    cluster: 'spk',
    driverNats: 'nats://driver@somewhere:4222',
    executorScript,
    driverPreload: preload,
    host: 'host-a',
    blockServer: { admit: (app, token) => void tokens.set(app, token), remove: app => void tokens.delete(app) },
  })
  return { ports, folders, tokens }
}

const launch = (conf: Record<string, string> = {}): ExecutorLaunch => ({
  natsUrl: 'nats://x',
  cluster: 'spk',
  appId: 'app-1',
  executorId: '0',
  workerId: 'worker-1',
  host: 'host-a',
  hostId: 'h',
  cores: 3,
  memory: 2 ** 30,
  resources: {},
  token: 't',
  conf,
  blockUrl: 'http://b',
  blocksDir: '/b',
  scratchDir: '/s',
})
const driverOrder = (scriptFile: string, args: string[] = [], env: Record<string, string> = {}): LaunchDriverOrder => ({
  epoch: 1,
  masterId: 'm',
  driverId: 'driver-1',
  launch: 1,
  resources: { gpu: ['1'] },
  description: { script: scriptFile, args, env, conf: { 'spark.app.name': 'x' }, cores: 1, memory: 2 ** 28, supervise: false, name: 'x' },
})

/** Starts a child and gives its exit. */
function run(start: (onExit: (exit: ChildExit) => void) => { readonly pid: number; kill(graceMs: number): void }): {
  readonly process: { readonly pid: number; kill(graceMs: number): void }
  readonly exit: Promise<ChildExit>
} {
  let done: (exit: ChildExit) => void = () => {}
  const exit = new Promise<ChildExit>(resolve => {
    done = resolve
  })
  return { process: start(done), exit }
}

/** Waits until `file` holds a whole line. */
async function line(file: string): Promise<string> {
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'))
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

test('an executor gets its launch, its threads and its variables, and writes to its files', async () => {
  process.env['SPK_NATS_URL'] = 'nats://worker:secret@somewhere'
  const { ports, folders } = rig('launch')
  const { process: p, exit } = run(onExit => ports.launchExecutor(launch({ 'spark.executorEnv.MINE': 'yes' }), onExit))
  delete process.env['SPK_NATS_URL']
  const logs = folders.executorLogs('app-1', '0')
  const got = JSON.parse(await line(join(logs, 'stdout')))
  assert.equal(JSON.parse(got.launch), launch({ 'spark.executorEnv.MINE': 'yes' }))
  assert.equal({ ...got, launch: 0 }, { launch: 0, pool: '11', gc: 'function', mine: 'yes', nats: null, cwd: logs })
  assert.is(await line(join(logs, 'stderr')), 'to the error file')
  p.kill(5000)
  assert.equal(await exit, { code: null, signal: 'SIGTERM' })
})

test('one that does not hear SIGTERM is killed when its grace is over', async () => {
  const { ports, folders } = rig('deaf')
  const { process: p, exit } = run(onExit => ports.launchExecutor(launch({ 'spark.executorEnv.MINE': 'deaf' }), onExit))
  await line(join(folders.executorLogs('app-1', '0'), 'stdout'))
  p.kill(20)
  assert.equal(await exit, { code: null, signal: 'SIGKILL' })
})

test('a child ends with its worker, even when that is killed', async () => {
  const worker = script(
    'worker',
    `import { fork } from 'node:child_process'
     import { writeFileSync } from 'node:fs'
     const c = fork(${JSON.stringify(child)}, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
     c.on('message', () => { writeFileSync(process.argv[2], c.pid + '\\n'); process.kill(process.pid, 'SIGKILL') })`,
  )
  const { ports, folders } = rig('orphan', worker)
  const pidFile = join(dir, 'pid')
  const { exit } = run(onExit => ports.launchDriver(driverOrder(worker, [pidFile]), onExit))
  assert.equal(await exit, { code: null, signal: 'SIGKILL', output: join(folders.driverLogs('driver-1'), 'stderr') })
  const pid = Number(await line(pidFile))
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      break
    }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
})

test('a driver gets its arguments, its preload, and where to connect; its exit code is reported', async () => {
  const driver = script(
    'driver',
    `console.log(JSON.stringify([process.argv.slice(2), globalThis.preloaded, process.env.SPK_DRIVER_ID, process.env.SPK_NATS_URL, process.env.MINE,
       JSON.parse(process.env.SPK_SUBMIT_CONF), process.env.SPK_DRIVER_RESOURCES]))
     process.exitCode = 3; process.disconnect()`,
  )
  const { ports, folders } = rig('driver')
  const { exit } = run(onExit => ports.launchDriver(driverOrder(driver, ['a', '-b'], { MINE: 'x' }), onExit))
  assert.equal(await exit, { code: 3, signal: null, output: join(folders.driverLogs('driver-1'), 'stderr') })
  const got = JSON.parse(readFileSync(join(folders.driverLogs('driver-1'), 'stdout'), 'utf8'))
  const conf = { 'spark.app.name': 'x', 'spark.master': 'nats://driver@somewhere:4222', 'spk.cluster': 'spk' }
  assert.equal(got, [['a', '-b'], true, 'driver-1', 'nats://driver@somewhere:4222', 'x', conf, '{"gpu":["1"]}'])
})

test('a driver whose script is not there is a clear error', () => {
  const { ports } = rig('missing')
  for (const file of ['/nowhere/job.js', 'job.js'])
    assert.throws(() => ports.launchDriver(driverOrder(file), () => {}), /SPK_DRIVER_SCRIPT.*is not on host-a.*same absolute path/)
})

test('spark.files come into the working folder; one that is not there is a clear error', async () => {
  const { ports, folders } = rig('files')
  const file = join(dir, 'rates.csv')
  writeFileSync(file, 'a,b')
  const { process: p, exit } = run(onExit => ports.launchExecutor(launch({ 'spark.files': file }), onExit))
  assert.is(readFileSync(join(folders.executorLogs('app-1', '0'), 'rates.csv'), 'utf8'), 'a,b')
  p.kill(5000)
  await exit
  assert.throws(() => ports.launchExecutor(launch({ 'spark.files': '/nowhere/x.csv' }), () => {}), /SPK_FILES.*\/nowhere\/x.csv.*host-a/)
})

test('an id that would lead out of the folder is refused', () => {
  const { ports } = rig('escape')
  for (const id of ['..', 'a/b', '', 'a.b']) assert.throws(() => ports.blocksDir(id), /SPK_BAD_ID/)
})

test('an application leaves nothing, an executor its output', async () => {
  const { ports, folders, tokens } = rig('clean')
  ports.admitApplication('app-1', 't')
  const scratch = ports.scratchDir('app-1', '0')
  const blocks = ports.blocksDir('app-1')
  const logs = folders.executorLogs('app-1', '0')
  const other = ports.blocksDir('app-2')
  await ports.removeScratch('app-1', '0')
  assert.equal([scratch, blocks, logs].map(existsSync), [false, true, true])
  await ports.removeApplication('app-1')
  assert.equal([blocks, logs, other].map(existsSync), [false, false, true])
  assert.is(tokens.size, 0)
})

test('a worker that ends leaves the output of its drivers and nothing else', async () => {
  const { folders } = rig('close')
  folders.blocks('app-1')
  folders.executorLogs('app-1', '0')
  folders.driverLogs('driver-1')
  await folders.close()
  assert.equal(
    ['blocks', 'work/app-1', 'work/driver-1'].map(p => existsSync(join(folders.root, p))),
    [false, false, true],
  )
  const { folders: empty } = rig('close-empty')
  await empty.close()
  assert.is(existsSync(empty.root), false)
})

test('what a dead worker of this host left is removed; the living, other hosts and strangers are not touched', async () => {
  const shared = join(dir, 'shared')
  const owned = (name: string, owner: unknown): void => {
    mkdirSync(join(shared, name), { recursive: true })
    writeFileSync(join(shared, name, 'owner.json'), JSON.stringify(owner))
  }
  workerFolders(shared, 'worker-alive', 'host-a')
  owned('worker-dead', { pid: 4_194_300, host: 'host-a', started: '' })
  owned('worker-reused-pid', { pid: process.pid, host: 'host-a', started: '1' })
  owned('worker-elsewhere', { pid: 4_194_300, host: 'host-b', started: '' })
  mkdirSync(join(shared, 'worker-not-ours'))
  assert.equal(await removeStaleFolders(shared, 'host-a'), ['worker-dead', 'worker-reused-pid'])
  assert.equal(
    ['worker-alive', 'worker-elsewhere', 'worker-not-ours'].map(n => existsSync(join(shared, n))),
    [true, true, true],
  )
})

test.run()
