/**
 * Bugs planted from outside: a decision of an actor, or its transport, is replaced when the cluster is put together. Each is one that a reviewer could
 * overlook, and one that only shows when something else goes wrong.
 */
import { decideMaster } from '#src/actors/master/decide.js'
import { decideWorker } from '#src/actors/worker/decide.js'
import { subjects } from '#src/protocol/subjects.js'
import type { Transport } from '#src/transport/transport.js'
import { CLUSTER, type Plant } from './cluster.js'

export interface PlantedBug {
  readonly name: string
  readonly plant: Plant
  /** The rules by which it is to be found, any of them. */
  readonly breaks: readonly string[]
}

/** The fence: a worker obeys an order whatever its epoch. */
const skipEpochCheck: Plant = {
  worker: {
    decide: (state, event) => {
      if (event.type !== 'order') return decideWorker(state, event)
      const epoch = Math.max(state.epoch, event.order.body.epoch)
      return decideWorker(state, { ...event, order: { ...event.order, body: { ...event.order.body, epoch } } as typeof event.order })
    },
  },
}

/** The master hears that an executor ended, and keeps its cores. */
const forgetToReleaseCores: Plant = {
  master: {
    decide: (context, event) => {
      const decision = decideMaster(context, event)
      if (event.type !== 'request' || event.request.kind !== 'executorStateChanged' || decision.next.cluster === undefined) return decision
      const executors = new Map([...context.cluster.executors, ...decision.next.cluster.executors])
      return { ...decision, next: { ...decision.next, cluster: { ...decision.next.cluster, executors } } }
    },
  },
}

/** The lease is renewed by a plain write, which takes it from whoever has it by then. */
const blindLeaseWrite: Plant = {
  masterTransport: transport => {
    const blind: Transport = Object.create(transport)
    blind.bucket = async (name, options) => {
      const bucket = await transport.bucket(name, options)
      if (name !== subjects(CLUSTER).leaderBucket) return bucket
      return { ...bucket, update: (key, value) => bucket.put(key, value) }
    }
    for (const method of ['publish', 'request', 'subscribe', 'stream', 'onStatus', 'close'] as const) {
      Object.assign(blind, { [method]: transport[method].bind(transport) })
    }
    return blind
  },
}

export const plantedBugs: readonly PlantedBug[] = [
  { name: 'skip the epoch check', plant: skipEpochCheck, breaks: ['effect of an old epoch'] },
  { name: 'forget to release cores', plant: forgetToReleaseCores, breaks: ['left behind', 'a job never ends'] },
  {
    name: 'blind lease write',
    plant: blindLeaseWrite,
    breaks: ['order after the lease passed', 'two leaders of one epoch', 'cores given out twice'],
  },
]
