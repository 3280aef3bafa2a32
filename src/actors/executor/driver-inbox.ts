/** The executor's ear: takes the driver's messages off the bus, refuses what does not validate, and keeps each until the machine has decided on it. */
import { unreachable } from '../../core/errors.js'
import type { AppId, ExecutorId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Subjects } from '../../protocol/subjects.js'
import { KillTask, LaunchTasks, RemoveStages, StagePart, StopExecutor } from '../../protocol/tasks.js'
import { decode, encodeErrorReply, encodeReply, type Message, type Static, type TSchema } from '../../protocol/wire.js'
import type { IncomingMessage, Transport } from '../../transport/transport.js'
import type { DriverOrder, OrderReply } from './events.js'

export interface DriverInbox {
  /** Answers the message that came with `token`; a second answer is ignored. */
  answer(token: number, reply: OrderReply): void
  close(): void
}

/** Listens for the driver's messages to one executor and hands each to `onOrder` with a token of its own. */
export function openDriverInbox(
  transport: Transport,
  names: Subjects,
  appId: AppId,
  executorId: ExecutorId,
  log: Logger,
  onOrder: (token: number, order: DriverOrder) => void,
): DriverInbox {
  const open = new Map<number, IncomingMessage>()
  let last = 0

  function listen<S extends TSchema>(type: Message<S>, toOrder: (body: Static<S>) => DriverOrder) {
    return transport.subscribe(names.executor(appId, executorId, type.name), message => {
      let order: DriverOrder
      try {
        order = toOrder(decode(type, message.data))
      } catch (error) {
        log.warn({ err: error, subject: message.subject }, 'message refused: it does not validate')
        message.respond(encodeErrorReply(error))
        return
      }
      const token = ++last
      open.set(token, message)
      onOrder(token, order)
    })
  }

  const subscriptions = [
    listen(StagePart, body => ({ kind: 'stagePart', ...body })),
    listen(LaunchTasks, body => ({ kind: 'launchTasks', ...body })),
    listen(KillTask, body => ({ kind: 'killTask', ...body })),
    listen(RemoveStages, body => ({ kind: 'removeStages', ...body })),
    listen(StopExecutor, body => ({ kind: 'stopExecutor', ...body })),
  ]

  function encoded(reply: OrderReply): Uint8Array {
    switch (reply.kind) {
      case 'ack':
        return encodeReply(KillTask, {})
      case 'launch':
        return encodeReply(LaunchTasks, { kind: reply.answer })
      case 'error':
        return encodeErrorReply(reply.error)
      default:
        return unreachable(reply)
    }
  }

  return {
    answer(token, reply) {
      open.get(token)?.respond(encoded(reply))
      open.delete(token)
    },
    close() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      open.clear()
    },
  }
}
