import { Writable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rootLogger } from '#src/core/log.js'
import { graph, hash, noCoalescing, range, result, settle, shuffle, stage, stand, twoStages } from './harness.js'

const test = suite('actors/driver/driver')

test('a job of two stages runs map tasks, then readers with their locations, and answers in task order', async () => {
  const s = await stand(noCoalescing)
  const [a, b] = [await s.executor('0', { cores: 2 }), await s.executor('1', { cores: 2 })]
  const run = s.run(twoStages(3, 2))
  await settle()
  assert.is(a.launched.length + b.launched.length, 3)
  for (const x of [b, a]) while (x.launched.length > 0 && x.launched[0]?.key.stage === 0) await x.finish()
  assert.is(a.launched.length + b.launched.length, 2)
  const reader = a.launched.length > 0 ? a : b
  const input = reader.planOf(reader.launched[0] as (typeof reader.launched)[0]).fragments[0]?.inputs[0]
  assert.is(input?.kind === 'shuffle' && input.outputs.maps.length, 3)
  for (const x of [b, a]) while (x.launched.length > 0) await x.finish()
  const rows = run.result?.ipc.map(ipc => [...ipc])
  assert.equal(rows, [
    [0, 0],
    [1, 0],
  ])
  assert.equal(
    run.result?.stages.map(x => [x.stage, x.tasks, x.completed, x.failed, x.active, x.metrics.executorRunTime, x.state]),
    [
      [0, 3, 3, 0, 0, 3000, 'succeeded'],
      [1, 2, 2, 0, 0, 2000, 'succeeded'],
    ],
  )
  await s.clock.advance(200)
  assert.equal(
    [a.removed, b.removed],
    [
      [0, 1],
      [0, 1],
    ],
  )
})

test('an executor never gets more tasks than it has free slots, when tasks take their time', async () => {
  const s = await stand()
  const a = await s.executor('0', { cores: 2 })
  const run = s.run(graph(stage(0, [range(5)], result)))
  await settle()
  assert.is(a.launched.length, 2)
  for (let done = 0; done < 5; done++) {
    await a.finish()
    assert.ok(a.launched.length <= 2)
  }
  assert.is(run.result?.ipc.length, 5)
})

test('short tasks wait at their executors, in the order of stages; of long ones none does', async () => {
  const s = await stand()
  const [a, b] = [await s.executor('0', { cores: 2 }), await s.executor('1', { cores: 1 })]
  for (const x of [a, b]) x.runTime = 10
  const first = s.run(graph(stage(0, [range(40)], result)))
  await settle()
  assert.equal([a.launched.length, b.launched.length], [2, 1])
  await a.finish()
  // 50 ms of work for each slot: five tasks beside the one that runs.
  assert.equal([a.launched.length, b.launched.length], [12, 6])
  const second = s.run(graph(stage(0, [range(2)], result)))
  await settle()
  assert.equal([a.launched.length, b.launched.length], [12, 6])
  a.runTime = 1000
  await a.finish()
  for (const x of [a, b]) while (x.launched.length > 1) await x.finish()
  assert.ok(a.launched.length <= 2 && b.launched.length <= 1)
  for (let left = 60; left > 0 && second.result === undefined; left--) for (const x of [a, b]) if (x.launched.length > 0) await x.finish()
  assert.is(first.result?.ipc.length, 40)
  assert.is(second.result?.ipc.length, 2)
})

test('what waits behind a long task goes where slots are free, after a moment', async () => {
  const s = await stand()
  const [a, b] = [await s.executor('0', { cores: 1 }), await s.executor('1', { cores: 1 })]
  for (const x of [a, b]) x.runTime = 10
  const run = s.run(graph(stage(0, [range(13)], result)))
  await settle()
  await a.finish()
  assert.equal([a.launched.length, b.launched.length], [6, 6])
  while (b.launched.length > 0) await b.finish()
  const [, ...behind] = a.launched.map(x => x.key.partition)
  assert.equal([a.killed.length, b.launched.length], [0, 0])
  await s.clock.advance(200)
  assert.equal(
    a.killed.map(key => key.partition),
    behind,
  )
  assert.is(a.killMessages, 1)
  assert.equal(
    b.launched.map(x => [x.key.partition, x.key.attempt]),
    behind.map(p => [p, 1]),
  )
  // One of them had begun meanwhile: its output is not wanted any more.
  const long = a.take()
  await a.finish()
  while (a.launched.length > 0) await a.failWith(a.take(), { kind: 'TaskKilled', reason: 'a slot is free elsewhere' })
  while (b.launched.length > 0) await b.finish()
  await a.finish(long)
  assert.is(run.result?.ipc.length, 13)
  assert.is(run.result?.stages[0]?.failed, 0)
})

test('stages that do not depend on one another run at the same time', async () => {
  const s = await stand(noCoalescing)
  const a = await s.executor('0', { cores: 4 })
  s.run(graph(stage(0, [range(2)], hash(2)), stage(1, [range(2)], hash(2)), stage(2, [shuffle(0), shuffle(1)], result)))
  await settle()
  assert.equal(
    a.launched.map(x => x.key.stage),
    [0, 0, 1, 1],
  )
})

test('a launch to an executor whose process is gone goes elsewhere after a second, long before the master has noticed', async () => {
  const s = await stand()
  const [gone, there] = [await s.executor('0'), await s.executor('1')]
  await gone.vanish()
  const run = s.run(graph(stage(0, [range(2)], result)))
  await settle()
  await there.finish()
  assert.is(there.launched.length, 0)
  for (let i = 0; i < 15; i++) await s.clock.advance(100)
  assert.is(there.launched.length, 1)
  await there.finish()
  assert.is(run.result?.ipc.length, 2)
})

test('a job without an executor: after 15 s, and every 15 s, the user hears what is missing; not once there is one', async () => {
  const warnings: string[] = []
  const lines = new Writable({
    write(line: Buffer, _encoding, done) {
      warnings.push((JSON.parse(line.toString()) as { msg: string }).msg)
      done()
    },
  })
  const s = await stand({}, { log: rootLogger({}, { destination: lines, level: 'warn' }) })
  s.master.waiting = 'no worker has 1 core and 100.0 GiB, even when idle'
  s.run(graph(stage(0, [range(1)], result)))
  await s.clock.advance(14_900)
  assert.equal(warnings, [])
  await s.clock.advance(200)
  const sentence =
    'Initial job has not accepted any resources; check your cluster UI to ensure that workers are registered and have sufficient resources: no worker has 1 core and 100.0 GiB, even when idle'
  assert.equal(warnings, [sentence])
  await s.clock.advance(15_000)
  assert.equal(warnings, [sentence, sentence])
  await s.executor('0')
  await s.clock.advance(30_000)
  assert.is(warnings.length, 2)
})

test.run()
