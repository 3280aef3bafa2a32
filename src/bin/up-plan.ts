/** What a `spk up` line asks for. */
import { resolve } from 'node:path'
import { formatSize, parseSize } from '../core/bytes.js'
import type { CommandSpec, Parsed } from './arguments.js'
import { UsageError } from './exit-codes.js'
import { memoryExceedsHost } from './host.js'
import type { Machine } from './node-plan.js'

export interface UpPlan {
  readonly masters: number
  readonly workers: number
  /** Of each worker. */
  readonly cores: number
  /** Of each worker, bytes. */
  readonly memory: number
  /** Absolute. */
  readonly keepData: string | undefined
  readonly json: boolean
}

export const upSpec: CommandSpec = {
  name: 'up',
  summary: 'Start a whole cluster on this machine, for development: nats-server, masters, workers.',
  usage: ['[flags]'],
  positionals: 'none',
  flags: [
    { name: 'masters', value: 'N', doc: 'Masters: one leads, the others stand by (default 1).' },
    { name: 'workers', value: 'N', doc: 'Workers (default 2).' },
    { name: 'cores', value: 'N', short: 'c', doc: 'Cores of each worker (default: those of this machine, shared out).' },
    { name: 'memory', value: 'SIZE', short: 'm', doc: 'Memory of each worker, e.g. 2g (default: 2g, or its share of this machine).' },
    { name: 'keep-data', value: 'DIR', doc: 'Keep state and event log of the cluster in this folder; the next spk up with it goes on from there.' },
    { name: 'json', doc: 'When ready, print one line of JSON with URLs and processes, and nothing else on standard output.' },
  ],
  examples: ['spk up', 'spk up --masters 2 --workers 3 --cores 2 --memory 2g', 'spk up --keep-data ./spk-data', 'spk up --json > cluster.json'],
}

const MIB = 2 ** 20
const MOST_MASTERS = 9
const MOST_WORKERS = 64
const SMALLEST_MEMORY = 256 * MIB
const USUAL_MEMORY = 2048 * MIB

/** `machine` is what this host has. Throws `UsageError` or a configuration error. */
export function upPlan(flags: Parsed, cwd: string, machine: Machine): UpPlan {
  function count(name: string, most: number): number | undefined {
    const text = flags.text(name)
    if (text === undefined) return undefined
    if (/^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text)
    throw new UsageError(`--${name} "${text}" is not a whole number from 1 to ${most}.`, 'up')
  }
  const workers = count('workers', MOST_WORKERS) ?? 2
  const asked = flags.text('memory')
  const share = Math.floor(machine.memory / workers / MIB) * MIB
  // A bare number is MiB, as in Spark's settings.
  const memory = asked === undefined ? Math.max(SMALLEST_MEMORY, Math.min(USUAL_MEMORY, share)) : parseSize(asked, MIB)
  if (memory < SMALLEST_MEMORY) throw new UsageError(`--memory ${asked} is less than ${formatSize(SMALLEST_MEMORY)}.`, 'up')
  if (memory > machine.memory) throw memoryExceedsHost(`--memory ${asked}`, machine.memory)
  const keepData = flags.text('keep-data')
  return {
    masters: count('masters', MOST_MASTERS) ?? 1,
    workers,
    cores: count('cores', 4096) ?? Math.max(1, Math.floor(machine.cores / workers)),
    memory,
    keepData: keepData === undefined ? undefined : resolve(cwd, keepData),
    json: flags.has('json'),
  }
}
