/**
 * What must hold in every run, checked from outside the actors: from what travels on the bus and from which processes really run. A rule that an actor's
 * own state could satisfy by forgetting something would prove nothing.
 */
import { LeaseRecord } from '#src/protocol/state.js'
import { LEASE_KEY, type Subjects } from '#src/protocol/subjects.js'
import { decode, decodeRecord, decodeReply, type Message, messages } from '#src/protocol/wire.js'
import type { Hop } from '#src/transport/memory.js'
import { countBranch, isWatched } from './coverage.js'
import type { Delivery } from './net.js'
import type { SimNode } from './node.js'
import type { Processes } from './processes.js'
import { printable, type World } from './world.js'

export interface WorkerCapacity {
  readonly cores: number
  readonly memory: number
}

/** `spk.master.leaseTtl` of simulated clusters. */
const LEASE_TTL_MS = 3000

/** A store operation is on its way for so long at the most: late, or held by a cut. */
const LONGEST_ON_ITS_WAY_MS = 9000

/** An epoch that was in use when the store was lost: nobody remembers it. */
const ANYBODY = '*'

interface Order {
  readonly worker: string
  readonly name: string
  readonly epoch: number
  readonly life: number
}

const byName = new Map<string, Message>()

export function messageOf(hop: Hop): Message | undefined {
  if (byName.size === 0) for (const message of messages()) byName.set(message.name, message)
  return byName.get(hop.subject.slice(hop.subject.lastIndexOf('.') + 1))
}

/** What a hop says, for the readable trace. */
export function describeHop(hop: Hop): string {
  const message = messageOf(hop)
  if (message === undefined || hop.data.length === 0) return ''
  try {
    return printable(hop.kind === 'reply' ? decodeReply(message, hop.data) : decode(message, hop.data))
  } catch (error) {
    return `error ${error instanceof Error ? error.message : String(error)}`
  }
}

export class Invariants {
  readonly #world: World
  readonly #names: Subjects
  readonly #processes: Processes
  /** Which master gave which epoch. */
  readonly #leaders = new Map<number, string>()
  /** Highest epoch that a life of a node has been shown, by `node#life`. */
  readonly #seen = new Map<string, number>()
  #forgivenUntil = 0
  #lastLease: { readonly value: Uint8Array; readonly record: LeaseRecord } | undefined
  /** The order that a worker is deciding on right now. */
  #deciding: Order | undefined
  readonly #capacity = new Map<SimNode, WorkerCapacity>()
  /** The epoch that a worker itself says to know. */
  epochKnown: (worker: SimNode) => number = () => 0

  constructor(world: World, names: Subjects, processes: Processes) {
    this.#world = world
    this.#names = names
    this.#processes = processes
    world.net.observe = (delivery, phase) => this.#observe(delivery, phase)
    world.net.describe = describeHop
    processes.onLaunch = ({ cores, memory }, workerNode) => this.#launched(cores, memory, workerNode)
    processes.onKill = workerNode => this.#noEffectOfOldEpoch(workerNode, 'a kill')
  }

  worker(node: SimNode, capacity: WorkerCapacity): void {
    this.#capacity.set(node, capacity)
  }

  /**
   * The lease is gone with the store, and with it what told leaders apart: for one time-to-live the old leader and a new one may both act, and a master that
   * knew nothing may give an epoch again. The new store counts revisions from 1: a renewal of before that is still on its way may fit by chance.
   */
  storeLost(): void {
    this.#forgivenUntil = this.#world.scheduler.time + LEASE_TTL_MS + LONGEST_ON_ITS_WAY_MS
    this.#leaders.clear()
  }

  #observe({ hop, direction, node }: Delivery, phase: 'sent' | 'before' | 'done'): void {
    if (phase === 'done') {
      this.#deciding = undefined
      return
    }
    const given = phase === 'sent' && direction === 'out' && node.name.startsWith('m')
    const shown = phase === 'before' && direction === 'in'
    if ((!given && !shown) || (hop.kind !== 'message' && hop.kind !== 'reply') || hop.data.length === 0) return
    const message = messageOf(hop)
    if (message === undefined) return
    if (given) this.#given(hop, message, node)
    else this.#shown(hop, message, node)
  }

  /** A master speaks, by an order, news or an answer: it must hold the lease it names. */
  #given(hop: Hop, message: Message, node: SimNode): void {
    const body = this.#body(hop, message)
    if (typeof body?.['epoch'] !== 'number') return
    if (hop.kind === 'message') this.#world.counts.add('orders and news of masters')
    const { epoch } = body
    this.#leads(epoch, String(body['masterId'] ?? ''))
    // An expired lease belongs to nobody; one that is not confirmed yet (epoch 0) already to the next one.
    const held = this.#lease()
    if (held !== undefined && held.epoch !== epoch && this.#world.scheduler.time > this.#forgivenUntil) {
      this.#world.violate(
        'order after the lease passed',
        `${node.name} gives ${message.name} of epoch ${epoch} while ${held.masterId} holds epoch ${held.epoch}`,
      )
    }
  }

  /** Something arrives: remember the epoch, and what a worker is about to decide. */
  #shown(hop: Hop, message: Message, node: SimNode): void {
    const body = isWatched(hop, message, node) ? this.#body(hop, message) : undefined
    if (body === undefined) return
    countBranch(this.#world.counts, hop, message, body)
    if (typeof body['epoch'] !== 'number' || !this.#capacity.has(node)) return
    const { epoch } = body
    const key = `${node.name}#${node.life}`
    // Of an answer only the worker knows whether it came in time; what it once knew it must not forget.
    const seen = Math.max(this.#seen.get(key) ?? 0, this.epochKnown(node))
    this.#seen.set(key, seen)
    if (hop.kind === 'message') {
      this.#deciding = { worker: node.name, name: message.name, epoch, life: node.life }
      if (epoch < seen) this.#world.counts.add('orders of an old epoch arrived')
      // An order does not count as its own evidence.
      if (epoch >= seen) this.#seen.set(key, epoch)
    }
  }

  #leads(epoch: number, masterId: string): void {
    if (masterId === '' || epoch === 0) return
    const known = this.#leaders.get(epoch)
    if (known === undefined) this.#world.counts.add('epochs')
    if (this.#world.scheduler.time <= this.#forgivenUntil) this.#leaders.set(epoch, ANYBODY)
    else if (known === undefined) this.#leaders.set(epoch, masterId)
    else if (known !== masterId && known !== ANYBODY)
      this.#world.violate('two leaders of one epoch', `${known} and ${masterId} both gave epoch ${epoch}`)
  }

  #launched(cores: number, memory: number, workerNode: SimNode): void {
    this.#world.counts.add('processes launched')
    this.#noEffectOfOldEpoch(workerNode, 'a launch')
    const capacity = this.#capacity.get(workerNode)
    if (capacity === undefined) return
    const running = [...this.#processes.running].filter(p => p.workerNode === workerNode && p.workerLife === workerNode.life)
    const used = running.reduce((sum, p) => ({ cores: sum.cores + p.cores, memory: sum.memory + p.memory }), { cores, memory })
    if (used.cores > capacity.cores) this.#world.violate('cores given out twice', `${workerNode.name} runs ${used.cores} of ${capacity.cores} cores`)
    if (used.memory > capacity.memory)
      this.#world.violate('memory given out twice', `${workerNode.name} uses ${used.memory} of ${capacity.memory} bytes`)
  }

  /** A worker acts: the order it acts on must not be older than what it has seen. */
  #noEffectOfOldEpoch(workerNode: SimNode, what: string): void {
    const order = this.#deciding
    if (order === undefined || order.worker !== workerNode.name) return
    const seen = this.#seen.get(`${workerNode.name}#${workerNode.life}`) ?? 0
    if (order.epoch < seen)
      this.#world.violate('effect of an old epoch', `${workerNode.name}: ${what} by ${order.name} of epoch ${order.epoch} after epoch ${seen}`)
  }

  #body(hop: Hop, message: Message): Record<string, unknown> | undefined {
    try {
      return (hop.kind === 'reply' ? decodeReply(message, hop.data) : decode(message, hop.data)) as Record<string, unknown>
    } catch {
      return undefined
    }
  }

  #lease(): LeaseRecord | undefined {
    const entry = this.#world.bus.peek(this.#names.leaderBucket, LEASE_KEY)
    if (entry === undefined) return undefined
    if (this.#lastLease?.value !== entry.value) this.#lastLease = { value: entry.value, record: decodeRecord(LeaseRecord, entry.value, 'lease') }
    return this.#lastLease.record
  }
}
