/** `spk submit` against a real cluster: programs here and on workers, in JavaScript and TypeScript, asked after, stopped, supervised. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, type CommandResult, runs, startCluster } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'

const test = suite('cluster/submit')

let cluster: Cluster
test.before(async () => {
  cluster = await startCluster({ workers: 1, conf: { 'spk.worker.timeout': '3s' } })
})
test.after(() => cluster.stop())

const spk = (...args: string[]): Promise<CommandResult> => cluster.spk(...args).ended
async function submit(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await spk('submit', '--deploy-mode', 'cluster', '--driver-memory', '256m', ...args)
  assert.is(code, 0, stderr)
  return stdout.trim()
}
const status = async (id: string): Promise<string> => (await spk('submit', '--status', id)).stdout
const reaches = (id: string, state: string) =>
  eventually(`${id} is ${state}`, async () => (await cluster.leader()).completeddrivers.find(d => d.id === id)?.state === state, 30_000)
/** Where the output of a driver lies. */
const output = (id: string): string => join(cluster.folder, 'work', cluster.workers.at(-1)?.id ?? '', 'work', id, 'stdout')
const lines = (id: string): string[] => (existsSync(output(id)) ? readFileSync(output(id), 'utf8').split('\n').slice(0, -1) : [])

const WAITS = "console.log('started'); setInterval(() => {}, 1000)"

test('the state of the cluster, as a table and as /json/', async () => {
  const { code, stdout } = await spk('status')
  assert.is(code, 0)
  assert.match(stdout, /^Cluster spk on nats:.*: ALIVE, 1 workers? alive, 0 of 2 cores/)
  assert.match(stdout, /\nWorkers\n {2}ID +STATE +CORES.*\n {2}worker-\S+ +ALIVE +0\/2 /)
  const json = JSON.parse((await spk('status', '--json')).stdout)
  assert.equal({ ...json, workers: 0 }, { ...(await cluster.leader()), workers: 0 })
})

test('a TypeScript program here: its types are stripped, spk is found, its arguments and settings arrive', async () => {
  const script = cluster.script(
    'typed.ts',
    `import { SparkSession } from 'spk'
     import { type Row, double } from './helper.js'
     enum Way { here = 'here' }
     const row: Row = { n: 21 }
     const spark = await SparkSession.builder().getOrCreate()
     const count: number = Number(await spark.range(double(row.n)).count())
     console.log(Way.here, count, spark.conf.get('spark.app.name'), process.argv.slice(2).join())
     await spark.stop()`,
  )
  cluster.script('helper.ts', 'export interface Row { readonly n: number }\nexport const double = (n: number): number => n * 2\n')
  const { code, stdout, stderr } = await spk('submit', '--executor-memory', '512m', '--total-executor-cores', '1', script, '--name', 'x')
  assert.equal([code, stdout], [0, 'here 42 typed --name,x\n'], stderr)
})

test('a program’s exit code is the command’s; an error of spk is one line', async () => {
  assert.is((await spk('submit', cluster.script('seven.js', 'process.exit(7)'))).code, 7)
  const script = cluster.script('bad.js', "import { SparkSession } from 'spk'\nawait SparkSession.builder().master('carrier-pigeon').getOrCreate()")
  const { code, stderr } = await spk('submit', script)
  assert.is.not(code, 0)
  assert.match(stderr, /carrier-pigeon/)
  assert.is(stderr.trim().split('\n').length, 1)
  const thrown = await spk('submit', cluster.script('throws.js', "throw new Error('mine')"))
  assert.is(thrown.code, 1)
  assert.match(thrown.stderr, /Error: mine\n {4}at /)
})

test('a program on a worker: submitted, finished, with its output there', async () => {
  const id = await submit(
    '--executor-memory',
    '512m',
    '--total-executor-cores',
    '1',
    cluster.script(
      'job.js',
      `import { SparkSession } from 'spk'
       const spark = await SparkSession.builder().getOrCreate()
       console.log(Number(await spark.range(10).count()), process.env.SPK_DRIVER_ID, process.argv[2])
       await spark.stop()`,
    ),
    'arg',
  )
  await reaches(id, 'FINISHED')
  assert.equal(lines(id), [`10 ${id} arg`])
  assert.match(await status(id), new RegExp(`^${id} FINISHED on worker-\\S+ \\(127\\.0\\.0\\.1\\), exit code 0`))
})

test('waiting for the end: the command ends as the program did', async () => {
  const wait = ['--conf', 'spark.standalone.submit.waitAppCompletion=true']
  const run = (text: string) => spk('submit', '--deploy-mode', 'cluster', '--driver-memory', '256m', ...wait, cluster.script('wait.js', text))
  assert.is((await run('')).code, 0)
  const failed = await run('process.exit(3)')
  assert.is(failed.code, 1)
  assert.match(failed.stderr, /FAILED on worker-\S+ \(127\.0\.0\.1\), exit code 3/)
})

test('a script that is not on the worker is an ERROR that says so', async () => {
  const id = await submit('/nowhere/job.js')
  await reaches(id, 'ERROR')
  assert.match(await status(id), /ERROR.*Driver script \/nowhere\/job\.js is not on 127\.0\.0\.1/)
})

test('a running program is stopped on request', async () => {
  const id = await submit(cluster.script('waits.js', WAITS))
  await eventually('it runs', () => lines(id).length === 1)
  assert.match(await status(id), /RUNNING/)
  const { code, stdout } = await spk('submit', '--kill', id)
  assert.is(code, 0)
  assert.match(stdout, new RegExp(id))
  await reaches(id, 'KILLED')
  await eventually('its cores are free', async () => (await cluster.leader()).coresused === 0)
})

test('what is not known is said, with exit code 1', async () => {
  for (const flag of ['--status', '--kill']) {
    const { code, stderr } = await spk('submit', flag, 'driver-none')
    assert.is(code, 1)
    assert.match(stderr, /driver-none/)
  }
})

test('a supervised program runs again until it ends well', async () => {
  const id = await submit(
    '--supervise',
    cluster.script(
      'again.js',
      `import { existsSync, writeFileSync } from 'node:fs'
       console.log('run')
       if (existsSync('been-here')) process.exit(0)
       writeFileSync('been-here', '')
       process.exit(1)`,
    ),
  )
  await reaches(id, 'FINISHED')
  assert.equal(lines(id), ['run', 'run'])
})

test('a supervised program survives its worker: another runs it', async () => {
  const id = await submit('--supervise', cluster.script('waits.js', WAITS))
  await eventually('it runs', () => lines(id).length === 1)
  const first = cluster.workers.at(-1)
  const pid = Number(first?.records().find(record => record['msg'] === `Driver ${id} runs`)?.['process'])
  assert.ok(runs(pid))
  await cluster.startWorker()
  await first?.kill()
  await eventually('the first process ends with its worker', () => !runs(pid))
  const moved = await eventually(
    'a program runs on the other worker',
    async () => (await cluster.leader()).activedrivers.find(d => d.worker === cluster.workers.at(-1)?.id && d.state === 'RUNNING'),
    20_000,
  )
  assert.is((await spk('submit', '--kill', moved.id)).code, 0)
  await reaches(moved.id, 'KILLED')
})

test('a wrong line is a usage error with the nearest right word', async () => {
  for (const [args, message] of [
    [['submti', 'x.js'], /Unknown command submti; did you mean submit\?/],
    [['submit', '--excutor-cores', '1', 'x.js'], /Unknown flag --excutor-cores; did you mean --executor-cores\?/],
    [['node', '--role', 'worker', '--memory', '1k'], /less than 256/],
    [['submit', 'nowhere.js'], /nowhere\.js does not exist/],
  ] as const) {
    const { code, stderr } = await spk(...args)
    assert.is(code, 2)
    assert.match(stderr, message)
    assert.match(stderr, /See: spk .*--help/)
  }
  assert.match((await spk('--version')).stdout, /^spk \d+\.\d+\.\d+\n$/)
  assert.match((await spk('submit', '--help')).stdout, /--total-executor-cores N/)
})

test.run()
