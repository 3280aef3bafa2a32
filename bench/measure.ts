/** What every bench shares: medians, interleaved runs, a table with versions. Times are for reading side by side within one run, not across machines. */
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** Runs the candidates in turn, A B C A B C …, after one round that is not counted; milliseconds per candidate and round. */
export async function interleaved(candidates: Readonly<Record<string, () => Promise<number>>>, rounds: number): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {}
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const ms = await run()
      if (round > 0) times[name] = [...(times[name] ?? []), ms]
    }
  }
  return times
}

/** Milliseconds from starting a process to the first line that it prints. Fails when it prints nothing or ends badly. */
export function timeToFirstLine(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
    let first: number | undefined
    child.stdout.on('data', () => {
      first ??= performance.now() - started
    })
    child.once('error', reject)
    child.once('exit', code => {
      if (code === 0 && first !== undefined) resolve(first)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}${first === undefined ? ' and printed nothing' : ''}`))
    })
  })
}

/** Milliseconds that a promise takes. */
export async function time(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

/** Prints minimum, median and maximum per candidate, and each median as a ratio to the candidate `base`. */
export function report(title: string, times: Readonly<Record<string, readonly number[]>>, base: string): void {
  const reference = median(times[base] ?? [])
  process.stdout.write(`\n${title}\nNode ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}\n`)
  process.stdout.write(`${'what'.padEnd(34)}${'min ms'.padStart(10)}${'median ms'.padStart(11)}${'max ms'.padStart(10)}${`÷ ${base}`.padStart(22)}\n`)
  for (const [name, values] of Object.entries(times)) {
    const row = [
      Math.min(...values)
        .toFixed(0)
        .padStart(10),
      median(values).toFixed(0).padStart(11),
      Math.max(...values)
        .toFixed(0)
        .padStart(10),
    ]
    process.stdout.write(`${name.padEnd(34)}${row.join('')}${(median(values) / reference).toFixed(2).padStart(22)}\n`)
  }
}
