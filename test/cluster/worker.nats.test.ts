/** Workers and their children as real processes: what is noticed, what survives, what is cleaned up. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '#src/core/clock.js'
import type { AppId } from '#src/core/ids.js'
import { silentLogger } from '#src/core/log.js'
import { AppRecord } from '#src/protocol/state.js'
import type { WorkerStatus } from '#src/protocol/status.js'
import { stateKey, subjects } from '#src/protocol/subjects.js'
import { RequestKillApplication } from '#src/protocol/submission.js'
import { decodeRecord, encode } from '#src/protocol/wire.js'
import { connectNats, type NatsTransport } from '#src/transport/nats.js'
import { type Cluster, type ClusterNode, type Command, runs, startCluster } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'
import { measured } from './measured.js'

const test = suite('cluster/worker')

const names = subjects('spk')
let cluster: Cluster
let bus: NatsTransport
test.before.each(async () => {
  cluster = await startCluster({ workers: 1, conf: { 'spk.worker.timeout': '3s', 'spk.application.timeout': '3s' } })
  bus = await connectNats({ servers: cluster.nats.url, name: 'test', log: silentLogger() })
})
test.after.each(async () => {
  await bus.close()
  await cluster.stop()
})

/** Counts again and again, one line each, until the file `stop` appears beside it. */
const COUNTING = `
import { existsSync } from 'node:fs'
import { SparkSession } from 'spk'
const spark = await SparkSession.builder().appName('counting').getOrCreate()
console.log('app', spark.applicationId)
while (!existsSync(new URL('./stop', import.meta.url))) {
  console.log('count', Number(await spark.range(0, 1000, 1, 4).count()))
  await new Promise(resolve => setTimeout(resolve, 20))
}
await spark.stop()
`

function counting(...flags: string[]): Command {
  return cluster.spk(
    'submit',
    '--executor-memory',
    '512m',
    '--executor-cores',
    '1',
    '--total-executor-cores',
    '1',
    ...flags,
    cluster.script('counting.js', COUNTING),
  )
}
const counts = (command: Command): number => command.output().split('count 1000\n').length - 1
const counted = (command: Command, times: number) =>
  eventually(
    `${times} counts`,
    async () => {
      if (command.process.exitCode !== null) throw new Error((await command.ended).stderr)
      return counts(command) >= times
    },
    30_000,
  )
const finish = async (command: Command): Promise<number | null> => {
  writeFileSync(join(cluster.folder, 'stop'), '')
  return (await command.ended).code
}

/** Processes of executors that the worker has started, by key. */
function executors(worker: ClusterNode<WorkerStatus>): Map<string, number> {
  const found = new Map<string, number>()
  for (const record of worker.records()) {
    const key = /^Executor (\S+) runs$/.exec(String(record['msg']))?.[1]
    if (key !== undefined) found.set(key, Number(record['process']))
  }
  return found
}
const only = (worker: ClusterNode<WorkerStatus>): readonly [string, number] => {
  const all = [...executors(worker)]
  assert.is(all.length, 1)
  return all[0] ?? ['', 0]
}
const gone = (pid: number) => eventually(`process ${pid} ends`, () => !runs(pid))
const worker = (): ClusterNode<WorkerStatus> => cluster.workers[0] as ClusterNode<WorkerStatus>

/** The id that a counting program has printed. */
const appOf = (command: Command): string => /^app (\S+)$/m.exec(command.output())?.[1] ?? ''
/** How an application ended, as the cluster's records say. */
async function ended(appId: string): Promise<readonly [state: string, reason: string | undefined]> {
  const bucket = await bus.bucket(names.stateBucket)
  return eventually(
    `${appId} ends`,
    async () => {
      const entry = await bucket.get(stateKey.app(appId as AppId))
      const record = entry === undefined ? undefined : decodeRecord(AppRecord, entry.value, 'application')
      return record !== undefined && ['FINISHED', 'FAILED', 'KILLED'].includes(record.state) && ([record.state, record.reason] as const)
    },
    20_000,
  )
}
/** The worker has no blocks, no scratch and no folder of any application; `but`: drivers' output that stays. */
const nothingLeft = (but: readonly string[] = []) =>
  eventually('its folders are gone', () => {
    const own = join(cluster.folder, 'work', worker().id)
    return ['blocks', 'work', 'scratch'].every(
      part => !existsSync(join(own, part)) || readdirSync(join(own, part)).filter(name => !but.includes(name)).length === 0,
    )
  })

test('a worker registers with what it has, and its heartbeats arrive', async () => {
  const entry = async () => (await cluster.leader()).workers[0]
  const first = await entry()
  assert.equal([first?.id, first?.state, first?.cores, first?.coresused, first?.memory], [worker().id, 'ALIVE', 2, 0, 2048])
  await eventually('a later heartbeat', async () => ((await entry())?.lastheartbeat ?? 0) > (first?.lastheartbeat ?? 0))
  const own = await worker().status()
  assert.equal([own.id, own.masterwebuiurl], [worker().id, cluster.masters[0]?.ui])
})

test('an application runs, ends, and leaves nothing', async () => {
  const command = counting()
  await counted(command, 2)
  const [, pid] = only(worker())
  const status = await cluster.leader()
  assert.equal([status.coresused, status.activeapps.length], [1, 1])
  assert.is(await finish(command), 0)
  await gone(pid)
  await eventually('the worker is clean', async () => (await worker().status()).coresused === 0)
  await nothingLeft()
  assert.equal(await ended(appOf(command)), ['FINISHED', ''])
  const own = join(cluster.folder, 'work', worker().id)
  assert.is(await worker().stop(), 0)
  assert.is(existsSync(own), false)
})

test('a worker that stops in order is DEAD at once, and its executors with it', async () => {
  const command = counting()
  await counted(command, 1)
  const [, pid] = only(worker())
  assert.is(await worker().stop(), 0)
  assert.not.ok(runs(pid))
  assert.is((await cluster.leader()).workers[0]?.state, 'DEAD')
  const second = await cluster.startWorker()
  const before = counts(command)
  await counted(command, before + 1)
  assert.is(executors(second).size, 1)
  assert.is(await finish(command), 0)
})

test('a worker that is killed takes its executors with it, is DEAD after its time, and the application goes on elsewhere', async () => {
  const command = counting()
  await counted(command, 1)
  const [, pid] = only(worker())
  const second = await cluster.startWorker()
  await worker().kill()
  await gone(pid)
  await eventually('the worker is DEAD', async () => (await cluster.leader()).workers.find(w => w.id === worker().id)?.state === 'DEAD')
  const before = counts(command)
  await counted(command, before + 1)
  assert.is(executors(second).size, 1)
  assert.is(await finish(command), 0)
  await eventually('what the dead one left is removed by the next', async () => {
    const third = await cluster.startWorker()
    await third.stop()
    return !existsSync(join(cluster.folder, 'work', worker().id))
  })
})

test('a worker that stands still for too long is DEAD; when it goes on it registers again, and what was replaced meanwhile is stopped', async () => {
  const command = counting()
  await counted(command, 1)
  const [, pid] = only(worker())
  const second = await cluster.startWorker()
  worker().signal('SIGSTOP')
  const state = async () => (await cluster.leader()).workers.find(w => w.id === worker().id)?.state
  await eventually('the worker is DEAD', async () => (await state()) === 'DEAD')
  await eventually('the application has another executor', () => executors(second).size === 1)
  worker().signal('SIGCONT')
  await eventually('it is ALIVE again', async () => (await state()) === 'ALIVE')
  await gone(pid)
  await eventually('each core is counted once', async () => (await cluster.leader()).coresused === 1 && (await worker().status()).coresused === 0)
  const before = counts(command)
  await counted(command, before + 1)
  assert.is(await finish(command), 0)
})

test('an executor that is killed is noticed at once and replaced', async () => {
  const command = counting()
  await counted(command, 1)
  const [key, pid] = only(worker())
  process.kill(pid, 'SIGKILL')
  const record = await eventually('the worker says so', () =>
    worker()
      .records()
      .find(r => String(r['msg']).startsWith(`Executor ${key} EXITED`)),
  )
  assert.is(record['exitCode'], 137)
  const before = counts(command)
  await counted(command, before + 1)
  assert.is(executors(worker()).size, 2)
  assert.equal(
    (await worker().status()).finishedexecutors.map(e => e.id),
    [0],
  )
  assert.is(await finish(command), 0)
})

test('nats-server killed and started again: the same executor goes on', async () => {
  const command = counting()
  await counted(command, 1)
  const [, pid] = only(worker())
  await cluster.nats.kill()
  await cluster.nats.restart()
  const before = counts(command)
  await counted(command, before + 2)
  assert.ok(runs(pid))
  assert.is(executors(worker()).size, 1)
  await eventually('the worker is ALIVE', async () => (await cluster.leader()).aliveworkers === 1)
  assert.is(await finish(command), 0)
})

test('no master for a while: executors go on, and the next master knows them', async () => {
  const command = counting()
  await counted(command, 1)
  const [, pid] = only(worker())
  await cluster.masters[0]?.kill()
  const before = counts(command)
  await counted(command, before + 5)
  await cluster.startMaster()
  await eventually('the new master counts the core', async () => {
    const status = await cluster.leader()
    return status.aliveworkers === 1 && status.coresused === 1 && status.activeapps[0]?.state === 'RUNNING'
  })
  assert.ok(runs(pid))
  assert.is(await finish(command), 0)
  await gone(pid)
})

test('a client-mode driver is killed: its executors stop, its blocks and folders go, the application is FAILED and says why', async () => {
  const command = counting()
  await counted(command, 1)
  const [, pid] = only(worker())
  const at = systemClock.monotonic()
  command.process.kill('SIGKILL')
  await command.ended
  assert.equal(await ended(appOf(command)), ['FAILED', 'its driver was silent for 3 s'])
  measured('SIGKILL of a client-mode driver → the application is FAILED (time-out 3 s)', at)
  await gone(pid)
  await nothingLeft()
})

test('a driver is killed in the middle of a write: the target is as it was, nothing of the write is left', async () => {
  const target = join(cluster.folder, 'target')
  const fresh = join(cluster.folder, 'fresh', 'target')
  const program = (path: string): string => `
    import { SparkSession } from 'spk'
    const spark = await SparkSession.builder().appName('writing').getOrCreate()
    await spark.range(3).write.mode('ignore').json('${target}')
    console.log('app', spark.applicationId)
    // It would take hours.
    await spark.sql('SELECT a.id FROM range(0, 1000000, 1, 2) a JOIN range(1000000) b ON a.id + b.id = 3').write.mode('overwrite').json('${path}')`
  for (const path of [target, fresh]) {
    const flags = ['--executor-memory', '512m', '--total-executor-cores', '2']
    const command = cluster.spk('submit', ...flags, cluster.script(`writing-${path.length}.js`, program(path)))
    const written = () => (existsSync(path) ? readdirSync(path, { recursive: true }).map(String).sort() : [])
    await eventually(
      'a task writes',
      async () => {
        if (command.process.exitCode !== null) throw new Error((await command.ended).stderr)
        return appOf(command) !== '' && written().some(name => name.startsWith('_temporary') && name.endsWith('.json'))
      },
      30_000,
    )
    const before = written().filter(name => !name.startsWith('_temporary'))
    command.process.kill('SIGKILL')
    await command.ended
    assert.is((await ended(appOf(command)))[0], 'FAILED')
    await eventually('the write is gone', () => !written().some(name => name.startsWith('_temporary')))
    await nothingLeft()
    assert.equal(written(), before)
  }
  assert.ok(readdirSync(target).includes('_SUCCESS'))
  assert.not.ok(existsSync(fresh))
})

test('a cluster-mode driver crashes: its application is FAILED at once, and nothing of it is left but its output', async () => {
  const { stdout } = await cluster.spk(
    'submit',
    ...['--deploy-mode', 'cluster', '--driver-memory', '256m', '--executor-memory', '512m', '--total-executor-cores', '1'],
    cluster.script(
      'crashes.js',
      `import { SparkSession } from 'spk'
       const spark = await SparkSession.builder().appName('crashing').getOrCreate()
       await spark.range(10).count()
       console.log('app', spark.applicationId)
       process.kill(process.pid, 'SIGKILL')`,
    ),
  ).ended
  const id = stdout.trim()
  const app = await eventually('the application ends', async () => (await cluster.leader()).completedapps[0], 20_000)
  const [state, reason] = await ended(app.id)
  assert.is(state, 'FAILED')
  assert.match(reason ?? '', new RegExp(id))
  await eventually('its executor is gone', async () => (await worker().status()).coresused === 0)
  await nothingLeft([id])
})

test('an application is killed on request: its driver learns why, its executors stop, nothing is left', async () => {
  const command = counting()
  await counted(command, 1)
  const [, pid] = only(worker())
  await bus.request(names.master(RequestKillApplication.name), encode(RequestKillApplication, { appId: appOf(command) }), { timeoutMs: 2000 })
  const { code, stderr } = await command.ended
  assert.is.not(code, 0)
  assert.match(stderr, /KILLED.*Killed on request/)
  assert.equal(await ended(appOf(command)), ['KILLED', 'Killed on request'])
  await gone(pid)
  await nothingLeft()
})

test.run()
