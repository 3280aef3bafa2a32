/**
 * Reads block indexes. Block files never change once they are visible, so an index is read once and kept while it fits. Used by the server and by the
 * client for files of the same host.
 */
import { constants, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SpkError } from '../core/errors.js'
import { BLOCK_INDEX_VERSION, type BlockIndex, type BlockPartition, indexFile } from './blocks.js'

/** Partitions kept over all indexes: about 100 bytes each. */
const DEFAULT_LIMIT = 500_000

/** Parsed indexes by path, least recently used dropped first. */
export class BlockIndexes {
  readonly #limit: number
  readonly #kept = new Map<string, BlockIndex>()
  #partitions = 0

  constructor(limit = DEFAULT_LIMIT) {
    this.#limit = limit
  }

  /** The index of `file` in folder `dir`. Rejects with `SPK_BLOCK_NOT_FOUND` or `SPK_CORRUPT_BLOCK`. */
  async get(dir: string, file: string): Promise<BlockIndex> {
    const path = join(dir, indexFile(file))
    return this.#known(path) ?? this.#keep(path, await readIndex(path))
  }

  /** The same without waiting: for files that were written a moment ago. */
  getNow(dir: string, file: string): BlockIndex {
    const path = join(dir, indexFile(file))
    return this.#known(path) ?? this.#keep(path, readIndexNow(path))
  }

  #known(path: string): BlockIndex | undefined {
    const kept = this.#kept.get(path)
    if (kept === undefined) return undefined
    this.#kept.delete(path)
    this.#kept.set(path, kept)
    return kept
  }

  #keep(path: string, text: string): BlockIndex {
    const index = parseIndex(text, path)
    if (!this.#kept.has(path)) {
      this.#kept.set(path, index)
      this.#partitions += index.partitions.length
      this.#shrink()
    }
    return index
  }

  /** Forgets the indexes below a folder whose file name the predicate accepts. */
  forget(dir: string, matches: (file: string) => boolean = () => true): void {
    const start = join(dir, '/')
    for (const path of this.#kept.keys()) {
      if (path.startsWith(start) && matches(path.slice(start.length))) this.#drop(path)
    }
  }

  #shrink(): void {
    for (const path of this.#kept.keys()) {
      if (this.#partitions <= this.#limit || this.#kept.size === 1) return
      this.#drop(path)
    }
  }

  #drop(path: string): void {
    this.#partitions -= this.#kept.get(path)?.partitions.length ?? 0
    this.#kept.delete(path)
  }
}

/** No symbolic links: the folder may be another user's to write to. */
const READ = { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NOFOLLOW } as const

async function readIndex(path: string): Promise<string> {
  try {
    return await readFile(path, READ)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function readIndexNow(path: string): string {
  try {
    // The type of `flag` has forgotten that numbers are taken here, too.
    return readFileSync(path, READ as unknown as { readonly encoding: 'utf8' })
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): SpkError {
  return new SpkError('SPK_BLOCK_NOT_FOUND', `Block index ${path} cannot be read: it was removed, or its worker never had it.`, {
    cause,
    retryable: true,
  })
}

/** Parses and checks an index. Throws `SPK_CORRUPT_BLOCK`. */
export function parseIndex(text: string, path: string): BlockIndex {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw corrupt(path, 'it is not JSON', cause)
  }
  const index = value as Partial<BlockIndex> | null
  if (index?.v !== BLOCK_INDEX_VERSION) throw corrupt(path, `its version is ${String(index?.v)}, not ${BLOCK_INDEX_VERSION}`)
  if (!Array.isArray(index.partitions) || !index.partitions.every(isPartition)) throw corrupt(path, 'it does not list partitions')
  return index as BlockIndex
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

function isPartition(value: unknown): boolean {
  const partition = value as Partial<BlockPartition> | null
  return (
    isCount(partition?.rows) &&
    Array.isArray(partition?.extents) &&
    partition.extents.every(extent => isCount(extent?.offset) && isCount(extent?.length) && isCount(extent?.crc32))
  )
}

function corrupt(path: string, what: string, cause?: unknown): SpkError {
  return new SpkError('SPK_CORRUPT_BLOCK', `Block index ${path} is damaged: ${what}.`, { retryable: true, ...(cause === undefined ? {} : { cause }) })
}
