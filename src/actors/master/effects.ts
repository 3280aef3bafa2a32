/**
 * The master at work: carries out the machine's commands on the bus. What belongs to one term (inbox, orders, records) lives in a `Term` and ends with it.
 * Immediately before every answer, order and write it asks both clocks whether the lease still allows it: a process that was paused finds out here.
 */
import type { Clock, Rng } from '../../core/clock.js'
import type { AppId, WorkerId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { Subjects } from '../../protocol/subjects.js'
import { decodeReply, encode, type Message } from '../../protocol/wire.js'
import type { OrderReply } from '../../protocol/worker-orders.js'
import type { Entry, Transport } from '../../transport/transport.js'
import type { Actor } from '../bind.js'
import type { At } from './cluster.js'
import { Courier } from './courier.js'
import type { CommandName, CommandParams, Settings } from './events.js'
import { Inbox } from './inbox.js'
import { believable, CLAIMS_MS, leaseTimes, mayAct } from './lease.js'
import { LeaseKeeper } from './lease-keeper.js'
import type { MasterMachine } from './machine.js'
import { news, orders, seenEpoch } from './messages.js'
import { decodeStates, encodeState, epochOf } from './records.js'
import { StateStore } from './state-store.js'

/** One try of an order or of news. */
const DELIVERY_MS = 1000
/** How long the last news of an application are tried. */
const LAST_NEWS_MS = 10_000
const AUDIT_MS = 30_000

export interface EffectPorts {
  readonly transport: Transport
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly names: Subjects
  readonly settings: Settings
  readonly masterId: string
  readonly host: string
  readonly uiUrl: string
  onFinished(): void
}

export type MasterEffects = { readonly [N in CommandName]: (params: CommandParams[N]) => void | Promise<void> }

/** What one term of leadership has open. */
interface Term {
  readonly epoch: number
  readonly store: StateStore
  readonly courier: Courier
  inbox: Inbox | undefined
  audited: number
}

export interface MasterWork {
  readonly effects: MasterEffects
  /** Closes everything at once, as in a crash: the lease is not given back. */
  abandon(): void
}

export function masterEffects(self: Actor<MasterMachine>, ports: EffectPorts): MasterWork {
  const { transport, clock, rng, log, names, settings } = ports
  const now = (): At => ({ monotonic: clock.monotonic(), wall: clock.now() })
  let term: Term | undefined
  let records: readonly Entry[] = []
  /** When somebody's word was taken that a newer epoch exists, and when last not; monotonic. */
  let claims: number[] = []
  let doubted = Number.NEGATIVE_INFINITY

  const openState = () => transport.bucket(names.stateBucket, { history: 1 })
  const keeper = new LeaseKeeper(
    { masterId: ports.masterId, host: ports.host, ui: ports.uiUrl },
    {
      open: () => transport.bucket(names.leaderBucket, { ttlMs: settings.leaseTtlMs, history: 1 }),
      now,
      nonce: () => rng.hex(16),
      async readRecords() {
        records = await (await openState()).entries()
        return records.reduce((highest, e) => Math.max(highest, epochOf(e.value)), 0)
      },
    },
  )

  /** Whether this leader may act in this very moment; when it no longer may, the machine is told. */
  function allowed(epoch: number): boolean {
    const { context } = self.snapshot()
    if (context.epoch !== epoch || term?.epoch !== epoch) return false
    if (mayAct(context.renewed, now(), leaseTimes(context.leaseTtlMs))) return true
    self.send({ type: 'deadlinePassed' })
    return false
  }

  function believes(claimed: number, epoch: number, kind: string): boolean {
    const at = clock.monotonic()
    claims = claims.filter(earlier => at - earlier < CLAIMS_MS)
    if (believable(claimed, epoch, claims.length)) {
      claims.push(at)
      return true
    }
    if (at - doubted >= CLAIMS_MS) {
      doubted = at
      log.warn({ epoch, claimed, kind }, 'somebody claims to have heard of an epoch that is hard to believe: it has no effect')
    }
    return false
  }

  function begin(epoch: number): Term {
    const newer = (seen: number) => self.send({ type: 'fenced', epoch, newer: seen, by: 'a state record' })
    return {
      epoch,
      store: new StateStore({ epoch, clock, log, open: openState, known: records, mayAct: () => allowed(epoch), epochOf, onNewer: newer }),
      courier: new Courier({ clock, mayAct: () => allowed(epoch) }),
      inbox: undefined,
      audited: clock.monotonic(),
    }
  }

  function end(): void {
    term?.inbox?.close()
    term?.courier.close()
    term?.store.close()
    term = undefined
  }

  async function ask(subject: string, type: Message, body: object, epoch: number): Promise<unknown> {
    const message = encode(type, { ...body, epoch })
    return decodeReply(type, await transport.request(subject, message, { timeoutMs: DELIVERY_MS }))
  }

  /** The term in which a command was decided is the current one, unless it has just ended. */
  function inTerm(act: (term: Term) => void): void {
    if (term !== undefined && allowed(term.epoch)) act(term)
  }

  const effects: MasterEffects = {
    async takeLease({ floor }) {
      const taken = await keeper.take(floor)
      if (taken.kind === 'held') self.send({ type: 'leaseHeld', by: taken.by })
      else if (taken.kind === 'unknown') self.send({ type: 'leaseUnavailable', error: taken.error })
      else {
        end()
        const { epoch, ttlMs, sentAt } = taken
        term = begin(epoch)
        self.send({ type: 'leaseTaken', epoch, ttlMs, sentAt, at: now(), records: decodeStates(records, log) })
        records = []
      }
    },
    async renewLease({ epoch }) {
      if (!allowed(epoch)) return
      const renewed = await keeper.renew()
      if (renewed.kind === 'renewed') self.send({ type: 'leaseRenewed', epoch, sentAt: renewed.sentAt, at: now() })
      else if (renewed.kind === 'lost') self.send({ type: 'leaseLost', epoch, reason: renewed.reason })
      else self.send({ type: 'renewUnknown', epoch, error: renewed.error })
    },
    standDown() {
      end()
      void keeper.end(false)
    },
    openInbox: () =>
      inTerm(t => {
        t.inbox = new Inbox(transport, names, log, (token, request) => {
          const newer = seenEpoch(request)
          if (newer > t.epoch && believes(newer, t.epoch, request.kind))
            self.send({ type: 'fenced', epoch: t.epoch, newer, by: `who sent ${request.kind}` })
          else self.send({ type: 'request', token, at: now(), request })
        })
      }),
    readClock: () => self.send({ type: 'clockRead', at: now() }),
    reply: ({ token, kind, value, after }) =>
      inTerm(t =>
        t.store.whenStored(after, () => {
          if (allowed(t.epoch)) t.inbox?.answer(token, kind, value)
        }),
      ),
    refuse: ({ token, code, message }) => inTerm(t => t.inbox?.refuse(token, code, message)),
    store: ({ key, state }) => inTerm(t => t.store.put(key, encodeState(state))),
    erase: ({ key }) => inTerm(t => t.store.erase(key)),
    settle: ({ epoch }) => inTerm(t => t.store.whenStored(undefined, () => self.send({ type: 'stored', epoch }))),
    audit: () =>
      inTerm(t => {
        if (clock.monotonic() - t.audited < AUDIT_MS) return
        t.audited = clock.monotonic()
        void t.store.audit()
      }),
    order: ({ workerId, order, after }) =>
      inTerm(t =>
        t.courier.send(`worker ${workerId}`, {
          ready: then => t.store.whenStored(after, then),
          until: undefined,
          async deliver() {
            const type = orders[order.kind]
            const reply = (await ask(names.worker(workerId as WorkerId, type.name), type, order.body, t.epoch)) as OrderReply
            if (reply.kind === 'stale') self.send({ type: 'fenced', epoch: t.epoch, newer: reply.epoch, by: `worker ${workerId}` })
            else self.send({ type: 'orderAnswered', epoch: t.epoch, at: now(), workerId, order, reply })
          },
          onUndeliverable(error) {
            log.error({ err: error, workerId, order: order.kind }, 'order cannot be delivered')
            const reply = { kind: 'refused', reason: error instanceof Error ? error.message : String(error) } as const
            self.send({ type: 'orderAnswered', epoch: t.epoch, at: now(), workerId, order, reply })
          },
        }),
      ),
    dropOrders: ({ workerId }) => term?.courier.drop(`worker ${workerId}`),
    tell: ({ appId, news: item, after, last }) =>
      inTerm(t =>
        t.courier.send(`driver ${appId}`, {
          ready: then => t.store.whenStored(after, then),
          until: last ? clock.monotonic() + LAST_NEWS_MS : undefined,
          async deliver() {
            const type = news[item.kind]
            await ask(names.driver(appId as AppId, type.name), type, item.body, t.epoch)
          },
          onUndeliverable: error => log.debug({ err: error, appId, news: item.kind }, 'news not delivered'),
        }),
      ),
    dropNews: ({ appId }) => term?.courier.drop(`driver ${appId}`),
    note: ({ level, text, fields }) => log[level](fields, text),
    async finish() {
      end()
      await keeper.end(true)
      ports.onFinished()
    },
  }
  return { effects, abandon: end }
}
