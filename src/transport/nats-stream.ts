/**
 * An append-only stream on JetStream. Reading uses a short-lived pull consumer and goes on where it was when the connection breaks in between. Uses
 * `$JS.API.STREAM.{INFO,CREATE,UPDATE}.<stream>`, `$JS.API.CONSUMER.{CREATE,DELETE,MSG.NEXT}.<stream>.>` and the stream's own subjects.
 */
import { AckPolicy, DeliverPolicy, DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { MAX_PAYLOAD, messageTooLarge } from './failures.js'
import { type JetStreamCalls, streamGone } from './nats-jetstream.js'
import type { EventStream, StreamOptions, StreamRecord } from './transport.js'

const BATCH = 500
/** A consumer that nobody reads is forgotten by the server after this. */
const IDLE_MS = 10_000
const FETCH_MS = 1000
const DUPLICATE_WINDOW_MS = 120_000

export async function natsStream(calls: JetStreamCalls, name: string, options: StreamOptions): Promise<EventStream> {
  const ensure = () => calls.link.guard(`open ${name}`, () => make(calls, name, options))
  await calls.read(`open stream ${name}`, () => make(calls, name, options))
  return {
    async append(subject, data, id) {
      if (data.length > MAX_PAYLOAD) throw messageTooLarge(subject, data.length)
      const publish = () => calls.link.jetstream.publish(subject, data, id === undefined ? {} : { msgID: id })
      return (await calls.write(`append to ${subject}`, publish, ensure, id !== undefined)).seq
    },
    read: (wanted = {}) => read(calls, name, ensure, wanted.filter, wanted.fromSequence ?? 1),
  }
}

async function make(calls: JetStreamCalls, name: string, options: StreamOptions): Promise<void> {
  const manager = await calls.manager()
  const limits = { max_age: nanos(options.maxAgeMs ?? 0), max_bytes: options.maxBytes ?? -1 }
  const duplicate_window = nanos(Math.min(DUPLICATE_WINDOW_MS, options.maxAgeMs ?? DUPLICATE_WINDOW_MS))
  try {
    const { config } = await manager.streams.info(name)
    if (options.adjust !== true || (config.max_age === limits.max_age && config.max_bytes === limits.max_bytes)) return
    await manager.streams.update(name, { ...limits, duplicate_window })
  } catch (error) {
    if (!streamGone(error)) throw error
    await manager.streams.add({
      name,
      subjects: [options.subjects],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      num_replicas: calls.link.replicas,
      duplicate_window,
      ...limits,
    })
  }
}

async function* read(
  calls: JetStreamCalls,
  stream: string,
  ensure: () => Promise<void>,
  filter: string | undefined,
  fromSequence: number,
): AsyncGenerator<StreamRecord> {
  const manager = await calls.manager()
  let from = fromSequence
  let left = Number.POSITIVE_INFINITY
  while (left > 0) {
    const start = {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, from),
      ...(filter === undefined ? {} : { filter_subject: filter }),
    }
    const consumer = await calls.read(
      `read of ${stream}`,
      () =>
        manager.consumers.add(stream, {
          ...start,
          ack_policy: AckPolicy.None,
          mem_storage: true,
          num_replicas: 1,
          inactive_threshold: nanos(IDLE_MS),
        }),
      ensure,
    )
    // What arrives after the first look is not asked for.
    left = Math.min(left, consumer.num_pending)
    try {
      const source = calls.link.jetstream.consumers.getConsumerFromInfo(consumer)
      for (let silent = false; left > 0 && !silent; ) {
        silent = true
        for await (const message of await source.fetch({ max_messages: Math.min(left, BATCH), expires: FETCH_MS })) {
          silent = false
          left--
          from = message.seq + 1
          yield { sequence: message.seq, subject: message.subject, data: message.data, time: Math.floor(message.info.timestampNanos / 1e6) }
        }
      }
    } finally {
      manager.consumers.delete(stream, consumer.name).catch(() => undefined)
    }
  }
}
