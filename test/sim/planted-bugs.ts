/**
 * Bugs planted from outside: a decision of an actor, or its transport, is replaced when the cluster is put together. Each is one that a reviewer could
 * overlook, and one that only shows when something else goes wrong.
 */
import { consolidate } from '#src/actors/driver/consolidate.js'
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

/** The driver takes a second good end of a partition that has one. */
const commitTwice: Plant = {
  driver: {
    merge: (known, reported, taken) => (taken && reported === 'FINISHED' && known !== 'unknown' ? 'accept' : consolidate(known, reported, taken)),
  },
}

/** The driver takes a report of an attempt that it had given up, because its executor was lost or its stage began anew. */
const acceptStaleStatus: Plant = {
  driver: {
    merge: (known, reported, taken) => (known === 'ended' && reported === 'FINISHED' && !taken ? 'accept' : consolidate(known, reported, taken)),
  },
}

/** By its name, or a word of it. Throws when there is none. */
export function plantedBug(name: string): PlantedBug {
  const found = plantedBugs.find(bug => bug.name === name || bug.name.split(' ').includes(name))
  if (found === undefined) throw new Error(`No planted bug is called ${name}. There are: ${plantedBugs.map(bug => bug.name).join(', ')}.`)
  return found
}

export const plantedBugs: readonly PlantedBug[] = [
  { name: 'skip the epoch check', plant: skipEpochCheck, breaks: ['effect of an old epoch'] },
  { name: 'commit twice', plant: commitTwice, breaks: ['second commit', 'wrong answer'] },
  { name: 'accept a stale status', plant: acceptStaleStatus, breaks: ['stale status taken', 'second commit', 'wrong answer', 'a job never ends'] },
  { name: 'forget to release cores', plant: forgetToReleaseCores, breaks: ['left behind', 'a job never ends'] },
  {
    name: 'blind lease write',
    plant: blindLeaseWrite,
    breaks: ['order after the lease passed', 'two leaders of one epoch', 'cores given out twice'],
  },
]
