/** The leader's ear: takes requests off the bus, refuses what does not validate, and keeps each message until it is answered or the term ends. */
import { SpkError, toErrorData } from '../../core/errors.js'
import type { Logger } from '../../core/log.js'
import type { Subjects } from '../../protocol/subjects.js'
import { decode, encodeErrorReply, encodeReply, type Message } from '../../protocol/wire.js'
import type { IncomingMessage, Transport } from '../../transport/transport.js'
import { type Answer, type Request, type RequestKind, requests } from './messages.js'

export class Inbox {
  readonly #open = new Map<number, IncomingMessage>()
  readonly #close: () => void
  #last = 0

  /** Listens to every request there is; `onRequest` gets each with a token of its own. */
  constructor(transport: Transport, names: Subjects, log: Logger, onRequest: (token: number, request: Request) => void) {
    const subscription = transport.subscribe(names.master('*'), message => {
      const kind = message.subject.slice(message.subject.lastIndexOf('.') + 1)
      try {
        const request = { kind, body: decode(typeOf(kind), message.data) } as Request
        const token = ++this.#last
        this.#open.set(token, message)
        onRequest(token, request)
      } catch (error) {
        log.warn({ err: toErrorData(error), subject: message.subject }, 'request refused: it does not validate')
        message.respond(encodeErrorReply(error))
      }
    })
    this.#close = () => subscription.unsubscribe()
  }

  answer<K extends RequestKind>(token: number, kind: K, value: Answer<K>): void {
    this.#respond(token, encodeReply(requests[kind] as Message, value))
  }

  refuse(token: number, code: string, message: string): void {
    this.#respond(token, encodeErrorReply(new SpkError(code, message)))
  }

  /** What is not answered now never will be by this leader: the sender asks again. */
  close(): void {
    this.#close()
    this.#open.clear()
  }

  #respond(token: number, data: Uint8Array): void {
    this.#open.get(token)?.respond(data)
    this.#open.delete(token)
  }
}

function typeOf(kind: string): Message {
  if (Object.hasOwn(requests, kind)) return requests[kind as RequestKind]
  throw new SpkError('SPK_BAD_MESSAGE', `The master knows no request "${kind}". It knows: ${Object.keys(requests).join(', ')}.`)
}
