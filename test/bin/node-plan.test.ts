import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFlags } from '#src/bin/arguments.js'
import { type NodePlan, nodePlan, nodeSpec, type WorkerPlan } from '#src/bin/node-plan.js'

const test = suite('bin/node-plan')

const GIB = 2 ** 30
const plan = (line: string, env: NodeJS.ProcessEnv = {}): NodePlan =>
  nodePlan(parseFlags(nodeSpec, line.split(' ')), env, '/nowhere', { cores: 6, memory: 16 * GIB })
const worker = (line: string, env: NodeJS.ProcessEnv = {}): WorkerPlan => plan(`--role worker ${line}`.trim(), env) as WorkerPlan

test('a worker offers the whole machine but 1 GiB when nothing is said', () => {
  const { cores, memory, resources, workDir, blockPort, uiPort } = worker('')
  assert.equal(
    { cores, memory, resources, workDir, blockPort, uiPort },
    {
      cores: 6,
      memory: 15 * GIB,
      resources: {},
      workDir: '.spk/work',
      blockPort: 0,
      uiPort: undefined,
    },
  )
})

test('everything may be said', () => {
  const p = worker('--cores 3 --memory 4g --resource gpu=2 --resource fpga=a,b --work-dir /w --ui-port 0 --block-port 7337 --host h1 --cluster blue')
  assert.equal(
    [p.cores, p.memory, p.resources, p.workDir, p.uiPort, p.blockPort, p.host, p.cluster],
    [3, 4 * GIB, { gpu: ['0', '1'], fpga: ['a', 'b'] }, '/w', 0, 7337, 'h1', 'blue'],
  )
  assert.is(plan('--role master --webui-port 9000').uiPort, 9000)
  assert.is(worker('-c 2 -m 1024 -d /x').memory, GIB)
})

test('NATS: flag over environment over default; its children may have users of their own', () => {
  assert.is(plan('--role master').natsUrl, 'nats://127.0.0.1:4222')
  assert.is(plan('--role master', { SPK_NATS_URL: 'nats://e:1' }).natsUrl, 'nats://e:1')
  assert.is(plan('--role master --nats nats://f:2', { SPK_NATS_URL: 'nats://e:1' }).natsUrl, 'nats://f:2')
  const p = worker('--nats nats://w:pw@f:2', { SPK_EXECUTOR_NATS_URL: 'nats://e:pw@f:2' })
  assert.equal([p.executorNats, p.driverNats], ['nats://e:pw@f:2', 'nats://w:pw@f:2'])
})

test('listens on loopback when that is its name, else everywhere', () => {
  assert.equal([plan('--role master').host, plan('--role master').bind], ['127.0.0.1', '127.0.0.1'])
  assert.is(plan('--role master --nats nats://u:p@localhost:4222').host, '127.0.0.1')
  assert.is(plan('--role master --host node-3').bind, '0.0.0.0')
})

test('the cluster: flag over environment over setting', () => {
  const conf = '--conf spk.cluster=c1'
  assert.is(plan(`--role master ${conf}`).cluster, 'c1')
  assert.is(plan(`--role master ${conf}`, { SPK_CLUSTER: 'c2' }).cluster, 'c2')
  assert.is(plan(`--role master ${conf} --cluster c3`, { SPK_CLUSTER: 'c2' }).cluster, 'c3')
})

const wrong: readonly (readonly [string, RegExp])[] = [
  ['--cores 2', /--role master or --role worker is missing/],
  ['--role boss', /--role boss: it is master or worker/],
  ['--role master --cores 2', /--cores is for workers/],
  ['--role worker --cores 0', /--cores "0" is not a whole number from 1/],
  ['--role worker --cores many', /--cores "many"/],
  ['--role worker --memory 32g', /more than this host has \(16\.0 GiB\)/],
  ['--role worker --memory 1m', /less than 256\.0 MiB/],
  ['--role worker --memory lots', /"lots" is not a size/],
  ['--role worker --ui-port 70000', /--ui-port "70000"/],
  ['--role worker --resource gpu', /--resource "gpu" is not name=amount/],
  ['--role worker --resource gpu=two', /"two" is not an amount/],
  ['--role worker --resource gpu=0,0', /repeated address/],
  ['--role worker --resource gpu=1 --resource gpu=2', /--resource gpu is given twice/],
  ['--role worker --nats local[2]', /not the URL of a NATS server/],
  ['--role worker --nats http://x', /nats:\/\/host:4222/],
  ['--role worker --conf x', /"x" is not key=value/],
  ['--role worker --properties-file /nowhere/x', /\/nowhere\/x cannot be read/],
]
for (const [line, message] of wrong) test(`refused: ${line}`, () => assert.throws(() => plan(line), message))

test('a worker with its own user needs those of its children', () => {
  const nats = { SPK_NATS_URL: 'nats://worker:pw@h:1', SPK_EXECUTOR_NATS_URL: 'nats://executor:s@h:1' }
  assert.throws(() => worker('', nats), /SPK_DRIVER_NATS_URL is not set/)
  assert.is(worker('', { ...nats, SPK_DRIVER_NATS_URL: 'nats://driver:pw@h:1' }).executorNats, 'nats://executor:s@h:1')
  assert.is(worker('', { SPK_NATS_URL: 'nats://me:pw@h:1' }).executorNats, 'nats://me:pw@h:1', 'one user for all is fine')
})

test.run()
