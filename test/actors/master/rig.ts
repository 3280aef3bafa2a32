/** Masters on a bus in memory and on virtual time, with workers and drivers that only answer and remember. */
import { type MasterHandle, type MasterOptions, startMaster } from '#src/actors/master/start-master.js'
import type { Clock } from '#src/core/clock.js'
import { Conf } from '#src/core/config.js'
import type { AppId, WorkerId } from '#src/core/ids.js'
import { silentLogger } from '#src/core/log.js'
import {
  type ApplicationDescription,
  ApplicationHeartbeat,
  ApplicationRemoved,
  DriverMasterChanged,
  ExecutorAdded,
  ExecutorUpdated,
  RegisterApplication,
  WorkerRemoved,
} from '#src/protocol/application.js'
import type { RunningDriver, RunningExecutor } from '#src/protocol/common.js'
import { subjects } from '#src/protocol/subjects.js'
import { decode, decodeReply, encode, encodeReply, type Message, type Static, type TSchema } from '#src/protocol/wire.js'
import {
  ApplicationFinished,
  KillDriver,
  KillExecutor,
  LaunchDriver,
  LaunchExecutor,
  MasterChanged,
  type OrderReply,
} from '#src/protocol/worker-orders.js'
import { RegisterWorker, WorkerHeartbeat } from '#src/protocol/worker-registration.js'
import { MemoryBus, type MemoryLink } from '#src/transport/memory.js'
import type { MemoryClient } from '#src/transport/memory-client.js'
import { seededRng, settle, type VirtualClock, virtualClock } from '../../support/virtual-clock.js'

export const GIB = 2 ** 30
export const VERSIONS = { spk: '0.1.0', duckdb: '1.5.0', protocol: 1 }
export const names = subjects('spk')

export interface Rig {
  readonly clock: VirtualClock
  readonly bus: MemoryBus
  readonly net: Net
  master(name: string, more?: Partial<MasterOptions>): MasterHandle
  /** Asks the leader. */
  ask<S extends TSchema, R extends TSchema>(type: Message<S, R>, body: Static<S>): Promise<Static<R>>
  state(): Promise<Record<string, Record<string, unknown>>>
}

/** A network that delivers at once, except to processes that are paused, and store operations that are told to get lost. */
export interface Net extends MemoryLink {
  /** Nothing reaches the process and no timer of its clock fires; what came meanwhile is delivered when it goes on, before any timer. */
  pause(client: string): void
  resume(client: string): Promise<void>
  /** What has left each process: `<client> <kind> <subject>`. */
  readonly sent: string[]
  /** A clock that stands still for timers while the process is paused; its readings go on. */
  clockOf(client: string): Clock
  /** Operations on buckets whose description this matches are lost on their way. */
  lose: RegExp | undefined
}

function network(clock: Clock): Net {
  const held = new Map<string, (() => void)[]>()
  const timers = new Map<string, (() => void)[]>()
  const net: Net = {
    lose: undefined,
    sent: [],
    toBus(hop, deliver) {
      net.sent.push(`${hop.client} ${hop.kind} ${hop.subject}`)
      if (hop.kind === 'store' && net.lose?.test(hop.subject)) return
      deliver()
    },
    toClient(hop, deliver) {
      const waiting = held.get(hop.client)
      if (waiting === undefined) queueMicrotask(() => (held.get(hop.client) === undefined ? deliver() : held.get(hop.client)?.push(deliver)))
      else waiting.push(deliver)
    },
    pause(client) {
      held.set(client, [])
      timers.set(client, [])
    },
    async resume(client) {
      const messages = held.get(client) ?? []
      held.delete(client)
      for (const fn of messages) fn()
      await settle()
      const due = timers.get(client) ?? []
      timers.delete(client)
      for (const fn of due) fn()
    },
    clockOf: client => ({
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, fn) => {
        let cancelled = false
        const fire = () => {
          if (!cancelled) fn()
        }
        const timer = clock.after(ms, () => (timers.get(client) === undefined ? fire() : timers.get(client)?.push(fire)))
        return {
          cancel() {
            cancelled = true
            timer.cancel()
          },
        }
      },
    }),
  }
  return net
}

export function rig(conf: Record<string, string> = {}): Rig {
  const clock = virtualClock()
  const net = network(clock)
  const bus = new MemoryBus({ clock, log: silentLogger(), link: net })
  const client = bus.connect('client')
  let seed = 0
  return {
    clock,
    bus,
    net,
    master: (name, more = {}) =>
      startMaster({
        transport: bus.connect(name),
        clock: net.clockOf(name),
        rng: seededRng(++seed),
        log: silentLogger(),
        conf: new Conf(conf),
        cluster: 'spk',
        host: name,
        uiUrl: `http://${name}`,
        url: 'nats://bus',
        versions: VERSIONS,
        ...more,
      }),
    async ask(type, body) {
      return decodeReply(type, await client.request(names.master(type.name), encode(type, body), { timeoutMs: 2000 }))
    },
    async state() {
      const entries = await (await client.bucket(names.stateBucket)).entries()
      return Object.fromEntries(entries.map(e => [e.key, JSON.parse(new TextDecoder().decode(e.value)) as Record<string, unknown>]))
    },
  }
}

function listen<S extends TSchema, R extends TSchema>(
  client: MemoryClient,
  subject: string,
  type: Message<S, R>,
  answer: (body: Static<S>) => Static<R> | undefined,
): void {
  client.subscribe(subject, message => {
    const reply = answer(decode(type, message.data))
    if (reply !== undefined) message.respond(encodeReply(type, reply))
  })
}

export interface FakeWorker {
  readonly id: string
  readonly client: MemoryClient
  /** Orders in the order of arrival, e.g. `launch app-0/0 cores 2 epoch 7`. */
  readonly heard: string[]
  readonly executors: RunningExecutor[]
  readonly drivers: RunningDriver[]
  /** What it answers orders with, `undefined`: nothing. By default it accepts all, and takes up what it is told to launch. */
  answer: (kind: string, epoch: number) => OrderReply | undefined
  register(more?: Partial<Static<typeof RegisterWorker.schema>>): Promise<Static<typeof RegisterWorker.reply>>
  beat(): Promise<Static<typeof WorkerHeartbeat.reply>>
  /** Beats on the clock, and registers again when told to, until closed. */
  live(): void
}

export function fakeWorker(r: Rig, id: string, cores = 4, memory = 4 * GIB, resources: Record<string, string[]> = {}): FakeWorker {
  const client = r.bus.connect(id)
  const to = (type: Message) => names.worker(id as WorkerId, type.name)
  const worker: FakeWorker = {
    id,
    client,
    heard: [],
    executors: [],
    drivers: [],
    answer: () => ({ kind: 'accepted' }),
    async register(more = {}) {
      const body = {
        workerId: id,
        host: `host-of-${id}`,
        hostId: id,
        pid: 1,
        cores,
        memory,
        resources,
        uiUrl: `http://${id}:8081`,
        blockUrl: `http://${id}:7000`,
        versions: VERSIONS,
        startedAt: r.clock.now(),
        executors: worker.executors,
        drivers: worker.drivers,
        ...more,
      }
      return decodeReply(RegisterWorker, await client.request(names.master('registerWorker'), encode(RegisterWorker, body), { timeoutMs: 2000 }))
    },
    async beat() {
      const body = { workerId: id, executors: worker.executors, drivers: worker.drivers }
      return decodeReply(WorkerHeartbeat, await client.request(names.master('workerHeartbeat'), encode(WorkerHeartbeat, body), { timeoutMs: 2000 }))
    },
    live() {
      const again = (): void => {
        if (client.status === 'closed') return
        worker.beat().then(
          async reply => {
            if (reply.kind === 'reregister') await worker.register().catch(() => undefined)
          },
          () => undefined,
        )
        r.clock.after(2500, again)
      }
      again()
    },
  }
  const order = (kind: string, epoch: number, text: string, accepted: () => void): OrderReply | undefined => {
    worker.heard.push(`${text} epoch ${epoch}`)
    const reply = worker.answer(kind, epoch)
    if (reply?.kind === 'accepted') accepted()
    return reply
  }
  listen(client, to(LaunchExecutor), LaunchExecutor, o =>
    order('launchExecutor', o.epoch, `launch ${o.appId}/${o.executorId} cores ${o.cores}`, () => {
      const { appId, executorId, cores, memory, resources } = o
      if (!worker.executors.some(e => e.appId === appId && e.executorId === executorId)) {
        worker.executors.push({ appId, executorId, cores, memory, resources, state: 'RUNNING' })
      }
    }),
  )
  listen(client, to(KillExecutor), KillExecutor, o => order('killExecutor', o.epoch, `kill ${o.appId}/${o.executorId}`, () => undefined))
  listen(client, to(LaunchDriver), LaunchDriver, o =>
    order('launchDriver', o.epoch, `launch ${o.driverId}`, () => {
      const { cores, memory } = o.description
      worker.drivers.push({
        driverId: o.driverId,
        launch: o.launch,
        cores,
        memory,
        resources: o.resources,
        state: 'RUNNING',
        description: o.description,
      })
    }),
  )
  listen(client, to(KillDriver), KillDriver, o => order('killDriver', o.epoch, `kill ${o.driverId}`, () => undefined))
  listen(client, to(ApplicationFinished), ApplicationFinished, o => order('applicationFinished', o.epoch, `finished ${o.appId}`, () => undefined))
  listen(client, to(MasterChanged), MasterChanged, o => {
    const reply = order('masterChanged', o.epoch, 'master changed', () => undefined)
    if (reply?.kind === 'accepted') void worker.register().catch(() => undefined)
    return reply
  })
  return worker
}

export interface FakeDriver {
  readonly appId: string
  readonly client: MemoryClient
  readonly heard: string[]
  /** Executors it was told of. */
  readonly executors: Set<string>
  register(): Promise<Static<typeof RegisterApplication.reply>>
  beat(): Promise<Static<typeof ApplicationHeartbeat.reply>>
  live(): void
}

export function description(appId: string, more: Partial<ApplicationDescription> = {}): ApplicationDescription {
  return {
    appId,
    name: `name of ${appId}`,
    user: 'ann',
    host: 'client',
    executorMemory: GIB,
    executorResources: {},
    token: 't',
    uiUrl: 'http://driver',
    conf: {},
    startedAt: Date.UTC(2026, 0, 31),
    ...more,
  }
}

export function fakeDriver(r: Rig, appId: string, more: Partial<ApplicationDescription> = {}): FakeDriver {
  const client = r.bus.connect(appId)
  const to = (type: Message) => names.driver(appId as AppId, type.name)
  const driver: FakeDriver = {
    appId,
    client,
    heard: [],
    executors: new Set(),
    async register() {
      const body = { description: description(appId, more), executors: [...driver.executors] }
      const bytes = await client.request(names.master('registerApplication'), encode(RegisterApplication, body), { timeoutMs: 2000 })
      return decodeReply(RegisterApplication, bytes)
    },
    async beat() {
      const bytes = await client.request(names.master('applicationHeartbeat'), encode(ApplicationHeartbeat, { appId }), { timeoutMs: 2000 })
      return decodeReply(ApplicationHeartbeat, bytes)
    },
    live() {
      const again = (): void => {
        if (client.status === 'closed') return
        driver.beat().then(
          async reply => {
            if (reply.kind === 'reregister') await driver.register().catch(() => undefined)
          },
          () => undefined,
        )
        r.clock.after(2500, again)
      }
      again()
    },
  }
  listen(client, to(ExecutorAdded), ExecutorAdded, n => {
    driver.heard.push(`added ${n.executorId} on ${n.workerId} cores ${n.cores}`)
    driver.executors.add(n.executorId)
    return {}
  })
  listen(client, to(ExecutorUpdated), ExecutorUpdated, n => {
    driver.heard.push(`${n.executorId} ${n.state}${n.workerLost ? ' with its worker' : ''}`)
    if (n.state !== 'RUNNING') driver.executors.delete(n.executorId)
    return {}
  })
  listen(client, to(WorkerRemoved), WorkerRemoved, n => {
    driver.heard.push(`worker ${n.workerId} removed`)
    return {}
  })
  listen(client, to(ApplicationRemoved), ApplicationRemoved, n => {
    driver.heard.push(`removed ${n.state}: ${n.reason}`)
    return {}
  })
  listen(client, to(DriverMasterChanged), DriverMasterChanged, n => {
    driver.heard.push(`master ${n.epoch}`)
    void driver.register().catch(() => undefined)
    return {}
  })
  return driver
}
