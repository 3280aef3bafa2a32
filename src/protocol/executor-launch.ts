/** Worker → the executor process it forks: one JSON document in the environment variable `SPK_EXECUTOR_LAUNCH`. The child exits when its IPC channel closes. */

import { Conf, Resources } from './common.js'
import { type Static, Type } from './wire.js'

export const EXECUTOR_LAUNCH_ENV = 'SPK_EXECUTOR_LAUNCH'

export const ExecutorLaunch = Type.Object({
  natsUrl: Type.String(),
  cluster: Type.String(),
  appId: Type.String(),
  executorId: Type.String(),
  workerId: Type.String(),
  host: Type.String(),
  hostId: Type.String(),
  cores: Type.Integer(),
  memory: Type.Number(),
  resources: Resources,
  token: Type.String(),
  conf: Conf,
  /** The worker's block server, and the application's folder that it serves. */
  blockUrl: Type.String(),
  blocksDir: Type.String(),
  /** Scratch of this executor alone (spill, fetched blocks); the worker deletes it when the executor ends. */
  scratchDir: Type.String(),
})
export type ExecutorLaunch = Static<typeof ExecutorLaunch>
