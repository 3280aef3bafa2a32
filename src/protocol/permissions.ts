/**
 * What each NATS user of a cluster may say and hear, derived from the names in `subjects.ts` and the messages of each conversation, and written as
 * configuration of nats-server. Pure. Called by `spk users` and `spk up`; docs/deploy.md says what the users hold apart and what not.
 *
 * Two grants of NATS are wider than they look, because the server does not check where it is told to send: creating a stream (it may republish) and
 * creating a consumer (it may deliver to any subject). So only masters create streams, drivers, who choose what stands in the event log, create no
 * consumers, and the transport refuses what a consumer delivers where a peer's message is expected.
 */
import { createHmac } from 'node:crypto'
import { type AppId, inboxPrefix, type WorkerId } from '../core/ids.js'
import { ApplicationHeartbeat, KillExecutors, RegisterApplication, RequestExecutors, RequestLane, UnregisterApplication } from './application.js'
import { LANES, laneOf, laneToken, type Subjects, subjects } from './subjects.js'
import { RequestDriverStatus, RequestKillApplication, RequestKillDriver, RequestMasterState, RequestSubmitDriver } from './submission.js'
import { DriverStateChanged, ExecutorStateChanged, RegisterWorker, UnregisterWorker, WorkerHeartbeat } from './worker-registration.js'

export const roles = ['master', 'worker', 'executor', 'driver', 'observer'] as const
export type Role = (typeof roles)[number]

export interface Permissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  /** May answer each request that it gets, once and for two minutes. */
  readonly answers: boolean
}

/** A role; `executor` stands for one user per lane. */
export interface NatsUser {
  readonly name: string
  readonly permissions: Permissions
}

/** What each role asks of the leading master. */
const asked: Readonly<Record<'worker' | 'driver' | 'observer', readonly { readonly name: string }[]>> = {
  worker: [RegisterWorker, WorkerHeartbeat, ExecutorStateChanged, DriverStateChanged, UnregisterWorker],
  driver: [
    RequestLane,
    RegisterApplication,
    ApplicationHeartbeat,
    UnregisterApplication,
    RequestExecutors,
    KillExecutors,
    RequestSubmitDriver,
    RequestDriverStatus,
    RequestKillDriver,
    RequestKillApplication,
    RequestMasterState,
  ],
  observer: [RequestMasterState, RequestDriverStatus],
}

const anyWorker = '*' as WorkerId
const anyApp = '*' as AppId
const streamOf = (bucket: string): string => `KV_${bucket}`
const keysOf = (bucket: string): string => `$KV.${bucket}.>`
/** What an account may use of JetStream; its client asks when it opens a bucket. */
const ACCOUNT = '$JS.API.INFO'
const api = (call: string, stream: string, rest = ''): string => `$JS.API.${call}.${stream}${rest}`

/** Reads a stream without a consumer: its state, and single messages. */
const look = (stream: string): string[] => [api('STREAM.INFO', stream), api('STREAM.MSG.GET', stream)]
/** Reads a stream from a consumer of one's own, follows it, and ends it: its name is random, and those of others cannot be listed. */
const follow = (stream: string): string[] => [
  api('CONSUMER.CREATE', stream),
  api('CONSUMER.CREATE', stream, '.>'),
  api('CONSUMER.INFO', stream, '.*'),
  api('CONSUMER.MSG.NEXT', stream, '.*'),
  api('CONSUMER.DELETE', stream, '.*'),
  `$JS.FC.${stream}.>`,
  `$JS.ACK.${stream}.>`,
]
const make = (stream: string): string[] => [api('STREAM.CREATE', stream), api('STREAM.UPDATE', stream)]

/** The permissions of a role. An executor's are those of one lane. */
export function permissionsOf(names: Subjects, role: Exclude<Role, 'executor'> | { readonly lane: string }): Permissions {
  const { leaderBucket, stateBucket, catalogBucket, eventStream, eventSubjects } = names
  const buckets = [leaderBucket, stateBucket, catalogBucket]
  if (typeof role === 'object') {
    const { executors, reports } = names.lane(role.lane)
    return { publish: [reports], subscribe: [executors, inbox(executorUser(role.lane))], answers: true }
  }
  const toMaster = role === 'master' ? [] : asked[role].map(message => names.master(message.name))
  switch (role) {
    case 'master':
      return {
        publish: [
          names.worker(anyWorker, '*'),
          names.driver(anyApp, '*'),
          ...buckets.map(keysOf),
          ACCOUNT,
          ...[...buckets.map(streamOf), eventStream].flatMap(stream => [...look(stream), ...make(stream)]),
          ...buckets.map(streamOf).flatMap(follow),
        ],
        subscribe: [names.master('*'), inbox(role)],
        answers: true,
      }
    case 'worker':
      return { publish: toMaster, subscribe: [names.worker(anyWorker, '*'), inbox(role)], answers: true }
    case 'driver': {
      const { executors, reports } = names.lane('*')
      return {
        publish: [
          ...toMaster,
          executors,
          eventSubjects,
          ACCOUNT,
          api('STREAM.INFO', eventStream),
          keysOf(catalogBucket),
          ...look(streamOf(catalogBucket)),
        ],
        subscribe: [names.driver(anyApp, '*'), reports, inbox(role)],
        answers: true,
      }
    }
    case 'observer':
      return {
        publish: [
          ...toMaster,
          ACCOUNT,
          '$JS.API.STREAM.NAMES',
          '$JS.API.STREAM.LIST',
          ...[...buckets.map(streamOf), eventStream].flatMap(stream => [...look(stream), ...follow(stream)]),
        ],
        // Also the prefix that the stock tools use; no other user hears it.
        subscribe: [eventSubjects, inbox(role), '_INBOX.>'],
        answers: false,
      }
  }
}

function inbox(user: string): string {
  return `${inboxPrefix(user)}.>`
}

/** The NATS user of executors in one lane. */
export function executorUser(lane: string): string {
  return `executor-${lane}`
}

/** The password of a lane's user, from the secret that workers hold. */
export function executorPassword(secret: string, lane: string): string {
  return createHmac('sha256', secret).update(executorUser(lane)).digest('hex').slice(0, 32)
}

/**
 * The URL for the executors of an application: of `nats://executor:SECRET@host` the user and password of its lane. A URL with another user, or none, is
 * for all of them.
 */
export function executorUrl(url: string, app: AppId): string {
  const lane = laneOf(app)
  return url.replaceAll(/\/\/executor:([^@/,]+)@/g, (_, secret: string) => {
    return `//${executorUser(lane)}:${executorPassword(decodeURIComponent(secret), lane)}@`
  })
}

/** Every user of a cluster, roles first. */
export function natsUsers(cluster: string): readonly NatsUser[] {
  const names = subjects(cluster)
  const lanes = Array.from({ length: LANES }, (_, i) => laneToken(i))
  return [
    ...(['master', 'worker', 'driver', 'observer'] as const).map(role => ({ name: role, permissions: permissionsOf(names, role) })),
    ...lanes.map(lane => ({ name: executorUser(lane), permissions: permissionsOf(names, { lane }) })),
  ]
}

/** The configuration variable that holds a user's password. */
export function passwordVariable(user: string): string {
  return `SPK_PASSWORD_${user.toUpperCase().replace('-', '_')}`
}

const quoted = (subject: string): string => JSON.stringify(subject)

function userLines({ name, permissions: { publish, subscribe, answers } }: NatsUser): string {
  const rest = answers ? ['allow_responses: {max: 1, expires: "2m"}'] : []
  const head = `{user: ${quoted(name)}, password: $${passwordVariable(name)}, permissions: {`
  const parts = [`publish: [${publish.map(quoted).join(', ')}]`, `subscribe: [${subscribe.map(quoted).join(', ')}]`, ...rest]
  // Executors are many and alike: a line each.
  if (publish.length === 1) return `    ${head}${parts.join(', ')}}}`
  const list = (what: string, subjects: readonly string[]): string =>
    `      ${what}: [\n${subjects.map(s => `        ${quoted(s)}\n`).join('')}      ]\n`
  return `    ${head}\n${list('publish', publish)}${list('subscribe', subscribe)}${rest.map(r => `      ${r}\n`).join('')}    }}`
}

/** The users of a cluster and their permissions as nats-server's configuration; passwords are variables, see `passwordsConf`. */
export function authorizationConf(cluster: string): string {
  return `authorization {\n  users: [\n${natsUsers(cluster).map(userLines).join('\n')}\n  ]\n}\n`
}

/** The same as a file of its own, to be included by the server's. `passwordsFile` lies beside it. */
export function usersConf(cluster: string, passwordsFile: string): string {
  const head = `# Generated by "spk users --cluster ${cluster}" from the subjects of the cluster: do not edit. Passwords: ${passwordsFile}.`
  return `${head}\ninclude "./${passwordsFile}"\n\n${authorizationConf(cluster)}`
}

export interface Passwords {
  readonly master: string
  readonly worker: string
  readonly driver: string
  readonly observer: string
  /** The secret from which the passwords of all lanes follow. */
  readonly executor: string
}

/** Fresh passwords. `random` gives that many random bytes in hex; a letter first, so that no tool takes one for a number. */
export function newPasswords(random: (bytes: number) => string): Passwords {
  const password = (): string => `p${random(16)}`
  return { master: password(), worker: password(), driver: password(), observer: password(), executor: `s${random(24)}` }
}

/** The values of the variables that `usersConf` names. Secret: for the NATS server's eyes only. */
export function passwordsConf(passwords: Passwords): string {
  const own = (['master', 'worker', 'driver', 'observer'] as const).map(role => [role, passwords[role]] as const)
  const lanes = Array.from({ length: LANES }, (_, i) => [executorUser(laneToken(i)), executorPassword(passwords.executor, laneToken(i))] as const)
  const lines = [...own, ...lanes].map(([user, password]) => `${passwordVariable(user)}: ${quoted(password)}`)
  return `# Generated by "spk users": the passwords of the cluster's NATS users. Readable for nats-server only.\n${lines.join('\n')}\n`
}
