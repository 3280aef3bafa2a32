/**
 * Driver ↔ executor. The driver sends a stage once per executor and attempt (in parts of at most 200 KiB), then batches of tasks; the executor reports.
 * Status reports are retried until acknowledged and merged by task key, so late, duplicate and reordered ones are harmless. An executor that has not
 * got a stage answers `missingStage`, and the driver sends it again.
 */

import { Conf, Resources, Versions, WireError } from './common.js'
import { Ack, message, type Static, Type } from './wire.js'

export const TaskKeySchema = Type.Object({
  job: Type.Integer(),
  stage: Type.Integer(),
  stageAttempt: Type.Integer(),
  partition: Type.Integer(),
  attempt: Type.Integer(),
})
export const StageKeySchema = Type.Object({ job: Type.Integer(), stage: Type.Integer(), stageAttempt: Type.Integer() })
export type StageKey = Static<typeof StageKeySchema>

/** Executor → driver, once at start and again after the driver was unreachable. */
export const RegisterExecutor = message(
  'registerExecutor',
  Type.Object({
    executorId: Type.String(),
    workerId: Type.String(),
    host: Type.String(),
    hostId: Type.String(),
    pid: Type.Integer(),
    cores: Type.Integer(),
    memory: Type.Number(),
    resources: Resources,
    versions: Versions,
    /** Block server of its worker ('' in local mode) and the folder that holds this application's blocks there. */
    blockUrl: Type.String(),
    blocksDir: Type.String(),
    token: Type.String(),
    running: Type.Array(TaskKeySchema),
  }),
  Type.Union([Type.Object({ kind: Type.Literal('registered'), conf: Conf }), Type.Object({ kind: Type.Literal('refused'), reason: Type.String() })]),
)
export type RegisterExecutorRequest = Static<typeof RegisterExecutor.schema>

export const ExecutorHeartbeat = message(
  'executorHeartbeat',
  Type.Object({ executorId: Type.String(), running: Type.Array(TaskKeySchema), memoryUsed: Type.Number() }),
  Type.Object({ kind: Type.Union([Type.Literal('ok'), Type.Literal('reregister'), Type.Literal('stop')]) }),
)

/** One part of a `StagePlan` (encoded with `encodeStagePlan`): 0 ≤ part < of. */
export const StagePart = message(
  'stagePart',
  Type.Object({ stage: StageKeySchema, part: Type.Integer(), of: Type.Integer(), bytes: Type.Uint8Array() }),
  Ack,
)

/** What one task reads, one entry per input of its fragment. Scan splits travel with the task, block locations with the stage. */
export const TaskInputSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('scan'),
    splits: Type.Array(
      Type.Object({
        file: Type.Object({ uri: Type.String(), size: Type.Number(), mtimeMs: Type.Number() }),
        rowGroups: Type.Optional(Type.Object({ from: Type.Integer(), to: Type.Integer(), rowFrom: Type.Integer(), rowTo: Type.Integer() })),
        keyRange: Type.Optional(
          Type.Object({ column: Type.String(), from: Type.Optional(Type.String()), to: Type.Optional(Type.String()), nulls: Type.Boolean() }),
        ),
        bytes: Type.Number(),
        rows: Type.Optional(Type.Number()),
      }),
    ),
  }),
  /** Partitions [from, to) of every map output, or of those of the map tasks [maps.from, maps.to). */
  Type.Object({
    kind: Type.Literal('shuffle'),
    from: Type.Integer(),
    to: Type.Integer(),
    maps: Type.Optional(Type.Object({ from: Type.Integer(), to: Type.Integer() })),
  }),
  /** All partitions of one map output, by its map index. */
  Type.Object({ kind: Type.Literal('forward'), map: Type.Integer() }),
  Type.Object({ kind: Type.Literal('broadcast') }),
  /** One of the plan's partitions of that input. */
  Type.Object({ kind: Type.Literal('rows'), partition: Type.Integer() }),
  Type.Object({ kind: Type.Literal('range'), start: Type.String(), end: Type.String(), step: Type.String() }),
])
export type TaskInput = Static<typeof TaskInputSchema>

export const TaskLaunch = Type.Object({ key: TaskKeySchema, fragment: Type.Integer(), inputs: Type.Array(TaskInputSchema), resources: Resources })
export type TaskLaunch = Static<typeof TaskLaunch>

export const LaunchTasks = message(
  'launchTasks',
  Type.Object({ stage: StageKeySchema, tasks: Type.Array(TaskLaunch) }),
  Type.Object({ kind: Type.Union([Type.Literal('accepted'), Type.Literal('missingStage'), Type.Literal('refused')]) }),
)

export const KillTasks = message('killTasks', Type.Object({ keys: Type.Array(TaskKeySchema), reason: Type.String() }), Ack)

/** The job is over or the shuffle is not needed any more: forget the stages and delete their shuffle and result files. */
export const RemoveStages = message('removeStages', Type.Object({ stages: Type.Array(Type.Integer()) }), Ack)

export const StopExecutor = message('stopExecutor', Type.Object({ reason: Type.String() }), Ack)

export const TaskMetrics = Type.Object({
  /** Durations in milliseconds, sizes in bytes. Names are Spark's. */
  executorRunTime: Type.Number(),
  executorCpuTime: Type.Number(),
  resultSize: Type.Number(),
  peakExecutionMemory: Type.Number(),
  memoryBytesSpilled: Type.Number(),
  diskBytesSpilled: Type.Number(),
  inputMetrics: Type.Object({ bytesRead: Type.Number(), recordsRead: Type.Number() }),
  outputMetrics: Type.Object({ bytesWritten: Type.Number(), recordsWritten: Type.Number() }),
  shuffleReadMetrics: Type.Object({
    remoteBlocksFetched: Type.Number(),
    localBlocksFetched: Type.Number(),
    remoteBytesRead: Type.Number(),
    localBytesRead: Type.Number(),
    fetchWaitTime: Type.Number(),
    recordsRead: Type.Number(),
  }),
  shuffleWriteMetrics: Type.Object({ bytesWritten: Type.Number(), recordsWritten: Type.Number(), writeTime: Type.Number() }),
  /** Of the fragment's operators, when the query is to be explained (`OperatorProfile`). */
  operators: Type.Optional(
    Type.Array(
      Type.Object({
        depth: Type.Integer(),
        name: Type.String(),
        detail: Type.String(),
        rows: Type.Number(),
        bytes: Type.Number(),
        ms: Type.Number(),
        tasks: Type.Integer(),
      }),
    ),
  ),
})
export type TaskMetrics = Static<typeof TaskMetrics>

export const TaskOutput = Type.Union([
  /** Bytes and rows per reduce partition of the shuffle file `shuffle_<stage>_<partition>_<attempt>`; `sample` holds memory-comparable sort keys: some, or the ends. */
  Type.Object({
    kind: Type.Literal('shuffle'),
    bytes: Type.Array(Type.Number()),
    rows: Type.Array(Type.Number()),
    sample: Type.Optional(Type.Array(Type.Uint8Array())),
  }),
  /** Up to 256 KiB of Arrow IPC stream. */
  Type.Object({ kind: Type.Literal('result'), rows: Type.Number(), ipc: Type.Uint8Array() }),
  /** A larger result, as partition 0 of the block file `result_<stage>_<partition>_<attempt>`. */
  Type.Object({ kind: Type.Literal('resultBlock'), rows: Type.Number(), bytes: Type.Number(), file: Type.String() }),
  /** Files written below the job's temporary folder, visible only when the driver commits the job. */
  Type.Object({
    kind: Type.Literal('files'),
    rows: Type.Number(),
    files: Type.Array(Type.Object({ path: Type.String(), bytes: Type.Number(), rows: Type.Number() })),
  }),
  /** Rows made and dropped. */
  Type.Object({ kind: Type.Literal('discarded'), rows: Type.Number() }),
])
export type TaskOutput = Static<typeof TaskOutput>

/** End reasons are Spark's names. FetchFailed names the map output (stage, map index, its attempt) and the worker that did not serve it. */
export const TaskFailure = Type.Union([
  Type.Object({ kind: Type.Literal('ExceptionFailure'), error: WireError }),
  Type.Object({
    kind: Type.Literal('FetchFailed'),
    stage: Type.Integer(),
    map: Type.Integer(),
    mapAttempt: Type.Integer(),
    workerId: Type.String(),
    error: WireError,
  }),
  Type.Object({ kind: Type.Literal('TaskKilled'), reason: Type.String() }),
])
export type TaskFailure = Static<typeof TaskFailure>

export const TaskReport = Type.Object({
  key: TaskKeySchema,
  state: Type.Union([Type.Literal('RUNNING'), Type.Literal('FINISHED'), Type.Literal('FAILED'), Type.Literal('KILLED')]),
  output: Type.Optional(TaskOutput),
  failure: Type.Optional(TaskFailure),
  metrics: Type.Optional(TaskMetrics),
})
export type TaskReport = Static<typeof TaskReport>

export const StatusUpdate = message('statusUpdate', Type.Object({ executorId: Type.String(), reports: Type.Array(TaskReport) }), Ack)
