import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFlags } from '#src/bin/arguments.js'
import { type SubmitPlan, submitPlan, submitSpec } from '#src/bin/submit-plan.js'

const test = suite('bin/submit-plan')

const dir = mkdtempSync(join(tmpdir(), 'spk-submit-'))
test.after(() => rmSync(dir, { recursive: true, force: true }))

const plan = (line: string, env: NodeJS.ProcessEnv = {}, cwd = '/nowhere'): SubmitPlan =>
  submitPlan(parseFlags(submitSpec, line.split(' ')), env, cwd)
const conf = (line: string, env: NodeJS.ProcessEnv = {}, cwd?: string): Readonly<Record<string, string>> => {
  const p = plan(line, env, cwd)
  return p.kind === 'client' ? p.conf : p.kind === 'cluster' ? p.description.conf : {}
}

test('client mode: the script here, with settings under Spark’s names', () => {
  assert.equal(
    plan(
      '--master nats://h:1 --name n --executor-memory 2g --executor-cores 3 --total-executor-cores 6 --driver-memory 512m --conf spark.x=a=b job.js one --two',
      {},
      '/srv',
    ),
    {
      kind: 'client',
      script: '/srv/job.js',
      args: ['one', '--two'],
      heapMb: 512,
      conf: {
        'spark.x': 'a=b',
        'spark.app.name': 'n',
        'spark.driver.memory': '512m',
        'spark.executor.memory': '2g',
        'spark.executor.cores': '3',
        'spark.cores.max': '6',
        'spark.master': 'nats://h:1',
        'spk.cluster': 'spk',
      },
    },
  )
})

test('cluster mode: what the worker that runs it is told', () => {
  assert.equal(
    plan('--deploy-mode cluster --supervise --driver-cores 2 --cluster blue --conf a.b=c /srv/job.ts x', { SPK_NATS_URL: 'nats://u:p@h:1' }),
    {
      kind: 'cluster',
      natsUrl: 'nats://u:p@h:1',
      cluster: 'blue',
      wait: false,
      description: {
        script: '/srv/job.ts',
        args: ['x'],
        env: {},
        conf: {
          'a.b': 'c',
          'spark.submit.deployMode': 'cluster',
          'spark.driver.cores': '2',
          'spk.cluster': 'blue',
          'spark.driver.supervise': 'true',
          'spark.app.name': 'job',
        },
        cores: 2,
        memory: 2 ** 30,
        supervise: true,
        name: 'job',
      },
    },
  )
})

test('settings may say what flags say', () => {
  const p = plan('--conf spark.submit.deployMode=cluster --conf spark.standalone.submit.waitAppCompletion=true --conf spark.driver.memory=2g j.js')
  assert.equal(p.kind === 'cluster' && [p.wait, p.description.memory], [true, 2 ** 31])
})

test('flags over the properties file over the defaults file', () => {
  mkdirSync(join(dir, 'conf'))
  writeFileSync(join(dir, 'conf', 'spark-defaults.conf'), '# defaults\nspark.a 1\nspark.b = 1\nspark.c: 1\nspark.executor.memory 1g\n')
  writeFileSync(join(dir, 'more.conf'), 'spark.b 2\nspark.c 2\n')
  const settings = conf(`--properties-file ${join(dir, 'more.conf')} --conf spark.c=3 --executor-memory 3g job.js`, {}, dir)
  assert.equal(
    ['spark.a', 'spark.b', 'spark.c', 'spark.executor.memory'].map(k => settings[k]),
    ['1', '2', '3', '3g'],
  )
})

test('the master: flag, setting, environment, default', () => {
  const env = { SPK_NATS_URL: 'nats://e:1' }
  assert.is(conf('job.js')['spark.master'], 'nats://127.0.0.1:4222')
  assert.is(conf('job.js', env)['spark.master'], 'nats://e:1')
  assert.is(conf('--conf spark.master=nats://s:1 job.js', env)['spark.master'], 'nats://s:1')
  assert.is(conf('--master local[2] --conf spark.master=nats://s:1 job.js', env)['spark.master'], 'local[2]')
})

test('--files become absolute', () => {
  assert.is(conf('--files a.csv,/b/c.csv job.js', {}, '/srv')['spark.files'], '/srv/a.csv,/b/c.csv')
})

test('asking and stopping', () => {
  assert.equal(plan('--status driver-1 --master nats://h:1'), { kind: 'status', driverId: 'driver-1', natsUrl: 'nats://h:1', cluster: 'spk' })
  assert.is(plan('--kill driver-1').kind, 'kill')
})

const wrong: readonly (readonly [string, RegExp])[] = [
  ['--name x', /No script is given/],
  ['job.py', /"job\.py" is not a script: spk submit runs \.js and \.ts/],
  ['--master spark://h:7077 job.js', /--master "spark:\/\/h:7077" is not the URL of a NATS server/],
  ['--deploy-mode both job.js', /--deploy-mode both: it is client or cluster/],
  ['--supervise job.js', /--supervise goes with --deploy-mode cluster/],
  ['--deploy-mode cluster --master local[2] job.js', /needs a cluster/],
  ['--status d --master local', /asks a cluster/],
  ['--status d job.js', /--status goes with no script/],
  ['--status d --kill e', /--status goes with no script/],
  ['--executor-memory big job.js', /spark\.executor\.memory: "big" is not a size/],
  ['--executor-cores 1.5 job.js', /spark\.executor\.cores: "1\.5" is not a whole number/],
  ['--total-executor-cores x job.js', /spark\.cores\.max/],
]
for (const [line, message] of wrong) test(`refused: ${line}`, () => assert.throws(() => plan(line), message))

test.run()
