/**
 * One stage at work: joins the stage machine with executors, result blocks, the event log and its job. A plan is made once per attempt, when all inputs are
 * complete, and sent by the links when an executor first needs it. Used by `job-effects.ts`.
 */
import { assert, must } from '../../core/errors.js'
import type { StageSpec } from '../../core/stage.js'
import { encodeStagePlan, stageParts } from '../../protocol/stage-plan.js'
import { type Actor, bind, oncePer } from '../bind.js'
import { consolidate } from './consolidate.js'
import type { DriverCore } from './driver-core.js'
import type { JobEvent } from './job-state.js'
import type { TaskLayout } from './layout.js'
import { type StageMachine, stageMachine } from './stage.js'
import { type PlanOptions, planStage } from './stage-plan.js'
import type { StageCommand, StageInputData } from './stage-state.js'
import { taskAt } from './task-table.js'

export interface RunningStage {
  /** Position in the job's list of stages. */
  readonly position: number
  readonly spec: StageSpec
  readonly layout: readonly TaskLayout[]
  readonly actor: Actor<StageMachine>
  /** Partitions of the shuffle it writes. */
  readonly partitions: number
  /** Starts an attempt; throws when the plan cannot be made. */
  resume(attempt: number): void
}

export interface StageOptions {
  readonly core: DriverCore
  readonly position: number
  readonly spec: StageSpec
  readonly layout: readonly TaskLayout[]
  readonly partitions: number
  readonly input: StageInputData
  /** The plan of an attempt, made of what is known then. */
  readonly plan: (attempt: number) => PlanOptions
  readonly toJob: (event: JobEvent) => void
  readonly onDrained: () => void
}

type Params<N extends StageCommand['type']> = Extract<StageCommand, { type: N }>['params']

const machineWith = oncePer(stageMachine)

export function runStage(options: StageOptions): RunningStage {
  const { core, position, spec, layout, input, toJob } = options
  const { clock, events, links, log } = core
  const stage = input.stage
  let plan: { readonly attempt: number; readonly parts: readonly Uint8Array[] } | undefined
  let warned = false

  function effects(self: Actor<StageMachine>) {
    return {
      launch({ executorId, tasks }: Params<'launch'>) {
        const [first] = tasks
        if (first === undefined) return
        const { stageAttempt } = first.key
        assert(plan?.attempt === stageAttempt, `stage ${stage}.${stageAttempt} has no plan`)
        const launches = tasks.map(({ key, taskId }) => {
          const { fragment, inputs } = must(layout[key.partition], `layout of task ${key.partition}`)
          return {
            key,
            fragment,
            inputs: [...inputs],
            resources: core.resources.lend(executorId, taskId, core.executor(executorId)?.resources ?? {}),
          }
        })
        links.launch(executorId, { job: input.job, stage, stageAttempt }, plan.parts, launches)
        const host = core.executor(executorId)?.host ?? ''
        for (const { key, taskId, locality } of tasks) {
          events.post({
            Event: 'TaskStart',
            jobId: key.job,
            stageId: stage,
            stageAttemptId: stageAttempt,
            index: key.partition,
            attempt: key.attempt,
            taskId,
            executorId,
            host,
            locality,
          })
        }
      },
      kill: ({ executorId, key, reason }: Params<'kill'>) => links.kill(executorId, key, reason),
      async fetchResult({ partition, accepted }: Params<'fetchResult'>) {
        const { attempt, workerId, output } = accepted
        if (output.kind !== 'resultBlock') return
        try {
          const source = must(core.workers().get(workerId), `worker ${workerId}`)
          const ipc = await core.ports.fetchResult(source, core.appId, core.token, output.file)
          self.send({ type: 'resultFetched', partition, attempt, ipc, now: clock.now() })
        } catch (error) {
          self.send({ type: 'resultLost', partition, attempt, message: error instanceof Error ? error.message : String(error), now: clock.now() })
        }
      },
      tasksEnded({ ended }: Params<'tasksEnded'>) {
        for (const { partition, task, end, metrics } of ended) {
          if (end.reason !== 'Resubmitted') core.resources.giveBack(task.taskId)
          const { stageAttempt, attempt, taskId, executorId, launchedAt } = task
          const about = { jobId: input.job, stageId: stage, stageAttemptId: stageAttempt, index: partition, attempt, taskId, executorId }
          events.post({ Event: 'TaskEnd', ...about, launchTime: launchedAt, end, ...(metrics === undefined ? {} : { taskMetrics: metrics }) })
          if (end.reason === 'ExceptionFailure') {
            const { phase, table, maxFailures } = self.snapshot().context
            const failures = taskAt(table, partition)?.failures ?? 0
            const again = (phase === 'running' || phase === 'paused') && failures < maxFailures
            const where = `Lost task ${partition}.${attempt} in stage ${stage}.${stageAttempt} on executor ${executorId}`
            const how = `failure ${failures} of ${maxFailures}`
            // Once per stage, and short: the failure that ends the job is told in full by the job's error.
            if (again && !warned) log.warn(`${where}: ${end.error.code}; it runs again (${how})`)
            warned ||= again
            log.info(about, `${where}, ${how}: ${end.error.message}`)
            log.debug({ ...about, err: end.error }, 'where the task failed')
          } else if (end.reason === 'FetchFailed')
            log.warn({ executorId, reason: end.message }, `Task ${partition}.${attempt} in stage ${stage}.${stageAttempt} could not fetch its input`)
        }
        core.dispatcher.request()
      },
      complete({ attempt }: Params<'complete'>) {
        events.post({ Event: 'StageCompleted', jobId: input.job, stageId: stage, stageAttemptId: attempt })
        toJob({ type: 'stageCompleted', stage: position, attempt })
      },
      outputsLost: () => toJob({ type: 'outputsLost', stage: position }),
      fetchFailed: (failure: Params<'fetchFailed'>) => toJob({ type: 'fetchFailed', stage: position, ...failure }),
      fail({ error }: Params<'fail'>) {
        const stageAttemptId = self.snapshot().context.attempt
        events.post({ Event: 'StageCompleted', jobId: input.job, stageId: stage, stageAttemptId, failureReason: error.message })
        toJob({ type: 'fail', error })
      },
      drained() {
        core.dispatcher.remove(stage)
        options.onDrained()
      },
    }
  }

  const actor = bind({ machine: machineWith(core.merge ?? consolidate), input, effects, clock, log })
  core.dispatcher.add(stage, actor)
  return {
    position,
    spec,
    layout,
    actor,
    partitions: options.partitions,
    resume(attempt) {
      plan = { attempt, parts: stageParts(encodeStagePlan(planStage(spec, options.plan(attempt)))) }
      events.post({ Event: 'StageSubmitted', jobId: input.job, stageId: stage, stageAttemptId: attempt, name: spec.name, numTasks: layout.length })
      actor.send({ type: 'resume', attempt, now: clock.now() })
      core.dispatcher.request()
    },
  }
}
