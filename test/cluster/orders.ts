/** Listens, as an onlooker with a raw subscription, to everything that masters say to workers and drivers. */
import { news, orders } from '#src/actors/master/messages.js'
import { subjects } from '#src/protocol/subjects.js'
import { decode, type Message } from '#src/protocol/wire.js'
import type { Transport } from '#src/transport/transport.js'

export interface HeardOrder {
  readonly kind: string
  readonly epoch: number
  readonly appId: string | undefined
  readonly executorId: string | undefined
}

export interface Heard {
  /** In order of arrival, repeats included. */
  readonly all: readonly HeardOrder[]
  /** The highest epoch so far. */
  epoch(): number
  /** Executors of an application whose launch was ordered, each counted once however often it was repeated. */
  launches(appId: string): number
}

const types: Readonly<Record<string, Message>> = { ...orders, ...news }

export function listenToOrders(transport: Transport): Heard {
  const all: HeardOrder[] = []
  const names = subjects('spk')
  for (const pattern of [names.worker('*' as never, '*'), names.driver('*' as never, '*')]) {
    transport.subscribe(pattern, message => {
      const kind = message.subject.slice(message.subject.lastIndexOf('.') + 1)
      const type = types[kind]
      if (type === undefined) return
      const { epoch, appId, executorId } = decode(type, message.data) as { epoch: number; appId?: string; executorId?: string }
      all.push({ kind, epoch, appId, executorId })
    })
  }
  return {
    all,
    epoch: () => Math.max(0, ...all.map(h => h.epoch)),
    launches: appId => new Set(all.filter(h => h.kind === 'launchExecutor' && h.appId === appId).map(h => h.executorId)).size,
  }
}
