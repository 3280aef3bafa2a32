/**
 * Appends an application's events to its stream, in order, off the caller's path: `post` stamps and queues, a single pump appends one record at a time
 * and repeats it under the same id until it is stored, so a restart of the server neither loses nor doubles an event. The queue is bounded: beyond it
 * events are dropped, counted, warned about and told in the log itself. Written by the driver.
 */
import type { Clock } from '../core/clock.js'
import { delay } from '../core/clock.js'
import type { Logger } from '../core/log.js'
import { type EventBody, encodeEvents, type LogEvent } from '../protocol/event-log.js'
import { RECORD_VERSION } from '../protocol/version.js'

/** What the log needs of an event stream. */
export interface EventSink {
  append(subject: string, data: Uint8Array, id?: string): Promise<number>
}

export interface EventLogOptions {
  readonly appId: string
  /** Subject of an event name. */
  readonly subject: (event: string) => string
  /** Opens the stream; tried again until it succeeds. Undefined: events reach listeners only (local mode). */
  readonly open?: () => Promise<EventSink>
  readonly clock: Clock
  readonly log: Logger
  /** Most events waiting; default 50,000. */
  readonly limit?: number
}

export interface EventLog {
  post(body: EventBody): void
  /** Called with every event as it is posted, before it is stored. */
  listen(listener: (event: LogEvent) => void): void
  /** Resolves when everything posted is stored, or after `timeoutMs`; then what is left is counted as lost in a warning. */
  close(timeoutMs: number): Promise<void>
}

/** A run of task events this long is stored as one record per name. */
const BATCH_FROM = 16
/** Bounds one record to less than 200 KiB. */
const BATCH_MOST = 200
/** Events wait so long before the first of them is stored. */
const PAUSE_MS = 2
/** So long the first of a run of task events waits for others. */
const LINGER_MS = 40
const WAIT_FIRST_MS = 100
const WAIT_MOST_MS = 2000

type Group = readonly [LogEvent, ...LogEvent[]]

export function eventLog(options: EventLogOptions): EventLog {
  const { clock, log } = options
  const limit = options.limit ?? 50_000
  const listeners: ((event: LogEvent) => void)[] = []
  const queue: LogEvent[] = []
  let ready: Group[] = []
  let sequence = 0
  let dropped = 0
  let pumping = false
  let closing = false
  let closed = false
  /** Set while the pump waits for more events: ends the wait. */
  let wake: (() => void) | undefined
  let lingering = false
  let idle: (() => void)[] = []
  let sink: EventSink | undefined

  function stamp(body: EventBody): LogEvent {
    const { Event, ...rest } = body
    return { v: RECORD_VERSION, Event, Timestamp: clock.now(), seq: sequence++, ...rest } as LogEvent
  }

  function enqueue(event: LogEvent): void {
    queue.push(event)
    if (!pumping) void pump()
    else if (lingering && !lingers()) wake?.()
  }

  /** Whether what is queued are task events alone, and few: more will come, or what they end. */
  function lingers(): boolean {
    return queue.length > 0 && queue.length < BATCH_MOST && isTaskEvent(queue[0]) && isTaskEvent(queue.at(-1)) && !closing
  }

  /** Waits for more task events, or for what comes after them. */
  async function more(): Promise<void> {
    lingering = true
    await rest(LINGER_MS)
    lingering = false
  }

  /** Waits, until `wake` at the longest. */
  function rest(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = clock.after(ms, () => wake?.(), { unref: true })
      wake = () => {
        wake = undefined
        timer.cancel()
        resolve()
      }
    })
  }

  /** Task events go first when room is short: a log without them still tells every job and stage. */
  function full(body: EventBody): boolean {
    const most = body.Event === 'TaskStart' || body.Event === 'TaskEnd' ? limit : limit * 2
    return queue.length >= most
  }

  async function pump(): Promise<void> {
    pumping = true
    // a little later: what one step of the driver posts is seen together, and what it does next is not held up
    if (!closing) await rest(PAUSE_MS)
    if (lingers()) await more()
    for (let record = next(); record !== undefined && !closed; record = next()) {
      const data = encodeEvents(record)
      const id = `${options.appId}-${record[0].seq}-${record.length}`
      for (let wait = WAIT_FIRST_MS; !closed; wait = Math.min(wait * 2, WAIT_MOST_MS)) {
        try {
          sink ??= await options.open?.()
          await sink?.append(options.subject(record[0].Event), data, id)
          break
        } catch (error) {
          if (wait === WAIT_MOST_MS) log.warn({ err: error, waiting: queue.length }, 'event log cannot be written; it is tried again')
          await delay(clock, wait)
        }
      }
      tellDropped()
      if (ready.length === 0 && lingers()) await more()
    }
    pumping = false
    for (const resolve of idle) resolve()
    idle = []
  }

  function next(): Group | undefined {
    if (ready.length === 0 && queue.length > 0) ready = cut(queue)
    return ready.shift()
  }

  function tellDropped(): void {
    if (dropped === 0 || queue.length > limit / 2) return
    log.warn({ dropped }, 'event log dropped events: its queue was full')
    queue.push(stamp({ Event: 'EventsDropped', count: dropped }))
    dropped = 0
  }

  return {
    post(body) {
      if (closed) return
      if (options.open !== undefined && full(body)) {
        if (dropped++ === 0) log.warn({ limit }, 'event log queue is full: events are dropped')
        return
      }
      const event = stamp(body)
      for (const listener of listeners) listener(event)
      if (options.open !== undefined) enqueue(event)
    },
    listen: listener => void listeners.push(listener),
    async close(timeoutMs) {
      closing = true
      wake?.()
      if (pumping) {
        await new Promise<void>(resolve => {
          const timer = clock.after(timeoutMs, resolve, { unref: true })
          idle.push(() => {
            timer.cancel()
            resolve()
          })
        })
      }
      closed = true
      const lost = queue.length + ready.reduce((sum, record) => sum + record.length, 0) + dropped
      if (lost > 0) log.warn({ lost }, 'event log closed before all events were stored')
    },
  }
}

function isTaskEvent(event: LogEvent | undefined): boolean {
  return event?.Event === 'TaskStart' || event?.Event === 'TaskEnd'
}

/** Takes the records to store next off the head of the queue: one event, or a run of task events as one record per name. */
function cut(queue: LogEvent[]): Group[] {
  let run = 0
  while (run < BATCH_MOST && isTaskEvent(queue[run])) run++
  const taken = queue.splice(0, Math.max(1, run))
  if (taken.length < BATCH_FROM) return taken.map(event => [event] as const)
  const byName = (['TaskStart', 'TaskEnd'] as const).map(name => taken.filter(event => event.Event === name))
  return byName.filter((events): events is [LogEvent, ...LogEvent[]] => events.length > 0)
}
