/**
 * One job at work: joins the job machine with its stages, its write and its caller. Ends with the result or one typed failure; then its stages' files are
 * removed from the executors. Used by `effects.ts`.
 */
import { conf as table } from '../../core/config-table.js'
import { type ErrorData, fromErrorData, must, toErrorData } from '../../core/errors.js'
import type { StageGraph, StageSize } from '../../core/stage.js'
import { type Actor, bind } from '../bind.js'
import { columnEnds } from './column-ends.js'
import { cutOptions } from './cut-options.js'
import type { DriverCore } from './driver-core.js'
import { jobCancelled } from './failures.js'
import type { JobResult, RunOptions, StageSummary } from './handle.js'
import { type JobMachine, jobMachine } from './job.js'
import { type JobCommand, neededBy, type StageChange } from './job-state.js'
import { layoutTasks, readingsOf } from './layout.js'
import { mapOutputs, type ShuffleSizes, shuffleSizes, stageSize, sum } from './map-outputs.js'
import { pendingQueues } from './pending.js'
import { sampledBounds } from './range-bounds.js'
import { shuffleConf } from './shuffle-conf.js'
import { acceptedInOrder } from './stage-decide.js'
import { type RunningStage, runStage } from './stage-effects.js'
import { type PlanOptions, partitionsOf } from './stage-plan.js'
import { summarize } from './summary.js'

export interface RunningJob {
  readonly result: Promise<JobResult>
  fail(error: ErrorData): void
}

export interface JobOptions {
  readonly core: DriverCore
  readonly job: number
  readonly graph: StageGraph
  /** The application's number of the first stage. */
  readonly firstStage: number
  readonly run: RunOptions
  /** The job has its end, and nothing of it runs any more. */
  readonly onGone: () => void
}

type Params<N extends JobCommand['type']> = Extract<JobCommand, { type: N }>['params']
const PROGRESS_MS = 100

export function runJob(options: JobOptions): RunningJob {
  const { core, job, graph, firstStage, run } = options
  const { clock, events, log, ports } = core
  const conf = core.conf.with(run.conf)
  const running = new Map<number, RunningStage>()
  const bounds = new Map<number, readonly Uint8Array[]>()
  const positions = new Map(graph.stages.map((spec, position) => [spec.id, position]))
  /** Adaptive execution gives stages that have not started other plans. */
  const specs = [...graph.stages]
  const last = specs.length - 1
  let files: JobResult['files'] = []
  let ended = false
  let settle: { resolve: (result: JobResult) => void; reject: (error: unknown) => void } | undefined
  const result = new Promise<JobResult>((resolve, reject) => {
    settle = { resolve, reject }
  })

  const stageOf = (graphId: number): RunningStage => must(running.get(must(positions.get(graphId), `stage ${graphId}`)), `running stage ${graphId}`)
  const tableOf = (stage: RunningStage) => stage.actor.snapshot().context.table

  function startStage(position: number): void {
    const spec = must(specs[position], `stage at ${position}`)
    const cut = cutOptions(conf, sum(core.executors().map(e => e.cores)))
    const sizes = new Map<number, ShuffleSizes>()
    const layout = layoutTasks(spec, {
      sizes(graphId) {
        const parent = stageOf(graphId)
        const known = sizes.get(graphId) ?? shuffleSizes(parent.partitions, tableOf(parent), core.workers())
        sizes.set(graphId, known)
        return known
      },
      ...cut,
    })
    run.laidOut?.(spec.id, readingsOf(spec, layout))
    if (spec.output.kind === 'range') {
      const smallest = spec.output.exact ? 0 : (cut.coalesce?.smallest ?? 0)
      bounds.set(position, sampledBounds(tableOf(stageOf(spec.output.sampleFrom)), spec.output.partitions, smallest))
    }
    const { kind } = spec.output
    const stage = runStage({
      core,
      position,
      spec,
      layout,
      partitions: partitionsOf(spec.output, bounds.get(position)),
      input: {
        job,
        stage: firstStage + position,
        name: spec.name,
        tasks: layout.length,
        queues: pendingQueues(layout.map(task => task.preferred)),
        kind: kind === 'result' || kind === 'write' || kind === 'noop' ? kind : 'shuffle',
        ...(spec.rowLimit === undefined ? {} : { rowLimit: spec.rowLimit }),
        maxFailures: conf.get(table.taskMaxFailures),
        maxResultSize: conf.get(table.driverMaxResultSize),
        now: clock.now(),
      },
      plan: attempt => planOf(position, attempt),
      toJob: event => guarded(() => actor.send(event.type === 'stageCompleted' ? { ...event, ...adapted(event.stage) } : event)),
      onDrained,
    })
    running.set(position, stage)
    stage.resume(0)
  }

  function planOf(position: number, stageAttempt: number): PlanOptions {
    const range = bounds.get(position)
    const { temporary } = actor.snapshot().context
    return {
      job,
      stage: firstStage + position,
      stageAttempt,
      outputs(graphId) {
        const parent = stageOf(graphId)
        return mapOutputs(firstStage + parent.position, parent.partitions, tableOf(parent), core.workers())
      },
      ...(range === undefined ? {} : { bounds: range }),
      ...(temporary === undefined ? {} : { temporary }),
      conf: shuffleConf(conf, core.executors()),
    }
  }

  /** What is planned anew now that a stage is complete. */
  function adapted(position: number): { readonly changes?: readonly StageChange[] } {
    if (run.adapt === undefined) return {}
    const { stages } = actor.snapshot().context
    const complete = new Map<number, StageSize>()
    for (const [at, stage] of running) {
      const spec = specs[at]
      if (spec === undefined || (at !== position && stages[at]?.state !== 'complete')) continue
      complete.set(spec.id, { ...stageSize(tableOf(stage)), ...columnEnds(spec, tableOf(stage)) })
    }
    const started = new Set([...running.keys()].flatMap(at => specs[at]?.id ?? []))
    const changes = run.adapt(complete, started).map((spec): StageChange => {
      const stage = must(positions.get(spec.id), `stage ${spec.id}`)
      specs[stage] = spec
      return { stage, name: spec.name, parents: neededBy(spec).map(id => must(positions.get(id), `stage ${id}`)), deterministic: spec.deterministic }
    })
    if (changes.length === 0) return {}
    log.debug({ stages: changes.map(c => firstStage + c.stage) }, 'stages planned anew')
    return { changes }
  }

  /** What an effect throws fails the job: a plan that cannot be made, a layout that contradicts itself. */
  function guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      actor.send({ type: 'fail', error: toErrorData(error) })
    }
  }

  function onDrained(): void {
    if ([...running.values()].some(stage => stage.actor.snapshot().context.phase !== 'stopped')) return
    actor.send({ type: 'drained' })
    if (ended) remove()
  }

  function remove(): void {
    const stages = specs.map((_, position) => firstStage + position)
    core.links.removeStages(stages)
    for (const stage of running.values()) stage.actor.stop()
    actor.stop()
    options.onGone()
  }

  function summaries(): StageSummary[] {
    const stage = (position: number) => running.get(position)?.actor.snapshot().context
    return summarize({ specs, job: actor.snapshot().context, stage, cores: id => core.executor(id)?.cores ?? 0, now: clock.now() })
  }

  function jobResult(): JobResult {
    const own = running.get(last)?.actor.snapshot().context
    const accepted = own === undefined ? [] : acceptedInOrder(own)
    const ipc = accepted.flatMap(({ output }) => (output.kind === 'result' ? [output.ipc] : []))
    return { job, stages: summaries(), ipc, batches: () => ipc.flatMap(bytes => ports.decode(bytes)), files }
  }

  const actor: Actor<JobMachine> = bind({
    machine: jobMachine,
    input: { job, graph, firstStage, maxStageAttempts: conf.get(table.stageMaxConsecutiveAttempts) },
    effects: self => ({
      async prepareWrite() {
        try {
          const { output } = must(specs[last], 'result stage')
          if (output.kind !== 'write') return
          const temporary = await ports.prepareWrite(output.write, job)
          // The job was cancelled meanwhile: its machine does not hear any more.
          if (ended && temporary !== undefined) await ports.abortWrite(output.write, temporary)
          self.send({ type: 'prepared', ...(temporary === undefined ? {} : { temporary }) })
        } catch (error) {
          self.send({ type: 'fail', error: toErrorData(error) })
        }
      },
      startStage: ({ stage }: Params<'startStage'>) => guarded(() => startStage(stage)),
      pauseStage({ stage }: Params<'pauseStage'>) {
        const stageAttemptId = running.get(stage)?.actor.snapshot().context.attempt ?? 0
        events.post({ Event: 'StageCompleted', jobId: job, stageId: firstStage + stage, stageAttemptId, failureReason: 'its input was lost' })
        running.get(stage)?.actor.send({ type: 'pause' })
      },
      dropStage({ stage }: Params<'dropStage'>) {
        const stageAttemptId = running.get(stage)?.actor.snapshot().context.attempt ?? 0
        const failureReason = 'nothing needs it any more: what it was to be joined with turned out small'
        events.post({ Event: 'StageCompleted', jobId: job, stageId: firstStage + stage, stageAttemptId, failureReason })
        running.get(stage)?.actor.send({ type: 'stop', reason: 'the stage is not needed any more', now: clock.now() })
      },
      resumeStage: ({ stage, attempt }: Params<'resumeStage'>) => guarded(() => must(running.get(stage), `stage ${stage}`).resume(attempt)),
      rollbackStage({ stage, reason }: Params<'rollbackStage'>) {
        running.get(stage)?.actor.send({ type: 'rollback', reason, now: clock.now() })
      },
      loseOutput({ stage, ...lost }: Params<'loseOutput'>) {
        running.get(stage)?.actor.send({ type: 'outputLost', ...lost, now: clock.now() })
      },
      stopStages({ reason }: Params<'stopStages'>) {
        for (const stage of running.values()) stage.actor.send({ type: 'stop', reason, now: clock.now() })
        if (running.size === 0) self.send({ type: 'drained' })
      },
      async commitWrite({ temporary }: Params<'commitWrite'>) {
        try {
          const { output } = must(specs[last], 'result stage')
          if (output.kind !== 'write') return
          const accepted = acceptedInOrder(must(running.get(last), 'result stage').actor.snapshot().context)
          const made = accepted.flatMap(a => (a.output.kind === 'files' ? a.output.files : []))
          const paths = await ports.commitWrite(
            output.write,
            temporary,
            made.map(f => f.path),
          )
          files = made.map((file, i) => ({ ...file, path: paths[i] ?? file.path }))
          self.send({ type: 'committed' })
        } catch (error) {
          self.send({ type: 'commitFailed', error: toErrorData(error) })
        }
      },
      async abortWrite({ temporary }: Params<'abortWrite'>) {
        try {
          const { output } = must(specs[last], 'result stage')
          if (output.kind === 'write') await ports.abortWrite(output.write, temporary)
        } catch (error) {
          log.warn({ err: error, temporary }, 'the temporary folder of a failed write was not removed')
        }
        self.send({ type: 'aborted' })
      },
      end({ error }: Params<'end'>) {
        ended = true
        // A cancelled signal's listener is not needed any more, and the last progress shows the end.
        run.signal?.removeEventListener('abort', cancel)
        tell()
        events.post({
          Event: 'JobEnd',
          jobId: job,
          jobResult: error === undefined ? 'JobSucceeded' : 'JobFailed',
          ...(error === undefined ? {} : { error }),
        })
        if (error === undefined) settle?.resolve(jobResult())
        else settle?.reject(fromErrorData(error))
        if ([...running.values()].every(stage => stage.actor.snapshot().context.phase === 'stopped')) remove()
      },
    }),
    clock,
    log,
  })

  function cancel(): void {
    const { reason } = run.signal ?? {}
    actor.send({ type: 'fail', error: jobCancelled(job, reason instanceof Error && reason.name !== 'AbortError' ? reason.message : '') })
  }

  /** A callback that throws is the user's trouble, not the job's. */
  function tell(): void {
    try {
      run.onProgress?.({ job, stages: summaries() })
    } catch (error) {
      log.warn({ err: error }, 'the progress callback failed')
    }
  }

  function progress(): void {
    if (ended) return
    tell()
    clock.after(PROGRESS_MS, progress, { unref: true })
  }

  const { stages } = actor.snapshot().context
  events.post({
    Event: 'JobStart',
    jobId: job,
    description: run.description,
    stages: stages.map(({ id, name, parents }) => ({ stageId: id, name, parentIds: parents.map(at => firstStage + at) })),
    ...(run.plan === undefined ? {} : { executionId: job }),
  })
  actor.send({ type: 'start' })
  if (run.onProgress !== undefined) clock.after(PROGRESS_MS, progress, { unref: true })
  if (run.signal?.aborted) cancel()
  else run.signal?.addEventListener('abort', cancel, { once: true })
  return { result, fail: error => actor.send({ type: 'fail', error }) }
}
