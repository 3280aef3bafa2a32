/**
 * Spark's unified memory as pure policy: how an executor's memory is shared between cached blocks (storage) and DuckDB (execution). Each borrows what the
 * other does not use; execution may evict storage down to its protected part, storage never takes from execution. Bytes everywhere.
 */
import { formatSize } from '../core/bytes.js'
import { SpkError } from '../core/errors.js'

/** Kept for the process itself. */
export const RESERVED_BYTES = 300 * 2 ** 20
/** Spark's factor: an executor must have half as much again. */
const LEAST_BYTES = 1.5 * RESERVED_BYTES

const LEAST_SLOT_BYTES = 16 * 2 ** 20

export interface MemoryShares {
  /** Shared by both. */
  readonly total: number
  /** Storage up to here is not evicted for execution. */
  readonly protectedStorage: number
}

export interface MemoryUse extends MemoryShares {
  readonly storage: number
  readonly execution: number
}

/** Shares of an executor. Throws `INVALID_EXECUTOR_MEMORY` (F0000) below 450 MiB and `SPK_BAD_CONFIG_VALUE` for fractions outside 0 to 1. */
export function memoryShares(memory: number, fraction: number, storageFraction: number): MemoryShares {
  if (memory < LEAST_BYTES) {
    throw new SpkError(
      'INVALID_EXECUTOR_MEMORY',
      `Executor memory ${formatSize(memory)} must be at least ${formatSize(LEAST_BYTES)}. Increase it with --executor-memory or spark.executor.memory.`,
      { sqlState: 'F0000', params: { executorMemory: String(memory), minSystemMemory: String(LEAST_BYTES) } },
    )
  }
  for (const [key, value] of [
    ['spark.memory.fraction', fraction],
    ['spark.memory.storageFraction', storageFraction],
  ] as const) {
    if (!(value >= 0 && value <= 1)) throw new SpkError('SPK_BAD_CONFIG_VALUE', `${key}: ${value} is not between 0 and 1.`)
  }
  const total = Math.floor((memory - RESERVED_BYTES) * fraction)
  return { total, protectedStorage: Math.floor(total * storageFraction) }
}

/** The most that execution may use: everything except what storage may keep. */
export function executionLimit(use: MemoryUse): number {
  return use.total - Math.min(use.storage, use.protectedStorage)
}

/** DuckDB's limit in each of `slots` slots: an even part of what execution may use, and never too little to run at all. */
export function slotMemory(execution: number, slots: number): number {
  return Math.max(LEAST_SLOT_BYTES, Math.floor(execution / slots))
}

/** What storage must give up now, because execution has grown into what storage had borrowed. Never reaches the protected part. */
export function toEvict(use: MemoryUse): number {
  return Math.max(0, Math.min(use.storage + use.execution - use.total, use.storage - use.protectedStorage))
}

/**
 * Whether a block of `bytes` can be stored, and how much of storage's own older blocks must go for it. Undefined: it does not fit even then, since
 * execution's part is not touched.
 */
export function roomFor(use: MemoryUse, bytes: number): { readonly evict: number } | undefined {
  const free = Math.max(0, use.total - use.storage - use.execution)
  if (bytes <= free) return { evict: 0 }
  return bytes - free <= use.storage ? { evict: bytes - free } : undefined
}
