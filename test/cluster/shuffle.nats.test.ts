/**
 * What a shuffle loses is made again, and only that: a worker or an executor dies in the middle, a byte of a shuffle file flips, a file gets short or
 * disappears. Nobody but the application gets its blocks. Workers count as hosts of their own here, so that blocks cross the socket.
 */
import { readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '#src/core/clock.js'
import { type Cluster, runs, startCluster } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'
import { closeSessions, type Executor, executorsOf, type HeldJob, heldJob, openSession, type TaskLog } from './held-job.js'
import { measured } from './measured.js'

const test = suite('cluster/shuffle')

let cluster: Cluster
let spark: SparkSession

test.before(async () => {
  cluster = await startCluster({ workers: 2, cores: 1, hostsApart: true, conf: { 'spk.worker.timeout': '3s' } })
  // A lost executor, a lost worker and a lost block are nobody's failure: one would end the job.
  spark = await openSession(cluster, { 'spark.task.maxFailures': 1 })
})
test.after(async () => {
  await closeSessions()
  await cluster?.stop()
})

/** Tasks as `stage/index`. */
const keys = (ends: readonly { readonly stageId: number; readonly index: number }[]) => ends.map(e => `${e.stageId}/${e.index}`).sort()
/** At least one map output lies with the executor that is not held. */
const otherHasOutput = (log: TaskLog, _held: Executor, other: Executor) => log.finished(other.executorId).length > 0
const remoteReads = (log: TaskLog) =>
  log.endedWith('Success').reduce((sum, e) => sum + (e.taskMetrics?.shuffleReadMetrics.remoteBlocksFetched ?? 0), 0)

/** A map output of the job that lies with the executor that is not held. */
async function outputOf({ appId, log, other }: HeldJob): Promise<string> {
  const folder = join(cluster.folder, 'work', other.worker.id, 'blocks', appId)
  const stage = (await log()).starts[0]?.stageId
  const [name] = readdirSync(folder).filter(n => n.startsWith(`shuffle_${stage}_`) && n.endsWith('.data'))
  return join(folder, name as string)
}

async function onlyHeldIsLeft({ log, held, other }: HeldJob): Promise<void> {
  await eventually(
    'only the held task is left',
    async () => {
      const now = await log()
      if (now.attempts().size === 8 && now.open(other.executorId).length === 0) return true
      throw new Error(
        `held ${held.executorId}; ${now.starts.map(s => `${s.index}@${s.executorId}${now.ends.find(e => e.taskId === s.taskId)?.end.reason ?? ''}`)}`,
      )
    },
    30_000,
  )
}

/** Status and error code; the path goes out as it is. */
function get(worker: Executor['worker'], path: string, token?: string): Promise<readonly [status: number | undefined, code: string | undefined]> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(String(worker.facts['blocks']))
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const ask = request({ hostname, port, path, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve([response.statusCode, response.statusCode === 200 ? undefined : (JSON.parse(text) as { code: string }).code])
      })
    })
    ask.on('error', reject)
    ask.end()
  })
}

test('a worker gives blocks to who has the application’s token, and nothing else to anybody', async () => {
  const job = await heldJob(cluster, spark, 'last', otherHasOutput)
  const { worker, pid } = job.other
  // What its worker told the executor when it forked it; another user of the machine cannot read it.
  const launch = /SPK_EXECUTOR_LAUNCH=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? ''
  const { token } = JSON.parse(launch) as { token: string }
  const data = await outputOf(job)
  const file = data.slice(data.lastIndexOf('/') + 1, -'.data'.length)
  symlinkSync('/etc/hostname', data.replace(file, 'link'))
  symlinkSync(data.replace(/data$/, 'index'), data.replace(/[^/]+$/, 'link.index'))
  const own = `/v1/apps/${job.appId}/blocks`
  for (const [path, given, answer] of [
    [`${own}/${file}/0`, token, [200, undefined]],
    [`${own}/${file}/0`, undefined, [403, 'SPK_BLOCK_FORBIDDEN']],
    [`${own}/${file}/0`, 'f'.repeat(64), [403, 'SPK_BLOCK_FORBIDDEN']],
    [`/v1/apps/app-20260101000000-0001/blocks/${file}/0`, token, [403, 'SPK_BLOCK_FORBIDDEN']],
    [`${own}/../0`, token, [403, 'SPK_BLOCK_NAME']],
    [`${own}/..%2f..%2fowner.json/0`, token, [403, 'SPK_BLOCK_NAME']],
    [`${own}/../../../owner.json`, token, [404, 'SPK_NOT_FOUND']],
    [`${own}/link/0`, token, [404, 'SPK_BLOCK_NOT_FOUND']],
  ] as const) {
    assert.equal(await get(worker, path, given), answer, path)
  }
  job.release()
  await job.answered
})

for (const [what, damage] of [
  [
    'a flipped byte',
    (file: string) => {
      const bytes = readFileSync(file)
      const at = bytes.length >> 1
      bytes[at] = (bytes[at] ?? 0) ^ 1
      writeFileSync(file, bytes)
    },
  ],
  ['a file that ends too early', (file: string) => truncateSync(file, readFileSync(file).length - 1)],
  ['a file that is gone', (file: string) => rmSync(file)],
] as const) {
  // Held first, the reader is the executor on the other host; held last, it is the one on the same.
  for (const which of ['first', 'last'] as const) {
    test(`${what} in a shuffle file, read ${which === 'first' ? 'over the socket' : 'on its own host'}: that output alone is made again`, async () => {
      const job = await heldJob(cluster, spark, which, otherHasOutput)
      await onlyHeldIsLeft(job)
      damage(await outputOf(job))
      job.release()
      await job.answered
      const log = await job.log()
      const failed = log.endedWith('FetchFailed')
      assert.ok(failed.length > 0)
      const lost = log.endedWith('Resubmitted')
      assert.is(lost.length, 1)
      assert.is(lost[0]?.executorId, job.other.executorId)
      assert.equal(log.repeated().sort(), keys([...lost, ...failed]))
    })
  }
}

test('SIGKILL of an executor in the middle of a shuffle: its task goes elsewhere, what it had written is still served', async () => {
  const job = await heldJob(cluster, spark, 'last', (log, held) => log.finished(held.executorId).length > 0)
  const had = (await job.log()).finished(job.held.executorId)
  process.kill(job.held.pid, 'SIGKILL')
  const at = systemClock.monotonic()
  await eventually('the driver knows', async () => (await job.log()).endedWith('ExecutorLostFailure').length > 0)
  measured('SIGKILL of an executor → the driver has its task back', at)
  await job.answered
  const log = await job.log()
  const lost = log.endedWith('ExecutorLostFailure')
  assert.equal([lost.length, lost[0]?.executorId], [1, job.held.executorId])
  assert.equal(log.repeated(), keys(lost))
  assert.ok(had.length > 0)
  assert.ok(remoteReads(log) > 0)
  // The worker starts another in its place.
  await eventually('the executor is replaced', () => [...executorsOf(cluster, spark.applicationId).values()].filter(e => runs(e.pid)).length === 2)
})

test('SIGKILL of a worker in the middle of a shuffle: the outputs that lay there are made again, and no others', async () => {
  const job = await heldJob(cluster, spark, 'first', otherHasOutput)
  await onlyHeldIsLeft(job)
  const had = (await job.log()).finished(job.other.executorId)
  const at = systemClock.monotonic()
  await job.other.worker.kill()
  await eventually('the driver knows', async () => (await job.log()).endedWith('Resubmitted').length > 0)
  measured('SIGKILL of a worker → its map outputs are made again (time-out 3 s)', at)
  job.release()
  await job.answered
  const log = await job.log()
  assert.equal(keys(log.endedWith('Resubmitted')), keys(had))
  assert.equal(log.repeated().sort(), keys(had))
  await eventually('the process of its executor is gone, too', () => !runs(job.other.pid))
})

test.run()
