/** When a supervised driver runs again: 1, 2, 4 … seconds, at most a minute; from 1 again after a run of more than five seconds. Pure; called by `decide.ts`. */

const FIRST_MS = 1000
const LONGEST_MS = 60_000
const LONG_RUN_MS = 5000

/** The wait before the next run, given the wait before the last one (0 before the first run) and how long that run lasted. Milliseconds. */
export function nextBackOff(previousMs: number, ranMs: number): number {
  if (previousMs === 0 || ranMs > LONG_RUN_MS) return FIRST_MS
  return Math.min(previousMs * 2, LONGEST_MS)
}
