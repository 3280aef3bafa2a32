/** What a `spk node` line asks for: pure, from flags, settings, environment and machine. `node.ts` carries it out. */
import { formatSize, parseSize } from '../core/bytes.js'
import { Conf } from '../core/config.js'
import { conf as options } from '../core/config-table.js'
import type { Resources } from '../protocol/common.js'
import { parseNatsServers } from '../transport/nats-url.js'
import type { CommandSpec, Parsed } from './arguments.js'
import { settingsOf } from './conf-sources.js'
import { UsageError } from './exit-codes.js'
import { defaultHost, defaultWorkerMemory, memoryExceedsHost, parseResources } from './host.js'
import { natsUrlOf, parseMaster } from './nats-url.js'

interface CommonPlan {
  readonly natsUrl: string
  readonly cluster: string
  readonly host: string
  readonly bind: string
  readonly uiPort: number | undefined
  readonly conf: Conf
}
export interface WorkerPlan extends CommonPlan {
  readonly role: 'worker'
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly resources: Resources
  readonly workDir: string
  readonly blockPort: number
  /** What executors and drivers of this worker connect to. */
  readonly executorNats: string
  readonly driverNats: string
}
export type NodePlan = ({ readonly role: 'master' } & CommonPlan) | WorkerPlan

export interface Machine {
  readonly cores: number
  /** Bytes. */
  readonly memory: number
}

export const nodeSpec: CommandSpec = {
  name: 'node',
  summary: 'Run a master or a worker of a cluster on this host.',
  usage: ['--role master|worker [flags]'],
  positionals: 'none',
  flags: [
    { name: 'role', value: 'master|worker', doc: 'What this process is. Several masters: one leads, the others stand by.' },
    {
      name: 'nats',
      value: 'URL',
      aliases: ['master'],
      doc: 'The cluster’s NATS server(s), nats://[user:password@]host:4222 (default $SPK_NATS_URL, else this host).',
    },
    { name: 'cluster', value: 'NAME', doc: 'Name of the cluster on that NATS server (default spk).' },
    {
      name: 'host',
      value: 'NAME',
      doc: 'Name or address under which others reach this host (default: its name; loopback when NATS is on loopback).',
    },
    {
      name: 'ui-port',
      value: 'PORT',
      aliases: ['webui-port'],
      doc: 'Port of the status pages (default 8080 for a master, 8081 for a worker, one up while that is taken); 0: any free one.',
    },
    { name: 'block-port', value: 'PORT', doc: 'Worker: port of the block server (default: any free one).' },
    { name: 'cores', value: 'N', short: 'c', doc: 'Worker: cores to offer (default: all).' },
    { name: 'memory', value: 'SIZE', short: 'm', doc: 'Worker: memory to offer, e.g. 4g (default: all but 1 GiB).' },
    { name: 'resource', value: 'NAME=SPEC', multiple: true, doc: 'Worker: a named resource, as an amount (gpu=2) or as addresses (gpu=0,1,3).' },
    {
      name: 'work-dir',
      value: 'DIR',
      short: 'd',
      doc: 'Worker: folder for output of executors and drivers, blocks and scratch (default .spk/work).',
    },
    { name: 'conf', value: 'KEY=VALUE', multiple: true, doc: 'A setting of the cluster; docs/configuration.md lists them.' },
    { name: 'properties-file', value: 'FILE', doc: 'Settings from a file, one per line; conf/spark-defaults.conf is always read.' },
  ],
  examples: [
    'spk node --role master',
    'spk node --role worker --nats nats://10.0.0.1:4222 --cores 8 --memory 16g',
    'spk node --role worker --nats nats://10.0.0.1:4222 --resource gpu=2 --work-dir /var/lib/spk',
  ],
}

const WORKER_ONLY = ['cores', 'memory', 'resource', 'work-dir', 'block-port']
const SMALLEST_MEMORY = 256 * 2 ** 20

function wholeNumber(flags: Parsed, name: string, least: number, most: number): number | undefined {
  const text = flags.text(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`--${name} "${text}" is not a whole number from ${least} to ${most}.`, 'node')
}

function memoryOf(text: string, machine: Machine): number {
  // A bare number is MiB, as in Spark's settings.
  const memory = sizeOf(text)
  if (memory < SMALLEST_MEMORY) throw new UsageError(`--memory ${text} is less than ${formatSize(SMALLEST_MEMORY)}.`, 'node')
  if (memory > machine.memory) throw memoryExceedsHost(`--memory ${text}`, machine.memory)
  return memory
}

function sizeOf(text: string): number {
  try {
    return parseSize(text, 2 ** 20)
  } catch {
    throw new UsageError(`--memory "${text}" is not a size. Write it like 512m or 4g.`, 'node')
  }
}

/** Throws `UsageError` or a configuration error. */
export function nodePlan(flags: Parsed, env: NodeJS.ProcessEnv, cwd: string, machine: Machine): NodePlan {
  const role = flags.text('role')
  if (role === undefined) throw new UsageError('--role master or --role worker is missing.', 'node')
  if (role !== 'master' && role !== 'worker') throw new UsageError(`--role ${role}: it is master or worker.`, 'node')
  const natsUrl = natsUrlOf(flags.text('nats'), undefined, env)
  if (parseMaster(natsUrl).kind === 'local') throw new UsageError(`--nats ${natsUrl} is not the URL of a NATS server.`, 'node')
  const conf = new Conf(settingsOf(flags, env, cwd))
  const host = flags.text('host') ?? defaultHost(natsUrl)
  const common: CommonPlan = {
    natsUrl,
    cluster: flags.text('cluster') ?? (env['SPK_CLUSTER'] || conf.get(options.cluster)),
    host,
    bind: /^(127\.|localhost$|::1$)/.test(host) ? '127.0.0.1' : '0.0.0.0',
    uiPort: wholeNumber(flags, 'ui-port', 0, 65_535),
    conf,
  }
  if (role === 'master') {
    const misplaced = WORKER_ONLY.find(name => flags.has(name))
    if (misplaced !== undefined) throw new UsageError(`--${misplaced} is for workers.`, 'node')
    return { role, ...common }
  }
  const memory = flags.text('memory')
  for (const name of ['SPK_EXECUTOR_NATS_URL', 'SPK_DRIVER_NATS_URL']) {
    // The server would refuse everything they say, long after this.
    if (parseNatsServers(natsUrl).user === 'worker' && !env[name])
      throw new UsageError(
        `${name} is not set: executors and drivers must not connect as "worker". spk users --out writes it into worker.env.`,
        'node',
      )
  }
  return {
    role,
    ...common,
    cores: wholeNumber(flags, 'cores', 1, 4096) ?? machine.cores,
    memory: memory === undefined ? Math.min(machine.memory, defaultWorkerMemory(machine.memory)) : memoryOf(memory, machine),
    resources: parseResources(flags.all('resource')),
    workDir: flags.text('work-dir') ?? '.spk/work',
    blockPort: wholeNumber(flags, 'block-port', 0, 65_535) ?? 0,
    executorNats: env['SPK_EXECUTOR_NATS_URL'] || natsUrl,
    driverNats: env['SPK_DRIVER_NATS_URL'] || natsUrl,
  }
}
