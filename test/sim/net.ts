/**
 * The network between clients and the bus, and the bus's own troubles. Every hop is delayed; by the profile some are lost, doubled or out of order. A
 * client can be cut off one way or both; the bus can be down, its store can be slow to answer or lost. Core messages are lost with their connection,
 * as NATS's are; what a store operation did while its answer got lost stays done.
 */
import type { Hop, MemoryBus, MemoryLink } from '#src/transport/memory.js'
import type { MemoryClient } from '#src/transport/memory-client.js'
import type { Counts } from './counts.js'
import type { Life, SimNode } from './node.js'
import type { Scheduler } from './scheduler.js'
import type { Seed } from './seed.js'
import type { Trace } from './trace.js'

export interface NetProfile {
  /** Milliseconds of a usual hop, and how often a hop takes longer, and how long then. */
  readonly usualMs: number
  readonly slowChance: number
  readonly slowMs: number
  readonly loss: number
  readonly duplicate: number
  /** How much later than the first a copy may come, milliseconds. */
  readonly lateMs: number
  readonly reorder: number
  /** Store operations whose request or answer gets lost. */
  readonly storeLoss: number
}

export type Direction = 'out' | 'in'

/** Most of these come so much later, overtaken by everything sent after them; with `copies` they come in time and once more later. */
export interface Lateness {
  /** Last tokens of the subjects of messages, or whole subjects of store operations. */
  readonly names: readonly string[]
  readonly copies: boolean
  readonly chance: number
  readonly shortestMs: number
  readonly longestMs: number
}

export interface Delivery {
  readonly hop: Hop
  /** `out`: arrives at the bus. `in`: arrives at the client. */
  readonly direction: Direction
  readonly node: SimNode
}

interface Connection {
  readonly node: SimNode
  readonly life: number
  readonly client: MemoryClient
  readonly cut: Record<Direction, boolean>
  readonly last: Record<Direction, number>
  /** What waits for the cut to heal. */
  held: { readonly direction: Direction; readonly hop: Hop; readonly deliver: () => void }[]
  /** Of the bus, when this connection was made. */
  busLife: number
}

/** When a dead connection is noticed: two pings of 2 s unanswered. */
const NOTICED_MS = [4000, 6000] as const
/** What follows in order comes after what went before, not with it. */
const NEXT_MS = 0.000_1
const RECONNECT_MS = [100, 220] as const

export class SimNet implements MemoryLink {
  readonly #scheduler: Scheduler
  readonly #seed: Seed
  readonly #trace: Trace
  readonly #counts: Counts
  readonly #connections = new Map<string, Connection>()
  #profile: NetProfile
  #bus: MemoryBus | undefined
  #busLife = 0
  #busUp = true
  #storeUp = true
  #late: Lateness[] = []
  /** Told when something leaves its sender, just before it is delivered, and after it was. */
  observe: (delivery: Delivery, phase: 'sent' | 'before' | 'done') => void = () => {}
  /** Shows a message in the readable trace. */
  describe: (hop: Hop) => string = () => ''
  constructor(scheduler: Scheduler, seed: Seed, trace: Trace, profile: NetProfile, counts: Counts) {
    this.#scheduler = scheduler
    this.#seed = seed
    this.#trace = trace
    this.#profile = profile
    this.#counts = counts
  }

  attach(bus: MemoryBus): void {
    this.#bus = bus
  }

  setProfile(profile: NetProfile): void {
    this.#profile = profile
  }

  /** A client of this life; it ends with the life. */
  connect(node: SimNode, life: Life): MemoryClient {
    if (this.#bus === undefined) throw new Error('the network has no bus')
    let n = 0
    while (this.#connections.has(`${node.name}#${node.life}.${n}`)) n++
    const name = `${node.name}#${node.life}.${n}`
    const client = this.#bus.connect(name, life.clock)
    this.#connections.set(name, {
      node,
      life: node.life,
      client,
      cut: { out: false, in: false },
      last: { out: 0, in: 0 },
      held: [],
      busLife: this.#busLife,
    })
    node.onEnd.push(() => {
      this.#connections.delete(name)
      void client.close()
    })
    return client
  }

  toBus(hop: Hop, deliver: () => void): void {
    this.#send('out', hop, deliver)
  }

  toClient(hop: Hop, deliver: () => void): void {
    this.#send('in', hop, deliver)
  }

  /** From now on nothing passes in these directions; after some seconds the connection is noticed to be dead. */
  cut(host: string, directions: readonly Direction[]): void {
    for (const connection of this.#of(host)) {
      for (const direction of directions) connection.cut[direction] = true
      this.#scheduler.after(this.#seed.between(...NOTICED_MS), 'stale connection', () => this.#noticeStale(connection), {
        node: connection.node,
        kind: 'timer',
      })
    }
  }

  heal(host: string): void {
    for (const connection of this.#of(host)) {
      connection.cut.out = false
      connection.cut.in = false
      const held = connection.held
      connection.held = []
      for (const { direction, hop, deliver } of held) this.#pass(connection, direction, hop, deliver)
      this.#reconnect(connection)
    }
  }

  isCut(host: string): boolean {
    return this.#of(host).some(c => c.cut.in || c.cut.out)
  }

  /** The server is gone: connections break, subscriptions and what was on its way are lost; the store is kept. */
  busDown(): void {
    if (!this.#busUp) return
    this.#busUp = false
    this.#busLife++
    for (const connection of this.#connections.values()) this.#disconnect(connection, this.#seed.between(0, 3))
  }

  busBack(): void {
    if (this.#busUp) return
    this.#busUp = true
    for (const connection of this.#connections.values()) this.#reconnect(connection)
  }

  /** JetStream does not answer (an election, a full disk), while plain messages pass. */
  storeDown(): void {
    this.#storeUp = false
  }

  storeBack(): void {
    this.#storeUp = true
  }

  /** From now on, until `inTime`. */
  late(rule: Lateness): void {
    this.#late.push(rule)
  }

  inTime(rule: Lateness): void {
    this.#late = this.#late.filter(l => l !== rule)
  }

  get healthy(): boolean {
    return this.#busUp && this.#storeUp
  }

  #of(host: string): Connection[] {
    return [...this.#connections.values()].filter(c => c.node.host === host)
  }

  #send(direction: Direction, hop: Hop, deliver: () => void): void {
    const connection = this.#connections.get(hop.client)
    if (connection === undefined || connection.node.life !== connection.life) return
    this.observe({ hop, direction, node: connection.node }, 'sent')
    if (!this.#busUp || connection.busLife !== this.#busLife) return
    const stored = hop.kind === 'store' || hop.kind === 'storeReply'
    if (stored ? !this.#storeUp || this.#seed.chance(this.#profile.storeLoss) : this.#seed.chance(this.#profile.loss)) {
      this.#counts.add(stored ? 'store operations lost' : 'messages lost')
      this.#trace.note(this.#scheduler.time, connection.node.name, `lost ${hop.kind} ${hop.subject}`)
      return
    }
    if (connection.cut[direction]) {
      const kept = this.#seed.chance(0.5)
      this.#counts.add(kept ? 'messages held by a cut' : 'messages lost in a cut')
      if (kept) connection.held.push({ direction, hop, deliver })
      return
    }
    const late = this.#lateness(direction, hop)
    if (late !== undefined) this.#pass(connection, direction, hop, deliver, late.ms)
    if (late === undefined || late.copies) this.#pass(connection, direction, hop, deliver)
    if (hop.kind !== 'message' && hop.kind !== 'reply') return
    if (!this.#seed.chance(this.#profile.duplicate)) return
    const { lateMs } = this.#profile
    this.#counts.add('messages doubled')
    this.#pass(connection, direction, hop, deliver, lateMs * this.#seed.next() ** 2)
  }

  #lateness(direction: Direction, hop: Hop): { readonly ms: number; readonly copies: boolean } | undefined {
    if (this.#late.length === 0) return undefined
    const isMessage = hop.kind === 'message' && direction === 'in'
    if (!isMessage && !(hop.kind === 'store' && direction === 'out')) return undefined
    const name = isMessage ? hop.subject.slice(hop.subject.lastIndexOf('.') + 1) : hop.subject
    const rule = this.#late.find(l => l.names.includes(name))
    if (rule === undefined || !this.#seed.chance(rule.chance)) return undefined
    this.#counts.add('messages very late')
    return { ms: this.#seed.between(rule.shortestMs, rule.longestMs), copies: rule.copies && isMessage }
  }

  #pass(connection: Connection, direction: Direction, hop: Hop, deliver: () => void, lateMs?: number): void {
    const { usualMs, slowChance, slowMs, reorder } = this.#profile
    let at = this.#scheduler.time + usualMs * this.#seed.between(0.5, 1.5)
    if (this.#seed.chance(slowChance)) at += -Math.log(1 - this.#seed.next()) * slowMs
    if (lateMs !== undefined) at += lateMs
    else if (!this.#seed.chance(reorder)) {
      at = Math.max(at, connection.last[direction] + NEXT_MS)
      connection.last[direction] = at
    } else if (at < connection.last[direction]) this.#counts.add('messages out of order')
    const busLife = this.#busLife
    const arrive = (): void => {
      if (direction === 'out' && (!this.#busUp || busLife !== this.#busLife)) return
      if (connection.client.status !== 'connected') return
      this.#counts.add('messages delivered')
      this.#trace.data(hop.data)
      if (this.#trace.keeps) {
        const text = this.describe(hop)
        if (text !== '') this.#trace.note(this.#scheduler.time, connection.node.name, `  ${text}`)
      }
      const delivery: Delivery = { hop, direction, node: connection.node }
      this.observe(delivery, 'before')
      deliver()
      this.observe(delivery, 'done')
    }
    const label = direction === 'out' ? `→ ${hop.kind} ${hop.subject}` : `← ${hop.kind} ${hop.subject}`
    const tie = this.#seed.next()
    if (direction === 'in') this.#scheduler.after(at - this.#scheduler.time, label, arrive, { node: connection.node, kind: 'message', tie })
    else this.#scheduler.after(at - this.#scheduler.time, `${connection.node.name} ${label}`, arrive, { tie })
  }

  #noticeStale(connection: Connection): void {
    if (connection.cut.in || connection.cut.out) this.#disconnect(connection, 0)
  }

  #disconnect(connection: Connection, afterMs: number): void {
    this.#counts.add('connections broken')
    connection.held = []
    this.#scheduler.after(
      afterMs,
      'disconnected',
      () => {
        connection.client.disconnect()
        this.#reconnect(connection)
      },
      { node: connection.node, kind: 'message' },
    )
  }

  #reconnect(connection: Connection): void {
    this.#scheduler.after(
      this.#seed.between(...RECONNECT_MS),
      'reconnect',
      () => {
        if (!this.#busUp || connection.cut.in || connection.cut.out || connection.client.status !== 'disconnected') return
        connection.busLife = this.#busLife
        connection.client.reconnect()
      },
      { node: connection.node, kind: 'message' },
    )
  }
}
