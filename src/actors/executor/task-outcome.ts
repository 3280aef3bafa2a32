/** What became of a task in the driver's words: output and metrics of a finished one, the failure of another. Pure. */

import type { FetchMetrics } from '../../blockstore/client.js'
import { SpkError, toErrorData, unreachable } from '../../core/errors.js'
import type { KernelResult } from '../../kernel/task.js'
import type { TaskFailure, TaskMetrics, TaskOutput } from '../../protocol/tasks.js'
import type { SinkValue } from './sinks.js'

export function taskOutput(result: KernelResult, sink: SinkValue, file: string | undefined, isResult: boolean): TaskOutput {
  const rows = result.rowsOut
  switch (sink.kind) {
    case 'blocks':
      return isResult
        ? { kind: 'resultBlock', rows, bytes: sink.bytes[0] ?? 0, file: file ?? '' }
        : { kind: 'shuffle', bytes: [...sink.bytes], rows: [...sink.rows], ...(result.sample === undefined ? {} : { sample: [...result.sample] }) }
    case 'inline':
      return { kind: 'result', rows, ipc: sink.ipc }
    case 'files':
      return { kind: 'files', rows, files: result.files.map(f => ({ ...f })) }
    case 'none':
      return { kind: 'discarded', rows }
    default:
      return unreachable(sink)
  }
}

export const noFetch: FetchMetrics = { remoteBlocksFetched: 0, localBlocksFetched: 0, remoteBytesRead: 0, localBytesRead: 0, fetchWaitTime: 0 }

export function addFetch(sum: FetchMetrics, more: FetchMetrics): FetchMetrics {
  return {
    remoteBlocksFetched: sum.remoteBlocksFetched + more.remoteBlocksFetched,
    localBlocksFetched: sum.localBlocksFetched + more.localBlocksFetched,
    remoteBytesRead: sum.remoteBytesRead + more.remoteBytesRead,
    localBytesRead: sum.localBytesRead + more.localBytesRead,
    fetchWaitTime: sum.fetchWaitTime + more.fetchWaitTime,
  }
}

/** Spark's metrics. `runMs`: from launch to end on the executor. A task that failed before it ran has no kernel result. */
export function taskMetrics(runMs: number, fetched: FetchMetrics, result?: KernelResult, output?: TaskOutput): TaskMetrics {
  const shuffled = output?.kind === 'shuffle' ? output : undefined
  const files = output?.kind === 'files' ? output : undefined
  const written = output?.kind === 'files' || output?.kind === 'discarded' ? output.rows : 0
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return {
    executorRunTime: runMs,
    executorCpuTime: result?.cpuMs ?? 0,
    resultSize: output?.kind === 'result' ? output.ipc.length : output?.kind === 'resultBlock' ? output.bytes : 0,
    peakExecutionMemory: result?.peakMemory ?? 0,
    memoryBytesSpilled: 0,
    diskBytesSpilled: result?.bytesSpilled ?? 0,
    inputMetrics: { bytesRead: result?.bytesRead ?? 0, recordsRead: result?.rowsRead ?? 0 },
    outputMetrics: { bytesWritten: sum((files?.files ?? []).map(f => f.bytes)), recordsWritten: written },
    shuffleReadMetrics: { ...fetched, recordsRead: result?.shuffleRowsRead ?? 0 },
    shuffleWriteMetrics: {
      bytesWritten: sum(shuffled?.bytes ?? []),
      recordsWritten: sum(shuffled?.rows ?? []),
      writeTime: shuffled === undefined ? 0 : (result?.sinkMs ?? 0),
    },
    ...(result?.operators === undefined ? {} : { operators: [...result.operators] }),
  }
}

/** `killed`: the reason, when the task was to end. */
export function taskFailure(error: unknown, killed: string | undefined): TaskFailure {
  if (killed !== undefined) return { kind: 'TaskKilled', reason: killed }
  const fetch = fetchFailure(error)
  if (fetch === undefined) return { kind: 'ExceptionFailure', error: toErrorData(error) }
  const { stage, map, mapAttempt, workerId } = fetch.params
  return {
    kind: 'FetchFailed',
    stage: Number(stage),
    map: Number(map),
    mapAttempt: Number(mapAttempt),
    workerId: workerId ?? '',
    error: toErrorData(fetch),
  }
}

/** The fetch failure that names a map output, somewhere in the chain of causes. */
function fetchFailure(error: unknown): SpkError | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof SpkError && at.code === 'SPK_FETCH_FAILED' && at.params.map !== undefined) return at
  }
  return undefined
}
