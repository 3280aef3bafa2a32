/**
 * Cached blocks of an executor by id, at Spark's storage levels: in memory while unified memory has room, on disk where the level allows it. Used for
 * broadcast segments; what memory loses goes to disk (MEMORY_AND_DISK) or is forgotten (MEMORY_ONLY).
 */
import type { Segment } from '../core/segment.js'
import { DiskLevel } from './disk-level.js'
import { MemoryLevel } from './memory-level.js'
import { executionLimit, type MemoryShares, roomFor, toEvict } from './unified-memory.js'

export type StorageLevel = 'MEMORY_ONLY' | 'MEMORY_AND_DISK' | 'DISK_ONLY'

export interface BlockStoreOptions {
  /** Folder for blocks on disk, of this executor alone. */
  readonly dir: string
  readonly shares: MemoryShares
  /** Called when the most that execution may use changes. */
  readonly onExecutionLimit?: (bytes: number) => void
}

export class BlockStore {
  readonly #options: BlockStoreOptions
  readonly #memory = new MemoryLevel()
  readonly #disk: DiskLevel
  readonly #levels = new Map<string, StorageLevel>()
  /** On their way from memory to disk: found all the while. */
  readonly #leaving = new Map<string, { readonly bytes: Uint8Array; readonly written: Promise<unknown> }>()
  #execution = 0
  #limit: number

  constructor(options: BlockStoreOptions) {
    this.#options = options
    this.#disk = new DiskLevel(options.dir)
    this.#limit = this.executionLimit
  }

  get memoryUsed(): number {
    return this.#memory.bytes
  }
  get diskUsed(): number {
    return this.#disk.bytes
  }
  /** What execution may use at most now. */
  get executionLimit(): number {
    return executionLimit(this.#use())
  }

  /** The block where it lies now; undefined when it is not kept. */
  get(id: string): Segment | undefined {
    const bytes = this.#memory.get(id) ?? this.#leaving.get(id)?.bytes
    return bytes === undefined ? this.#disk.get(id) : { kind: 'bytes', bytes }
  }

  /** Keeps a block, in place of one of the same id. False when the level allows memory only and there is no room. */
  async put(id: string, bytes: Uint8Array, level: StorageLevel): Promise<boolean> {
    await this.remove(id)
    const room = level === 'DISK_ONLY' ? undefined : roomFor(this.#use(), bytes.length)
    if (room === undefined) {
      if (level === 'MEMORY_ONLY') return false
      await this.#disk.put(id, bytes)
      this.#levels.set(id, level)
      return true
    }
    this.#levels.set(id, level)
    this.#memory.put(id, shared(bytes))
    await this.#evict(room.evict, id)
    this.#told()
    return true
  }

  async remove(id: string): Promise<void> {
    this.#levels.delete(id)
    this.#memory.remove(id)
    await this.#leaving.get(id)?.written
    await this.#disk.remove(id)
    this.#told()
  }

  /** What execution uses now: storage gives back what it had borrowed. */
  async setExecution(bytes: number): Promise<void> {
    this.#execution = bytes
    await this.#evict(toEvict(this.#use()))
    this.#told()
  }

  async #evict(bytes: number, keep?: string): Promise<void> {
    for (const id of this.#memory.oldest(bytes, keep)) {
      const block = this.#memory.remove(id)
      if (block !== undefined && this.#levels.get(id) === 'MEMORY_AND_DISK') await this.#toDisk(id, block)
      else this.#levels.delete(id)
    }
  }

  /** A block that the disk does not take stays in memory, above its share, until there is room: who keeps it counts on it. */
  async #toDisk(id: string, bytes: Uint8Array): Promise<void> {
    const written = this.#disk.put(id, bytes).then(
      () => true,
      () => false,
    )
    this.#leaving.set(id, { bytes, written })
    const isThere = await written
    this.#leaving.delete(id)
    if (!isThere && this.#levels.has(id)) this.#memory.put(id, bytes)
  }

  #use() {
    return { ...this.#options.shares, storage: this.#memory.bytes, execution: this.#execution }
  }

  #told(): void {
    const limit = this.executionLimit
    if (limit === this.#limit) return
    this.#limit = limit
    this.#options.onExecutionLimit?.(limit)
  }
}

function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
