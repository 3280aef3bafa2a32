/** Cached blocks in memory, in shared buffers so that every slot can read them; least recently used first to go. Knows no limit: `store.ts` does. */

export class MemoryLevel {
  readonly #blocks = new Map<string, Uint8Array>()
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** The block, which is now the most recently used. */
  get(id: string): Uint8Array | undefined {
    const block = this.#blocks.get(id)
    if (block === undefined) return undefined
    this.#blocks.delete(id)
    this.#blocks.set(id, block)
    return block
  }

  put(id: string, bytes: Uint8Array): void {
    this.remove(id)
    this.#blocks.set(id, bytes)
    this.#bytes += bytes.length
  }

  /** Takes the block out; undefined when it is not here. */
  remove(id: string): Uint8Array | undefined {
    const block = this.#blocks.get(id)
    if (block === undefined) return undefined
    this.#blocks.delete(id)
    this.#bytes -= block.length
    return block
  }

  /** Ids to evict, oldest first, until `bytes` are free. `keep` is not among them. */
  oldest(bytes: number, keep?: string): string[] {
    const ids: string[] = []
    let freed = 0
    for (const [id, block] of this.#blocks) {
      if (freed >= bytes) break
      if (id === keep) continue
      ids.push(id)
      freed += block.length
    }
    return ids
  }
}
