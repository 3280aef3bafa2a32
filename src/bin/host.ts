/** What the machine offers: its cores and memory (a container's limits count), and what it is called. */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, hostname, totalmem } from 'node:os'
import { join } from 'node:path'
import { formatSize } from '../core/bytes.js'
import { SpkError } from '../core/errors.js'
import type { Resources } from '../protocol/common.js'
import { UsageError } from './exit-codes.js'

const GIB = 2 ** 30

function read(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** The smallest CPU quota of this process's cgroup and those above it, in cores; undefined without one. `root` is `/sys/fs/cgroup`. */
export function cgroupCores(root: string, selfCgroup: string): number | undefined {
  let smallest: number | undefined
  const consider = (quota: number, period: number): void => {
    if (quota > 0 && period > 0) smallest = Math.min(smallest ?? Number.POSITIVE_INFINITY, quota / period)
  }
  for (const line of selfCgroup.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) continue
    const parts = path.split('/').filter(p => p !== '')
    for (let depth = parts.length; depth >= 0; depth--) {
      const folder = join(root, ...(controllers === '' ? [] : ['cpu']), ...parts.slice(0, depth))
      if (controllers === '') {
        const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').split(' ')
        consider(Number(quota), Number(period))
      } else if (controllers?.split(',').includes('cpu')) {
        consider(Number(read(join(folder, 'cpu.cfs_quota_us'))), Number(read(join(folder, 'cpu.cfs_period_us'))))
      }
    }
  }
  return smallest
}

/** Cores this process may use: at least 1. */
export function hostCores(): number {
  const quota = cgroupCores('/sys/fs/cgroup', read('/proc/self/cgroup') ?? '')
  return Math.max(1, Math.min(availableParallelism(), quota === undefined ? Number.POSITIVE_INFINITY : Math.ceil(quota)))
}

/** Memory this process may use, bytes: the machine's, or less in a container. */
export function hostMemory(): number {
  const limit = process.constrainedMemory()
  return limit === undefined || limit <= 0 ? totalmem() : Math.min(totalmem(), limit)
}

/** What `what` asks for is more than `hostMemory()`. */
export function memoryExceedsHost(what: string, host: number): SpkError {
  return new SpkError('SPK_MEMORY_EXCEEDS_HOST', `${what} is more than this host has (${formatSize(host)}). Ask for less.`)
}

/** What a worker offers when nothing is said: all but 1 GiB, at least 512 MiB. */
export function defaultWorkerMemory(total: number): number {
  return Math.max(GIB / 2, total - GIB)
}

/** The name under which others reach this process: loopback when the bus is there too, else the machine's name. */
export function defaultHost(natsUrl: string): string {
  return /(^|@|\/\/)(127\.0\.0\.1|localhost|\[::1\])(:|$)/.test(natsUrl) ? '127.0.0.1' : hostname()
}

/** `gpu=2` → addresses 0 and 1; `gpu=0,1,3` → these; several flags, one per resource. */
export function parseResources(flags: readonly string[]): Resources {
  const resources: Resources = {}
  for (const flag of flags) {
    const [, name, spec] = /^([A-Za-z][\w-]*)=(.+)$/.exec(flag) ?? []
    if (name === undefined || spec === undefined)
      throw new UsageError(`--resource "${flag}" is not name=amount or name=address,address, such as gpu=2 or gpu=0,1,3.`)
    if (resources[name] !== undefined) throw new UsageError(`--resource ${name} is given twice.`)
    const addresses = spec.includes(',') ? spec.split(',').map(a => a.trim()) : amount(flag, spec)
    if (addresses.some(a => a === '') || new Set(addresses).size !== addresses.length)
      throw new UsageError(`--resource "${flag}" has an empty or repeated address.`)
    resources[name] = addresses
  }
  return resources
}

function amount(flag: string, spec: string): string[] {
  if (!/^\d+$/.test(spec) || Number(spec) > 1024)
    throw new UsageError(`--resource "${flag}": "${spec}" is not an amount (0 to 1024) and not a list of addresses.`)
  return Array.from({ length: Number(spec) }, (_, i) => String(i))
}
