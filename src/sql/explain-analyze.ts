/** The text of `explain('analyze')`: the plan as it was run, and per stage what it read, wrote and spilled, with the operators of its fragment. */
import type { StageSummary } from '../actors/driver/handle.js'
import { formatSize } from '../core/bytes.js'

export function analyzed(physical: string, stages: readonly StageSummary[]): string {
  return `${physical}\n\n== What It Took ==\n${stages.map(stageText).join('\n')}`
}

function stageText({ stage, name, tasks, state, durationMs, metrics }: StageSummary): string {
  const { inputMetrics: read, outputMetrics: written, shuffleReadMetrics: shuffleRead, shuffleWriteMetrics: shuffleWritten } = metrics
  const facts = [
    `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`,
    state === 'succeeded' ? `${ms(durationMs)}` : state,
    `${ms(metrics.executorRunTime)} of tasks`,
    ...flow('read', read.recordsRead, read.bytesRead),
    ...flow('shuffle read', shuffleRead.recordsRead, shuffleRead.localBytesRead + shuffleRead.remoteBytesRead),
    ...flow('shuffle write', shuffleWritten.recordsWritten, shuffleWritten.bytesWritten),
    ...flow('written', written.recordsWritten, written.bytesWritten),
    `${formatSize(metrics.peakExecutionMemory)} of memory`,
    ...(metrics.diskBytesSpilled > 0 ? [`spill ${formatSize(metrics.diskBytesSpilled)}`] : []),
  ]
  const operators = (metrics.operators ?? []).map(o => {
    const partly = o.tasks < tasks ? ` [${o.tasks} of ${tasks} tasks]` : ''
    const detail = o.detail === '' ? '' : ` (${o.detail})`
    return `  ${'  '.repeat(o.depth)}${o.name}${detail}: ${rows(o.rows)}, ${formatSize(o.bytes)}, ${ms(o.ms)}${partly}`
  })
  return [`Stage ${stage}: ${name}`, `  ${facts.join(', ')}`, ...operators].join('\n')
}

function flow(what: string, records: number, bytes: number): string[] {
  return records === 0 && bytes === 0 ? [] : [`${what} ${rows(records)}, ${formatSize(bytes)}`]
}

function rows(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`
}

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${value.toFixed(0)} ms`
}
