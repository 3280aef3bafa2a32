/**
 * The stage machine: its states are the phases of `stage-state.ts`, its one action decides by `stage-decide.ts` and hands out the commands as named actions
 * (`launch`, `kill`, `fetchResult`, `tasksEnded`, `complete`, `outputsLost`, `fetchFailed`, `fail`, `drained`). Pure; `stage-effects.ts` carries them out.
 */
import { assign, enqueueActions, setup } from 'xstate'
import { consolidate } from './consolidate.js'
import { decideStage } from './stage-decide.js'
import { newStage, type StageContext, type StageEvent, type StageInputData, type StagePhase } from './stage-state.js'

/** `merge` replaces the consolidate table in a test harness. */
export function stageMachine(merge: typeof consolidate = consolidate) {
  return setup({
    types: {} as { context: StageContext; events: StageEvent; input: StageInputData },
    guards: { phaseIs: ({ context }, params: { phase: StagePhase }) => context.phase === params.phase },
    actions: {
      decide: enqueueActions(({ context, event, enqueue }) => {
        const { next, commands } = decideStage(context, event, merge)
        enqueue(assign(next))
        for (const command of commands) enqueue(command as never)
      }),
    },
  }).createMachine({
    id: 'stage',
    context: ({ input }) => newStage(input),
    initial: 'paused',
    on: { '*': { actions: 'decide' } },
    states: {
      paused: { always: [to('running'), to('complete'), to('failed'), to('stopping'), to('stopped')] },
      running: { always: [to('paused'), to('complete'), to('failed'), to('stopping'), to('stopped')] },
      complete: { always: [to('paused'), to('stopping'), to('stopped')] },
      failed: { always: [to('stopping'), to('stopped')] },
      stopping: { always: [to('stopped')] },
      stopped: { type: 'final' },
    },
  })
}

function to<P extends StagePhase>(phase: P) {
  return { guard: { type: 'phaseIs', params: { phase } }, target: phase } as const
}

export type StageMachine = ReturnType<typeof stageMachine>
