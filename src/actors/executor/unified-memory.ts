/**
 * Spark's unified memory, as a pure policy: (executor memory − 300 MiB) × `spark.memory.fraction` is shared by execution (DuckDB in the slots) and storage
 * (cached blocks). Either may use what the other leaves free. Execution may push storage back to its protected part (`storageFraction`), never the reverse.
 * Reference: Spark's UnifiedMemoryManager.
 */
import { formatSize } from '../../core/bytes.js'
import { SpkError } from '../../core/errors.js'

/** Kept for Node itself, bytes. */
export const RESERVED_MEMORY = 300 * 2 ** 20

export interface UnifiedMemory {
  /** Bytes that execution and storage share. */
  readonly total: number
  /** Part of it that execution cannot take from cached blocks. */
  readonly protectedStorage: number
}

/** Fails with `INVALID_EXECUTOR_MEMORY` below 1.5 × the reserved 300 MiB, as in Spark. */
export function unifiedMemory(executorMemory: number, fraction: number, storageFraction: number): UnifiedMemory {
  const least = RESERVED_MEMORY * 1.5
  if (executorMemory < least) {
    throw new SpkError(
      'INVALID_EXECUTOR_MEMORY',
      `Executor memory ${formatSize(executorMemory)} must be at least ${formatSize(least)}. Please increase executor memory using --executor-memory or spark.executor.memory.`,
      { sqlState: 'F0000' },
    )
  }
  const total = Math.floor((executorMemory - RESERVED_MEMORY) * fraction)
  return { total, protectedStorage: Math.floor(total * storageFraction) }
}

/** Most bytes of cached blocks while execution uses `executionUsed`: what execution leaves free, never less than nothing. */
export function storageLimit(memory: UnifiedMemory, executionUsed: number): number {
  return Math.max(0, memory.total - executionUsed)
}

/** What storage must give back when execution asks for `wanted` more bytes than are free: at most what it holds above its protected part. */
export function storageToEvict(memory: UnifiedMemory, executionUsed: number, storageUsed: number, wanted: number): number {
  const free = Math.max(0, memory.total - executionUsed - storageUsed)
  return Math.max(0, Math.min(wanted - free, storageUsed - memory.protectedStorage))
}

/** DuckDB's limit in each of `slots` slots while `storageUsed` bytes are cached. */
export function slotMemoryLimit(memory: UnifiedMemory, storageUsed: number, slots: number): number {
  return Math.max(16 * 2 ** 20, Math.floor((memory.total - Math.min(storageUsed, memory.total)) / slots))
}
