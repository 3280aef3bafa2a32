/** Plays requests and clock ticks to a master's decisions, without a machine: what it decides is collected, what it stores is kept like a bucket would. */
import { emptyCluster } from '#src/actors/master/cluster.js'
import { decideMaster } from '#src/actors/master/decide.js'
import type { Command, CommandParams, MasterContext, MasterEvent, Settings, StateRecord } from '#src/actors/master/events.js'
import type { Answer, News, Order, Request, RequestBody, RequestKind } from '#src/actors/master/messages.js'
import type { DriverDescription } from '#src/protocol/common.js'
import { description, GIB, VERSIONS } from './rig.js'

export const SETTINGS: Settings = {
  leaseTtlMs: 3000,
  workerTimeoutMs: 10_000,
  appTimeoutMs: 10_000,
  spreadOut: true,
  defaultCores: undefined,
  maxExecutorRetries: 10,
  retainedApplications: 200,
  retainedDrivers: 200,
}

const NEVER = { monotonic: 0, wall: 0 }

export function standby(settings: Partial<Settings> = {}): MasterContext {
  return {
    masterId: 'master-1',
    uiUrl: 'http://m',
    url: 'nats://bus',
    versions: VERSIONS,
    settings: { ...SETTINGS, ...settings },
    status: 'STANDBY',
    epoch: 0,
    leaseTtlMs: SETTINGS.leaseTtlMs,
    renewed: NEVER,
    floor: 0,
    leader: undefined,
    cluster: emptyCluster,
    rebuildUntil: undefined,
    swept: undefined,
  }
}

export class Play {
  context: MasterContext
  time = 0
  commands: readonly Command[] = []
  readonly stored = new Map<string, StateRecord>()
  #token = 0

  constructor(context: MasterContext) {
    this.context = context
  }

  get at() {
    return { monotonic: this.time, wall: 1_000_000 + this.time }
  }

  event(event: MasterEvent): this {
    const { next, commands } = decideMaster(this.context, event)
    this.context = { ...this.context, ...next }
    this.commands = commands
    for (const c of commands) {
      if (c.type === 'store') this.stored.set(c.params.key, c.params.state)
      if (c.type === 'erase') this.stored.delete(c.params.key)
    }
    return this
  }

  /** The answer, or the refusal. */
  ask<K extends RequestKind>(kind: K, body: RequestBody<K>): Answer<K> {
    const token = ++this.#token
    this.event({ type: 'request', token, at: this.at, request: { kind, body } as unknown as Request })
    const replies = this.of('reply').filter(r => r.token === token)
    const refused = this.of('refuse').find(r => r.token === token)
    if (replies.length + (refused === undefined ? 0 : 1) !== 1) throw new Error(`${kind} got ${replies.length} answers`)
    return (refused ?? replies[0]?.value) as Answer<K>
  }

  tick(ms = 1000): this {
    this.time += ms
    return this.event({ type: 'clockRead', at: this.at })
  }

  /** Ticks as the machine would until the time has passed. */
  wait(ms: number, meanwhile: () => void = () => {}): this {
    for (let left = ms; left > 0; left -= 1000) {
      meanwhile()
      this.tick(Math.min(1000, left))
    }
    return this
  }

  answered(workerId: string, order: Order, reply: Extract<MasterEvent, { type: 'orderAnswered' }>['reply'] = { kind: 'accepted' }): this {
    return this.event({ type: 'orderAnswered', epoch: this.context.epoch, at: this.at, workerId, order, reply })
  }

  of<N extends Command['type']>(type: N): CommandParams[N][] {
    return this.commands.filter(c => c.type === type).map(c => c.params as CommandParams[N])
  }

  orders<K extends Order['kind']>(kind: K): { workerId: string; order: Extract<Order, { kind: K }> }[] {
    return this.of('order').filter(
      (o): o is { workerId: string; order: Extract<Order, { kind: K }>; after: readonly string[] } => o.order.kind === kind,
    )
  }

  /** `app kind: gist`, for short comparisons. */
  news(): string[] {
    return this.of('tell').map(t => `${t.appId} ${gist(t.news)}`)
  }

  registerWorker(id: string, more: Partial<RequestBody<'registerWorker'>> = {}): Answer<'registerWorker'> {
    return this.ask('registerWorker', worker(id, more))
  }

  registerApp(id: string, more: Parameters<typeof description>[1] = {}, executors: string[] = []): Answer<'registerApplication'> {
    return this.ask('registerApplication', { description: description(id, more), executors })
  }

  executorState(appId: string, executorId: string, state: RequestBody<'executorStateChanged'>['state'], exitCode?: number): this {
    const { workerId } = this.context.cluster.executors.get(`${appId}/${executorId}`) ?? { workerId: '?' }
    this.ask('executorStateChanged', { workerId, appId, executorId, state, ...(exitCode === undefined ? {} : { exitCode }) })
    return this
  }

  /** `app/executor on worker cores STATE` of each. */
  executors(): string[] {
    return [...this.context.cluster.executors.values()].map(e => `${e.appId}/${e.executorId} on ${e.workerId} ${e.cores} ${e.state}`)
  }
}

function gist(news: News): string {
  switch (news.kind) {
    case 'executorAdded':
      return `added ${news.body.executorId}`
    case 'executorUpdated':
      return `${news.body.executorId} ${news.body.state}${news.body.workerLost ? ' with its worker' : ''}`
    case 'workerRemoved':
      return `lost ${news.body.workerId}`
    case 'applicationRemoved':
      return `removed ${news.body.state}`
    case 'driverMasterChanged':
      return 'master changed'
  }
}

export function worker(id: string, more: Partial<RequestBody<'registerWorker'>> = {}): RequestBody<'registerWorker'> {
  return {
    workerId: id,
    host: `host-${id}`,
    hostId: id,
    pid: 1,
    cores: 4,
    memory: 8 * GIB,
    resources: {},
    uiUrl: `http://${id}:8081`,
    blockUrl: `http://${id}:7000`,
    versions: VERSIONS,
    startedAt: 0,
    executors: [],
    drivers: [],
    ...more,
  }
}

export function driverDescription(more: Partial<DriverDescription> = {}): DriverDescription {
  return { script: '/job.js', args: [], env: {}, conf: {}, cores: 1, memory: GIB, supervise: false, name: 'job', ...more }
}

/** A leader with nothing to recover, past the time in which an empty store is rebuilt. */
export function leading(settings: Partial<Settings> = {}): Play {
  const play = new Play(standby(settings))
  play.event({ type: 'leaseTaken', epoch: 5, ttlMs: 3000, sentAt: play.at, at: play.at, records: [] })
  play.context = { ...play.context, status: 'ALIVE', rebuildUntil: undefined }
  return play.tick(0)
}

/** The next leader, which reads what this one has stored. */
export function successor(play: Play, epoch = 9): Play {
  const next = new Play(standby(play.context.settings))
  next.time = play.time
  for (const [key, value] of play.stored) next.stored.set(key, value)
  next.event({ type: 'leaseTaken', epoch, ttlMs: 3000, sentAt: next.at, at: next.at, records: [...play.stored.values()] })
  return next
}

/** Ends the recovery, as the machine does when all have answered or time is up. */
export function complete(play: Play): Play {
  play.context = { ...play.context, status: 'COMPLETING_RECOVERY' }
  play.tick(0)
  return play
}

/** The recovered leader's first round. */
export function lead(play: Play): Play {
  play.context = { ...play.context, status: 'ALIVE' }
  return play.tick(0)
}
