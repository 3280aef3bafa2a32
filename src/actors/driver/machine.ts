/**
 * The application machine: its states are the phases of `application-state.ts`, its one action decides by `application-decide.ts` and hands out the commands
 * as named actions (`register`, `heartbeat`, `executorReady`, `executorLost`, `workerLost`, `killExecutors`, `readClock`, `warnStarving`, `warnNoMaster`,
 * `failJobs`, `unregister`). Pure; `effects.ts` carries them out.
 */
import { assign, enqueueActions, setup } from 'xstate'
import { decideApplication } from './application-decide.js'
import {
  type ApplicationContext,
  type ApplicationEvent,
  type ApplicationInput,
  type ApplicationPhase,
  type Later,
  newApplication,
} from './application-state.js'

const events: Readonly<Record<Later, ApplicationEvent>> = {
  registerAgain: { type: 'registerAgain' },
  beat: { type: 'beat' },
  beatSoon: { type: 'beat' },
  check: { type: 'check' },
  starve: { type: 'starve' },
}
/** A delayed event replaces the pending one of the same id. */
const ids: Readonly<Record<Later, string>> = { registerAgain: 'register', beat: 'beat', beatSoon: 'beat', check: 'check', starve: 'starve' }

export const applicationMachine = setup({
  types: {} as { context: ApplicationContext; events: ApplicationEvent; input: ApplicationInput },
  guards: { phaseIs: ({ context }, params: { phase: ApplicationPhase }) => context.phase === params.phase },
  delays: {
    registerAgain: 1000,
    beat: ({ context }) => context.master?.heartbeatMs ?? 1000,
    /** The master did not answer, or the wrong one did. */
    beatSoon: ({ context }) => Math.min(500, context.master?.heartbeatMs ?? 500),
    check: ({ context }) => Math.min(10_000, context.networkTimeoutMs / 6),
    starve: 15_000,
  },
  actions: {
    decide: enqueueActions(({ context, event, enqueue }) => {
      const { next, commands, later } = decideApplication(context, event)
      enqueue(assign(next))
      for (const command of commands) enqueue(command as never)
      for (const delay of later) enqueue.raise(events[delay], { delay, id: ids[delay] })
    }),
    start: enqueueActions(({ enqueue }) => {
      enqueue.raise({ type: 'registerAgain' })
      enqueue.raise({ type: 'check' }, { delay: 'check', id: 'check' })
    }),
  },
}).createMachine({
  id: 'application',
  context: ({ input }) => newApplication(input),
  initial: 'connecting',
  entry: 'start',
  on: { '*': { actions: 'decide' } },
  states: {
    connecting: { always: [to('waiting'), to('running'), to('finished'), to('failed')] },
    waiting: { always: [to('running'), to('finished'), to('failed')] },
    running: { always: [to('waiting'), to('finished'), to('failed')] },
    finished: { type: 'final' },
    failed: { type: 'final' },
  },
})

function to<P extends ApplicationPhase>(phase: P) {
  return { guard: { type: 'phaseIs', params: { phase } }, target: phase } as const
}

export type ApplicationMachine = typeof applicationMachine
