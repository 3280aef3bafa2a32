/**
 * A query on a cluster that a test can hold in the middle: one executor is stopped (SIGSTOP) while it has a task, and the job waits for it until it is
 * released. What happened is read from the event log: which task ran where, how often, and how it ended.
 */
import { SparkSession } from 'spk'
import * as assert from 'uvu/assert'
import { silentLogger } from '#src/core/log.js'
import type { LogEvent } from '#src/protocol/event-log.js'
import { decodeEvents } from '#src/protocol/event-log.js'
import type { WorkerStatus } from '#src/protocol/status.js'
import { subjects } from '#src/protocol/subjects.js'
import { RECORD_VERSION } from '#src/protocol/version.js'
import { connectNats } from '#src/transport/nats.js'
import type { Cluster, ClusterNode } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'

type EventOf<N extends LogEvent['Event']> = Extract<LogEvent, { Event: N }>

export interface Executor {
  readonly executorId: string
  readonly worker: ClusterNode<WorkerStatus>
  readonly pid: number
}

/** Settings that make two executors of one core each on a cluster of two such workers. */
const SETTINGS = { 'spark.executor.memory': '600m', 'spark.executor.cores': 1 }

const open: Promise<SparkSession>[] = []

export function openSession(cluster: Cluster, settings: Readonly<Record<string, string | number>> = {}): Promise<SparkSession> {
  const session = SparkSession.builder()
    .master(cluster.nats.url)
    .appName('held')
    .config({ ...SETTINGS, ...settings })
    .create()
  open.push(session)
  return session
}

/** Stops all sessions that `openSession` has given and that still run, whatever became of the test: one that is left keeps its process alive. */
export async function closeSessions(): Promise<void> {
  for (const session of open.splice(0)) await (await session).stop()
}

/** Executors of an application that workers have started so far, ended ones included, by id. */
export function executorsOf(cluster: Cluster, appId: string): Map<string, Executor> {
  const found = new Map<string, Executor>()
  for (const worker of cluster.workers) {
    for (const record of worker.records()) {
      const [, app, executorId] = /^Executor ([^/\s]+)\/(\S+) runs$/.exec(String(record['msg'])) ?? []
      if (app === appId && executorId !== undefined) found.set(executorId, { executorId, worker, pid: Number(record['process']) })
    }
  }
  return found
}

/** The event log of one application as it is stored now. */
export async function eventsOf(cluster: Cluster, appId: string): Promise<LogEvent[]> {
  const names = subjects('spk')
  const transport = await connectNats({ servers: cluster.nats.url, name: 'test events', log: silentLogger() })
  try {
    const stream = await transport.stream(names.eventStream, { subjects: names.eventSubjects })
    const events: LogEvent[] = []
    for await (const record of stream.read({ filter: names.event(appId as never, '*') })) events.push(...decodeEvents(record.data, RECORD_VERSION))
    return events
  } finally {
    await transport.close()
  }
}

const isEvent =
  <N extends LogEvent['Event']>(name: N) =>
  (event: LogEvent): event is EventOf<N> =>
    event.Event === name

/** What the tasks of one job did, as its events tell. */
export class TaskLog {
  readonly events: readonly LogEvent[]
  readonly starts: readonly EventOf<'TaskStart'>[]
  readonly ends: readonly EventOf<'TaskEnd'>[]

  /** Without a job: the last one. */
  constructor(events: readonly LogEvent[], job = events.filter(isEvent('JobStart')).at(-1)?.jobId) {
    this.events = events
    this.starts = events.filter(isEvent('TaskStart')).filter(e => e.jobId === job)
    this.ends = events.filter(isEvent('TaskEnd')).filter(e => e.jobId === job)
  }

  /** Attempts that have not ended. */
  open(executorId: string): EventOf<'TaskStart'>[] {
    return this.starts.filter(s => s.executorId === executorId && !this.ends.some(e => e.taskId === s.taskId))
  }

  /** Successful ends there. */
  finished(executorId: string): EventOf<'TaskEnd'>[] {
    return this.ends.filter(e => e.executorId === executorId && e.end.reason === 'Success')
  }

  endedWith<R extends EventOf<'TaskEnd'>['end']['reason']>(reason: R): EventOf<'TaskEnd'>[] {
    return this.ends.filter(e => e.end.reason === reason)
  }

  /** How often each task was started, as `stage/index`. */
  attempts(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { stageId, index } of this.starts) {
      const key = `${stageId}/${index}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return counts
  }

  /** Tasks that were started more than once, as `stage/index`. */
  repeated(): string[] {
    return [...this.attempts()].filter(([, n]) => n > 1).map(([key]) => key)
  }
}

export interface HeldJob {
  readonly appId: string
  /** Rejects, or resolves when the answer is the right one. */
  readonly answered: Promise<void>
  /** True once it has ended in either way. */
  ended(): boolean
  log(): Promise<TaskLog>
  /** The two executors it began with: the one that is held, and the other. */
  readonly held: Executor
  readonly other: Executor
  release(): void
}

const MAPS = 8
/** Rows of one map task: enough for a tenth of a second, so that it can be met in the middle. */
const ROWS = 200_000
const KEYS = 5

/** Long enough per map task to be stopped in the middle; sums that a person can check. */
const QUERY = `SELECT id % ${KEYS} AS k, count(*) AS n, sum(id) AS s, sum(length(md5(CAST(id AS STRING)))) AS m
  FROM range(0, ${MAPS * ROWS}, 1, ${MAPS}) GROUP BY id % ${KEYS} ORDER BY k`

function expected(): number[][] {
  const n = (MAPS * ROWS) / KEYS
  return Array.from({ length: KEYS }, (_, k) => [k, n, n * k + (KEYS * n * (n - 1)) / 2, n * 32])
}

/**
 * Runs the query and stops one executor in the middle of a map task. `which` says whether that is the one that registered first or last; `settled` is
 * asked until the job has got as far as the test wants. A job that ends before it could be held was answered right, and is run again.
 */
export async function heldJob(
  cluster: Cluster,
  spark: SparkSession,
  which: 'first' | 'last',
  settled: (log: TaskLog, held: Executor, other: Executor) => boolean = () => true,
): Promise<HeldJob> {
  const appId = spark.applicationId
  const executors = await eventually('two executors have registered', async () => {
    const events = await eventsOf(cluster, appId)
    const removed = new Set(events.filter(isEvent('ExecutorRemoved')).map(e => e.executorId))
    const live = events.filter(isEvent('ExecutorAdded')).filter(e => !removed.has(e.executorId))
    return live.length >= 2 && live.map(e => executorsOf(cluster, appId).get(e.executorId) as Executor)
  })
  const [held, other] = (which === 'first' ? executors : executors.reverse()) as [Executor, Executor]
  for (let tries = 0; tries < TRIES; tries++) {
    const run = await startJob(cluster, spark)
    while (!run.ended()) {
      if (await hold(run, held, other, settled)) return { ...run, appId, held, other, release: () => wake(held) }
    }
    await run.answered
  }
  throw new Error(`${TRIES} jobs ended before executor ${held.executorId} could be stopped in the middle of a map task`)
}

const TRIES = 5
const wake = ({ pid }: Executor): void => void process.kill(pid, 'SIGCONT')

type Run = Pick<HeldJob, 'answered' | 'ended' | 'log'>

async function startJob(cluster: Cluster, spark: SparkSession): Promise<Run> {
  const jobs = async () => (await eventsOf(cluster, spark.applicationId)).filter(isEvent('JobStart'))
  const before = (await jobs()).length
  let over = false
  const answered = spark
    .sql(QUERY)
    .collect()
    .then(rows => {
      const answer = rows.map(r => [r['k'], r['n'], r['s'], r['m']].map(Number))
      assert.equal(answer, expected())
    })
    .finally(() => {
      over = true
    })
  answered.catch(() => undefined)
  const job = await eventually('the job has begun', async () => (await jobs())[before]?.jobId)
  return {
    answered,
    ended: () => over,
    async log() {
      if (!over) return new TaskLog(await eventsOf(cluster, spark.applicationId), job)
      // The log is written behind the job.
      return eventually('the end of the job is in the log', async () => {
        const events = await eventsOf(cluster, spark.applicationId)
        return events.some(e => e.Event === 'JobEnd' && e.jobId === job) && new TaskLog(events, job)
      })
    },
  }
}

/** Stops the executor when it has a map task; false, and it goes on, when it had none or had just finished it. */
async function hold(
  run: Run,
  held: Executor,
  other: Executor,
  settled: (log: TaskLog, held: Executor, other: Executor) => boolean,
): Promise<boolean> {
  const before = await run.log()
  if (!inMap(before, held) || !settled(before, held, other)) return false
  process.kill(held.pid, 'SIGSTOP')
  // What it had said before is in the log once the other executor has begun and ended something after it, or has nothing left to do.
  const done = before.finished(other.executorId).length
  const after = await eventually(
    'the other executor goes on',
    async () => {
      const now = await run.log()
      const idle = now.open(other.executorId).length === 0 && now.attempts().size >= MAPS
      return (now.finished(other.executorId).length >= done + 2 || idle) && now
    },
    30_000,
  )
  const begun = (log: TaskLog) => log.starts.filter(s => s.executorId === held.executorId).length
  if (inMap(after, held) && begun(after) === begun(before)) return true
  wake(held)
  return false
}

/** It has one task, and that is one of the first stage. */
function inMap(log: TaskLog, { executorId }: Executor): boolean {
  const open = log.open(executorId)
  return open.length === 1 && open[0]?.stageId === log.starts[0]?.stageId
}
