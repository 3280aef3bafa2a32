/**
 * A job on the pure machines alone: one job machine, its stage machines, joined as the driver's effects join them, and a toy of executors that finish, fail
 * and die when told, and whose reports lie in a pile until they are delivered, in any order and as often as wanted. It checks as it goes.
 */
import * as assert from 'uvu/assert'
import type { consolidate } from '#src/actors/driver/consolidate.js'
import type { JobCommand, JobEvent, StageChange } from '#src/actors/driver/job-state.js'
import { acceptedInOrder } from '#src/actors/driver/stage-decide.js'
import type { StageCommand, StageEvent } from '#src/actors/driver/stage-state.js'
import { type AcceptedAttempt, isPending, tasksOf } from '#src/actors/driver/task-table.js'
import { type ErrorData, must, unreachable } from '#src/core/errors.js'
import type { TaskKey } from '#src/core/ids.js'
import type { StageGraph } from '#src/core/stage.js'
import { noMetrics } from '#src/protocol/task-metrics.js'
import type { TaskFailure, TaskOutput, TaskReport } from '#src/protocol/tasks.js'
import { exception, jobStand, stageStand } from './machines.js'

export interface Executor {
  readonly id: string
  readonly workerId: string
}

/** A task that an executor runs, with the map outputs it was told to read: `partition → attempt` per parent. */
interface Running {
  readonly executor: Executor
  readonly key: TaskKey
  readonly reads: ReadonlyMap<number, readonly AcceptedAttempt[]>
}

interface Letter {
  readonly executor: Executor
  readonly report: TaskReport
}

export interface PureJobOptions {
  readonly graph: StageGraph
  /** Tasks per stage. */
  readonly tasks: readonly number[]
  /** Plans made anew when a stage is complete. */
  readonly changes?: ReadonlyMap<number, readonly StageChange[]>
  readonly executors: readonly Executor[]
  readonly maxFailures: number
  readonly maxStageAttempts: number
  /** Another consolidate table, to see that a wrong one is found. */
  readonly merge?: typeof consolidate
}

const SLOTS = 2
const name = ({ stage, partition, attempt }: TaskKey): string => `${stage}/${partition}.${attempt}`

export class PureJob {
  readonly running: Running[] = []
  readonly pile: Letter[] = []
  /** Reports that were delivered: they may come again. */
  readonly past: Letter[] = []
  readonly fetches: { readonly position: number; readonly partition: number; readonly accepted: AcceptedAttempt }[] = []
  timer = false
  end: { readonly error?: ErrorData } | undefined
  readonly #options: PureJobOptions
  readonly #job: ReturnType<typeof jobStand>
  readonly #stages = new Map<number, ReturnType<typeof stageStand>>()
  readonly #executors: Executor[]
  /** What an attempt is told to read is fixed when its stage attempt begins. */
  readonly #plans = new Map<number, ReadonlyMap<number, readonly AcceptedAttempt[]>>()
  /** What each attempt that ended well had read. */
  readonly #read = new Map<string, ReadonlyMap<number, readonly AcceptedAttempt[]>>()
  readonly #succeeded = new Set<string>()
  readonly #attempts = new Map<string, string>()
  readonly #queue: JobEvent[] = []
  #busy = false
  #started = 0
  #nextTask = 0
  committed = 0
  /** How often: outputs given up, stages run again, stages rolled back or dropped, reports that changed nothing. */
  readonly seen = { resubmitted: 0, again: 0, rolledBack: 0, dropped: 0, ignored: 0 }

  constructor(options: PureJobOptions) {
    this.#options = options
    this.#executors = [...options.executors]
    this.#job = jobStand(options.graph, options.maxStageAttempts)
    this.#toJob({ type: 'start' })
  }

  get executors(): readonly Executor[] {
    return this.#executors
  }

  get waiting(): boolean {
    return [...this.#stages.values()].some(s => s.state === 'running' && s.context.pending > 0)
  }

  /** Gives waiting tasks to free slots, the executors in turn from `first` on. */
  launch(first: number): void {
    for (const [position, stage] of this.#stages) {
      if (stage.state !== 'running') continue
      const pending = [...tasksOf(stage.context.table)].filter(([, task]) => isPending(task)).map(([partition]) => partition)
      const free = this.#executors.flatMap(e => Array.from({ length: SLOTS - this.running.filter(r => r.executor === e).length }, () => e))
      const assignments = pending.slice(0, free.length).map((partition, i) => {
        return { partition, executorId: must(free[(first + i) % free.length], 'executor').id, locality: 'ANY' as const }
      })
      const locality = { level: 2, since: 0 }
      this.#toStage(position, { type: 'launched', assignments, cursors: new Map(), locality, firstTaskId: this.#nextTask, now: 1 })
      this.#nextTask += assignments.length
    }
  }

  finish(running: Running): void {
    const { key, reads } = running
    this.#read.set(name(key), reads)
    this.#reported(running, { key, state: 'FINISHED', output: this.#output(running), metrics: noMetrics })
  }

  fail(running: Running, failure: TaskFailure = exception()): void {
    this.#reported(running, { key: running.key, state: 'FAILED', failure })
  }

  /** It could not read one of its inputs; without inputs it fails by itself. */
  failToFetch(running: Running, which: number): void {
    const inputs = [...running.reads].flatMap(([position, maps]) => maps.map((accepted, map) => ({ position, map, accepted })))
    const lost = inputs[which % Math.max(1, inputs.length)]
    if (lost === undefined) {
      this.fail(running)
      return
    }
    const { position, map, accepted } = lost
    const error = { code: 'SPK_FETCH_FAILED', message: 'gone' }
    this.fail(running, { kind: 'FetchFailed', stage: FIRST_STAGE + position, map, mapAttempt: accepted.attempt, workerId: accepted.workerId, error })
  }

  deliver(letter: Letter, again = false): void {
    if (!again) {
      this.pile.splice(this.pile.indexOf(letter), 1)
      this.past.push(letter)
    }
    const { executor, report } = letter
    const position = report.key.stage - FIRST_STAGE
    const before = this.#stages.get(position)?.context.table
    if (before === undefined) return
    this.#toStage(position, { type: 'reports', executorId: executor.id, workerId: executor.workerId, reports: [report], now: 2 })
    if (this.#stages.get(position)?.context.table === before) this.seen.ignored++
  }

  /** The executor is gone, and another takes its place; what it had said may still be on its way. */
  loseExecutor(executor: Executor): void {
    const at = this.#executors.indexOf(executor)
    if (at < 0) return
    this.#executors[at] = { id: `${executor.id}+${this.#started++}`, workerId: executor.workerId }
    this.running.splice(0, this.running.length, ...this.running.filter(r => r.executor !== executor))
    for (const position of this.#stages.keys()) this.#toStage(position, { type: 'executorLost', executorId: executor.id, reason: 'gone', now: 2 })
  }

  /** The worker is gone with its disk and its executors. */
  loseWorker(workerId: string): void {
    for (const executor of this.#executors.filter(e => e.workerId === workerId)) this.loseExecutor(executor)
    for (const position of this.#stages.keys()) this.#toStage(position, { type: 'workerLost', workerId, now: 2 })
  }

  /** The launch never reached its executor, or so the driver thinks: the task may run on. */
  giveUpLaunch({ executor, key }: Running): void {
    this.#toStage(key.stage - FIRST_STAGE, { type: 'attemptsLost', executorId: executor.id, keys: [key], reason: 'not acknowledged', now: 2 })
  }

  /** What waits behind others there goes elsewhere. */
  spread({ id }: Executor): void {
    const executors = [{ executorId: id, cores: 1 }]
    for (const position of this.#stages.keys()) this.#toStage(position, { type: 'spread', executors, before: 1, now: 2 })
  }

  fetched(fetch: PureJob['fetches'][number], arrives: boolean): void {
    this.fetches.splice(this.fetches.indexOf(fetch), 1)
    const { position, partition, accepted } = fetch
    const { attempt } = accepted
    if (arrives) this.#toStage(position, { type: 'resultFetched', partition, attempt, ipc: new Uint8Array(1), now: 2 })
    else this.#toStage(position, { type: 'resultLost', partition, attempt, message: 'gone', now: 2 })
  }

  fireTimer(): void {
    if (!this.timer) return
    this.timer = false
    this.#toJob({ type: 'resubmit' })
  }

  cancel(): void {
    this.#toJob({ type: 'fail', error: { code: 'SPK_JOB_CANCELLED', message: 'cancelled' } })
  }

  /** The state that reports could change, as text. */
  picture(): string {
    const tables = [...this.#stages].map(([position, s]) => [
      position,
      s.state,
      [...tasksOf(s.context.table)].map(([, t]) => `${t.accepted?.attempt}:${t.attempts.map(a => a.attempt)}`),
    ])
    return JSON.stringify([this.#job.state, tables])
  }

  get phases(): string[] {
    return [...this.#stages.values()].map(s => String(s.state))
  }

  /** What a result is made of must agree: of a stage whose rows differ from run to run, every reader has read the same attempts. */
  checkResult(): void {
    const { graph, tasks } = this.#options
    const last = graph.stages.length - 1
    const result = must(this.#stages.get(last), 'result stage')
    assert.is(acceptedInOrder(result.context).length, tasks[last], 'the result has every partition')
    const read = new Map<string, Set<number>>()
    const seen = new Set<string>()
    const visit = (position: number, partition: number, accepted: AcceptedAttempt): void => {
      const id = `${FIRST_STAGE + position}/${partition}.${accepted.attempt}`
      if (seen.has(id)) return
      seen.add(id)
      for (const [parent, maps] of must(this.#read.get(id), `${id} ended well`)) {
        maps.forEach((map, at) => {
          const key = `${parent}/${at}`
          read.set(key, (read.get(key) ?? new Set()).add(map.attempt))
          visit(parent, at, map)
        })
      }
    }
    acceptedInOrder(result.context).forEach((accepted, partition) => void visit(last, partition, accepted))
    for (const [key, attempts] of read) {
      const parent = Number(key.split('/')[0])
      if (graph.stages[parent]?.deterministic === false) assert.is(attempts.size, 1, `${key} was read as ${[...attempts]}`)
    }
  }

  #output({ key }: Running): TaskOutput {
    const { output } = must(this.#options.graph.stages[key.stage - FIRST_STAGE], 'stage')
    switch (output.kind) {
      case 'result':
        return key.partition % 2 === 0
          ? { kind: 'result', rows: 1, ipc: new Uint8Array(1) }
          : { kind: 'resultBlock', rows: 1, bytes: 1, file: name(key) }
      case 'write':
        return { kind: 'files', rows: 1, files: [{ path: name(key), bytes: 1, rows: 1 }] }
      default:
        return { kind: 'shuffle', bytes: [1], rows: [1] }
    }
  }

  #reported(running: Running, report: TaskReport): void {
    this.running.splice(this.running.indexOf(running), 1)
    this.pile.push({ executor: running.executor, report })
  }

  #toJob(event: JobEvent): void {
    this.#queue.push(event)
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      for (const command of this.#job.orders(next)) {
        if (command.type === 'later resubmit') this.timer = true
        else if (!command.type.startsWith('later ') && command.type !== 'xstate.cancel') this.#jobOrder(command as JobCommand)
      }
    }
    this.#busy = false
  }

  #jobOrder(command: JobCommand): void {
    const { graph, tasks, maxFailures, merge } = this.#options
    switch (command.type) {
      case 'prepareWrite':
        this.#toJob({ type: 'prepared', temporary: '/t' })
        return
      case 'startStage': {
        const { stage: position } = command.params
        const { kind } = must(graph.stages[position], 'stage').output
        const stage = stageStand({
          stage: FIRST_STAGE + position,
          tasks: must(tasks[position], 'number of tasks'),
          kind: kind === 'result' || kind === 'write' ? kind : 'shuffle',
          maxFailures,
          ...(merge === undefined ? {} : { merge }),
        })
        this.#stages.set(position, stage)
        this.#resume(position, 0)
        return
      }
      case 'pauseStage':
        this.#toStage(command.params.stage, { type: 'pause' })
        return
      case 'resumeStage':
        this.seen.again++
        this.#resume(command.params.stage, command.params.attempt)
        return
      case 'rollbackStage':
        this.seen.rolledBack++
        this.#toStage(command.params.stage, { type: 'rollback', reason: command.params.reason, now: 2 })
        return
      case 'loseOutput':
        this.#toStage(command.params.stage, { type: 'outputLost', ...command.params, now: 2 })
        return
      case 'dropStage':
        this.seen.dropped++
        this.#toStage(command.params.stage, { type: 'stop', reason: 'nobody needs it', now: 2 })
        return
      case 'stopStages':
        for (const position of this.#stages.keys()) this.#toStage(position, { type: 'stop', reason: command.params.reason, now: 2 })
        if (this.#stages.size === 0) this.#toJob({ type: 'drained' })
        return
      case 'commitWrite':
        this.committed++
        this.#toJob({ type: 'committed' })
        return
      case 'abortWrite':
        this.#toJob({ type: 'aborted' })
        return
      case 'end':
        assert.is(this.end, undefined, 'a job ends once')
        this.end = command.params
        return
      default:
        unreachable(command)
    }
  }

  #resume(position: number, attempt: number): void {
    const inputs = must(this.#job.context.stages[position], 'stage').parents.map(parent => {
      const { context } = must(this.#stages.get(parent), `stage ${parent}`)
      const maps = acceptedInOrder(context)
      assert.is(maps.length, context.tasks, `stage ${position} starts when all of stage ${parent} is there`)
      return [parent, maps] as const
    })
    this.#plans.set(position, new Map(inputs))
    this.#toStage(position, { type: 'resume', attempt, now: 1 })
  }

  #toStage(position: number, event: StageEvent): void {
    const stage = must(this.#stages.get(position), `stage ${position}`)
    for (const command of stage.send(event)) this.#stageOrder(position, command)
    this.#checkTable(position)
  }

  #stageOrder(position: number, command: StageCommand): void {
    switch (command.type) {
      case 'launch': {
        const executor = must(
          this.#executors.find(e => e.id === command.params.executorId),
          'a living executor',
        )
        const reads = must(this.#plans.get(position), 'plan')
        for (const { key } of command.params.tasks) this.running.push({ executor, key, reads })
        return
      }
      case 'kill': {
        const { key, executorId, reason } = command.params
        const found = this.running.find(r => name(r.key) === name(key) && r.executor.id === executorId)
        if (found !== undefined) this.#reported(found, { key, state: 'KILLED', failure: { kind: 'TaskKilled', reason } })
        return
      }
      case 'fetchResult':
        this.fetches.push({ position, ...command.params })
        return
      case 'tasksEnded':
        for (const { partition, task, end } of command.params.ended) this.#ended(position, partition, task.attempt, end.reason)
        return
      case 'complete':
        this.#toJob({ type: 'stageCompleted', stage: position, attempt: command.params.attempt, ...this.#adapted(position) })
        return
      case 'outputsLost':
        this.#toJob({ type: 'outputsLost', stage: position })
        return
      case 'fetchFailed':
        this.#toJob({ type: 'fetchFailed', stage: position, ...command.params })
        return
      case 'fail':
        this.#toJob({ type: 'fail', error: command.params.error })
        return
      case 'drained':
        if (this.phases.every(phase => phase === 'stopped')) this.#toJob({ type: 'drained' })
        return
      default:
        unreachable(command)
    }
  }

  #adapted(position: number): { readonly changes?: readonly StageChange[] } {
    const changes = this.#options.changes?.get(position)
    return changes === undefined ? {} : { changes }
  }

  /** One attempt of a partition succeeds, and an attempt ends once; unless its output is given up. */
  #ended(position: number, partition: number, attempt: number, reason: string): void {
    const task = `${position}/${partition}`
    const id = `${task}.${attempt}`
    const before = this.#attempts.get(id)
    assert.ok(before === undefined || (before === 'Success' && reason === 'Resubmitted'), `${id} had ended (${before}) and ends again (${reason})`)
    this.#attempts.set(id, reason)
    if (reason === 'Success') {
      assert.not(this.#succeeded.has(task), `${task} is committed twice`)
      this.#succeeded.add(task)
    } else if (reason === 'Resubmitted') {
      this.seen.resubmitted++
      this.#succeeded.delete(task)
    }
  }

  /** The counters of a stage are those of its records, and no limit is passed. */
  #checkTable(position: number): void {
    const { context } = must(this.#stages.get(position), 'stage')
    const records = [...tasksOf(context.table)].map(([, task]) => task)
    const slots = records.reduce((sum, task) => sum + task.attempts.length, 0)
    assert.is(
      [...context.slots.values()].reduce((sum, n) => sum + n, 0),
      slots,
      'slots held',
    )
    assert.is(context.accepted, records.filter(t => t.accepted !== undefined).length, 'accepted')
    assert.is(context.pending, records.filter(isPending).length, 'pending')
    for (const task of records) {
      assert.ok(task.attempts.filter(a => !a.killing).length <= 1, 'one wanted attempt at a time')
      assert.ok(task.failures <= this.#options.maxFailures, 'failures')
    }
  }
}

/** What `jobStand` numbers its first stage. */
const FIRST_STAGE = 10
