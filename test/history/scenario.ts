/** An application with a bit of everything, on the driver's real machines: what its log tells is compared with what the driver itself said. */
import { ExecutorUpdated } from '#src/protocol/application.js'
import { graph, hash, noCoalescing, type Run, range, result, type Stand, settle, shuffle, stage, stand, twoStages } from '../actors/driver/harness.js'

export interface Told {
  readonly stand: Stand
  readonly runs: readonly Run[]
}

export async function playScenario(): Promise<Told> {
  const s = await stand({ ...noCoalescing, 'spark.app.token': 'hidden', 'spark.master': 'nats://me:secret@host:4222' })
  const [a, b] = [await s.executor('0', { cores: 2 }), await s.executor('1', { cores: 2 })]
  const executors = [a, b]
  const runs: Run[] = []
  /** Every executor ends what it has, until nothing is left. */
  const finishAll = async (): Promise<void> => {
    for (let found = true; found; ) {
      found = false
      for (const x of executors) {
        while (x.launched.length > 0) {
          await s.clock.advance(7)
          await x.finish()
          found = true
        }
      }
    }
  }

  // a query that goes well but for one task
  runs.push(s.run(twoStages(4, 3), { description: 'count at a.ts:1', plan: '== Physical Plan ==\nScan' }))
  await settle()
  await a.fail()
  await finishAll()

  // a map output is lost to its readers
  runs.push(s.run(twoStages(2, 2), { description: 'collect at a.ts:2' }))
  await settle()
  await finishMaps(executors)
  const reader = executors.find(x => x.launched.length > 0) as typeof a
  const launch = reader.take()
  const outputs = reader.planOf(launch).fragments[0]?.inputs[0]
  const lost = outputs?.kind === 'shuffle' ? outputs.outputs : undefined
  const at = lost?.maps[0] ?? { worker: 0, attempt: 0 }
  await reader.failWith(launch, {
    kind: 'FetchFailed',
    ...{ stage: launch.key.stage - 1, map: 0, mapAttempt: at.attempt, workerId: lost?.workers[at.worker]?.workerId ?? '' },
    error: { code: 'SPK_FETCH_FAILED', message: 'connection refused' },
  })
  await s.clock.advance(300)
  await finishAll()

  // an executor dies with a task in hand, a query fails, another is cancelled
  const failing = s.run(graph(stage(0, [range(2)], hash(2)), stage(1, [shuffle(0)], result)), { description: 'show at a.ts:3', plan: 'plan' })
  runs.push(failing)
  await settle()
  await s.master.tell(s.driver, ExecutorUpdated, {
    ...{ epoch: 1, appId: s.driver.appId, executorId: '1', state: 'EXITED', message: 'killed', exitCode: 137, workerLost: false },
  })
  executors.splice(1, 1)
  for (let i = 0; failing.error === undefined && i < 10; i++) await a.fail()
  while (a.launched.length > 0) await a.failWith(a.take(), { kind: 'TaskKilled', reason: 'the job failed' })
  const stop = new AbortController()
  runs.push(s.run(twoStages(1, 1), { description: 'count at a.ts:4', signal: stop.signal }))
  await settle()
  stop.abort()
  await settle()
  while (a.launched.length > 0) await a.failWith(a.take(), { kind: 'TaskKilled', reason: 'the job failed' })
  const stopped = s.driver.stop()
  await s.clock.advance(1000)
  await stopped
  return { stand: s, runs }
}

async function finishMaps(executors: readonly { launched: { key: { stage: number } }[]; finish(): Promise<void> }[]): Promise<void> {
  const stageId = Math.min(...executors.flatMap(x => x.launched.map(l => l.key.stage)))
  for (const x of executors) while (x.launched[0]?.key.stage === stageId) await x.finish()
}

/** The records as the stream stored them. */
export async function storedRecords(s: Stand): Promise<string[]> {
  const stream = await s.bus.connect('reader').stream('spk_events', { subjects: 'spk.events.>' })
  const records: string[] = []
  for await (const record of stream.read()) records.push(new TextDecoder().decode(record.data))
  return records
}
