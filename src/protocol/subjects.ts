/**
 * Every subject, bucket and stream name of a cluster. Nobody else builds these strings. NATS permissions per role follow from the prefixes.
 * A key in a bucket is made of ids (`core/ids.ts`), whose characters every KV accepts.
 */
import type { AppId, DriverId, ExecutorId, WorkerId } from '../core/ids.js'
import { subjectToken } from '../core/ids.js'

export interface Subjects {
  readonly cluster: string
  /** Driver, worker or submit client → leading master (only the leader subscribes). */
  master(message: string): string
  /** Master → worker. */
  worker(id: WorkerId, message: string): string
  /** Master → driver. */
  driver(app: AppId, message: string): string
  /** Executor → driver. */
  report(app: AppId, message: string): string
  /** Driver → executor. */
  executor(app: AppId, id: ExecutorId, message: string): string
  /** What the executors of a lane hear and say, as patterns; `*`: of every lane. */
  lane(lane: string): { readonly executors: string; readonly reports: string }
  /** One event-log record. */
  event(app: AppId, event: string): string
  readonly leaderBucket: string
  readonly stateBucket: string
  readonly catalogBucket: string
  readonly eventStream: string
  readonly eventSubjects: string
}

export const LEASE_KEY = 'lease'

export const stateKey = {
  worker: (id: WorkerId): string => `worker.${id}`,
  app: (id: AppId): string => `app.${id}`,
  driver: (id: DriverId): string => `driver.${id}`,
  executor: (app: AppId, id: ExecutorId): string => `executor.${app}.${id}`,
}

/**
 * Executors and their driver talk on subjects of a lane. No two active applications are in one lane (the master refuses the second), and an executor's
 * NATS user may use one lane alone: users stand in the server's configuration, so they can tell lanes apart, not applications.
 */
export const LANES = 256

/** The lane of an application, `00` to `ff`: the number at the end of its id, modulo `LANES`; of any other id a sum over its characters. */
export function laneOf(app: AppId): string {
  const digits = /-(\d{4})$/.exec(app)?.[1]
  const number = digits === undefined ? [...app].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % LANES, 0) : Number(digits) % LANES
  return laneToken(number)
}

export function laneToken(lane: number): string {
  return lane.toString(16).padStart(2, '0')
}

export function subjects(cluster: string): Subjects {
  const c = subjectToken(cluster)
  return {
    cluster: c,
    master: message => `${c}.master.${message}`,
    worker: (id, message) => `${c}.worker.${id}.${message}`,
    driver: (app, message) => `${c}.driver.${app}.${message}`,
    report: (app, message) => `${c}.report.${laneOf(app)}.${app}.${message}`,
    executor: (app, id, message) => `${c}.executor.${laneOf(app)}.${app}.${id}.${message}`,
    lane: lane => ({ executors: `${c}.executor.${lane}.>`, reports: `${c}.report.${lane}.>` }),
    event: (app, event) => `${c}.events.${app}.${event}`,
    leaderBucket: `${c}_leader`,
    stateBucket: `${c}_state`,
    catalogBucket: `${c}_catalog`,
    eventStream: `${c}_events`,
    eventSubjects: `${c}.events.>`,
  }
}
