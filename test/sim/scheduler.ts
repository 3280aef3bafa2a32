/**
 * Virtual time: one heap of things to happen, ordered by time, then by a tie-break that whoever schedules draws from the seed, then by order of arrival.
 * One thing happens at a time, and every promise that can settle has settled before the next. What happens belongs to a node: a crashed one loses it, a
 * paused one gets it later.
 */
import type { SimNode } from './node.js'
import type { Trace } from './trace.js'

export interface Scheduled {
  cancel(): void
}

const nothing = (): void => {}

export class Entry implements Scheduled {
  time: number
  readonly tie: number
  readonly seq: number
  /** Undefined: happens outside all nodes (the network, the harness). */
  readonly node: SimNode | undefined
  readonly life: number
  readonly kind: EntryKind
  readonly label: string
  /** Nothing any more once cancelled, so that what it held can go. */
  fn: () => void
  cancelled = false

  constructor(time: number, seq: number, label: string, fn: () => void, { node, kind = 'harness', tie = 0 }: ScheduleOptions) {
    this.time = time
    this.tie = tie
    this.seq = seq
    this.node = node
    this.life = node?.life ?? 0
    this.kind = kind
    this.label = label
    this.fn = fn
  }

  cancel(): void {
    this.cancelled = true
    this.fn = nothing
  }
}

/** A timer waits for the node's own clock; a message has arrived and waits for the node to look; `task` is work the node does. */
export type EntryKind = 'timer' | 'message' | 'harness'

export interface ScheduleOptions {
  readonly node?: SimNode
  readonly kind?: EntryKind
  readonly tie?: number
}

/** How many immediates wait at once. */
const BATCH = 64

export class Scheduler {
  /** Milliseconds since the simulation began. */
  time = 0
  events = 0
  readonly #trace: Trace
  readonly #heap: Entry[] = []
  #seq = 0
  onError: (error: unknown, label: string) => void = error => {
    throw error
  }

  constructor(trace: Trace) {
    this.#trace = trace
  }

  after(ms: number, label: string, fn: () => void, options: ScheduleOptions = {}): Scheduled {
    const entry = new Entry(this.time + Math.max(0, ms), this.#seq++, label, fn, options)
    this.#push(entry)
    return entry
  }

  /** Puts back an entry that a paused node could not take, for `time`. */
  again(entry: Entry, time: number): void {
    entry.time = Math.max(time, this.time)
    this.#push(entry)
  }

  /** Runs until `until` holds or the time is over; tells whether `until` held. */
  run(limit: number, until: () => boolean = () => false): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let over = false
      const end = (held: boolean): void => {
        over = true
        resolve(held)
      }
      let left = 0
      /** One thing happens per immediate: Node lets every promise settle before the next one, and a batch of them is one turn of its loop. */
      const turn = (): void => {
        left--
        if (over) return
        if (left === 0) more()
        try {
          if (until()) end(true)
          else if (!this.#step(limit)) {
            this.time = Math.max(this.time, limit)
            end(until())
          }
        } catch (error) {
          over = true
          reject(error)
        }
      }
      const more = (): void => {
        for (; left < BATCH; left++) setImmediate(turn)
      }
      more()
    })
  }

  /** The next thing happens; false when there is none before the limit. */
  #step(limit: number): boolean {
    for (let entry = this.#heap[0]; entry !== undefined && entry.time <= limit; entry = this.#heap[0]) {
      this.#pop()
      if (entry.cancelled) continue
      this.time = entry.time
      const { node } = entry
      if (node !== undefined && !node.takes(entry)) continue
      this.events++
      this.#trace.event(this.time, node?.name ?? '-', entry.label)
      try {
        entry.fn()
      } catch (error) {
        this.onError(error, entry.label)
      }
      return true
    }
    return false
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let i = heap.length
    heap.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as Entry
      if (!before(entry, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Entry
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++
      if (!before(heap[child] as Entry, last)) break
      heap[i] = heap[child] as Entry
      i = child
    }
    heap[i] = last
  }
}

function before(a: Entry, b: Entry): boolean {
  if (a.time !== b.time) return a.time < b.time
  return a.tie !== b.tie ? a.tie < b.tie : a.seq < b.seq
}
