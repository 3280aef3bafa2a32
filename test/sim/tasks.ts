/**
 * The task runner of a simulated executor: a task is a pure function of its operation and its input rows, takes some virtual time, may fail as tasks do,
 * and leaves its output on the worker's disk exactly as the real one does.
 */

import type { TaskEnd, TaskRunner } from '#src/actors/executor/ports.js'
import { resultFileName } from '#src/blockstore/blocks.js'
import { must, SpkError, toErrorData } from '#src/core/errors.js'
import { shuffleFileName } from '#src/core/stage.js'
import type { ExecutorLaunch } from '#src/protocol/executor-launch.js'
import type { MapOutputs, PlanInput, PlanOutput, StagePlan } from '#src/protocol/stage-plan.js'
import type { TaskFailure, TaskInput, TaskLaunch, TaskMetrics, TaskOutput } from '#src/protocol/tasks.js'
import type { Disks, Outputs } from './files.js'
import type { Life, SimNode } from './node.js'
import { apply, operationOf, packRows, partitionRows, type Row, rangeRows, rowKey, unpackRows } from './rows.js'
import type { Seed } from './seed.js'

export interface TaskFaults {
  /** Chance that an attempt fails by itself. */
  readonly exception: number
  /** Chance that a result is big: a block, fetched by the driver. */
  readonly bigResult: number
  /** Milliseconds of work per task. */
  readonly shortest: number
  readonly longest: number
  /** From this virtual time on tasks have little left to do: all that could go wrong has. */
  readonly hurryAt: number
}

export interface TaskRunnerOptions {
  readonly node: SimNode
  readonly life: Life
  readonly launch: Pick<ExecutorLaunch, 'appId' | 'workerId'>
  readonly disks: Disks
  readonly outputs: Outputs
  readonly seed: Seed
  readonly faults: TaskFaults
}

/** A map output that could not be read. */
class Unreadable extends Error {
  readonly failure: TaskFailure
  constructor(outputs: MapOutputs, map: number, workerId: string) {
    super('fetch failed')
    const error = toErrorData(new SpkError('SPK_FETCH_FAILED', `map ${map} of stage ${outputs.stage} is not on ${workerId}`, { retryable: true }))
    const { stack: _stack, ...data } = error
    this.failure = {
      kind: 'FetchFailed',
      stage: outputs.stage,
      map,
      mapAttempt: must(outputs.maps[map], 'map output').attempt,
      workerId,
      error: data,
    }
  }
}

const HURRIED_MS = 40

const attemptName = ({ key }: TaskLaunch): string => `${key.stage}.${key.stageAttempt}/${key.partition}.${key.attempt}`

export function simTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { node, life, launch: self, disks, outputs, faults } = options
  const running = new Map<string, (end: TaskEnd) => void>()

  function rowsOf(input: PlanInput, wanted: TaskInput): Row[] {
    if (wanted.kind === 'range') return rangeRows(wanted.start, wanted.end, wanted.step)
    if (wanted.kind === 'rows' && input.kind === 'rows') return unpackRows(must(input.partitions[wanted.partition], 'rows of the driver'))
    if (input.kind !== 'shuffle' && input.kind !== 'broadcast') throw new Error(`input ${input.kind} read as ${wanted.kind}`)
    const { outputs: located } = input
    const maps = located.maps.map((_, map) => map)
    switch (wanted.kind) {
      case 'shuffle':
        return maps.flatMap(map => mapRows(located, map, wanted.from, wanted.to))
      case 'forward':
        return mapRows(located, wanted.map, 0, located.partitions)
      case 'broadcast':
        return maps.flatMap(map => mapRows(located, map, 0, located.partitions))
      default:
        throw new Error(`a shuffle read as ${wanted.kind}`)
    }
  }

  function mapRows(located: MapOutputs, map: number, from: number, to: number): Row[] {
    const output = must(located.maps[map], 'map output')
    const { workerId } = must(located.workers[output.worker], 'worker of a map output')
    const block = disks.read(node, workerId, self.appId, shuffleFileName(located.stage, map, output.attempt))
    if (block === undefined) throw new Unreadable(located, map, workerId)
    return block.partitions.slice(from, to).flat()
  }

  function store(file: string, partitions: readonly (readonly Row[])[]): void {
    if (!disks.write(self.workerId, self.appId, file, { partitions })) throw new SpkError('SPK_DISK', `the folder of ${self.appId} is gone`)
  }

  function save(output: PlanOutput, { key }: TaskLaunch, rows: readonly Row[], big: boolean): TaskOutput {
    switch (output.kind) {
      case 'result': {
        if (!big) return { kind: 'result', rows: rows.length, ipc: packRows(rows) }
        const file = resultFileName(key.stage, key.partition, key.attempt)
        store(file, [rows])
        return { kind: 'resultBlock', rows: rows.length, bytes: rows.length * 4, file }
      }
      case 'noop':
        return { kind: 'discarded', rows: rows.length }
      case 'write': {
        const path = `${output.temporary}/part-${key.partition}-${key.stageAttempt}-${key.attempt}`
        if (!outputs.write(output.temporary, path, rows)) throw new SpkError('SPK_WRITE_FAILED', `${output.temporary} is gone`)
        return { kind: 'files', rows: rows.length, files: [{ path, bytes: rows.length * 4, rows: rows.length }] }
      }
      default: {
        const partitions = partitionRows(rows, output)
        store(shuffleFileName(key.stage, key.partition, key.attempt), partitions)
        const sample = output.kind === 'single' && output.sample !== undefined ? rows.slice(0, output.sample.size).map(rowKey) : undefined
        return {
          kind: 'shuffle',
          bytes: partitions.map(p => p.length * 4),
          rows: partitions.map(p => p.length),
          ...(sample === undefined ? {} : { sample }),
        }
      }
    }
  }

  function compute(plan: StagePlan, launch: TaskLaunch, luck: Seed): TaskEnd {
    try {
      const fragment = must(plan.fragments[launch.fragment], 'fragment')
      const inputs = fragment.inputs.map((input, i) => {
        const wanted = must(launch.inputs[i], 'task input')
        return { rows: rowsOf(input, wanted), broadcast: input.kind === 'broadcast' }
      })
      if (luck.chance(faults.exception)) throw new SpkError('SPK_PLANTED', 'a fault of the simulation')
      const rows = apply(operationOf(fragment), inputs)
      const read = inputs.reduce((sum, i) => sum + i.rows.length, 0)
      return { kind: 'finished', output: save(plan.output, launch, rows, luck.chance(faults.bigResult)), metrics: metrics(read, rows.length) }
    } catch (error) {
      if (error instanceof Unreadable) return { kind: 'failed', failure: error.failure }
      const { stack: _stack, ...data } = toErrorData(error)
      return { kind: 'failed', failure: { kind: 'ExceptionFailure', error: data } }
    }
  }

  return {
    run(plan, launch) {
      const luck = options.seed.fork(attemptName(launch))
      return new Promise(resolve => {
        const finish = (end: TaskEnd): void => {
          if (running.delete(attemptName(launch))) resolve(end)
        }
        running.set(attemptName(launch), finish)
        const work = luck.between(faults.shortest, faults.longest) * (luck.chance(0.05) ? 10 : 1)
        const most = Math.max(0, faults.hurryAt - life.trueTime()) + HURRIED_MS
        life.after(Math.min(work, most), `task ${attemptName(launch)}`, () => {
          if (running.has(attemptName(launch))) finish(compute(plan, launch, luck))
        })
      })
    },
    kill(launch, reason) {
      life.after(5, 'task killed', () => running.get(attemptName(launch))?.({ kind: 'failed', failure: { kind: 'TaskKilled', reason } }))
    },
    async removeStages(stages) {
      disks.removeStages(self.workerId, self.appId, stages)
    },
    memoryUsed: () => running.size * 1000,
    async close() {
      for (const finish of [...running.values()]) finish({ kind: 'failed', failure: { kind: 'TaskKilled', reason: 'the executor stops' } })
    },
  }
}

function metrics(rowsRead: number, rowsOut: number): TaskMetrics {
  return {
    executorRunTime: 1,
    executorCpuTime: 1,
    resultSize: rowsOut * 4,
    peakExecutionMemory: 0,
    memoryBytesSpilled: 0,
    diskBytesSpilled: 0,
    inputMetrics: { bytesRead: 0, recordsRead: rowsRead },
    outputMetrics: { bytesWritten: 0, recordsWritten: 0 },
    shuffleReadMetrics: { remoteBlocksFetched: 0, localBlocksFetched: 0, remoteBytesRead: 0, localBytesRead: 0, fetchWaitTime: 0, recordsRead: 0 },
    shuffleWriteMetrics: { bytesWritten: 0, recordsWritten: 0, writeTime: 0 },
  }
}
