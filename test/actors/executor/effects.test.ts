import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ExecutorHandle, startExecutor } from '#src/actors/executor/effects.js'
import type { TaskEnd, TaskRunner } from '#src/actors/executor/ports.js'
import { type AppId, type ExecutorId, taskKeyString } from '#src/core/ids.js'
import { silentLogger } from '#src/core/log.js'
import { encodeStagePlan, stageParts } from '#src/protocol/stage-plan.js'
import { subjects } from '#src/protocol/subjects.js'
import {
  ExecutorHeartbeat,
  KillTasks,
  LaunchTasks,
  RegisterExecutor,
  type RegisterExecutorRequest,
  RemoveStages,
  StagePart,
  StatusUpdate,
  StopExecutor,
} from '#src/protocol/tasks.js'
import { decode, decodeReply, encode, encodeReply, type Message, type Static, type TSchema } from '#src/protocol/wire.js'
import { MemoryBus } from '#src/transport/memory.js'
import { seededRng, settle, type VirtualClock, virtualClock } from '../../support/virtual-clock.js'
import { finished, killed, stagePlan, taskKey, taskLaunch } from './executor-fixture.js'

const test = suite('actors/executor/effects')
const app = 'app-1' as AppId

/** A runner whose tasks end when the test says so. */
function fakeRunner(): TaskRunner & {
  readonly log: string[]
  end(key: string, end: TaskEnd): void
  readonly open: Map<string, (end: TaskEnd) => void>
} {
  const open = new Map<string, (end: TaskEnd) => void>()
  const log: string[] = []
  return {
    log,
    open,
    end(key, end) {
      open.get(key)?.(end)
      open.delete(key)
    },
    run: (plan, launch) => {
      log.push(`run ${launch.key.partition} of ${plan.fragments[0]?.sql}`)
      return new Promise(resolve => open.set(taskKeyString(launch.key), resolve))
    },
    kill: (launch, reason) => void log.push(`kill ${launch.key.partition} ${reason}`),
    removeStages: async stages => void log.push(`remove ${stages.join(' ')}`),
    memoryUsed: () => 42,
    close: async () => undefined,
  }
}

interface World {
  readonly clock: VirtualClock
  readonly runner: ReturnType<typeof fakeRunner>
  readonly executor: ExecutorHandle
  /** What the driver heard. */
  readonly heard: string[]
  readonly registrations: RegisterExecutorRequest[]
  /** Whether the driver answers. */
  up: boolean
  beat: 'ok' | 'reregister' | 'stop'
  ask<S extends TSchema, R extends TSchema>(type: Message<S, R>, value: Static<S>): Promise<Static<R>>
}

function world(refuse?: string): World {
  const clock = virtualClock()
  const bus = new MemoryBus({ clock, log: silentLogger() })
  const driver = bus.connect('driver')
  const names = subjects('spk')
  const runner = fakeRunner()
  const heard: string[] = []
  const registrations: RegisterExecutorRequest[] = []
  const on = <S extends TSchema, R extends TSchema>(type: Message<S, R>, answer: (body: Static<S>) => Static<R>): void => {
    driver.subscribe(names.report(app, type.name), message => {
      if (made.up) message.respond(encodeReply(type, answer(decode(type, message.data))))
    })
  }
  on(RegisterExecutor, body => {
    registrations.push(body)
    heard.push(`register ${body.running.map(k => k.partition).join(' ')}`.trim())
    return refuse === undefined ? { kind: 'registered' as const, conf: {} } : { kind: 'refused' as const, reason: refuse }
  })
  on(ExecutorHeartbeat, body => {
    heard.push(`beat ${body.memoryUsed} ${body.running.map(k => k.partition).join(' ')}`.trim())
    return { kind: made.beat }
  })
  on(StatusUpdate, body => {
    heard.push(body.reports.map(r => `${r.key.partition} ${r.state}`).join(', '))
    return {}
  })
  const executor = startExecutor({
    transport: bus.connect('executor'),
    clock,
    rng: seededRng(),
    log: silentLogger(),
    runner,
    versions: { spk: '1', duckdb: '2', protocol: 3 },
    pid: 77,
    launch: {
      natsUrl: '',
      cluster: 'spk',
      appId: app,
      executorId: '3',
      workerId: 'worker-1',
      host: 'h',
      hostId: 'hid',
      cores: 2,
      memory: 1e9,
      resources: { gpu: ['0'] },
      token: 't',
      conf: { 'spark.executor.heartbeatInterval': '1s', 'spark.network.timeout': '20s' },
      blockUrl: 'http://b',
      blocksDir: '/blocks',
      scratchDir: '/scratch',
    },
  })
  const made: World = {
    clock,
    runner,
    executor,
    heard,
    registrations,
    up: true,
    beat: 'ok',
    async ask(type, value) {
      const answer = await driver.request(names.executor(app, '3' as ExecutorId, type.name), encode(type, value), { timeoutMs: 100 })
      return decodeReply(type, answer)
    },
  }
  return made
}

const stage = { job: 0, stage: 1, stageAttempt: 0 }

async function sendStage(w: World, sql = 'SELECT 1'): Promise<void> {
  const parts = stageParts(encodeStagePlan(stagePlan(1, sql)))
  for (const [part, bytes] of parts.entries()) await w.ask(StagePart, { stage, part, of: parts.length, bytes })
}
const launch = (w: World, ...partitions: number[]) => w.ask(LaunchTasks, { stage, tasks: partitions.map(p => taskLaunch(taskKey(p))) })

test('it registers with what it is, beats, and runs what it is sent', async () => {
  const w = world()
  await settle()
  assert.is(w.executor.phase(), 'registered')
  assert.equal(w.registrations[0], {
    executorId: '3',
    workerId: 'worker-1',
    host: 'h',
    hostId: 'hid',
    pid: 77,
    cores: 2,
    memory: 1e9,
    resources: { gpu: ['0'] },
    versions: { spk: '1', duckdb: '2', protocol: 3 },
    blockUrl: 'http://b',
    blocksDir: '/blocks',
    token: 't',
    running: [],
  })
  assert.equal(await launch(w, 0), { kind: 'missingStage' })
  await sendStage(w, `SELECT ${'1'.repeat(300_000)}`)
  assert.equal(await launch(w, 0, 1, 2), { kind: 'accepted' })
  assert.is(w.runner.log.length, 2)
  w.runner.end(taskKeyString(taskKey(1)), finished())
  await settle()
  assert.is(w.runner.log.length, 3)
  await w.clock.advance(1000)
  assert.equal(w.heard, ['register', '1 FINISHED', '0 RUNNING, 2 RUNNING', 'beat 42 0 2'])
})

test('reports outlive a driver that is away, and the executor registers again when it is told to', async () => {
  const w = world()
  await settle()
  await sendStage(w)
  await launch(w, 0, 1)
  w.up = false
  w.runner.end(taskKeyString(taskKey(0)), finished())
  await w.clock.advance(12_000)
  assert.is(w.executor.phase(), 'registered')
  w.heard.length = 0
  w.up = true
  w.beat = 'reregister'
  await w.clock.advance(8000)
  w.beat = 'ok'
  assert.ok(
    w.heard.some(line => line.includes('0 FINISHED')),
    w.heard.join('; '),
  )
  assert.ok(
    w.heard.some(line => line.startsWith('register')),
    w.heard.join('; '),
  )
  assert.is(w.executor.state().reports.length, 0)
})

test('a driver that is gone for spark.network.timeout ends it; tasks are killed first', async () => {
  const w = world()
  await settle()
  await sendStage(w)
  await launch(w, 0)
  w.up = false
  await w.clock.advance(30_000)
  assert.equal(w.runner.log.at(-1)?.slice(0, 42), 'kill 0 executor stops: the driver was not ')
  const end = await w.executor.stopped
  assert.is(end.code, 56)
})

test('refused: it ends at once with the reason', async () => {
  const w = world('wrong version')
  await settle()
  assert.equal(await w.executor.stopped, { code: 1, reason: 'the driver refused this executor: wrong version' })
})

test('kill, remove and stop reach the runner', async () => {
  const w = world()
  await settle()
  await sendStage(w)
  await launch(w, 0)
  await w.ask(KillTasks, { keys: [taskKey(0)], reason: 'enough' })
  assert.is(w.runner.log.at(-1), 'kill 0 enough')
  await w.ask(RemoveStages, { stages: [1] })
  w.runner.end(taskKeyString(taskKey(0)), killed('enough'))
  await settle()
  assert.is(w.runner.log.at(-1), 'remove 1')
  assert.is(w.heard.at(-1), '0 KILLED')
  await w.ask(StopExecutor, { reason: 'done' })
  assert.equal(await w.executor.stopped, { code: 0, reason: 'done' })
  assert.is(w.clock.pending(), 0, 'no timer is left')
})

test('a message that does not validate is refused and changes nothing', async () => {
  const w = world()
  await settle()
  try {
    await w.ask(LaunchTasks, { stage: { job: 'x' }, tasks: [] } as never)
    assert.unreachable()
  } catch (error) {
    assert.match(String(error), /SPK_BAD_MESSAGE/)
  }
  assert.is(w.executor.phase(), 'registered')
})

test('a runner that rejects is a failed task, not a dead executor', async () => {
  const w = world()
  await settle()
  await sendStage(w)
  w.runner.run = () => Promise.reject(new Error('bug'))
  await launch(w, 0)
  await settle()
  assert.equal(w.heard.at(-1), '0 FAILED')
})

test.run()
