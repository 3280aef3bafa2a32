/** The executor's ear: which messages of its driver it takes, and how it answers them. */
import { unreachable } from '../../core/errors.js'
import type { AppId, ExecutorId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Subjects } from '../../protocol/subjects.js'
import { KillTasks, LaunchTasks, RemoveStages, StagePart, StopExecutor } from '../../protocol/tasks.js'
import { encodeErrorReply, encodeReply } from '../../protocol/wire.js'
import type { Transport } from '../../transport/transport.js'
import { OrderInbox } from '../order-inbox.js'
import type { DriverOrder, OrderReply } from './events.js'

export type DriverInbox = OrderInbox<DriverOrder, OrderReply>

/** Listens for the driver's messages to one executor and hands each to `onOrder` with a token of its own. */
export function openDriverInbox(
  transport: Transport,
  names: Subjects,
  appId: AppId,
  executorId: ExecutorId,
  log: Logger,
  onOrder: (token: number, order: DriverOrder) => void,
): DriverInbox {
  const subject = (message: string) => names.executor(appId, executorId, message)
  return new OrderInbox<DriverOrder, OrderReply>({ transport, log, subject, encode: encoded, onOrder })
    .listen(StagePart, body => ({ kind: 'stagePart', ...body }))
    .listen(LaunchTasks, body => ({ kind: 'launchTasks', ...body }))
    .listen(KillTasks, body => ({ kind: 'killTasks', ...body }))
    .listen(RemoveStages, body => ({ kind: 'removeStages', ...body }))
    .listen(StopExecutor, body => ({ kind: 'stopExecutor', ...body }))
}

function encoded(reply: OrderReply): Uint8Array {
  switch (reply.kind) {
    case 'ack':
      return encodeReply(KillTasks, {})
    case 'launch':
      return encodeReply(LaunchTasks, { kind: reply.answer })
    case 'error':
      return encodeErrorReply(reply.error)
    default:
      return unreachable(reply)
  }
}
