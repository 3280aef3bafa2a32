/**
 * The life of a worker: registering → active → reconnecting → … → decommissioning → stopped. No answer means "no leader now": the worker asks again, for
 * ever, and what it runs goes on. Orders, children and reports are handled alike in every state, by `decide.ts`; this file says when to ask whom what.
 */
import { enqueueActions, setup } from 'xstate'
import { LONGEST_GRACE_MS } from './children.js'
import { type Decide, decideWorker } from './decide.js'
import type { CommandParams, WorkerEvent } from './events.js'
import { type Capacity, liveChildren, type WorkerState } from './state.js'

export interface WorkerInput {
  readonly workerId: string
  readonly host: string
  readonly capacity: Capacity
  /** Used until the master says its own, milliseconds. */
  readonly heartbeatMs: number
}

/** Heartbeats without an answer after which the worker registers again. */
const SILENT_BEATS = 2
/** How long a stop may take beyond the longest grace of a child. */
const STOP_SLACK_MS = 3000

const effect = <N extends keyof CommandParams>(_context: unknown, _params: CommandParams[N]): void => {}

/** Asking for registration, again and again until a leader answers. */
function asking(entry: 'registering' | 'reconnecting') {
  return {
    initial: 'asking',
    states: {
      asking: {
        entry: 'askRegistration',
        on: {
          registered: [
            { guard: 'currentLeader', target: '#active', actions: 'decide' },
            { guard: 'lastAsked', target: 'waiting', actions: 'decide' },
          ],
          refused: { guard: 'lastAsked', target: '#decommissioning', actions: 'decide' },
          unanswered: { guard: 'lastAsked', target: 'waiting', actions: 'decide' },
        },
      },
      waiting: { after: { retry: 'asking' }, on: { busUp: 'asking' } },
    },
    on: {
      order: [{ guard: 'introducesLeader', target: `#${entry}.asking`, actions: 'decide' }, { actions: 'decide' }],
    },
  } as const
}

/** The machine with the given decisions; a harness that plants a bug passes its own. */
export function workerMachine(decide: Decide = decideWorker) {
  return setup({
    types: {} as { context: WorkerState; events: WorkerEvent; input: WorkerInput },
    actions: {
      decide: enqueueActions(({ context, event, enqueue }) => {
        const { next, commands } = decide(context, event)
        enqueue.assign(next)
        for (const command of commands) enqueue(command)
      }),
      askRegistration: enqueueActions(({ context, enqueue }) => {
        const asked = context.asked + 1
        enqueue.assign({ asked })
        enqueue({ type: 'register', params: { asked } })
      }),
      askHeartbeat: enqueueActions(({ context, enqueue }) => {
        const asked = context.asked + 1
        enqueue.assign({ asked })
        enqueue({ type: 'heartbeat', params: { asked } })
      }),
      end: enqueueActions(({ context, enqueue }) => {
        enqueue({ type: 'finish', params: context.stopping ?? { reason: 'stopped', refused: false } })
      }),
      answer: effect<'answer'>,
      register: effect<'register'>,
      heartbeat: effect<'heartbeat'>,
      unregister: effect<'unregister'>,
      launch: effect<'launch'>,
      kill: effect<'kill'>,
      restartLater: effect<'restartLater'>,
      report: effect<'report'>,
      reportLater: effect<'reportLater'>,
      removeScratch: effect<'removeScratch'>,
      removeApplication: effect<'removeApplication'>,
      removeDriver: effect<'removeDriver'>,
      note: effect<'note'>,
      finish: effect<'finish'>,
    },
    guards: {
      lastAsked: ({ context, event }) => 'asked' in event && event.asked === context.asked,
      currentLeader: ({ context, event }) => 'asked' in event && event.asked === context.asked && 'epoch' in event && event.epoch >= context.epoch,
      unknownHere: ({ context, event }) =>
        event.type === 'beatAnswered' && event.asked === context.asked && event.epoch >= context.epoch && event.kind === 'reregister',
      silent: ({ context, event }) => 'asked' in event && event.asked === context.asked && context.unanswered + 1 >= SILENT_BEATS,
      introducesLeader: ({ context, event }) =>
        event.type === 'order' && event.order.kind === 'masterChanged' && event.order.body.epoch >= context.epoch,
      nothingLeft: ({ context }) => context.unregistered && liveChildren(context).length === 0,
    },
    delays: {
      retry: ({ context }) => context.retryMs,
      beat: ({ context }) => context.heartbeatMs,
      hardStop: () => LONGEST_GRACE_MS + STOP_SLACK_MS,
    },
  }).createMachine({
    id: 'worker',
    context: ({ input }) => ({
      ...input,
      epoch: 0,
      asked: 0,
      unanswered: 0,
      retryMs: 0,
      children: {},
      reports: {},
      nextSeq: 1,
      apps: {},
      endedApps: {},
      unregistered: false,
    }),
    initial: 'registering',
    states: {
      registering: { id: 'registering', ...asking('registering') },
      active: {
        id: 'active',
        initial: 'resting',
        states: {
          resting: { after: { beat: 'beating' }, on: { busUp: 'beating' } },
          beating: {
            entry: 'askHeartbeat',
            on: {
              beatAnswered: [
                { guard: 'unknownHere', target: '#reconnecting', actions: 'decide' },
                { guard: 'currentLeader', target: 'resting', actions: 'decide' },
                { guard: 'lastAsked', target: 'retrying', actions: 'decide' },
              ],
              unanswered: [
                { guard: 'silent', target: '#reconnecting.waiting', actions: 'decide' },
                { guard: 'lastAsked', target: 'retrying', actions: 'decide' },
              ],
            },
          },
          retrying: { after: { retry: 'beating' }, on: { busUp: 'beating' } },
        },
        on: {
          order: [{ guard: 'introducesLeader', target: '#reconnecting', actions: 'decide' }, { actions: 'decide' }],
        },
      },
      reconnecting: { id: 'reconnecting', ...asking('reconnecting') },
      decommissioning: {
        id: 'decommissioning',
        always: { guard: 'nothingLeft', target: 'stopped' },
        after: { hardStop: 'stopped' },
        on: { stop: {} },
      },
      stopped: { type: 'final', entry: 'end' },
    },
    on: {
      order: { actions: 'decide' },
      childStarted: { actions: 'decide' },
      childFailed: { actions: 'decide' },
      childExited: { actions: 'decide' },
      restartDue: { actions: 'decide' },
      reportAcked: { actions: 'decide' },
      reportUnanswered: { actions: 'decide' },
      reportDue: { actions: 'decide' },
      unregistered: { actions: 'decide' },
      stop: { target: '.decommissioning', actions: 'decide' },
    },
  })
}

export type WorkerMachine = ReturnType<typeof workerMachine>
