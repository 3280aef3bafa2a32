/** What the accepted tasks of a shuffle stage left behind: their locations for a reader's plan, and their sizes for its layout. Pure; read from the task table. */
import { must } from '../../core/errors.js'
import type { StageSize } from '../../core/stage.js'
import type { MapOutputs } from '../../protocol/stage-plan.js'
import type { BlockSource } from './ports.js'
import { type TaskTable, tasksOf } from './task-table.js'

export interface ShuffleSizes {
  readonly partitions: number
  /** Bytes per reduce partition, over all maps. */
  readonly bytes: readonly number[]
  /** The same by host of the map output. */
  readonly hosts: ReadonlyMap<string, readonly number[]>
  /** Per map: its host and bytes. */
  readonly maps: readonly { readonly hostId: string; readonly bytes: number }[]
  /** Bytes of one partition, per map. */
  readonly mapBytes: (partition: number) => readonly number[]
}

type Workers = ReadonlyMap<string, BlockSource>

/** Locations of a complete stage's outputs, as they travel in a plan. */
export function mapOutputs(stage: number, partitions: number, tasks: TaskTable, workers: Workers): MapOutputs {
  const indexes = new Map<string, number>()
  const used: BlockSource[] = []
  const maps: MapOutputs['maps'] = []
  for (const [partition, task] of tasksOf(tasks)) {
    const accepted = must(task.accepted, `map output ${partition} of stage ${stage} is missing`)
    let worker = indexes.get(accepted.workerId)
    if (worker === undefined) {
      worker = used.push(must(workers.get(accepted.workerId), `worker ${accepted.workerId} is not known`)) - 1
      indexes.set(accepted.workerId, worker)
    }
    const shuffle = accepted.output.kind === 'shuffle' ? accepted.output : undefined
    maps.push({ worker, attempt: accepted.attempt, bytes: sum(shuffle?.bytes ?? []), rows: sum(shuffle?.rows ?? []) })
  }
  return {
    stage,
    partitions,
    workers: used.map(({ workerId, hostId, blockUrl, blocksDir }) => ({ workerId, hostId, blockUrl, blocksDir })),
    maps,
  }
}

export function shuffleSizes(partitions: number, tasks: TaskTable, workers: Workers): ShuffleSizes {
  const bytes = new Array<number>(partitions).fill(0)
  const hosts = new Map<string, number[]>()
  const maps: { hostId: string; bytes: number }[] = []
  const outputs: (readonly number[])[] = []
  for (const [, task] of tasksOf(tasks)) {
    const { accepted } = task
    if (accepted?.output.kind !== 'shuffle') continue
    const hostId = workers.get(accepted.workerId)?.hostId ?? ''
    let onHost = hosts.get(hostId)
    if (onHost === undefined) {
      onHost = new Array<number>(partitions).fill(0)
      hosts.set(hostId, onHost)
    }
    const sizes = accepted.output.bytes
    for (let p = 0; p < partitions; p++) {
      const size = sizes[p] ?? 0
      bytes[p] = (bytes[p] ?? 0) + size
      onHost[p] = (onHost[p] ?? 0) + size
    }
    maps.push({ hostId, bytes: sum(sizes) })
    outputs.push(sizes)
  }
  return { partitions, bytes, hosts, maps, mapBytes: partition => outputs.map(of => of[partition] ?? 0) }
}

/** What all the accepted tasks of a shuffle stage wrote. */
export function stageSize(tasks: TaskTable): StageSize {
  let rows = 0
  const partitions: number[] = []
  for (const [, { accepted }] of tasksOf(tasks)) {
    if (accepted?.output.kind !== 'shuffle') continue
    accepted.output.bytes.forEach((bytes, p) => {
      partitions[p] = (partitions[p] ?? 0) + bytes
    })
    rows += sum(accepted.output.rows)
  }
  return { bytes: sum(partitions), rows, partitions, tasks: tasks.size }
}

export function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
