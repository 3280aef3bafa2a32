/** The worker's ear: which orders of the master it takes, and how it answers them. */
import type { WorkerId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Subjects } from '../../protocol/subjects.js'
import { encodeReply } from '../../protocol/wire.js'
import {
  ApplicationFinished,
  KillDriver,
  KillExecutor,
  LaunchDriver,
  LaunchExecutor,
  MasterChanged,
  type OrderReply,
} from '../../protocol/worker-orders.js'
import type { Transport } from '../../transport/transport.js'
import { OrderInbox } from '../order-inbox.js'
import type { Order } from './events.js'

/** Listens for every order to `workerId` and hands each to `onOrder` with a token of its own. */
export function openOrderInbox(
  transport: Transport,
  names: Subjects,
  workerId: WorkerId,
  log: Logger,
  onOrder: (token: number, order: Order) => void,
): OrderInbox<Order, OrderReply> {
  const subject = (message: string) => names.worker(workerId, message)
  // All orders are answered alike, whatever their type.
  const encode = (reply: OrderReply) => encodeReply(LaunchExecutor, reply)
  return new OrderInbox<Order, OrderReply>({ transport, log, subject, encode, onOrder })
    .listen(LaunchExecutor, body => ({ kind: 'launchExecutor', body }))
    .listen(KillExecutor, body => ({ kind: 'killExecutor', body }))
    .listen(LaunchDriver, body => ({ kind: 'launchDriver', body }))
    .listen(KillDriver, body => ({ kind: 'killDriver', body }))
    .listen(ApplicationFinished, body => ({ kind: 'applicationFinished', body }))
    .listen(MasterChanged, body => ({ kind: 'masterChanged', body }))
}
