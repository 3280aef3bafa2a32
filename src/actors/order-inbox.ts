/**
 * The ear of an actor that is given orders: takes messages off the bus, refuses what does not validate, and keeps each until the actor's machine has decided
 * how to answer it. Used by the effects of worker and executor.
 */
import type { Logger } from '../core/log.js'
import { decode, encodeErrorReply, type Message, type Static, type TSchema } from '../protocol/wire.js'
import type { IncomingMessage, Subscription, Transport } from '../transport/transport.js'

export interface OrderInboxOptions<Order, Reply> {
  readonly transport: Transport
  readonly log: Logger
  /** Where messages of this name arrive. */
  readonly subject: (message: string) => string
  readonly encode: (reply: Reply) => Uint8Array
  /** Gets each order with a token of its own. */
  readonly onOrder: (token: number, order: Order) => void
}

export class OrderInbox<Order, Reply> {
  readonly #options: OrderInboxOptions<Order, Reply>
  readonly #open = new Map<number, IncomingMessage>()
  readonly #subscriptions: Subscription[] = []
  #last = 0

  constructor(options: OrderInboxOptions<Order, Reply>) {
    this.#options = options
  }

  /** Takes messages of this type for orders. Returns itself. */
  listen<S extends TSchema>(type: Message<S>, toOrder: (body: Static<S>) => Order): this {
    const { transport, log, subject, onOrder } = this.#options
    const subscription = transport.subscribe(subject(type.name), message => {
      let order: Order
      try {
        order = toOrder(decode(type, message.data))
      } catch (error) {
        log.warn({ err: error, subject: message.subject }, 'order refused: it does not validate')
        message.respond(encodeErrorReply(error))
        return
      }
      const token = ++this.#last
      this.#open.set(token, message)
      onOrder(token, order)
    })
    this.#subscriptions.push(subscription)
    return this
  }

  /** Answers the order that came with `token`; a second answer is ignored. */
  answer(token: number, reply: Reply): void {
    this.#open.get(token)?.respond(this.#options.encode(reply))
    this.#open.delete(token)
  }

  /** Hears nothing more; what is not answered now never will be: the sender asks again. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.#open.clear()
  }
}
