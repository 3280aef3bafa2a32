/** What an executor's effects need beside transport and clock: something that runs tasks. The real one (`task-runner.ts`) uses slots, kernel and block store; the simulator's is a pure function. */
import type { StagePlan } from '../../protocol/stage-plan.js'
import type { TaskFailure, TaskLaunch, TaskMetrics, TaskOutput } from '../../protocol/tasks.js'

export type TaskEnd =
  | { readonly kind: 'finished'; readonly output: TaskOutput; readonly metrics: TaskMetrics }
  | { readonly kind: 'failed'; readonly failure: TaskFailure; readonly metrics?: TaskMetrics }

export interface TaskRunner {
  /** Runs one task, behind what it was given before when no slot is free; never rejects. More tasks than cores are given only of stages whose tasks are short. */
  run(plan: StagePlan, launch: TaskLaunch): Promise<TaskEnd>
  /** Ends the task's query; its `run` then resolves as failed with TaskKilled. */
  kill(launch: TaskLaunch, reason: string): void
  /** Forgets cached broadcasts and deletes shuffle and result files of these stages. */
  removeStages(stages: readonly number[]): Promise<void>
  memoryUsed(): number
  close(): Promise<void>
}
