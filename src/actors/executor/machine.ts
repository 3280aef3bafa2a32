/**
 * The life of an executor: starting → registered (→ reconnecting → registered) → draining → stopped. Orders, tasks and reports are handled alike in every
 * state, by `decide.ts`; this file says when to ask the driver what, and when the end has come.
 */
import { enqueueActions, setup } from 'xstate'
import { type Decide, decideExecutor } from './decide.js'
import type { CommandParams, ExecutorEvent } from './events.js'
import { allTold } from './reports.js'
import type { ExecutorState } from './state.js'

export interface ExecutorInput {
  readonly executorId: string
  readonly cores: number
  readonly heartbeatMs: number
  readonly silenceMs: number
  /** Monotonic time now. */
  readonly startedAt: number
}

/** How long running tasks get to end, and last reports to be told, when the executor stops. */
const DRAIN_MS = 2000

const effect = <N extends keyof CommandParams>(_context: unknown, _params: CommandParams[N]): void => {}

/** Asking to be registered, again and again until the driver answers. */
const asking = {
  initial: 'asking',
  states: {
    asking: {
      entry: 'askRegistration',
      on: {
        registered: { guard: 'lastAsked', target: '#registered', actions: 'decide' },
        refused: { guard: 'lastAsked', target: '#draining', actions: 'decide' },
        unanswered: [
          { guard: 'tooSilent', target: '#draining', actions: 'decide' },
          { guard: 'lastAsked', target: 'waiting', actions: 'decide' },
        ],
      },
    },
    waiting: { after: { retry: 'asking' }, on: { busUp: { target: 'asking', actions: 'decide' } } },
  },
} as const

/** The machine with the given decisions; a harness that plants a bug passes its own. */
export function executorMachine(decide: Decide = decideExecutor) {
  return setup({
    types: {} as { context: ExecutorState; events: ExecutorEvent; input: ExecutorInput },
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
        const { reason, code } = context.stopping ?? { reason: 'stopped', code: 0 }
        enqueue({ type: 'finish', params: { reason, code } })
      }),
      answer: effect<'answer'>,
      register: effect<'register'>,
      heartbeat: effect<'heartbeat'>,
      run: effect<'run'>,
      kill: effect<'kill'>,
      report: effect<'report'>,
      reportLater: effect<'reportLater'>,
      removeStages: effect<'removeStages'>,
      note: effect<'note'>,
      finish: effect<'finish'>,
    },
    guards: {
      lastAsked: ({ context, event }) => 'asked' in event && event.asked === context.asked,
      tooSilent: ({ context, event }) =>
        event.type === 'unanswered' && event.asked === context.asked && event.at - context.heardAt >= context.silenceMs,
      unknownThere: ({ context, event }) => event.type === 'beatAnswered' && event.asked === context.asked && event.kind === 'reregister',
      unwanted: ({ context, event }) => event.type === 'beatAnswered' && event.asked === context.asked && event.kind === 'stop',
      stops: ({ event }) => event.type === 'order' && event.order.kind === 'stopExecutor',
      nothingLeft: ({ context }) => context.running === 0 && (context.stopping?.quiet === true || allTold(context)),
    },
    delays: {
      retry: ({ context }) => context.retryMs,
      beat: ({ context }) => context.heartbeatMs,
      drained: () => DRAIN_MS,
    },
  }).createMachine({
    id: 'executor',
    context: ({ input: { startedAt, ...input } }) => ({
      ...input,
      heardAt: startedAt,
      asked: 0,
      tries: 0,
      retryMs: 0,
      partial: {},
      plans: {},
      seen: {},
      tasks: {},
      running: 0,
      reports: [],
      sending: undefined,
      nextSeq: 1,
      reportTries: 0,
      reportTimer: false,
      removing: [],
    }),
    initial: 'starting',
    states: {
      starting: { id: 'starting', ...asking },
      registered: {
        id: 'registered',
        initial: 'resting',
        states: {
          resting: { after: { beat: 'beating' }, on: { busUp: { target: 'beating', actions: 'decide' } } },
          beating: {
            entry: 'askHeartbeat',
            on: {
              beatAnswered: [
                { guard: 'unknownThere', target: '#reconnecting', actions: 'decide' },
                { guard: 'unwanted', target: '#draining', actions: 'decide' },
                { guard: 'lastAsked', target: 'resting', actions: 'decide' },
              ],
              unanswered: [
                { guard: 'tooSilent', target: '#draining', actions: 'decide' },
                { guard: 'lastAsked', target: 'retrying', actions: 'decide' },
              ],
            },
          },
          retrying: { after: { retry: 'beating' }, on: { busUp: { target: 'beating', actions: 'decide' } } },
        },
      },
      reconnecting: { id: 'reconnecting', ...asking },
      draining: {
        id: 'draining',
        always: { guard: 'nothingLeft', target: 'stopped' },
        after: { drained: 'stopped' },
        on: { stop: {}, order: { actions: 'decide' } },
      },
      stopped: { type: 'final', entry: 'end' },
    },
    on: {
      order: [{ guard: 'stops', target: '.draining', actions: 'decide' }, { actions: 'decide' }],
      tasksEnded: { actions: 'decide' },
      busUp: { actions: 'decide' },
      reportAcked: { actions: 'decide' },
      reportUnanswered: { actions: 'decide' },
      reportDue: { actions: 'decide' },
      stop: { target: '.draining', actions: 'decide' },
    },
  })
}

export type ExecutorMachine = ReturnType<typeof executorMachine>
