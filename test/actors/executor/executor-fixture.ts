/** An executor's machine stepped by hand: each event gives the commands, briefly. */
import { initialTransition, transition } from 'xstate'
import type { Decide } from '#src/actors/executor/decide.js'
import type { Command, DriverOrder, ExecutorEvent } from '#src/actors/executor/events.js'
import { executorMachine } from '#src/actors/executor/machine.js'
import type { TaskEnd } from '#src/actors/executor/ports.js'
import type { ExecutorState } from '#src/actors/executor/state.js'
import type { TaskKey } from '#src/core/ids.js'
import { encodeStagePlan, type StagePlan, stageParts } from '#src/protocol/stage-plan.js'
import type { TaskLaunch, TaskMetrics } from '#src/protocol/tasks.js'

export interface Stepper {
  /** Commands of the first step. */
  readonly first: readonly Command[]
  send(event: ExecutorEvent): readonly Command[]
  state(): ExecutorState
  value(): unknown
}

export function stepMachine(cores = 2, decide?: Decide): Stepper {
  const machine = executorMachine(decide)
  let [snapshot, actions] = initialTransition(machine, { executorId: '0', cores, heartbeatMs: 10_000, silenceMs: 120_000, startedAt: 1000 })
  const own = (all: readonly { type: string; params?: unknown }[]): Command[] =>
    all.filter(a => !a.type.startsWith('xstate.')).map(a => ({ type: a.type, params: a.params }) as Command)
  return {
    first: own(actions),
    send(event) {
      ;[snapshot, actions] = transition(machine, snapshot, event)
      return own(actions)
    },
    state: () => snapshot.context,
    value: () => snapshot.value,
  }
}

const name = (key: TaskKey) => `${key.stage}/${key.partition}.${key.attempt}`

/** Commands as short text; notes left out. */
export function brief(commands: readonly Command[]): string[] {
  return commands.flatMap(command => {
    switch (command.type) {
      case 'note':
        return []
      case 'answer': {
        const { token, reply } = command.params
        return [`answer ${token} ${reply.kind === 'launch' ? reply.answer : reply.kind}`]
      }
      case 'register':
      case 'heartbeat':
        return [`${command.type} ${command.params.asked}`]
      case 'run':
        return command.params.launches.map(launch => `run ${name(launch.key)}`)
      case 'kill':
        return [`kill ${name(command.params.launch.key)}: ${command.params.reason}`]
      case 'report':
        return [`report ${command.params.seq}: ${command.params.reports.map(r => `${name(r.key)} ${r.state}`).join(', ')}`]
      case 'reportLater':
        return [`reportLater ${command.params.delayMs}`]
      case 'removeStages':
        return [`removeStages ${command.params.stages.join(' ')}`]
      case 'finish':
        return [`finish ${command.params.code}: ${command.params.reason}`]
      default:
        return [JSON.stringify(command)]
    }
  })
}

export const taskKey = (partition: number, attempt = 0, stage = 1, stageAttempt = 0): TaskKey => ({ job: 0, stage, stageAttempt, partition, attempt })
export const taskLaunch = (key: TaskKey): TaskLaunch => ({ key, fragment: 0, inputs: [], resources: {} })

export function stagePlan(stage = 1, sql = 'SELECT 1', stageAttempt = 0): StagePlan {
  return {
    job: 0,
    stage,
    stageAttempt,
    fragments: [{ sql, settings: {}, inputs: [] }],
    schema: { kind: 'struct', fields: [] },
    output: { kind: 'result' },
    conf: {},
  }
}

export const order = (token: number, given: DriverOrder, at = 1000): ExecutorEvent => ({ type: 'order', token, at, order: given })

/** The parts of a stage, one order each. */
export function stageOrders(plan = stagePlan()): DriverOrder[] {
  const parts = stageParts(encodeStagePlan(plan))
  const stage = { job: plan.job, stage: plan.stage, stageAttempt: plan.stageAttempt }
  return parts.map((bytes, part) => ({ kind: 'stagePart', stage, part, of: parts.length, bytes }))
}

export function launchOrder(...keys: TaskKey[]): DriverOrder {
  const { job, stage, stageAttempt } = keys[0] as TaskKey
  return { kind: 'launchTasks', stage: { job, stage, stageAttempt }, tasks: keys.map(taskLaunch) }
}

/** Of a task that is not short. */
export const noMetrics: TaskMetrics = {
  executorRunTime: 1000,
  executorCpuTime: 0,
  resultSize: 0,
  peakExecutionMemory: 0,
  memoryBytesSpilled: 0,
  diskBytesSpilled: 0,
  inputMetrics: { bytesRead: 0, recordsRead: 0 },
  outputMetrics: { bytesWritten: 0, recordsWritten: 0 },
  shuffleReadMetrics: { remoteBlocksFetched: 0, localBlocksFetched: 0, remoteBytesRead: 0, localBytesRead: 0, fetchWaitTime: 0, recordsRead: 0 },
  shuffleWriteMetrics: { bytesWritten: 0, recordsWritten: 0, writeTime: 0 },
}

export const finished = (bytes = 1): TaskEnd => ({
  kind: 'finished',
  output: { kind: 'result', rows: 1, ipc: new Uint8Array(bytes) },
  metrics: noMetrics,
})
export const killed = (reason: string): TaskEnd => ({ kind: 'failed', failure: { kind: 'TaskKilled', reason } })
export const failed: TaskEnd = { kind: 'failed', failure: { kind: 'ExceptionFailure', error: { code: 'DIVIDE_BY_ZERO', message: 'x' } } }

/** Registered, with stage 1 there. */
export function readyExecutor(cores = 2, decide?: Decide): Stepper {
  const executor = stepMachine(cores, decide)
  executor.send({ type: 'registered', asked: 1, at: 1000 })
  for (const part of stageOrders()) executor.send(order(1, part))
  return executor
}
