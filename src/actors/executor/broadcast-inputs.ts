/**
 * Broadcasts of an executor: fetched once, whatever the number of tasks and slots that ask at the same time, and kept in the block store until their
 * stage is removed. What lies on the same host is not copied: its files are read. A fetch that fails fails for who waits, and is tried again by the next.
 */
import type { BlockClient, FetchedBlocks, WantedBlock } from '../../blockstore/client.js'
import { readSegmentBytes } from '../../blockstore/segment.js'
import type { BlockStore } from '../../blockstore/store.js'
import { SpkError } from '../../core/errors.js'
import type { Segment } from '../../core/segment.js'
import { isBroadcastOf } from './kernel-task.js'
import { noFetch } from './task-outcome.js'

/** Segments in files, or ids in the store. */
type Kept = readonly ({ readonly kind: 'file'; readonly segment: Segment } | { readonly kind: 'stored'; readonly id: string })[]

export class BroadcastInputs {
  readonly #client: BlockClient
  readonly #store: BlockStore
  readonly #kept = new Map<string, Promise<Kept>>()

  constructor(client: BlockClient, store: BlockStore) {
    this.#client = client
    this.#store = store
  }

  /** The segments of one broadcast. Only the call that fetched it has metrics. Rejects like `BlockClient.fetch`. */
  async fetch(key: string, blocks: readonly WantedBlock[], signal: AbortSignal): Promise<FetchedBlocks> {
    let metrics = noFetch
    let kept = this.#kept.get(key)
    if (kept === undefined) {
      // Not with the first task's signal: others wait for the same.
      kept = this.#client.fetch(blocks).then(async fetched => {
        metrics = fetched.metrics
        try {
          return await this.#keep(key, fetched.segments)
        } finally {
          await fetched.release()
        }
      })
      this.#kept.set(key, kept)
      kept.catch(() => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key)
      })
    }
    const found = await Promise.race([kept, aborted(signal)])
    const segments = found.map(entry => (entry.kind === 'file' ? entry.segment : this.#store.get(entry.id)))
    if (segments.some(segment => segment === undefined)) {
      throw new SpkError('SPK_TASK_CANCELLED', `Broadcast ${key} was removed while a task wanted it.`, { retryable: true })
    }
    return { segments: segments as Segment[], metrics, release: async () => undefined }
  }

  /** Forgets the broadcasts of these stages; returns their keys. */
  async remove(stages: readonly number[]): Promise<string[]> {
    const keys = [...this.#kept.keys()].filter(key => isBroadcastOf(key, stages))
    for (const key of keys) {
      const kept = this.#kept.get(key)
      this.#kept.delete(key)
      for (const entry of await (kept ?? Promise.resolve([])).catch(() => [])) if (entry.kind === 'stored') await this.#store.remove(entry.id)
    }
    return keys
  }

  /** Blocks of this host stay where they are; what was fetched goes to the store, scratch files too. */
  async #keep(key: string, segments: readonly Segment[]): Promise<Kept> {
    const kept: Kept[number][] = []
    for (const [i, segment] of segments.entries()) {
      if (segment.kind === 'file' && !this.#client.isScratch(segment.path)) {
        kept.push({ kind: 'file', segment })
        continue
      }
      const id = `${key}_${i}`
      await this.#store.put(id, segment.kind === 'bytes' ? segment.bytes : readSegmentBytes(segment), 'MEMORY_AND_DISK')
      kept.push({ kind: 'stored', id })
    }
    return kept
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new SpkError('SPK_TASK_CANCELLED', 'The task was cancelled while it waited for a broadcast.'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
