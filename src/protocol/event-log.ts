/**
 * The event log: JSON records on the stream `<cluster>_events`, subject `<cluster>.events.<app>.<Event>`, written by the driver alone and complete enough
 * that history needs nothing else. Names are Spark's listener events. The envelope (`v`, `Event`, `Timestamp`, `seq`) is read first, so that a newer
 * log is told from a corrupt one. `seq` counts an application's events from 0 without gaps: a reader drops repeats and sees losses. Under load several
 * task events of one name travel as one record with `batch`; nothing else is batched.
 */
import { SpkError } from '../core/errors.js'
import { Conf, Resources, WireError } from './common.js'
import { TaskMetrics } from './tasks.js'
import { checkRecord, decodeRecord, type Static, type TSchema, Type } from './wire.js'

const head = { v: Type.Integer(), Timestamp: Type.Number(), seq: Type.Integer() }

function event<N extends string, P extends Record<string, TSchema>>(name: N, properties: P) {
  return Type.Object({ ...head, Event: Type.Literal(name), ...properties })
}

const task = {
  jobId: Type.Integer(),
  stageId: Type.Integer(),
  stageAttemptId: Type.Integer(),
  /** Partition of the stage, and which attempt at it. */
  index: Type.Integer(),
  attempt: Type.Integer(),
  /** Number of this launch within the application. */
  taskId: Type.Integer(),
  executorId: Type.String(),
}

/** Why an attempt ended. `Resubmitted` follows a Success whose map output was lost afterwards. */
export const TaskEndReason = Type.Union([
  Type.Object({ reason: Type.Literal('Success') }),
  Type.Object({ reason: Type.Literal('Resubmitted') }),
  Type.Object({ reason: Type.Literal('ExceptionFailure'), error: WireError }),
  Type.Object({
    reason: Type.Literal('FetchFailed'),
    shuffleStageId: Type.Integer(),
    mapIndex: Type.Integer(),
    workerId: Type.String(),
    message: Type.String(),
  }),
  Type.Object({ reason: Type.Literal('TaskKilled'), killReason: Type.String() }),
  Type.Object({ reason: Type.Literal('TaskResultLost'), message: Type.String() }),
  Type.Object({ reason: Type.Literal('ExecutorLostFailure'), message: Type.String() }),
])
export type TaskEndReason = Static<typeof TaskEndReason>

const schemas = {
  ApplicationStart: event('ApplicationStart', {
    appId: Type.String(),
    appName: Type.String(),
    user: Type.String(),
    host: Type.String(),
    version: Type.String(),
    driverId: Type.Optional(Type.String()),
  }),
  /** Secrets are replaced before they get here. */
  EnvironmentUpdate: event('EnvironmentUpdate', { sparkProperties: Conf, systemProperties: Conf }),
  ExecutorAdded: event('ExecutorAdded', {
    executorId: Type.String(),
    workerId: Type.String(),
    host: Type.String(),
    totalCores: Type.Integer(),
    memory: Type.Number(),
    resources: Resources,
  }),
  ExecutorRemoved: event('ExecutorRemoved', { executorId: Type.String(), removedReason: Type.String(), workerLost: Type.Boolean() }),
  SQLExecutionStart: event('SQLExecutionStart', { executionId: Type.Integer(), description: Type.String(), physicalPlanDescription: Type.String() }),
  /** The plan as it was run, when adaptive execution changed it on the way. */
  SQLAdaptiveExecutionUpdate: event('SQLAdaptiveExecutionUpdate', { executionId: Type.Integer(), physicalPlanDescription: Type.String() }),
  SQLExecutionEnd: event('SQLExecutionEnd', { executionId: Type.Integer(), error: Type.Optional(WireError) }),
  JobStart: event('JobStart', {
    jobId: Type.Integer(),
    description: Type.String(),
    executionId: Type.Optional(Type.Integer()),
    stages: Type.Array(Type.Object({ stageId: Type.Integer(), name: Type.String(), parentIds: Type.Array(Type.Integer()) })),
  }),
  JobEnd: event('JobEnd', {
    jobId: Type.Integer(),
    jobResult: Type.Union([Type.Literal('JobSucceeded'), Type.Literal('JobFailed')]),
    error: Type.Optional(WireError),
  }),
  /** Once per stage attempt. */
  StageSubmitted: event('StageSubmitted', {
    jobId: Type.Integer(),
    stageId: Type.Integer(),
    stageAttemptId: Type.Integer(),
    name: Type.String(),
    numTasks: Type.Integer(),
  }),
  /** An attempt is over: complete, or with the reason why it is not. */
  StageCompleted: event('StageCompleted', {
    jobId: Type.Integer(),
    stageId: Type.Integer(),
    stageAttemptId: Type.Integer(),
    failureReason: Type.Optional(Type.String()),
  }),
  TaskStart: event('TaskStart', {
    ...task,
    host: Type.String(),
    locality: Type.Union([Type.Literal('PROCESS_LOCAL'), Type.Literal('NODE_LOCAL'), Type.Literal('ANY')]),
  }),
  TaskEnd: event('TaskEnd', { ...task, launchTime: Type.Number(), end: TaskEndReason, taskMetrics: Type.Optional(TaskMetrics) }),
  /** The log itself lost events: its queue was full for too long. */
  EventsDropped: event('EventsDropped', { count: Type.Integer() }),
  ApplicationEnd: event('ApplicationEnd', {
    state: Type.Union([Type.Literal('FINISHED'), Type.Literal('FAILED'), Type.Literal('KILLED')]),
    reason: Type.String(),
  }),
}

export type EventName = keyof typeof schemas
export type LogEvent = { [N in EventName]: Static<(typeof schemas)[N]> }[EventName]
type Body<E> = E extends LogEvent ? Omit<E, 'v' | 'Timestamp' | 'seq'> : never
/** An event before the log stamps it. */
export type EventBody = Body<LogEvent>

/** Every event's schema, for the contract test and the generated protocol page. */
export const eventSchemas: Readonly<Record<EventName, TSchema>> = schemas

const Envelope = Type.Object({ ...head, Event: Type.String(), batch: Type.Optional(Type.Array(Type.Any())) })

/** One stream record: one event, or several of one name (which must be task events) whose envelope repeats the first's. */
export function encodeEvents(events: readonly [LogEvent, ...LogEvent[]]): Uint8Array {
  const [first] = events
  const { v, Event, Timestamp, seq } = first
  return new TextEncoder().encode(JSON.stringify(events.length === 1 ? first : { v, Event, Timestamp, seq, batch: events }))
}

/**
 * The events of one stream record, in order. Throws `SPK_EVENT_LOG_NEWER` when a later spk wrote it, `SPK_BAD_RECORD` or `SPK_BAD_MESSAGE` when it is damaged.
 */
export function decodeEvents(record: Uint8Array | string, version: number): LogEvent[] {
  const envelope = decodeRecord(Envelope, record, 'event-log record')
  if (envelope.v > version) {
    throw new SpkError(
      'SPK_EVENT_LOG_NEWER',
      `The event log has schema version ${envelope.v}, this spk reads up to ${version}. Read it with the spk that wrote it, or a later one.`,
    )
  }
  return (envelope.batch ?? [envelope]).map(value => {
    const name = (value as { Event?: unknown }).Event
    const schema = schemas[name as EventName]
    if (schema === undefined) {
      throw new SpkError(
        'SPK_BAD_RECORD',
        `Event-log record ${envelope.seq} has the unknown event ${String(name)}. Known: ${Object.keys(schemas).join(', ')}.`,
      )
    }
    return checkRecord(schema, value, `event ${String(name)}`) as LogEvent
  })
}
