/**
 * The life of a master: standby → electing → recovering → leading → (lost lease) → standby. One lease says who leads: taken by create, renewed by
 * compare-and-set, given up before it can pass on. Requests are heard only while recovering or leading. Decisions are `decide.ts`'s; this file says when
 * the lease is looked at and renewed, and when a recovery is over.
 */
import { enqueueActions, setup } from 'xstate'
import type { Versions } from '../../protocol/common.js'
import { type At, emptyCluster } from './cluster.js'
import { decideMaster, sweepMs } from './decide.js'
import type { CommandParams, Decide, MasterContext, MasterEvent, Settings } from './events.js'
import { elapsed, leaseTimes } from './lease.js'
import { allAnswered } from './recovery.js'

export interface MasterInput {
  readonly masterId: string
  readonly uiUrl: string
  readonly url: string
  readonly versions: Versions
  readonly settings: Settings
}

/** How long a recovered leader waits for its records to be written before it leads all the same. */
const SETTLE_MS = 1000

const effect = <N extends keyof CommandParams>(_context: unknown, _params: CommandParams[N]): void => {}
const NEVER: At = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY }

/** The machine with the given decisions; a harness that plants a bug passes its own. */
export function masterMachine(decide: Decide = decideMaster) {
  return setup({
    types: {} as { context: MasterContext; events: MasterEvent; input: MasterInput },
    actions: {
      decide: enqueueActions(({ context, event, enqueue }) => {
        const { next, commands } = decide(context, event)
        enqueue.assign(next)
        for (const command of commands) enqueue(command)
      }),
      lookAtLease: enqueueActions(({ context, enqueue }) => {
        enqueue({ type: 'takeLease', params: { floor: context.floor } })
      }),
      renew: enqueueActions(({ context, enqueue }) => {
        enqueue({ type: 'renewLease', params: { epoch: context.epoch } })
      }),
      /** The next renewal and the last moment of this one, counted from when the write was sent. */
      keepTime: enqueueActions(({ context, event, enqueue }) => {
        if (event.type !== 'leaseTaken' && event.type !== 'leaseRenewed') return
        const { renewMs, holdMs } = leaseTimes(context.leaseTtlMs)
        const passed = elapsed(event.sentAt, event.at)
        enqueue.assign({ renewed: event.sentAt })
        enqueue.raise({ type: 'renewDue' }, { id: 'renew', delay: Math.max(0, renewMs - passed) })
        enqueue.raise({ type: 'deadlinePassed' }, { id: 'deadline', delay: Math.max(0, holdMs - passed) })
      }),
      renewSoon: enqueueActions(({ context, enqueue }) => {
        enqueue.raise({ type: 'renewDue' }, { id: 'renew', delay: leaseTimes(context.leaseTtlMs).retryMs })
      }),
      sweepLater: enqueueActions(({ context, enqueue }) => {
        enqueue.raise({ type: 'sweepDue' }, { id: 'sweep', delay: sweepMs(context) })
      }),
      stopTimers: enqueueActions(({ enqueue }) => {
        for (const id of ['renew', 'deadline', 'sweep']) enqueue.cancel(id)
      }),
      /** In both, the clock's answer is the first decision of the new status. */
      complete: enqueueActions(({ enqueue }) => {
        enqueue.assign({ status: 'COMPLETING_RECOVERY' })
        enqueue({ type: 'readClock', params: undefined })
      }),
      lead: enqueueActions(({ enqueue }) => {
        enqueue.assign({ status: 'ALIVE' })
        enqueue({ type: 'readClock', params: undefined })
      }),
      end: enqueueActions(({ context, enqueue }) => {
        enqueue({ type: 'finish', params: { epoch: context.epoch } })
      }),
      takeLease: effect<'takeLease'>,
      renewLease: effect<'renewLease'>,
      standDown: effect<'standDown'>,
      openInbox: effect<'openInbox'>,
      readClock: effect<'readClock'>,
      reply: effect<'reply'>,
      refuse: effect<'refuse'>,
      store: effect<'store'>,
      erase: effect<'erase'>,
      settle: effect<'settle'>,
      audit: effect<'audit'>,
      order: effect<'order'>,
      dropOrders: effect<'dropOrders'>,
      tell: effect<'tell'>,
      dropNews: effect<'dropNews'>,
      note: effect<'note'>,
      finish: effect<'finish'>,
    },
    guards: {
      thisTerm: ({ context, event }) => 'epoch' in event && event.epoch === context.epoch,
      allAnswered: ({ context }) => allAnswered(context.cluster),
    },
    delays: {
      poll: ({ context }) => leaseTimes(context.leaseTtlMs).pollMs,
      recovery: ({ context }) => context.settings.workerTimeoutMs,
      settling: () => SETTLE_MS,
    },
  }).createMachine({
    id: 'master',
    context: ({ input }) => ({
      ...input,
      status: 'STANDBY',
      epoch: 0,
      leaseTtlMs: input.settings.leaseTtlMs,
      renewed: NEVER,
      floor: 0,
      leader: undefined,
      cluster: emptyCluster,
      rebuildUntil: undefined,
      swept: undefined,
    }),
    initial: 'electing',
    states: {
      standby: { id: 'standby', after: { poll: 'electing' } },
      electing: {
        entry: 'lookAtLease',
        on: {
          leaseTaken: { target: '#leader', actions: ['decide', 'keepTime'] },
          leaseHeld: { target: 'standby', actions: 'decide' },
          leaseUnavailable: { target: 'standby', actions: 'decide' },
        },
      },
      leader: {
        id: 'leader',
        exit: 'stopTimers',
        initial: 'recovering',
        states: {
          recovering: {
            initial: 'waiting',
            states: {
              waiting: { always: { guard: 'allAnswered', target: 'completing' }, after: { recovery: 'completing' } },
              completing: {
                entry: 'complete',
                on: { clockRead: { actions: 'decide' }, stored: { guard: 'thisTerm', target: '#leading' } },
                after: { settling: '#leading' },
              },
            },
          },
          leading: {
            id: 'leading',
            entry: 'lead',
            on: {
              clockRead: { actions: ['decide', 'sweepLater'] },
              sweepDue: { actions: 'readClock' },
            },
          },
        },
        on: {
          renewDue: { actions: 'renew' },
          leaseRenewed: { guard: 'thisTerm', actions: 'keepTime' },
          renewUnknown: { guard: 'thisTerm', actions: ['decide', 'renewSoon'] },
          leaseLost: { guard: 'thisTerm', target: 'standby', actions: 'decide' },
          deadlinePassed: { target: 'standby', actions: 'decide' },
          fenced: { guard: 'thisTerm', target: 'standby', actions: 'decide' },
          request: { actions: 'decide' },
          orderAnswered: { guard: 'thisTerm', actions: 'decide' },
        },
      },
      stopped: { type: 'final', entry: 'end' },
    },
    on: { stop: '.stopped' },
  })
}

export type MasterMachine = ReturnType<typeof masterMachine>
