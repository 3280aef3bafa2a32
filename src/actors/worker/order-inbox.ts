/** The worker's ear: takes the master's orders off the bus, refuses what does not validate, and keeps each message until the machine has decided on it. */
import type { WorkerId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Subjects } from '../../protocol/subjects.js'
import { decode, encodeErrorReply, encodeReply, type Message, type Static, type TSchema } from '../../protocol/wire.js'
import {
  ApplicationFinished,
  KillDriver,
  KillExecutor,
  LaunchDriver,
  LaunchExecutor,
  MasterChanged,
  type OrderReply,
} from '../../protocol/worker-orders.js'
import type { IncomingMessage, Transport } from '../../transport/transport.js'
import type { Order } from './events.js'

export interface OrderInbox {
  /** Answers the order that came with `token`; a second answer is ignored. */
  answer(token: number, reply: OrderReply): void
  close(): void
}

/** Listens for every order to `workerId` and hands each to `onOrder` with a token of its own. */
export function openOrderInbox(
  transport: Transport,
  names: Subjects,
  workerId: WorkerId,
  log: Logger,
  onOrder: (token: number, order: Order) => void,
): OrderInbox {
  const open = new Map<number, IncomingMessage>()
  let last = 0

  function listen<S extends TSchema>(type: Message<S>, toOrder: (body: Static<S>) => Order) {
    return transport.subscribe(names.worker(workerId, type.name), message => {
      let order: Order
      try {
        order = toOrder(decode(type, message.data))
      } catch (error) {
        log.warn({ err: error, subject: message.subject }, 'order refused: it does not validate')
        message.respond(encodeErrorReply(error))
        return
      }
      const token = ++last
      open.set(token, message)
      onOrder(token, order)
    })
  }

  const subscriptions = [
    listen(LaunchExecutor, body => ({ kind: 'launchExecutor', body })),
    listen(KillExecutor, body => ({ kind: 'killExecutor', body })),
    listen(LaunchDriver, body => ({ kind: 'launchDriver', body })),
    listen(KillDriver, body => ({ kind: 'killDriver', body })),
    listen(ApplicationFinished, body => ({ kind: 'applicationFinished', body })),
    listen(MasterChanged, body => ({ kind: 'masterChanged', body })),
  ]
  return {
    answer(token, reply) {
      // All orders are answered alike, whatever their type.
      open.get(token)?.respond(encodeReply(LaunchExecutor, reply))
      open.delete(token)
    },
    close() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      open.clear()
    },
  }
}
