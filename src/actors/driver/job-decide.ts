/**
 * What a job does about an event: a pure function from context and event to the next context and commands. A stage runs when its parents are complete;
 * a complete stage that lost outputs runs again only when an incomplete stage needs it. `job.ts` makes a machine of it.
 */
import { type ErrorData, unreachable } from '../../core/errors.js'
import { fetchFailedTooOften } from './failures.js'
import type { JobCommand, JobContext, JobEvent, JobStage, StageChange } from './job-state.js'

export interface JobDecision {
  readonly next: JobContext
  readonly commands: readonly JobCommand[]
  /** `resubmit` is to be raised after the resubmission delay. */
  readonly hold: boolean
}

/** So many reader attempts that failed to fetch from one worker mean that the worker, not a file, is gone. */
const STRIKES = 2

export function decideJob(context: JobContext, event: JobEvent): JobDecision {
  switch (event.type) {
    case 'start':
      if (context.phase !== 'preparing') return stay(context)
      return context.writes ? { ...stay(context), commands: [{ type: 'prepareWrite', params: {} }] } : advance({ ...context, phase: 'running' })
    case 'prepared':
      if (context.phase !== 'preparing') return stay(context)
      if (event.temporary === undefined) return finish(context, 'succeeded')
      return advance({ ...context, phase: 'running', temporary: event.temporary })
    case 'stageCompleted':
      return context.phase === 'running' ? completed(context, event) : stay(context)
    case 'outputsLost':
      return context.phase === 'running' ? outputsLost(context, event.stage) : stay(context)
    case 'fetchFailed':
      return context.phase === 'running' ? fetchFailed(context, event) : stay(context)
    case 'resubmit':
      return context.phase === 'running' ? advance({ ...context, held: false }) : stay(context)
    case 'fail':
      return context.phase === 'preparing' || context.phase === 'running' ? fail(context, event.error) : stay(context)
    case 'committed':
      return context.phase === 'committing' ? finish(context, 'succeeded') : stay(context)
    case 'commitFailed':
      return context.phase === 'committing' ? fail(context, event.error) : stay(context)
    case 'drained': {
      if (context.phase !== 'draining' || context.temporary === undefined) return stay(context)
      return { next: { ...context, phase: 'aborting' }, commands: [{ type: 'abortWrite', params: { temporary: context.temporary } }], hold: false }
    }
    case 'aborted':
      return context.phase === 'aborting' ? finish(context, 'failed') : stay(context)
    default:
      return unreachable(event)
  }
}

function stay(context: JobContext): JobDecision {
  return { next: context, commands: [], hold: false }
}

function finish(context: JobContext, phase: 'succeeded' | 'failed'): JobDecision {
  const stop: JobCommand = { type: 'stopStages', params: { reason: phase === 'succeeded' ? 'the job is complete' : 'the job failed' } }
  const end: JobCommand = { type: 'end', params: context.failure === undefined ? {} : { error: context.failure } }
  return { next: { ...context, phase }, commands: [stop, end], hold: false }
}

/** A failed write first lets its tasks stop, so that nothing is written below the folder it removes. */
function fail(context: JobContext, error: ErrorData): JobDecision {
  const failed: JobContext = { ...context, failure: error }
  if (context.temporary === undefined) return finish(failed, 'failed')
  return { next: { ...failed, phase: 'draining' }, commands: [{ type: 'stopStages', params: { reason: 'the job failed' } }], hold: false }
}

function replace(context: JobContext, at: number, change: Partial<JobStage>): JobContext {
  return { ...context, stages: context.stages.map((stage, index) => (index === at ? { ...stage, ...change } : stage)) }
}

/** Starts what can start, resumes what can go on, pauses what lost an input. */
function advance(context: JobContext, before: readonly JobCommand[] = [], hold = false): JobDecision {
  const commands = [...before]
  const wanted = wantedStages(context.stages)
  const complete = (at: number): boolean => context.stages[at]?.state === 'complete'
  const stages = context.stages.map((stage, at): JobStage => {
    if (!wanted.has(at)) return stage
    const ready = stage.parents.every(complete)
    if (stage.state === 'idle' && ready && !stage.after.some(first => wanted.has(first))) {
      commands.push({ type: 'startStage', params: { stage: at } })
      return { ...stage, state: 'running', attempt: 0 }
    }
    if (stage.state === 'paused' && ready && !context.held) {
      commands.push({ type: 'resumeStage', params: { stage: at, attempt: stage.attempt + 1 } })
      return { ...stage, state: 'running', attempt: stage.attempt + 1 }
    }
    if (stage.state === 'running' && !ready) {
      commands.push({ type: 'pauseStage', params: { stage: at } })
      return { ...stage, state: 'paused' }
    }
    return stage
  })
  return { next: { ...context, stages }, commands, hold }
}

/** The incomplete stages that the result stage needs, itself included. */
function wantedStages(stages: readonly JobStage[]): Set<number> {
  return neededStages(stages, stage => stage.state !== 'complete')
}

/** The stages that the result stage reads, itself included, directly and through others as far as `through` goes. */
function neededStages(stages: readonly JobStage[], through: (stage: JobStage) => boolean = () => true): Set<number> {
  const needed = new Set<number>()
  const need = (at: number): void => {
    const stage = stages[at]
    if (stage === undefined || needed.has(at) || !through(stage)) return
    needed.add(at)
    for (const parent of stage.parents) need(parent)
  }
  need(stages.length - 1)
  return needed
}

function completed(context: JobContext, event: Extract<JobEvent, { type: 'stageCompleted' }>): JobDecision {
  const stage = context.stages[event.stage]
  // a report of an attempt that was rolled back meanwhile
  if (stage === undefined || stage.attempt !== event.attempt || event.attempt < stage.firstValid) return stay(context)
  const next = replace(context, event.stage, { state: 'complete', failedAttempts: [] })
  if (event.stage < context.stages.length - 1) return event.changes === undefined ? advance(next) : changed(next, event.changes)
  if (context.temporary === undefined) return finish(next, 'succeeded')
  return { next: { ...next, phase: 'committing' }, commands: [{ type: 'commitWrite', params: { temporary: context.temporary } }], hold: false }
}

/** Stages that have not started get other plans; what is at work for nobody any more ends. */
function changed(context: JobContext, changes: readonly StageChange[]): JobDecision {
  let next = context
  for (const { stage, ...change } of changes) if (next.stages[stage]?.state === 'idle') next = replace(next, stage, change)
  const before = wantedStages(context.stages)
  const wanted = wantedStages(next.stages)
  for (const at of wanted) {
    // It would wait for ever.
    if (next.stages[at]?.state === 'dropped') {
      return fail(next, {
        code: 'INTERNAL_ERROR',
        message: `[INTERNAL_ERROR] A new plan reads stage ${next.stages[at]?.id}, which was dropped. This is a bug in spk; please report the query.`,
      })
    }
  }
  const commands: JobCommand[] = []
  const readable = neededStages(next.stages)
  for (const at of before) {
    const state = next.stages[at]?.state
    // Of what a complete stage has read, it reads again when it loses outputs.
    if (wanted.has(at) || readable.has(at) || (state !== 'running' && state !== 'paused')) continue
    next = replace(next, at, { state: 'dropped' })
    commands.push({ type: 'dropStage', params: { stage: at } })
  }
  return advance(next, commands)
}

function outputsLost(context: JobContext, at: number): JobDecision {
  const stage = context.stages[at]
  if (stage === undefined) return stay(context)
  const readers = descendants(context.stages, at).filter(d => !['idle', 'dropped'].includes(context.stages[d]?.state ?? ''))
  const next = stage.state === 'complete' ? replace(context, at, { state: 'paused' }) : context
  if (stage.deterministic || readers.length === 0) return advance(next)
  // running it again gives other rows: what was read of it must go, all of it
  const reason = `stage ${stage.id} is not deterministic and lost outputs that were read`
  const back = [at, ...readers]
  const stages = next.stages.map((s, index): JobStage => (back.includes(index) ? { ...s, state: 'paused', firstValid: s.attempt + 1 } : s))
  return advance(
    { ...next, stages },
    back.map(index => ({ type: 'rollbackStage', params: { stage: index, reason } })),
  )
}

/** Stages that read, directly or through others, what the stage at `of` made. */
function descendants(stages: readonly JobStage[], of: number): number[] {
  const found = new Set([of])
  stages.forEach((stage, at) => {
    if (stage.parents.some(parent => found.has(parent))) found.add(at)
  })
  found.delete(of)
  return [...found]
}

function fetchFailed(context: JobContext, event: Extract<JobEvent, { type: 'fetchFailed' }>): JobDecision {
  const reader = context.stages[event.stage]
  const mapStage = context.stages.findIndex(stage => stage.id === event.mapStage)
  if (reader === undefined || mapStage < 0) return stay(context)
  const current = reader.attempt === event.stageAttempt
  const failedAttempts =
    current && !reader.failedAttempts.includes(event.stageAttempt) ? [...reader.failedAttempts, event.stageAttempt] : reader.failedAttempts
  if (failedAttempts.length >= context.maxStageAttempts) {
    return fail(context, fetchFailedTooOften(reader.id, reader.name, failedAttempts.length, event.message))
  }
  const strike = `${reader.id}.${event.stageAttempt}`
  const strikes = [...new Set([...(context.strikes.get(event.workerId) ?? []), strike])]
  const { map, mapAttempt, workerId } = event
  const lose: JobCommand = { type: 'loseOutput', params: { stage: mapStage, map, mapAttempt, workerId, wholeWorker: strikes.length >= STRIKES } }
  const struck = { ...context, strikes: new Map(context.strikes).set(workerId, strikes) }
  // a straggler of an older attempt: its successor already has newer locations
  if (!current || reader.state !== 'running') return { next: struck, commands: [lose], hold: false }
  const paused = replace(struck, event.stage, { state: 'paused', failedAttempts })
  const commands: JobCommand[] = [{ type: 'pauseStage', params: { stage: event.stage } }, lose]
  return { next: { ...paused, held: true }, commands, hold: !context.held }
}
