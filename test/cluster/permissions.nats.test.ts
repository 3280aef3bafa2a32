/**
 * The users of a cluster on a real nats-server: a real job runs under them, and what a role must not do the server refuses. Each attempt that must fail has
 * beside it one of the same kind that must succeed, so that a server that refuses everything, or a client that cannot connect, does not pass.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { connect, type NatsConnection, PermissionViolationError, RequestError } from '@nats-io/transport-node'
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startLocalCluster, stopProcesses } from '#src/bin/local-cluster.js'
import { type AppId, type ExecutorId, inboxPrefix, type WorkerId } from '#src/core/ids.js'
import { executorUrl } from '#src/protocol/permissions.js'
import { laneOf, stateKey, subjects } from '#src/protocol/subjects.js'
import { RegisterExecutor } from '#src/protocol/tasks.js'
import { decodeReply, encode } from '#src/protocol/wire.js'
import { KillExecutor } from '#src/protocol/worker-orders.js'
import { parseNatsServers } from '#src/transport/nats-url.js'
import { eventually } from '../support/eventually.js'

const test = suite('cluster/permissions')
const names = subjects('spk')
const folder = mkdtempSync(join(tmpdir(), 'spk-users-'))
const nats = { binary: process.env['SPK_NATS_SERVER'] ?? 'nats-server' }
const cluster = await startLocalCluster({ folder, cluster: 'spk', masters: 1, workers: 2, workerCores: 1, workerMemory: '2g', nats, keep: false })
const open = (name: string): Promise<SparkSession> =>
  SparkSession.builder().master(cluster.natsUrl).appName(name).config('spark.cores.max', 1).config('spark.executor.memory', '600m').create()
const [first, second] = [await open('first'), await open('second')]
const [app, other] = [first.applicationId as AppId, second.applicationId as AppId]
const worker = cluster.processes.find(p => p.name === 'worker-1')?.facts['id'] as WorkerId
const [zero] = ['0' as ExecutorId]

const clients: NatsConnection[] = []
async function client(url: string): Promise<NatsConnection> {
  const { urls, credentials, user } = parseNatsServers(url)
  const connection = await connect({ servers: [...urls], ...credentials, inboxPrefix: inboxPrefix(user), reconnect: false, noAsyncTraces: true })
  clients.push(connection)
  return connection
}
const driver = await client(cluster.urls.driver)
const observer = await client(cluster.urls.observer)
const executor = await client(executorUrl(cluster.urls.executor, app))

test.after(async () => {
  for (const connection of clients) await connection.close()
  await first.stop()
  await second.stop()
  await stopProcesses(cluster.processes)
  rmSync(folder, { recursive: true })
})

type Verdict = 'allowed' | 'refused'

/** Whether the server takes a message to this subject. Nothing that any receiver would understand. */
async function says(who: NatsConnection, subject: string): Promise<Verdict> {
  try {
    await who.request(subject, 'x', { timeout: 2000 })
  } catch (error) {
    const cause = error instanceof RequestError ? error.cause : error
    if (error instanceof PermissionViolationError || cause instanceof PermissionViolationError) return 'refused'
  }
  return 'allowed'
}

async function hears(who: NatsConnection, subject: string): Promise<Verdict> {
  let verdict: Verdict = 'allowed'
  const subscription = who.subscribe(subject, {
    callback(error) {
      if (error instanceof PermissionViolationError) verdict = 'refused'
    },
  })
  // The server answers in order: its refusal is here before the answer to this.
  await who.flush()
  subscription.unsubscribe()
  return verdict
}

interface Attempt {
  readonly what: string
  readonly who: NatsConnection
  readonly how: typeof says | typeof hears
  readonly subject: string
  readonly verdict: Verdict
}
const attempts: readonly Attempt[] = [
  { what: 'a driver asks the master', who: driver, how: says, subject: names.master('requestMasterState'), verdict: 'allowed' },
  { what: 'a driver gives a worker a master’s order', who: driver, how: says, subject: names.worker(worker, 'launchExecutor'), verdict: 'refused' },
  { what: 'a driver speaks to a driver as master', who: driver, how: says, subject: names.driver(other, 'applicationRemoved'), verdict: 'refused' },
  { what: 'a driver speaks to the master as worker', who: driver, how: says, subject: names.master('registerWorker'), verdict: 'refused' },
  { what: 'a driver answers as master', who: driver, how: hears, subject: names.master('registerApplication'), verdict: 'refused' },
  { what: 'a driver hears orders', who: driver, how: hears, subject: names.worker(worker, '*'), verdict: 'refused' },
  { what: 'a driver hears news of applications', who: driver, how: hears, subject: names.driver(app, '*'), verdict: 'allowed' },
  { what: 'a driver hears the master’s answers', who: driver, how: hears, subject: '_INBOX_master.>', verdict: 'refused' },
  { what: 'a driver takes the lease', who: driver, how: says, subject: `$KV.${names.leaderBucket}.lease`, verdict: 'refused' },
  { what: 'a driver writes the state', who: driver, how: says, subject: `$KV.${names.stateBucket}.${stateKey.app(app)}`, verdict: 'refused' },
  { what: 'a driver writes events', who: driver, how: says, subject: names.event(app, 'Other'), verdict: 'allowed' },
  { what: 'a driver changes the stream', who: driver, how: says, subject: `$JS.API.STREAM.UPDATE.${names.eventStream}`, verdict: 'refused' },
  { what: 'a driver makes a stream', who: driver, how: says, subject: '$JS.API.STREAM.CREATE.mine', verdict: 'refused' },
  { what: 'a driver has events delivered', who: driver, how: says, subject: `$JS.API.CONSUMER.CREATE.${names.eventStream}`, verdict: 'refused' },
  { what: 'an executor reports to its driver', who: executor, how: says, subject: names.report(app, 'statusUpdate'), verdict: 'allowed' },
  { what: 'an executor reports to another driver', who: executor, how: says, subject: names.report(other, 'statusUpdate'), verdict: 'refused' },
  { what: 'an executor gives out tasks', who: executor, how: says, subject: names.executor(app, zero, 'launchTasks'), verdict: 'refused' },
  {
    what: 'an executor gives out tasks of another',
    who: executor,
    how: says,
    subject: names.executor(other, zero, 'launchTasks'),
    verdict: 'refused',
  },
  { what: 'an executor speaks as master', who: executor, how: says, subject: names.driver(app, 'executorUpdated'), verdict: 'refused' },
  { what: 'an executor asks the master', who: executor, how: says, subject: names.master('requestMasterState'), verdict: 'refused' },
  { what: 'an executor gives orders', who: executor, how: says, subject: names.worker(worker, 'killExecutor'), verdict: 'refused' },
  { what: 'an executor writes events', who: executor, how: says, subject: names.event(app, 'JobEnd'), verdict: 'refused' },
  { what: 'an executor hears its own tasks', who: executor, how: hears, subject: names.executor(app, zero, 'launchTasks'), verdict: 'allowed' },
  { what: 'an executor hears tasks of another', who: executor, how: hears, subject: names.executor(other, zero, 'launchTasks'), verdict: 'refused' },
  { what: 'an executor hears all tasks', who: executor, how: hears, subject: names.lane('*').executors, verdict: 'refused' },
  { what: 'an executor hears everything', who: executor, how: hears, subject: '>', verdict: 'refused' },
  { what: 'an executor hears answers to others', who: executor, how: hears, subject: `_INBOX_executor-${laneOf(other)}.>`, verdict: 'refused' },
  { what: 'an observer asks for the state', who: observer, how: says, subject: names.master('requestMasterState'), verdict: 'allowed' },
  { what: 'an observer kills', who: observer, how: says, subject: names.master('requestKillApplication'), verdict: 'refused' },
  { what: 'an observer gives orders', who: observer, how: says, subject: names.worker(worker, 'killExecutor'), verdict: 'refused' },
  { what: 'an observer writes the state', who: observer, how: says, subject: `$KV.${names.stateBucket}.x`, verdict: 'refused' },
  { what: 'an observer writes events', who: observer, how: says, subject: names.event(app, 'JobEnd'), verdict: 'refused' },
  { what: 'an observer empties the log', who: observer, how: says, subject: `$JS.API.STREAM.PURGE.${names.eventStream}`, verdict: 'refused' },
  { what: 'an observer deletes the log', who: observer, how: says, subject: `$JS.API.STREAM.DELETE.${names.eventStream}`, verdict: 'refused' },
  { what: 'an observer lists what others watch', who: observer, how: says, subject: '$JS.API.CONSUMER.NAMES.KV_spk_state', verdict: 'refused' },
  { what: 'an observer follows events', who: observer, how: hears, subject: names.eventSubjects, verdict: 'allowed' },
  { what: 'an observer hears tasks', who: observer, how: hears, subject: names.lane('*').executors, verdict: 'refused' },
  { what: 'an observer hears answers to the driver', who: observer, how: hears, subject: '_INBOX_driver.>', verdict: 'refused' },
]

test('real jobs of two applications run under these users', async () => {
  const query = 'SELECT id % 3 AS k, count(*) AS n FROM range(0, 9000, 1, 3) GROUP BY id % 3 ORDER BY k'
  for (const spark of [first, second]) {
    const rows = await spark.sql(query).collect()
    assert.equal(
      rows.map(r => [Number(r['k']), Number(r['n'])]),
      [0, 1, 2].map(k => [k, 3000]),
    )
  }
  assert.not(laneOf(app) === laneOf(other))
})

for (const { what, who, how, subject, verdict } of attempts) test(`${what}: ${verdict}`, async () => assert.is(await how(who, subject), verdict))

test('an executor’s process has the user of its lane and no other secret', () => {
  const secrets = ['master', 'worker', 'driver', 'observer', 'executor'] as const
  const seen = executorProcesses()
  assert.is(seen.length, 2)
  for (const environ of seen) {
    assert.ok([app, other].some(id => environ.includes(executorUrl(cluster.urls.executor, id))))
    for (const role of secrets) assert.not.ok(environ.includes(parseNatsServers(cluster.urls[role]).credentials.pass ?? role), role)
  }
})

/** The environments of this cluster's executors. */
function executorProcesses(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8')
      } catch {
        return ''
      }
    })
    .filter(environ => environ.includes('SPK_EXECUTOR_LAUNCH=') && [app, other].some(id => environ.includes(id)))
}

test('what an executor of another application may say, its driver does not take without the token', async () => {
  const body = {
    ...{ executorId: '7', workerId: worker, host: 'h', hostId: 'h', pid: 1, cores: 1, memory: 1, resources: {} },
    ...{ versions: { spk: '0', duckdb: '0', protocol: 1 }, blockUrl: 'http://h', blocksDir: '/h', token: 'guessed', running: [] },
  }
  const answer = await executor.request(names.report(app, RegisterExecutor.name), encode(RegisterExecutor, body), { timeout: 2000 })
  const reply = decodeReply(RegisterExecutor, answer.data)
  assert.is(reply.kind, 'refused')
})

test('an observer reads leader, state and events', async () => {
  const kv = async (bucket: string, key: string) => {
    const entry = await (await new Kvm(jetstream(observer)).open(bucket)).get(key)
    return entry?.json<Record<string, unknown>>()
  }
  assert.is((await kv(names.leaderBucket, 'lease'))?.['masterId'], cluster.processes.find(p => p.name === 'master-1')?.facts['id'])
  const record = await kv(names.stateBucket, stateKey.app(app))
  assert.is(record?.['state'], 'RUNNING')
  const description = record?.['description'] as { readonly token: string } | undefined
  assert.is(description?.token, '', 'no secret stands in the state')

  const manager = await jetstreamManager(observer)
  const info = await manager.consumers.add(names.eventStream, { ack_policy: 'none', filter_subject: `spk.events.${app}.>`, inactive_threshold: 5e9 })
  const consumer = jetstream(observer).consumers.getConsumerFromInfo(info)
  const message = await consumer.next({ expires: 5000 })
  assert.is(message?.json<{ Event: string }>().Event, 'ApplicationStart')
})

test('an observer who has a driver’s event delivered to a worker gives no order', async () => {
  const state = await new Kvm(jetstream(observer)).open(names.stateBucket)
  const home = (await state.get(stateKey.executor(app, zero)))?.json<{ workerId: WorkerId }>().workerId ?? worker
  const kill = encode(KillExecutor, { epoch: 99, appId: app, executorId: zero, reason: 'forged' })
  await jetstream(driver).publish(names.event(app, 'Forged'), kill)
  const manager = await jetstreamManager(observer)
  const forged = {
    ...({ ack_policy: 'none', deliver_policy: 'all', filter_subject: names.event(app, 'Forged') } as const),
    ...{ deliver_subject: names.worker(home, KillExecutor.name), inactive_threshold: 5e9 },
  }
  const info = await manager.consumers.add(names.eventStream, forged)
  await eventually('delivered', async () => (await manager.consumers.info(names.eventStream, info.name)).delivered.consumer_seq > 0)
  await eventually('refused', () => workerLogs().includes('a stream delivers it'))
  assert.is(await first.range(7).count(), 7)
  const record = await state.get(stateKey.executor(app, zero))
  assert.is(record?.json<{ state: string }>().state, 'RUNNING')
})

function workerLogs(): string {
  return ['worker-1', 'worker-2'].map(name => readFileSync(join(folder, 'logs', `${name}.log`), 'utf8')).join('')
}

test('a wrong password is refused', async () => {
  const error = await connect({ servers: parseNatsServers(cluster.natsUrl).urls[0] ?? '', user: 'master', pass: 'x', reconnect: false }).then(
    () => undefined,
    (e: unknown) => e,
  )
  assert.match(String(error), /authorization/i)
})

test.run()
