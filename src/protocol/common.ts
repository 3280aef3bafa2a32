/** Parts that several conversations share. Ids are strings on the wire; sizes are bytes, times epoch milliseconds, durations milliseconds. */
import { type Static, Type } from './wire.js'

export { WireError } from './wire.js'

export const Resources = Type.Record(Type.String(), Type.Array(Type.String()), { description: 'named resource → addresses' })
export type Resources = Static<typeof Resources>

export const Conf = Type.Record(Type.String(), Type.String())

export const Versions = Type.Object({ spk: Type.String(), duckdb: Type.String(), protocol: Type.Integer() })
export type Versions = Static<typeof Versions>

/** States are Spark's names. */
export const WorkerState = Type.Union([Type.Literal('ALIVE'), Type.Literal('DEAD'), Type.Literal('DECOMMISSIONED'), Type.Literal('UNKNOWN')])
export type WorkerState = Static<typeof WorkerState>
export const ApplicationState = Type.Union(
  ['WAITING', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'UNKNOWN'].map(s =>
    Type.Literal(s as 'WAITING' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED' | 'UNKNOWN'),
  ),
)
export type ApplicationState = 'WAITING' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED' | 'UNKNOWN'
export const ExecutorState = Type.Union(
  ['LAUNCHING', 'RUNNING', 'KILLED', 'FAILED', 'LOST', 'EXITED', 'DECOMMISSIONED'].map(s =>
    Type.Literal(s as 'LAUNCHING' | 'RUNNING' | 'KILLED' | 'FAILED' | 'LOST' | 'EXITED' | 'DECOMMISSIONED'),
  ),
)
export type ExecutorState = 'LAUNCHING' | 'RUNNING' | 'KILLED' | 'FAILED' | 'LOST' | 'EXITED' | 'DECOMMISSIONED'
export const DriverState = Type.Union(
  ['SUBMITTED', 'RUNNING', 'FINISHED', 'RELAUNCHING', 'UNKNOWN', 'KILLED', 'FAILED', 'ERROR'].map(s =>
    Type.Literal(s as 'SUBMITTED' | 'RUNNING' | 'FINISHED' | 'RELAUNCHING' | 'UNKNOWN' | 'KILLED' | 'FAILED' | 'ERROR'),
  ),
)
export type DriverState = 'SUBMITTED' | 'RUNNING' | 'FINISHED' | 'RELAUNCHING' | 'UNKNOWN' | 'KILLED' | 'FAILED' | 'ERROR'

/**
 * The newest epoch of a leader that the sender has heard of (absent: none). A leader of an older one, which can be when the store was lost, steps down and
 * takes a newer one: else nobody would follow it.
 */
export const SeenEpoch = Type.Optional(Type.Integer())

/** What a worker runs, as it reports it and as the master orders it. */
export const RunningExecutor = Type.Object({
  appId: Type.String(),
  executorId: Type.String(),
  cores: Type.Integer(),
  memory: Type.Number(),
  resources: Resources,
  state: ExecutorState,
})
export type RunningExecutor = Static<typeof RunningExecutor>
export const DriverDescription = Type.Object({
  /** Absolute path of the driver's script on the workers, run with Node. */
  script: Type.String(),
  args: Type.Array(Type.String()),
  env: Conf,
  conf: Conf,
  cores: Type.Integer(),
  memory: Type.Number(),
  supervise: Type.Boolean(),
  name: Type.String(),
})
export type DriverDescription = Static<typeof DriverDescription>

/** Which of a driver's launches: a master counts them, so that what an earlier one still says or is told is not taken for the latest. */
export const DriverLaunch = Type.Object({ driverId: Type.String(), launch: Type.Integer() })

export const RunningDriver = Type.Object({
  driverId: Type.String(),
  launch: Type.Integer(),
  cores: Type.Integer(),
  memory: Type.Number(),
  resources: Resources,
  state: DriverState,
  /** Sent when registering, so that a master whose store was lost can list the driver and relaunch it. */
  description: Type.Optional(DriverDescription),
})
export type RunningDriver = Static<typeof RunningDriver>
