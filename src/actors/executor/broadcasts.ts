/**
 * The broadcasts an executor holds: fetched once, shared by its slots, least recently used first to go when they take more than their memory. Slots keep
 * tables of them under `cacheKey`; who forgets a broadcast here has the slots drop it, too.
 */
import type { BlockClient, FetchedBlocks } from '../../blockstore/client.js'
import type { Segment } from '../../core/segment.js'
import type { MapOutputs } from '../../protocol/stage-plan.js'
import { wantedBlocks } from './task-inputs.js'

export interface Broadcast {
  readonly cacheKey: string
  readonly segments: readonly Segment[]
}

interface Held {
  readonly stage: number
  readonly fetched: Promise<FetchedBlocks>
  bytes: number
}

export class Broadcasts {
  readonly #client: BlockClient
  readonly #held = new Map<string, Held>()

  constructor(client: BlockClient) {
    this.#client = client
  }

  /** Rejects like the client's `fetch`; a failed one is fetched anew by the next who asks. */
  async get(outputs: MapOutputs): Promise<Broadcast> {
    // Another attempt of a map task may hold other rows: it is another broadcast.
    const cacheKey = `broadcast_${outputs.stage}_${outputs.maps.map(m => m.attempt).join('_')}`
    let held = this.#held.get(cacheKey)
    if (held === undefined) {
      const made: Held = { stage: outputs.stage, fetched: this.#client.fetch(wantedBlocks(outputs, 0, outputs.partitions)), bytes: 0 }
      made.fetched.then(
        ({ segments }) => {
          made.bytes = segments.reduce((sum, segment) => sum + (segment.kind === 'bytes' ? segment.bytes.byteLength : 0), 0)
        },
        () => this.#held.delete(cacheKey),
      )
      held = made
    } else this.#held.delete(cacheKey)
    this.#held.set(cacheKey, held)
    return { cacheKey, segments: (await held.fetched).segments }
  }

  /** Bytes in memory. */
  bytes(): number {
    let sum = 0
    for (const held of this.#held.values()) sum += held.bytes
    return sum
  }

  /** Forgets the broadcasts of these stages; their keys, for the slots. */
  async forgetStages(stages: readonly number[]): Promise<string[]> {
    return this.#forget([...this.#held].filter(([, held]) => stages.includes(held.stage)).map(([key]) => key))
  }

  /** Forgets least recently used ones, but never the newest, until `bytes` are freed; their keys. */
  async evict(bytes: number): Promise<string[]> {
    const keys: string[] = []
    let freed = 0
    for (const [key, held] of [...this.#held].slice(0, -1)) {
      if (freed >= bytes) break
      freed += held.bytes
      keys.push(key)
    }
    return this.#forget(keys)
  }

  async #forget(keys: readonly string[]): Promise<string[]> {
    for (const key of keys) {
      const held = this.#held.get(key)
      this.#held.delete(key)
      await held?.fetched.then(
        fetched => fetched.release(),
        () => undefined,
      )
    }
    return [...keys]
  }
}
