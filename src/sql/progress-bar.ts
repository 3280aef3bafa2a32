/**
 * Console progress: on a terminal one live line per running stage, redrawn in place and cleared at the end; elsewhere one plain line per finished stage.
 * Pure text over a `Terminal`; nothing here knows the time.
 */
import type { JobProgress, StageSummary } from '../actors/driver/handle.js'
import { formatDuration, formatSize } from '../core/bytes.js'
import type { Terminal } from './services.js'

export class ProgressBar {
  readonly #terminal: Terminal
  /** Lines of the last drawing, to be erased before the next. */
  #drawn = 0
  readonly #reported = new Set<number>()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  update(progress: JobProgress): void {
    if (this.#terminal.errIsTerminal) this.#draw(progress.stages.filter(s => s.state === 'running').map(s => stageBar(s, this.#terminal.errColumns)))
    else for (const stage of progress.stages) this.#report(stage)
  }

  /** Takes the bars away. */
  finish(): void {
    this.#draw([])
  }

  #draw(lines: readonly string[]): void {
    if (this.#drawn === 0 && lines.length === 0) return
    const erase = `\r\x1b[2K${'\x1b[1A\x1b[2K'.repeat(Math.max(0, this.#drawn - 1))}`
    this.#terminal.err((this.#drawn === 0 ? '\r' : erase) + lines.join('\n'))
    this.#drawn = lines.length
  }

  #report(stage: StageSummary): void {
    if (stage.state !== 'succeeded' && stage.state !== 'failed') return
    if (this.#reported.has(stage.stage)) return
    this.#reported.add(stage.stage)
    this.#terminal.err(`${stageLine(stage)}\n`)
  }
}

/** `[Stage 1:=====>            (3 + 2) / 8]`, as wide as the terminal allows. */
export function stageBar(stage: StageSummary, columns: number): string {
  const head = `[Stage ${stage.stage}:`
  const tail = `(${stage.completed} + ${stage.active}) / ${stage.tasks}]`
  const room = Math.max(0, columns - 1 - head.length - tail.length)
  const done = stage.tasks === 0 ? room : Math.floor((room * stage.completed) / stage.tasks)
  const bar = '='.repeat(done) + (done < room ? '>' : '')
  return head + bar.padEnd(room) + tail
}

/** `Stage 1 (Scan parquet …): 8 tasks, 1.2 MiB shuffled, 2.3 s` */
export function stageLine(stage: StageSummary): string {
  const { shuffleWriteMetrics } = stage.metrics
  const shuffled = shuffleWriteMetrics.bytesWritten > 0 ? `, ${formatSize(shuffleWriteMetrics.bytesWritten)} shuffled` : ''
  const failed = stage.state === 'failed' ? ', FAILED' : ''
  const tasks = `${stage.tasks} ${stage.tasks === 1 ? 'task' : 'tasks'}`
  return `Stage ${stage.stage} (${stage.name}): ${tasks}${shuffled}, ${formatDuration(stage.durationMs)}${failed}`
}
