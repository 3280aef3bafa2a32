/** A slot for tests: segments are batches kept in a table, named by the segment's path. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Batch } from '#src/core/batch.js'
import { must } from '#src/core/errors.js'
import type { StructType } from '#src/core/types.js'
import { openSlot, type Slot, type SlotOptions } from '#src/kernel/slot.js'
import type { BatchSink, KernelInput, KernelTask } from '#src/kernel/task.js'

export interface TestSlot {
  readonly slot: Slot
  readonly dir: string
  /** An input that reads these batches. With a key it says how large it is, eight bytes a row. */
  input(name: string, schema: StructType, batches: readonly Batch[], cacheKey?: string): KernelInput
  close(): Promise<void>
}

export async function testSlot(options: Partial<SlotOptions> = {}): Promise<TestSlot> {
  const dir = mkdtempSync(join(tmpdir(), 'spk-kernel-'))
  const segments = new Map<string, readonly Batch[]>()
  const slot = await openSlot({
    id: 'test',
    spillDir: join(dir, 'spill'),
    memoryLimit: 512 * 2 ** 20,
    decode: segment => must(segment.kind === 'file' ? segments.get(segment.path) : undefined, 'segment'),
    ...options,
  })
  return {
    slot,
    dir,
    input(name, schema, batches, cacheKey) {
      const path = `segment-${segments.size}`
      segments.set(path, batches)
      const length = batches.reduce((sum, batch) => sum + batch.rows * 8, 0)
      return {
        kind: 'segments',
        name,
        schema,
        segments: [{ kind: 'file', path, extents: cacheKey === undefined ? [] : [{ offset: 0, length, crc32: 0 }] }],
        ...(cacheKey === undefined ? {} : { cacheKey }),
      }
    },
    async close() {
      await slot.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

export class Collected implements BatchSink {
  readonly batches: { partition: number; batch: Batch }[] = []
  write(partition: number, batch: Batch): void {
    this.batches.push({ partition, batch })
  }
  all(): Batch[] {
    return this.batches.map(b => b.batch)
  }
}

let next = 0
export function task(parts: Partial<KernelTask> & Pick<KernelTask, 'sql' | 'schema'>): KernelTask {
  return { id: `task-${next++}`, settings: {}, inputs: [], output: { kind: 'rows' }, conf: {}, ...parts }
}
