/**
 * One simulated world: time, network, bus, nodes, and what was found wrong in it. Who lives in it is the business of `cluster.ts` (the real actors) or of a
 * test with toys.
 */

import { SpkError } from '#src/core/errors.js'
import type { Logger } from '#src/core/log.js'
import { MemoryBus } from '#src/transport/memory.js'
import type { StoredBucket } from '#src/transport/memory-store.js'
import { Counts } from './counts.js'
import { type NetProfile, SimNet } from './net.js'
import { type Life, SimNode } from './node.js'
import { Scheduler } from './scheduler.js'
import { Seed } from './seed.js'
import { Trace } from './trace.js'

export interface Violation {
  /** Which rule: a fixed word. */
  readonly rule: string
  readonly detail: string
  /** Virtual milliseconds. */
  readonly time: number
}

export interface WorldOptions {
  readonly seed: Seed
  readonly profile: NetProfile
  /** Keep lines to read. */
  readonly trace?: boolean
}

/** A bus that counts the writes it refused because somebody else wrote first. */
class CountingBus extends MemoryBus {
  readonly #known = new WeakSet<StoredBucket>()
  counts: Counts | undefined

  override storedBucket(name: string, ttlMs: number): StoredBucket {
    const bucket = super.storedBucket(name, ttlMs)
    if (this.#known.has(bucket)) return bucket
    this.#known.add(bucket)
    for (const write of ['create', 'update', 'delete'] as const) {
      const plain = bucket[write].bind(bucket) as (...args: unknown[]) => unknown
      Object.assign(bucket, {
        [write]: (...args: unknown[]) => {
          try {
            return plain(...args)
          } catch (error) {
            if (error instanceof SpkError && error.code === 'SPK_CAS_FAILED') this.counts?.add(`write refused: ${name}`)
            throw error
          }
        },
      })
    }
    return bucket
  }
}

/** Words in an error log that mean a bug of ours, not a fault we caused. */
const BUG_LOGS = ['effect failed', 'no effect of this name', 'message handler failed', 'watch listener failed']

export class World {
  readonly seed: Seed
  readonly trace: Trace
  readonly scheduler: Scheduler
  readonly net: SimNet
  readonly bus: MemoryBus
  readonly nodes = new Map<string, SimNode>()
  readonly violations: Violation[] = []
  readonly counts = new Counts()
  /** The network is no worse than a program must endure without failing. */
  readonly endurable: boolean

  constructor(options: WorldOptions) {
    this.seed = options.seed
    const { loss, storeLoss, slowMs } = options.profile
    this.endurable = loss <= 0.02 && storeLoss <= 0.03 && slowMs <= 300
    this.trace = new Trace(options.trace)
    this.scheduler = new Scheduler(this.trace)
    this.net = new SimNet(this.scheduler, this.seed.fork('net'), this.trace, options.profile, this.counts)
    const server = new SimNode({ name: 'bus', host: 'bus', scheduler: this.scheduler, seed: this.seed.fork('bus') })
    const life = server.start()
    const bus = new CountingBus({ clock: life.clock, log: this.log('bus', life), link: this.net })
    bus.counts = this.counts
    this.bus = bus
    this.net.attach(this.bus)
    this.scheduler.onError = (error, label) => this.violate('exception', `${label}: ${error instanceof Error ? error.stack : String(error)}`)
  }

  node(name: string, host = name, clock: { readonly skewMs?: number; readonly drift?: number } = {}): SimNode {
    const node = new SimNode({ name, host, scheduler: this.scheduler, seed: this.seed.fork(name), ...clock })
    this.nodes.set(name, node)
    return node
  }

  violate(rule: string, detail: string): void {
    if (this.violations.some(v => v.rule === rule && v.detail === detail)) return
    this.violations.push({ rule, detail, time: this.scheduler.time })
    this.trace.note(this.scheduler.time, '!!!', `${rule}: ${detail}`)
  }

  /** A logger for one life: a dead one is silent, an error that can only be a bug is a violation, the rest goes to the readable trace. */
  log(name: string, life: Life): Logger {
    const write =
      (level: string) =>
      (first: unknown, second?: unknown): void => {
        if (!life.alive()) return
        const text = typeof first === 'string' ? first : String(second)
        const fields = typeof first === 'string' ? undefined : (first as Record<string, unknown>)
        if (level === 'error' && BUG_LOGS.some(words => text.startsWith(words))) {
          const error = fields?.['err']
          this.violate('bug', `${name}: ${text} ${fields?.['action'] ?? ''} ${error instanceof Error ? error.stack : JSON.stringify(fields)}`)
        }
        if (this.trace.keeps) this.trace.note(this.scheduler.time, name, `  ${level} ${text} ${printable(fields)}`)
      }
    const logger = {
      level: 'trace',
      child: () => logger,
      bindings: () => ({}),
      isLevelEnabled: () => true,
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      fatal: write('fatal'),
    }
    return logger as unknown as Logger
  }
}

export function printable(value: unknown): string {
  if (value === undefined) return ''
  const text = JSON.stringify(value, (_key, v: unknown) => {
    if (v instanceof Error) return v.message
    if (v instanceof Uint8Array) return `${v.length} bytes`
    return typeof v === 'bigint' ? String(v) : v
  })
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

/** A network in which nothing goes wrong. */
export const calm: NetProfile = { usualMs: 0.5, slowChance: 0, slowMs: 0, loss: 0, duplicate: 0, lateMs: 0, reorder: 0, storeLoss: 0 }

/** A bad network, how bad and in which way by the seed. `gently`: only so bad that work goes on. */
export function rough(seed: Seed, gently = false): NetProfile {
  const some = (chance: number, most: number) => (seed.chance(chance) ? seed.next() * most : 0)
  const harsh = gently ? 0.2 : seed.chance(0.3) ? 8 : 1
  return {
    usualMs: seed.between(0.1, 3),
    slowChance: some(0.7, 0.1),
    slowMs: seed.pick(gently ? [5, 20, 50] : [5, 50, 300, 1500]),
    loss: some(0.5, 0.02 * harsh),
    duplicate: some(0.6, 0.04 * harsh),
    lateMs: seed.pick([0, 300, 4000, 15_000]),
    reorder: some(0.6, 0.2),
    storeLoss: some(0.5, 0.03 * harsh),
  }
}

export function newWorld(
  seed: number | string,
  options: { readonly trace?: boolean; readonly calm?: boolean; readonly gently?: boolean } = {},
): World {
  const root = new Seed(seed)
  return new World({
    seed: root,
    profile: options.calm ? calm : rough(root.fork('profile'), options.gently),
    ...(options.trace === undefined ? {} : { trace: options.trace }),
  })
}
