/**
 * What a shuffle loses is made again, and only that: a worker or an executor dies in the middle, a byte of a shuffle file flips, a file gets short or
 * disappears. Workers count as hosts of their own here, so that blocks cross the socket.
 */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '#src/core/clock.js'
import { type Cluster, runs, startCluster } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'
import { type Executor, executorsOf, heldJob, openSession, type TaskLog } from './held-job.js'
import { measured } from './measured.js'

const test = suite('cluster/shuffle-loss')

let cluster: Cluster
let spark: SparkSession

test.before(async () => {
  cluster = await startCluster({ workers: 2, cores: 1, hostsApart: true, conf: { 'spk.worker.timeout': '3s' } })
  // A lost executor, a lost worker and a lost block are nobody's failure: one would end the job.
  spark = await openSession(cluster, { 'spark.task.maxFailures': 1 })
})
test.after(async () => {
  await spark?.stop()
  await cluster?.stop()
})

/** Tasks as `stage/index`. */
const keys = (ends: readonly { readonly stageId: number; readonly index: number }[]) => ends.map(e => `${e.stageId}/${e.index}`).sort()
/** At least one map output lies with the executor that is not held. */
const otherHasOutput = (log: TaskLog, _held: Executor, other: Executor) => log.finished(other.executorId).length > 0
const remoteReads = (log: TaskLog) =>
  log.endedWith('Success').reduce((sum, e) => sum + (e.taskMetrics?.shuffleReadMetrics.remoteBlocksFetched ?? 0), 0)

function blockFiles(executor: Executor): string[] {
  const folder = join(cluster.folder, 'work', executor.worker.id, 'blocks', spark.applicationId)
  return readdirSync(folder)
    .filter(name => name.endsWith('.data'))
    .sort()
    .map(name => join(folder, name))
}

/** A map output of the executor that is done with its part: the other is held in its last map task. */
async function onlyHeldIsLeft(log: () => Promise<TaskLog>, other: Executor): Promise<void> {
  await eventually('only the held task is left', async () => {
    const now = await log()
    return now.attempts().size === 8 && now.open(other.executorId).length === 0
  })
}

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
      await onlyHeldIsLeft(job.log, job.other)
      const [file] = blockFiles(job.other)
      damage(file as string)
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
  await onlyHeldIsLeft(job.log, job.other)
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
