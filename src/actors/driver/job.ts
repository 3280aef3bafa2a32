/**
 * The job machine: its states are the phases of `job-state.ts`, its one action decides by `job-decide.ts` and hands out the commands as named actions
 * (`prepareWrite`, `startStage`, `pauseStage`, `dropStage`, `resumeStage`, `rollbackStage`, `loseOutput`, `stopStages`, `commitWrite`, `abortWrite`, `end`). Pure;
 * `job-effects.ts` carries them out.
 */
import { assign, enqueueActions, raise, setup } from 'xstate'
import { decideJob } from './job-decide.js'
import { type JobContext, type JobEvent, type JobInput, type JobPhase, newJob } from './job-state.js'

export const jobMachine = setup({
  types: {} as { context: JobContext; events: JobEvent; input: JobInput },
  guards: { phaseIs: ({ context }, params: { phase: JobPhase }) => context.phase === params.phase },
  delays: {
    /** Collects fetch failures of one cause before the stages run again; Spark's value. */
    resubmission: 200,
    /** Longest wait for killed tasks before a failed write is removed. */
    drain: 10_000,
  },
  actions: {
    decide: enqueueActions(({ context, event, enqueue }) => {
      const { next, commands, hold } = decideJob(context, event)
      enqueue(assign(next))
      for (const command of commands) enqueue(command as never)
      if (hold) enqueue.raise({ type: 'resubmit' }, { delay: 'resubmission', id: 'resubmit' })
    }),
  },
}).createMachine({
  id: 'job',
  context: ({ input }) => newJob(input),
  initial: 'preparing',
  on: { '*': { actions: 'decide' } },
  states: {
    preparing: { always: [to('running'), to('succeeded'), to('failed')] },
    running: { always: [to('committing'), to('draining'), to('succeeded'), to('failed')] },
    committing: { always: [to('succeeded'), to('draining')] },
    draining: { after: { drain: { actions: raise({ type: 'drained' }) } }, always: [to('aborting')] },
    aborting: { always: [to('failed')] },
    succeeded: { type: 'final' },
    failed: { type: 'final' },
  },
})

function to<P extends JobPhase>(phase: P) {
  return { guard: { type: 'phaseIs', params: { phase } }, target: phase } as const
}

export type JobMachine = typeof jobMachine
