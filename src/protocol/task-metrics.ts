/** Arithmetic on `TaskMetrics`: the zero and the sum. Executors start from the zero; driver and history add attempts up to stages. */
import { addOperators } from '../core/operator-profile.js'
import type { TaskMetrics } from './tasks.js'

export const noMetrics: TaskMetrics = {
  executorRunTime: 0,
  executorCpuTime: 0,
  resultSize: 0,
  peakExecutionMemory: 0,
  memoryBytesSpilled: 0,
  diskBytesSpilled: 0,
  inputMetrics: { bytesRead: 0, recordsRead: 0 },
  outputMetrics: { bytesWritten: 0, recordsWritten: 0 },
  shuffleReadMetrics: {
    remoteBlocksFetched: 0,
    localBlocksFetched: 0,
    remoteBytesRead: 0,
    localBytesRead: 0,
    fetchWaitTime: 0,
    recordsRead: 0,
  },
  shuffleWriteMetrics: { bytesWritten: 0, recordsWritten: 0, writeTime: 0 },
}

/** Sum of two, except `peakExecutionMemory`, of which the larger counts. */
export function addMetrics(a: TaskMetrics, b: TaskMetrics): TaskMetrics {
  const ar = a.shuffleReadMetrics
  const br = b.shuffleReadMetrics
  const aw = a.shuffleWriteMetrics
  const bw = b.shuffleWriteMetrics
  const operators = addOperators(a.operators, b.operators)
  return {
    executorRunTime: a.executorRunTime + b.executorRunTime,
    executorCpuTime: a.executorCpuTime + b.executorCpuTime,
    resultSize: a.resultSize + b.resultSize,
    peakExecutionMemory: Math.max(a.peakExecutionMemory, b.peakExecutionMemory),
    memoryBytesSpilled: a.memoryBytesSpilled + b.memoryBytesSpilled,
    diskBytesSpilled: a.diskBytesSpilled + b.diskBytesSpilled,
    inputMetrics: {
      bytesRead: a.inputMetrics.bytesRead + b.inputMetrics.bytesRead,
      recordsRead: a.inputMetrics.recordsRead + b.inputMetrics.recordsRead,
    },
    outputMetrics: {
      bytesWritten: a.outputMetrics.bytesWritten + b.outputMetrics.bytesWritten,
      recordsWritten: a.outputMetrics.recordsWritten + b.outputMetrics.recordsWritten,
    },
    shuffleReadMetrics: {
      remoteBlocksFetched: ar.remoteBlocksFetched + br.remoteBlocksFetched,
      localBlocksFetched: ar.localBlocksFetched + br.localBlocksFetched,
      remoteBytesRead: ar.remoteBytesRead + br.remoteBytesRead,
      localBytesRead: ar.localBytesRead + br.localBytesRead,
      fetchWaitTime: ar.fetchWaitTime + br.fetchWaitTime,
      recordsRead: ar.recordsRead + br.recordsRead,
    },
    shuffleWriteMetrics: {
      bytesWritten: aw.bytesWritten + bw.bytesWritten,
      recordsWritten: aw.recordsWritten + bw.recordsWritten,
      writeTime: aw.writeTime + bw.writeTime,
    },
    ...(operators === undefined ? {} : { operators: [...operators] }),
  }
}
