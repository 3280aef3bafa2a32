import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { StageSummary } from '#src/actors/driver/handle.js'
import { ProgressBar, stageBar } from '#src/sql/progress-bar.js'
import { TestTerminal } from './sessions.js'

const test = suite('sql/progress-bar')

function stage(number: number, completed: number, active: number, tasks: number, state: StageSummary['state'] = 'running', bytes = 0): StageSummary {
  const none = { bytesRead: 0, recordsRead: 0 }
  return {
    stage: number,
    name: 'Scan parquet t',
    tasks,
    completed,
    failed: 0,
    active,
    durationMs: 1500,
    state,
    metrics: {
      executorRunTime: 0,
      executorCpuTime: 0,
      resultSize: 0,
      peakExecutionMemory: 0,
      memoryBytesSpilled: 0,
      diskBytesSpilled: 0,
      inputMetrics: none,
      outputMetrics: { bytesWritten: 0, recordsWritten: 0 },
      shuffleReadMetrics: { remoteBlocksFetched: 0, localBlocksFetched: 0, remoteBytesRead: 0, localBytesRead: 0, fetchWaitTime: 0, recordsRead: 0 },
      shuffleWriteMetrics: { bytesWritten: bytes, recordsWritten: 0, writeTime: 0 },
    },
  }
}

const bars: readonly (readonly [StageSummary, number, string])[] = [
  [stage(1, 0, 2, 8), 40, '[Stage 1:>                 (0 + 2) / 8]'],
  [stage(1, 3, 2, 8), 40, '[Stage 1:======>           (3 + 2) / 8]'],
  [stage(1, 8, 0, 8), 40, '[Stage 1:==================(8 + 0) / 8]'],
  [stage(12, 100, 4, 200), 50, '[Stage 12:===========>           (100 + 4) / 200]'],
  [stage(1, 3, 2, 8), 10, '[Stage 1:(3 + 2) / 8]'],
]
for (const [summary, columns, expected] of bars) test(expected, () => assert.is(stageBar(summary, columns), expected))

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal control sequences are what it reads
const pieces = /\x1b\[2K|\x1b\[1A|\r|\n|[^\x1b\r\n]+/g

/** What a terminal shows after these writes: carriage returns, line feeds, erase line, cursor up. */
function screen(writes: string): string[] {
  const lines = ['']
  let row = 0
  for (const [piece] of writes.matchAll(pieces)) {
    if (piece === '\x1b[2K') lines[row] = ''
    else if (piece === '\x1b[1A') row--
    else if (piece === '\n') lines[++row] ??= ''
    else if (piece !== '\r') lines[row] = piece
  }
  return lines.filter(l => l !== '')
}

test('on a terminal: one live line per running stage, redrawn in place, gone at the end', () => {
  const terminal = new TestTerminal()
  terminal.errIsTerminal = true
  const bar = new ProgressBar(terminal)
  bar.update({ job: 0, stages: [stage(0, 1, 1, 4), stage(1, 0, 1, 2), stage(2, 0, 0, 1, 'waiting')] })
  assert.equal(screen(terminal.errors), [stageBar(stage(0, 1, 1, 4), 80), stageBar(stage(1, 0, 1, 2), 80)])
  bar.update({ job: 0, stages: [stage(0, 4, 0, 4, 'succeeded'), stage(1, 1, 1, 2)] })
  assert.equal(screen(terminal.errors), [stageBar(stage(1, 1, 1, 2), 80)])
  bar.finish()
  assert.equal(screen(terminal.errors), [])
})

test('elsewhere: a plain line per finished stage, once', () => {
  const terminal = new TestTerminal()
  const bar = new ProgressBar(terminal)
  bar.update({ job: 0, stages: [stage(0, 4, 0, 4, 'succeeded', 2048), stage(1, 0, 1, 1)] })
  bar.update({ job: 0, stages: [stage(0, 4, 0, 4, 'succeeded', 2048), stage(1, 1, 0, 1, 'succeeded')] })
  bar.finish()
  assert.is(terminal.errors, 'Stage 0 (Scan parquet t): 4 tasks, 2.0 KiB shuffled, 1.5 s\nStage 1 (Scan parquet t): 1 task, 1.5 s\n')
})

test.run()
