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
  /** Master or executor → driver. */
  driver(app: AppId, message: string): string
  /** Driver → executor. */
  executor(app: AppId, id: ExecutorId, message: string): string
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

export function subjects(cluster: string): Subjects {
  const c = subjectToken(cluster)
  return {
    cluster: c,
    master: message => `${c}.master.${message}`,
    worker: (id, message) => `${c}.worker.${id}.${message}`,
    driver: (app, message) => `${c}.driver.${app}.${message}`,
    executor: (app, id, message) => `${c}.executor.${app}.${id}.${message}`,
    event: (app, event) => `${c}.events.${app}.${event}`,
    leaderBucket: `${c}_leader`,
    stateBucket: `${c}_state`,
    catalogBucket: `${c}_catalog`,
    eventStream: `${c}_events`,
    eventSubjects: `${c}.events.>`,
  }
}
