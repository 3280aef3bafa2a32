import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startWorker, type WorkerHandle, type WorkerOptions } from '#src/actors/worker/effects.js'
import type { ChildExit, WorkerPorts } from '#src/actors/worker/ports.js'
import { Conf } from '#src/core/config.js'
import type { WorkerId } from '#src/core/ids.js'
import { silentLogger } from '#src/core/log.js'
import { subjects } from '#src/protocol/subjects.js'
import { decode, decodeReply, encode, encodeErrorReply, encodeReply, type Message, type Static, type TSchema } from '#src/protocol/wire.js'
import { ApplicationFinished, KillExecutor, LaunchDriver, LaunchExecutor } from '#src/protocol/worker-orders.js'
import {
  DriverStateChanged,
  ExecutorStateChanged,
  RegisterWorker,
  type RegisterWorkerReply,
  type RegisterWorkerRequest,
  UnregisterWorker,
  WorkerHeartbeat,
} from '#src/protocol/worker-registration.js'
import { MemoryBus } from '#src/transport/memory.js'
import { seededRng, settle, virtualClock } from '../../support/virtual-clock.js'
import { GIB, launchDriver, launchExecutor } from './worker-fixture.js'

const test = suite('actors/worker/effects')

interface FakeChild {
  readonly what: string
  readonly exit: (exit: ChildExit) => void
  readonly kills: number[]
}

/** Ports that only remember. */
function fakePorts(): WorkerPorts & { readonly children: FakeChild[]; readonly done: string[]; failWith: string | undefined } {
  const children: FakeChild[] = []
  const done: string[] = []
  const start = (what: string, exit: (exit: ChildExit) => void) => {
    if (ports.failWith !== undefined) throw new Error(ports.failWith)
    const child: FakeChild = { what, exit, kills: [] }
    children.push(child)
    return { pid: 100 + children.length, kill: (graceMs: number) => void child.kills.push(graceMs) }
  }
  const ports = {
    children,
    done,
    failWith: undefined as string | undefined,
    launchExecutor: (launch: { appId: string; executorId: string; blockUrl: string }, onExit: (exit: ChildExit) => void) =>
      start(`${launch.appId}/${launch.executorId} ${launch.blockUrl}`, onExit),
    launchDriver: (order: { driverId: string }, onExit: (exit: ChildExit) => void) => start(order.driverId, onExit),
    blocksDir: (appId: string) => `/blocks/${appId}`,
    scratchDir: (appId: string, executorId: string) => `/scratch/${appId}/${executorId}`,
    removeScratch: async (appId: string, executorId: string) => void done.push(`scratch ${appId}/${executorId}`),
    removeDriver: async (driverId: string) => void done.push(`remove ${driverId}`),
    removeApplication: async (appId: string) => void done.push(`remove ${appId}`),
    admitApplication: (appId: string, token: string) => void done.push(`admit ${appId} ${token}`),
  }
  return ports
}

/** A master that only answers and remembers. */
function fakeMaster(bus: MemoryBus, epoch: number, reply?: (request: RegisterWorkerRequest) => Partial<RegisterWorkerReply>) {
  const transport = bus.connect(`master-${epoch}`)
  const names = subjects('spk')
  const heard: string[] = []
  const registrations: RegisterWorkerRequest[] = []
  let beat: 'ok' | 'reregister' = 'ok'
  const on = <S extends TSchema, R extends TSchema>(type: Message<S, R>, answer: (body: Static<S>) => Static<R>): void => {
    transport.subscribe(names.master(type.name), message => message.respond(encodeReply(type, answer(decode(type, message.data)))))
  }
  on(RegisterWorker, body => {
    registrations.push(body)
    heard.push('register')
    const normal = {
      kind: 'registered',
      masterId: `master-${epoch}`,
      epoch,
      uiUrl: 'u',
      heartbeatMs: 1000,
      killExecutors: [],
      killDrivers: [],
    } as const
    return { ...normal, ...reply?.(body) } as RegisterWorkerReply
  })
  on(WorkerHeartbeat, body => {
    heard.push(`beat ${body.executors.length}+${body.drivers.length}`)
    return { kind: beat, masterId: `master-${epoch}`, epoch }
  })
  on(ExecutorStateChanged, body => {
    heard.push(`${body.executorId} ${body.state}${body.exitCode === undefined ? '' : ` ${body.exitCode}`}`)
    return {}
  })
  on(DriverStateChanged, body => {
    heard.push(`${body.driverId} ${body.state}${body.message === undefined ? '' : ` (${body.message})`}`)
    return {}
  })
  on(UnregisterWorker, body => {
    heard.push(`unregister ${body.reason}`)
    return {}
  })
  return {
    heard,
    registrations,
    answerBeats: (kind: 'ok' | 'reregister') => {
      beat = kind
    },
    /** Gives an order and resolves with the answer. */
    async order<S extends TSchema, R extends TSchema>(worker: WorkerHandle, type: Message<S, R>, body: Static<S>): Promise<Static<R>> {
      const answer = await transport.request(names.worker(worker.workerId as WorkerId, type.name), encode(type, body), { timeoutMs: 1000 })
      return decodeReply(type, answer)
    },
    transport,
    die: () => transport.close(),
  }
}

function rig(more: Partial<WorkerOptions> = {}) {
  const clock = virtualClock()
  const bus = new MemoryBus({ clock, log: silentLogger() })
  const ports = fakePorts()
  const transport = bus.connect('worker')
  const start = (): WorkerHandle =>
    startWorker({
      transport,
      clock,
      rng: seededRng(),
      log: silentLogger(),
      conf: new Conf({}),
      cluster: 'spk',
      host: 'host-a',
      hostId: 'h',
      pid: 1,
      cores: 4,
      memory: 4 * GIB,
      resources: {},
      versions: { spk: '1', duckdb: '1', protocol: 1 },
      ports,
      urls: { executorNats: () => 'nats://e', ui: 'http://w', block: 'http://w/blocks' },
      ...more,
    })
  return { clock, bus, ports, transport, start }
}
const launchBody = (id = '0', epoch = 1) => launchExecutor({ id, epoch }).body as Static<typeof LaunchExecutor.schema>

test('it registers once a master leads, and beats at the pace the master says', async () => {
  const { clock, bus, start } = rig()
  const worker = start()
  await clock.advance(30_000)
  assert.is(worker.phase(), 'registering')
  const master = fakeMaster(bus, 1)
  await clock.advance(2000)
  assert.is(worker.phase(), 'active')
  assert.equal(
    { ...master.registrations[0], workerId: 0, startedAt: 0 },
    {
      workerId: 0,
      host: 'host-a',
      hostId: 'h',
      pid: 1,
      cores: 4,
      memory: 4 * GIB,
      resources: {},
      uiUrl: 'http://w',
      blockUrl: 'http://w/blocks',
      versions: { spk: '1', duckdb: '1', protocol: 1 },
      startedAt: 0,
      executors: [],
      drivers: [],
    },
  )
  master.heard.length = 0
  await clock.advance(5000)
  assert.equal(master.heard, Array(5).fill('beat 0+0'))
})

test('an executor is started with what it needs, reported, and carried by heartbeats', async () => {
  const { clock, bus, ports, start } = rig()
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  assert.equal(await master.order(worker, LaunchExecutor, launchBody()), { kind: 'accepted' })
  await settle()
  assert.equal(ports.done, ['admit app-1 secret'])
  assert.is(ports.children[0]?.what, 'app-1/0 http://w/blocks')
  await clock.advance(1000)
  ports.children[0]?.exit({ code: 1, signal: null })
  await settle()
  assert.equal(master.heard, ['register', '0 RUNNING', 'beat 1+0', '0 EXITED 1'])
  assert.equal(ports.done, ['admit app-1 secret', 'scratch app-1/0'])
})

test('an order of an old leader reaches no port', async () => {
  const { bus, ports, start } = rig()
  const old = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await old.die()
  const master = fakeMaster(bus, 2)
  assert.equal(await master.order(worker, LaunchExecutor, launchBody('0', 2)), { kind: 'accepted' })
  const late = bus.connect('old-leader')
  const names = subjects('spk')
  for (const [type, body] of [
    [LaunchExecutor, launchBody('9', 1)],
    [KillExecutor, { epoch: 1, appId: 'app-1', executorId: '0', reason: 'r' }],
    [ApplicationFinished, { epoch: 1, appId: 'app-1' }],
  ] as const) {
    const answer = await late.request(names.worker(worker.workerId, type.name), encode(type as Message, body), { timeoutMs: 1000 })
    assert.equal(decodeReply(LaunchExecutor, answer), { kind: 'stale', epoch: 2 }, type.name)
  }
  assert.is(ports.children.length, 1)
  assert.equal(ports.children[0]?.kills, [])
  assert.equal(ports.done, ['admit app-1 secret'])
})

test('a message that does not validate is refused with its reason and harms nothing', async () => {
  const { bus, start } = rig()
  fakeMaster(bus, 1)
  const worker = start()
  await settle()
  const answer = await bus
    .connect('stranger')
    .request(subjects('spk').worker(worker.workerId, 'launchExecutor'), new Uint8Array([1, 2, 3]), { timeoutMs: 1000 })
  assert.throws(() => decodeReply(LaunchExecutor, answer), /SPK_BAD_MESSAGE/)
  assert.is(worker.phase(), 'active')
})

test('while no master answers, executors go on; their end is told to the next leader', async () => {
  const { clock, bus, ports, start } = rig()
  const first = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await first.order(worker, LaunchExecutor, launchBody('0'))
  await first.order(worker, LaunchExecutor, launchBody('1'))
  await settle()
  await first.die()
  await clock.advance(20_000)
  assert.is(worker.phase(), 'reconnecting')
  ports.children[1]?.exit({ code: null, signal: 'SIGKILL' })
  await clock.advance(20_000)
  assert.equal(ports.children[0]?.kills, [])
  const second = fakeMaster(bus, 2)
  await clock.advance(4000)
  assert.is(worker.phase(), 'active')
  assert.equal(
    second.registrations[0]?.executors.map(e => `${e.executorId} ${e.state}`),
    ['0 RUNNING'],
  )
  assert.ok(second.heard.includes('1 EXITED 137'))
  assert.is(second.heard.filter(h => h === '1 EXITED 137').length, 1)
  assert.equal(worker.state().reports, {})
})

test('a master that does not know an executor has it killed', async () => {
  const { clock, bus, ports, start } = rig()
  const master = fakeMaster(bus, 1, body => ({ killExecutors: body.executors.map(e => ({ appId: e.appId, executorId: e.executorId })) }))
  const worker = start()
  await settle()
  await master.order(worker, LaunchExecutor, launchBody())
  master.answerBeats('reregister')
  await clock.advance(1000)
  assert.equal(ports.children[0]?.kills, [5000])
  ports.children[0]?.exit({ code: 0, signal: null })
  await settle()
  assert.ok(master.heard.includes('0 KILLED 0'))
})

test('a supervised driver runs again after its pause, on the clock', async () => {
  const { clock, bus, ports, start } = rig()
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await master.order(worker, LaunchDriver, launchDriver({ supervise: true }).body as Static<typeof LaunchDriver.schema>)
  await settle()
  ports.children[0]?.exit({ code: 1, signal: null })
  await clock.advance(999)
  assert.is(ports.children.length, 1)
  await clock.advance(1)
  assert.is(ports.children.length, 2)
  ports.children[1]?.exit({ code: 0, signal: null })
  await settle()
  assert.is(master.heard.at(-1), 'driver-1 FINISHED (Command exited with code 0)')
})

test('a driver that cannot start is an ERROR with the reason', async () => {
  const { bus, ports, start } = rig()
  ports.failWith = 'no script there'
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await master.order(worker, LaunchDriver, launchDriver().body as Static<typeof LaunchDriver.schema>)
  await settle()
  assert.is(master.heard.at(-1), 'driver-1 ERROR (no script there)')
})

test('an ended application leaves the ports in order: kill, scratch, everything', async () => {
  const { bus, ports, start } = rig()
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await master.order(worker, LaunchExecutor, launchBody())
  assert.equal(await master.order(worker, ApplicationFinished, { epoch: 1, appId: 'app-1' }), { kind: 'accepted' })
  assert.equal(ports.children[0]?.kills, [5000])
  ports.children[0]?.exit({ code: 0, signal: null })
  await settle()
  assert.equal(ports.done, ['admit app-1 secret', 'scratch app-1/0', 'remove app-1'])
})

test('a stop takes leave of the master, stops children, and is over when they are', async () => {
  const { clock, bus, ports, start } = rig()
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await master.order(worker, LaunchExecutor, launchBody())
  const stopped = worker.stop('SIGTERM')
  await settle()
  assert.is(master.heard.at(-1), 'unregister SIGTERM')
  ports.children[0]?.exit({ code: 0, signal: null })
  assert.equal(await stopped, { reason: 'SIGTERM', refused: false })
  assert.is(worker.phase(), 'stopped')
  assert.is(clock.pending(), 0)
})

test('a stop is over within its limit when neither the master answers nor a child dies', async () => {
  const { clock, bus, start } = rig()
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await master.order(worker, LaunchExecutor, launchBody())
  await master.die()
  let over = false
  void worker.stop('SIGTERM').then(() => {
    over = true
  })
  await clock.advance(13_000)
  assert.ok(over)
})

test('a refused worker ends with the reason', async () => {
  const { bus, start } = rig()
  const transport = bus.connect('master')
  transport.subscribe(subjects('spk').master(RegisterWorker.name), message =>
    message.respond(encodeReply(RegisterWorker, { kind: 'refused', reason: 'DuckDB 1.5 here, 1.4 there' })),
  )
  assert.equal(await start().stopped, { reason: 'DuckDB 1.5 here, 1.4 there', refused: true })
})

test('an error for an answer is no answer', async () => {
  const { clock, bus, start } = rig()
  const transport = bus.connect('master')
  let asked = 0
  transport.subscribe(subjects('spk').master(RegisterWorker.name), message => {
    asked++
    message.respond(encodeErrorReply(new Error('not now')))
  })
  const worker = start()
  await clock.advance(3000)
  assert.is(worker.phase(), 'registering')
  assert.ok(asked > 2 && asked < 20, `asked ${asked} times`)
})

test('the bus is back: it asks at once instead of sitting out its wait', async () => {
  const { clock, bus, transport, start } = rig()
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  transport.disconnect()
  await clock.advance(60_000)
  assert.is(worker.phase(), 'reconnecting')
  transport.reconnect()
  await settle()
  assert.is(worker.phase(), 'active')
  assert.is(master.registrations.length, 2)
})

test('decisions can be wrapped: without the epoch check an old order acts', async () => {
  const { decideWorker } = await import('#src/actors/worker/decide.js')
  const { bus, ports, start } = rig({
    decide: (state, event) => decideWorker(event.type === 'order' ? { ...state, epoch: 0 } : state, event),
  })
  const master = fakeMaster(bus, 5)
  const worker = start()
  await settle()
  assert.equal(await master.order(worker, LaunchExecutor, launchBody('0', 1)), { kind: 'accepted' })
  assert.is(ports.children.length, 1)
})

test('effects can be wrapped, and an abandoned worker does nothing more', async () => {
  const seen: string[] = []
  const { clock, bus, ports, start } = rig({
    wrapEffects: table =>
      Object.fromEntries(
        Object.entries(table).map(([name, run]) => [
          name,
          (params: unknown) => {
            seen.push(name)
            return run(params)
          },
        ]),
      ),
  })
  const master = fakeMaster(bus, 1)
  const worker = start()
  await settle()
  await master.order(worker, LaunchExecutor, launchBody())
  await settle()
  assert.equal(seen, ['register', 'note', 'answer', 'launch', 'note', 'report'])
  worker.abandon()
  await clock.advance(60_000)
  assert.equal(ports.children[0]?.kills, [])
  assert.is(clock.pending(), 0)
  assert.equal(master.heard, ['register', '0 RUNNING'])
})

test.run()
