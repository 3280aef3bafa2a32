/**
 * Which task goes to which executor: a pure policy. FIFO over stages (by job, then stage); within a stage the nearest tasks first, and a task with a
 * preference waits `spark.locality.wait` per level before it goes farther away. Executors with most free slots are served first, one task each in turn.
 * Never gives an executor more tasks than it has free slots, and as many beyond as the stage's tasks are short enough to wait there.
 */
import { ALL, type Cursors, executorPlace, FREE, hostPlace, type PendingQueues, type QueueName } from './pending.js'

/** Spark's names. Tasks without preference count as PROCESS_LOCAL wherever they run. */
export const LEVELS = ['PROCESS_LOCAL', 'NODE_LOCAL', 'ANY'] as const
export type Locality = (typeof LEVELS)[number]

export interface Offer {
  readonly executorId: string
  readonly hostId: string
  /** Slots; below 0: so many tasks wait there. */
  readonly free: number
  /** Slots for each of which tasks may wait; absent: none. */
  readonly queues?: number
}

/** How far from its data a stage's tasks may go now, and since when. */
export interface LocalityState {
  /** Index into `LEVELS`. */
  readonly level: number
  readonly since: number
}

export interface Schedulable {
  readonly stage: number
  readonly queues: PendingQueues
  readonly cursors: Cursors
  readonly locality: LocalityState
  /** Tasks that may wait for each slot; absent: none. */
  readonly ahead?: number
  isPending(partition: number): boolean
}

export interface Assignment {
  readonly partition: number
  readonly executorId: string
  readonly locality: Locality
}

export interface StageSchedule {
  readonly stage: number
  readonly assignments: readonly Assignment[]
  readonly cursors: Cursors
  readonly locality: LocalityState
}

export interface Schedule {
  readonly stages: readonly StageSchedule[]
  /** When to ask again because a task waits for a nearer slot. */
  readonly wakeAt?: number
}

/** `offers` holds every live executor, busy ones with `free` 0: they tell which preferences can still come true. `stages` come in FIFO order. */
export function schedule(offers: readonly Offer[], stages: readonly Schedulable[], now: number, waitMs: number): Schedule {
  const free = new Map([...offers].sort((a, b) => b.free - a.free).map(offer => [offer, offer.free]))
  const result: StageSchedule[] = []
  let wakeAt: number | undefined
  for (const stage of stages) {
    if (![...free].some(([offer, n]) => n + queueOf(offer, stage) > 0)) continue
    const one = scheduleStage(stage, offers, free, now, waitMs)
    if (one.assignments.length > 0 || one.locality !== stage.locality) result.push(one)
    if (one.wakeAt !== undefined) wakeAt = Math.min(wakeAt ?? one.wakeAt, one.wakeAt)
  }
  return { stages: result, ...(wakeAt === undefined ? {} : { wakeAt }) }
}

/** Tasks of the stage that may wait at the executor. */
function queueOf(offer: Offer, stage: Schedulable): number {
  return (offer.queues ?? 0) * (stage.ahead ?? 0)
}

function scheduleStage(
  stage: Schedulable,
  offers: readonly Offer[],
  free: Map<Offer, number>,
  now: number,
  waitMs: number,
): StageSchedule & { wakeAt?: number } {
  const cursors = new Map(stage.cursors)
  const taken = new Set<number>()
  const assignments: Assignment[] = []

  /** The first pending task of a queue; moves its cursor there. */
  function head(name: QueueName): number | undefined {
    const queue = stage.queues.get(name)
    if (queue === undefined) return undefined
    let at = cursors.get(name) ?? 0
    while (at < queue.length && !(stage.isPending(queue[at] as number) && !taken.has(queue[at] as number))) at++
    cursors.set(name, at)
    return queue[at]
  }

  /** One task to each executor in turn, until nobody finds one. Returns how many were given. */
  function serve(locality: Locality, name: (offer: Offer) => QueueName): number {
    const before = assignments.length
    for (let given = true; given; ) {
      given = false
      for (const [offer, slots] of free) {
        if (slots + queueOf(offer, stage) <= 0) continue
        const partition = head(name(offer))
        if (partition === undefined) continue
        taken.add(partition)
        assignments.push({ partition, executorId: offer.executorId, locality })
        free.set(offer, slots - 1)
        given = true
      }
    }
    return assignments.length - before
  }

  /** Whether a pending task prefers a live place of this level. */
  function inPlay(level: number): boolean {
    return offers.some(offer => head(level === 0 ? executorPlace(offer.executorId) : hostPlace(offer.hostId)) !== undefined)
  }

  let { level, since } = stage.locality
  while (level < 2 && (!inPlay(level) || now - since >= waitMs)) {
    since = inPlay(level) ? since + waitMs : now
    level++
  }
  let nearest: number | undefined
  if (serve('PROCESS_LOCAL', offer => executorPlace(offer.executorId)) > 0) nearest = 0
  if (level >= 1 && serve('NODE_LOCAL', offer => hostPlace(offer.hostId)) > 0) nearest = 1
  serve('PROCESS_LOCAL', () => FREE)
  if (level >= 2 && serve('ANY', () => ALL) > 0) nearest = 2
  // a launch starts the wait of its level anew
  if (nearest !== undefined) [level, since] = [nearest, now]

  const changed = level !== stage.locality.level || since !== stage.locality.since
  const held = level < 2 && [...free.values()].some(n => n > 0) && head(ALL) !== undefined
  return {
    stage: stage.stage,
    assignments,
    cursors,
    locality: changed ? { level, since } : stage.locality,
    ...(held ? { wakeAt: since + waitMs } : {}),
  }
}
