/**
 * The one table through which every report about a task goes. What the driver knows of the attempt, times what the executor says, gives the verdict;
 * that makes late, duplicate and reordered reports harmless: an attempt ends once, and a partition is accepted once. The stage machine acts on verdicts.
 */

/**
 * unknown: never launched by us, or on another executor, or of another stage attempt. running: launched, no end seen. killing: we want no more of it, but
 * it still holds its slot. ended: an end was seen, or its executor was lost.
 */
export type Known = 'unknown' | 'running' | 'killing' | 'ended'
export type Reported = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED'

/**
 * ignore: nothing changes. accept: this attempt's output is the partition's. surplus: it ended well, but its output is not wanted. fail: it ended with a
 * failure that is looked at. stopped: it ended, whatever the reason.
 */
export type Verdict = 'ignore' | 'accept' | 'surplus' | 'fail' | 'stopped'

const table: Readonly<Record<Known, Readonly<Record<Reported, Verdict>>>> = {
  unknown: { RUNNING: 'ignore', FINISHED: 'ignore', FAILED: 'ignore', KILLED: 'ignore' },
  running: { RUNNING: 'ignore', FINISHED: 'accept', FAILED: 'fail', KILLED: 'fail' },
  killing: { RUNNING: 'ignore', FINISHED: 'surplus', FAILED: 'stopped', KILLED: 'stopped' },
  ended: { RUNNING: 'ignore', FINISHED: 'ignore', FAILED: 'ignore', KILLED: 'ignore' },
}

/** `taken`: the partition already has an accepted output. */
export function consolidate(known: Known, reported: Reported, taken: boolean): Verdict {
  const verdict = table[known][reported]
  return verdict === 'accept' && taken ? 'surplus' : verdict
}
