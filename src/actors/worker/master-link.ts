/** What a worker says to the leading master, one request each; who retries and when is the machine's business. */
import type { WorkerId } from '../../core/ids.js'
import { subjects } from '../../protocol/subjects.js'
import { decodeReply, encode, type Message, type Static, type TSchema } from '../../protocol/wire.js'
import {
  DriverStateChanged,
  ExecutorStateChanged,
  RegisterWorker,
  type RegisterWorkerReply,
  type RegisterWorkerRequest,
  UnregisterWorker,
  WorkerHeartbeat,
} from '../../protocol/worker-registration.js'
import type { Transport } from '../../transport/transport.js'
import { type Child, runningDrivers, runningExecutors, type WorkerState } from './state.js'

/** Longest wait for an answer, milliseconds. */
const ANSWER_MS = 2000
const UNREGISTER_MS = 1000

export interface MasterLink {
  register(state: WorkerState): Promise<RegisterWorkerReply>
  heartbeat(state: WorkerState): Promise<Static<typeof WorkerHeartbeat.reply>>
  report(child: Child): Promise<void>
  unregister(reason: string): Promise<void>
}

/** `self` is the part of a registration that never changes. Every request rejects when nobody answers. */
export function masterLink(
  transport: Transport,
  cluster: string,
  self: Omit<RegisterWorkerRequest, 'executors' | 'drivers' | 'seenEpoch'>,
): MasterLink {
  const names = subjects(cluster)
  const workerId = self.workerId as WorkerId

  async function ask<S extends TSchema, R extends TSchema>(type: Message<S, R>, value: Static<S>, timeoutMs = ANSWER_MS): Promise<Static<R>> {
    return decodeReply(type, await transport.request(names.master(type.name), encode(type, value), { timeoutMs }))
  }
  const says = (state: WorkerState) => ({
    executors: runningExecutors(state),
    drivers: runningDrivers(state),
    ...(state.epoch === 0 ? {} : { seenEpoch: state.epoch }),
  })

  return {
    register: state => ask(RegisterWorker, { ...self, ...says(state), drivers: runningDrivers(state, true) }),
    heartbeat: state => ask(WorkerHeartbeat, { workerId, ...says(state), applications: Object.keys(state.apps) }),
    async report(child) {
      const end = {
        ...(child.message === undefined ? {} : { message: child.message }),
        ...(child.exitCode === undefined ? {} : { exitCode: child.exitCode }),
      }
      if (child.kind === 'driver')
        await ask(DriverStateChanged, { workerId, driverId: child.order.driverId, launch: child.order.launch, state: child.state, ...end })
      else {
        const { appId, executorId } = child.order
        await ask(ExecutorStateChanged, { workerId, appId, executorId, state: child.state, ...end })
      }
    },
    async unregister(reason) {
      await ask(UnregisterWorker, { workerId, reason }, UNREGISTER_MS)
    },
  }
}
