/** The child process of `main.ts`: runs the files it is sent, one after the other. */
import { runFile, type StatementResult } from './run-file.js'

export interface WorkerAsk {
  readonly file: string
  readonly folder: string
  readonly timeoutMs: number
}
export type WorkerAnswer =
  | { readonly file: string; readonly results: readonly StatementResult[] }
  | { readonly file: string; readonly failure: string }

process.on('message', (ask: WorkerAsk) => {
  runFile(ask.file, ask).then(
    results => process.send?.({ file: ask.file, results } satisfies WorkerAnswer),
    (error: unknown) =>
      process.send?.({ file: ask.file, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies WorkerAnswer),
  )
})
process.on('disconnect', () => process.exit(0))
