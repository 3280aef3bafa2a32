/** What an executor says to its driver, one request each; who retries and when is the machine's business. */
import type { AppId } from '../../core/ids.js'
import { subjects } from '../../protocol/subjects.js'
import { ExecutorHeartbeat, RegisterExecutor, type RegisterExecutorRequest, StatusUpdate, type TaskReport } from '../../protocol/tasks.js'
import { decodeReply, encode, type Message, type Static, type TSchema } from '../../protocol/wire.js'
import type { Transport } from '../../transport/transport.js'
import { type ExecutorState, heldKeys } from './state.js'

/** Longest wait for an answer, milliseconds. */
const ANSWER_MS = 5000

export interface DriverLink {
  register(state: ExecutorState): Promise<Static<typeof RegisterExecutor.reply>>
  heartbeat(state: ExecutorState, memoryUsed: number): Promise<Static<typeof ExecutorHeartbeat.reply>>
  report(reports: readonly TaskReport[]): Promise<void>
}

/** `self` is the part of a registration that never changes. Every request rejects when nobody answers. */
export function driverLink(transport: Transport, cluster: string, appId: AppId, self: Omit<RegisterExecutorRequest, 'running'>): DriverLink {
  const names = subjects(cluster)
  const { executorId } = self

  async function ask<S extends TSchema, R extends TSchema>(type: Message<S, R>, value: Static<S>): Promise<Static<R>> {
    return decodeReply(type, await transport.request(names.report(appId, type.name), encode(type, value), { timeoutMs: ANSWER_MS }))
  }

  return {
    register: state => ask(RegisterExecutor, { ...self, running: heldKeys(state) }),
    heartbeat: (state, memoryUsed) => ask(ExecutorHeartbeat, { executorId, running: heldKeys(state), memoryUsed }),
    async report(reports) {
      await ask(StatusUpdate, { executorId, reports: [...reports] })
    },
  }
}
