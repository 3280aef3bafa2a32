/**
 * A key-value bucket on JetStream. Reads go to the stream's leader (never "direct", which a follower may answer late); a bucket that vanished with its
 * server is made again on its next use. Uses `$JS.API.STREAM.{INFO,CREATE,UPDATE,MSG.GET}.KV_<bucket>`, `$KV.<bucket>.<key>`, and for a watch
 * `$JS.API.CONSUMER.*`.
 */
import { StorageType } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import { delay } from '../core/clock.js'
import { casFailed } from './failures.js'
import { type JetStreamCalls, wrongRevision } from './nats-jetstream.js'
import type { Bucket, Entry, Subscription } from './transport.js'

interface BucketOptions {
  readonly ttlMs?: number
  readonly history?: number
  readonly memory?: boolean
}

type Listener = (key: string, value: Uint8Array | undefined, revision: number) => void

/** How many keys are read at a time. */
const READ_AHEAD = 64
const REWATCH_MS = 200

export async function natsBucket(calls: JetStreamCalls, name: string, options: BucketOptions): Promise<Bucket> {
  const kvm = new Kvm(calls.link.jetstream)
  const stream = `KV_${name}`
  const ensure = () => calls.link.guard(`open ${name}`, () => make(calls, kvm, name, options))
  await calls.read(`open bucket ${name}`, () => make(calls, kvm, name, options))
  // Bound without a look at the server, so that it outlives a bucket that is made again.
  const kv: KV = await kvm.open(name, { allow_direct: false })

  const write = async (key: string, what: string, expected: string, run: () => Promise<number>): Promise<number> => {
    try {
      return await calls.write(`${what} of ${name}/${key}`, run, ensure)
    } catch (error) {
      if (wrongRevision(error)) throw casFailed(name, key, expected)
      throw error
    }
  }
  const get = async (key: string): Promise<Entry | undefined> => {
    const entry = await calls.read(`get of ${name}/${key}`, () => kv.get(key), ensure)
    return entry === null || entry.operation !== 'PUT' ? undefined : { key, value: entry.value, revision: entry.revision }
  }

  return {
    get,
    create: (key, value) => write(key, 'create', 'exists already', () => kv.create(key, value)),
    update(key, value, revision) {
      if (revision <= 0) return Promise.reject(casFailed(name, key, `has no revision ${revision}`))
      return write(key, 'update', `is not at revision ${revision}`, () => kv.update(key, value, revision))
    },
    put: (key, value) => write(key, 'put', '', () => kv.put(key, value)),
    async delete(key, revision) {
      await write(key, 'delete', `is not at revision ${revision}`, async () => {
        await kv.delete(key, revision === undefined ? {} : { previousSeq: revision })
        return 0
      })
    },
    async entries() {
      const manager = await calls.manager()
      const info = await calls.read(`list of ${name}`, () => manager.streams.info(stream, { subjects_filter: '>' }), ensure)
      const keys = Object.keys(info.state.subjects ?? {}).map(subject => subject.slice(`$KV.${name}.`.length))
      const found: Entry[] = []
      for (let at = 0; at < keys.length; at += READ_AHEAD) {
        for (const entry of await Promise.all(keys.slice(at, at + READ_AHEAD).map(get))) if (entry !== undefined) found.push(entry)
      }
      return found
    },
    async ttlMs() {
      const manager = await calls.manager()
      const { config } = await calls.read(`lifetime of ${name}`, () => manager.streams.info(stream), ensure)
      return config.max_age / 1e6
    },
    watch: listener => watch(calls, kv, name, ensure, listener),
  }
}

/** Creates the bucket. One that exists stays as it is: who holds a lease in it counts on its lifetime. */
async function make(calls: JetStreamCalls, kvm: Kvm, name: string, options: BucketOptions): Promise<void> {
  await kvm.create(name, {
    ttl: options.ttlMs ?? 0,
    history: options.history ?? 1,
    storage: options.memory ? StorageType.Memory : StorageType.File,
    replicas: calls.link.replicas,
    allow_direct: false,
  })
}

/** Starts over after every reconnect and whenever the server ends it, because consumers of a restarted server do not come back by themselves. */
async function watch(calls: JetStreamCalls, kv: KV, name: string, ensure: () => Promise<void>, listener: Listener): Promise<Subscription> {
  let active = true
  let stop = () => {}
  const follow = async (iterator: Awaited<ReturnType<KV['watch']>>): Promise<void> => {
    stop = () => iterator.stop()
    for await (const entry of iterator) {
      if (!active) break
      try {
        listener(entry.key, entry.operation === 'PUT' ? entry.value : undefined, entry.revision)
      } catch (error) {
        calls.link.log.error({ err: error, bucket: name, key: entry.key }, 'watch listener failed')
      }
    }
  }
  const begin = () => calls.read(`watch of ${name}`, () => kv.watch(), ensure)
  const keepFollowing = async (first: Awaited<ReturnType<KV['watch']>>): Promise<void> => {
    let iterator: Awaited<ReturnType<KV['watch']>> | undefined = first
    while (active && !calls.link.closed()) {
      try {
        iterator ??= await begin()
        if (active) await follow(iterator)
        else iterator.stop()
      } catch (error) {
        calls.link.log.debug({ err: error, bucket: name }, 'watch starts over')
      }
      iterator = undefined
      await delay(calls.link.clock, REWATCH_MS)
    }
  }
  const forget = calls.onReconnect(() => stop())
  void keepFollowing(await begin())
  return {
    unsubscribe: () => {
      active = false
      forget()
      stop()
    },
  }
}
