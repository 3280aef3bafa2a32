/**
 * What `/json/` of master and worker answers: Spark's field names and shapes, memory in MiB, times in epoch milliseconds. `RequestMasterState` carries the
 * same text over the bus. Made by the actors (`status.ts`), served by `ui/`, read by `spk status`.
 */
import { type Static, Type } from './wire.js'

export const ResourcesStatus = Type.Record(Type.String(), Type.Object({ name: Type.String(), addresses: Type.Array(Type.String()) }))
export type ResourcesStatus = Static<typeof ResourcesStatus>
export const ResourceAmounts = Type.Array(Type.Object({ name: Type.String(), amount: Type.Integer() }))

export const WorkerEntry = Type.Object({
  id: Type.String(),
  host: Type.String(),
  /** Of the block server: a worker listens on no other port of its own. */
  port: Type.Integer(),
  webuiaddress: Type.String(),
  cores: Type.Integer(),
  coresused: Type.Integer(),
  coresfree: Type.Integer(),
  memory: Type.Integer(),
  memoryused: Type.Integer(),
  memoryfree: Type.Integer(),
  resources: ResourcesStatus,
  resourcesused: ResourcesStatus,
  resourcesfree: ResourcesStatus,
  state: Type.String(),
  lastheartbeat: Type.Number(),
})
export type WorkerEntry = Static<typeof WorkerEntry>

export const ApplicationEntry = Type.Object({
  id: Type.String(),
  starttime: Type.Number(),
  name: Type.String(),
  cores: Type.Integer(),
  user: Type.String(),
  memoryperexecutor: Type.Integer(),
  memoryperslave: Type.Integer(),
  resourcesperexecutor: ResourceAmounts,
  resourcesperslave: ResourceAmounts,
  submitdate: Type.String(),
  state: Type.String(),
  duration: Type.Number(),
})
export type ApplicationEntry = Static<typeof ApplicationEntry>

export const DriverEntry = Type.Object({
  id: Type.String(),
  /** As text, like Spark's. */
  starttime: Type.String(),
  state: Type.String(),
  cores: Type.Integer(),
  memory: Type.Integer(),
  resources: ResourcesStatus,
  submitdate: Type.String(),
  /** `None` when no worker has it. */
  worker: Type.String(),
  mainclass: Type.String(),
})
export type DriverEntry = Static<typeof DriverEntry>

export const MasterStatus = Type.Object({
  url: Type.String(),
  workers: Type.Array(WorkerEntry),
  aliveworkers: Type.Integer(),
  /** Sums are over workers that are ALIVE. */
  cores: Type.Integer(),
  coresused: Type.Integer(),
  memory: Type.Integer(),
  memoryused: Type.Integer(),
  resources: Type.Array(ResourcesStatus),
  resourcesused: Type.Array(ResourcesStatus),
  activeapps: Type.Array(ApplicationEntry),
  completedapps: Type.Array(ApplicationEntry),
  activedrivers: Type.Array(DriverEntry),
  completeddrivers: Type.Array(DriverEntry),
  status: Type.String(),
})
export type MasterStatus = Static<typeof MasterStatus>

export const ExecutorEntry = Type.Object({
  id: Type.Integer(),
  memory: Type.Integer(),
  resources: ResourcesStatus,
  appid: Type.String(),
  appdesc: Type.Object({
    name: Type.String(),
    /** 0: no limit. */
    cores: Type.Integer(),
    memoryperexecutor: Type.Integer(),
    resourcesperexecutor: ResourceAmounts,
    memoryperslave: Type.Integer(),
    resourcesperslave: ResourceAmounts,
    user: Type.String(),
    command: Type.String(),
  }),
})
export type ExecutorEntry = Static<typeof ExecutorEntry>

export const WorkerStatus = Type.Object({
  id: Type.String(),
  masterurl: Type.String(),
  masterwebuiurl: Type.String(),
  cores: Type.Integer(),
  coresused: Type.Integer(),
  memory: Type.Integer(),
  memoryused: Type.Integer(),
  resources: ResourcesStatus,
  resourcesused: ResourcesStatus,
  executors: Type.Array(ExecutorEntry),
  finishedexecutors: Type.Array(ExecutorEntry),
})
export type WorkerStatus = Static<typeof WorkerStatus>

/** Whole MiB of a number of bytes. */
export function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20)
}

export function resourcesStatus(resources: Readonly<Record<string, readonly string[]>>): ResourcesStatus {
  return Object.fromEntries(Object.entries(resources).map(([name, addresses]) => [name, { name, addresses: [...addresses] }]))
}

/** `Sat Jan 31 12:00:05 UTC 2026`: how Java prints a date, which is what Spark sends. */
export function dateText(epochMs: number): string {
  const [day, month, date, year, time] = new Date(epochMs)
    .toUTCString()
    .replace(',', '')
    .replace(/ (\d\d) (\w{3}) /, ' $2 $1 ')
    .split(' ')
  return `${day} ${month} ${date} ${time} UTC ${year}`
}
