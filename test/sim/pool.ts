/**
 * Many seeds on several threads. A seed's run is the same on every thread; the order in which they end does not show. Used by the command and by the test.
 */
import { Worker } from 'node:worker_threads'
import { must } from '#src/core/errors.js'
import type { RunResult } from './run.js'

/** What a thread is asked for. */
export interface SeedOrder {
  readonly seed: number
  /** Name of a planted bug. */
  readonly plant?: string
  /** Stop at the first violation. */
  readonly stopEarly?: boolean
}

/** What is told of a run: all but its scenario and lines. */
export type SeedSummary = Omit<RunResult, 'scenario' | 'lines'> & { readonly script: string }

export interface PoolOptions {
  readonly from: number
  readonly count: number
  readonly threads: number
  readonly plant?: string
  readonly stopEarly?: boolean
  /** Called in the order of the seeds; false ends the series after this one. */
  readonly each?: (summary: SeedSummary) => boolean
}

/** Megabytes for what dies young: a run makes much garbage and keeps little. */
const YOUNG_MB = 32

/** Runs the seeds; resolves when the last has been told. */
export async function runSeeds({ from, count, threads, plant, stopEarly, each = () => true }: PoolOptions): Promise<void> {
  const done = new Map<number, SeedSummary>()
  let next = from
  let told = from
  let over = false
  const tell = (): void => {
    for (let summary = done.get(told); summary !== undefined && !over; summary = done.get(told)) {
      done.delete(told++)
      over = !each(summary)
    }
  }
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./pool-thread.js', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
      const ask = (): void => {
        if (over || next >= from + count) return void thread.terminate().then(() => resolve(), reject)
        const order: SeedOrder = { seed: next++, ...(plant === undefined ? {} : { plant }), ...(stopEarly === undefined ? {} : { stopEarly }) }
        thread.postMessage(order)
      }
      thread.on('message', (summary: SeedSummary) => {
        done.set(summary.seed, summary)
        tell()
        ask()
      })
      thread.on('error', reject)
      ask()
    })
  await Promise.all(Array.from({ length: Math.min(threads, count) }, lane))
}

/** Adds the counts of a run to the sums. */
export function addCounts(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const name of Object.keys(counts)) sums[name] = (sums[name] ?? 0) + must(counts[name], name)
}
