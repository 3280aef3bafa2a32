/**
 * Which tasks want to run where, as queues of partitions in ascending order: one per preferred place, one of those without preference, one of all. Queues
 * never change; a cursor per queue moves over tasks that are no longer pending and is set back when one becomes pending again. Used by stage and schedule.
 */

/** A place a task prefers: `executorPlace` (its process holds the data) or `hostPlace` (its disk does). */
export type Place = `executor:${string}` | `host:${string}`
export const executorPlace = (executorId: string): Place => `executor:${executorId}`
export const hostPlace = (hostId: string): Place => `host:${hostId}`

export const FREE = 'free'
export const ALL = 'all'
export type QueueName = Place | typeof FREE | typeof ALL

export type PendingQueues = ReadonlyMap<QueueName, readonly number[]>
/** Missing = 0. */
export type Cursors = ReadonlyMap<QueueName, number>

/** `preferences[i]` are the places task i prefers; empty: any place is as good. */
export function pendingQueues(preferences: readonly (readonly Place[])[]): PendingQueues {
  const queues = new Map<QueueName, number[]>([
    [FREE, []],
    [ALL, []],
  ])
  const put = (name: QueueName, partition: number): void => {
    const queue = queues.get(name)
    if (queue === undefined) queues.set(name, [partition])
    else queue.push(partition)
  }
  preferences.forEach((places, partition) => {
    put(ALL, partition)
    if (places.length === 0) put(FREE, partition)
    for (const place of places) put(place, partition)
  })
  return queues
}

/** Sets the cursors back so that these partitions are found again. */
export function rewind(queues: PendingQueues, cursors: Cursors, partitions: readonly number[]): Cursors {
  if (partitions.length === 0) return cursors
  const first = partitions.reduce((a, b) => Math.min(a, b))
  const next = new Map(cursors)
  for (const [name, cursor] of cursors) {
    const queue = queues.get(name)
    if (queue !== undefined) next.set(name, Math.min(cursor, lowerBound(queue, first)))
  }
  return next
}

/** Index of the first element that is not less than `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
