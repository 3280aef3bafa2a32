/** What a `spk submit` line asks for: pure, from flags, settings and environment. `submit.ts` carries it out. */
import { basename, isAbsolute, resolve } from 'node:path'
import { Conf } from '../core/config.js'
import type { ConfigOption } from '../core/config-option.js'
import { conf as options } from '../core/config-table.js'
import type { DriverDescription } from '../protocol/common.js'
import type { CommandSpec, Parsed } from './arguments.js'
import { type Settings, settingsOf } from './conf-sources.js'
import { UsageError } from './exit-codes.js'
import { natsUrlOf, parseMaster } from './nats-url.js'

interface Bus {
  readonly natsUrl: string
  readonly cluster: string
}
export type SubmitPlan =
  | ({ readonly kind: 'status' | 'kill'; readonly driverId: string } & Bus)
  | {
      readonly kind: 'client'
      readonly script: string
      readonly args: readonly string[]
      readonly conf: Settings
      readonly heapMb: number | undefined
    }
  | ({ readonly kind: 'cluster'; readonly description: DriverDescription; readonly wait: boolean } & Bus)

export const submitSpec: CommandSpec = {
  name: 'submit',
  summary: 'Run a program (.ts, .js) on the cluster, or ask after a submitted one.',
  usage: ['[flags] SCRIPT [arguments of the script]', '--status DRIVER_ID', '--kill DRIVER_ID'],
  positionals: 'script',
  flags: [
    {
      name: 'master',
      value: 'URL',
      aliases: ['nats'],
      doc: 'The cluster’s NATS server (nats://host:4222, or $SPK_NATS_URL), or local, local[N], local[*] without a cluster.',
    },
    { name: 'deploy-mode', value: 'client|cluster', doc: 'Where the program itself runs: here (client, the default) or on a worker (cluster).' },
    { name: 'supervise', doc: 'In cluster mode: start it again when it ends with another code than 0.' },
    { name: 'name', value: 'NAME', doc: 'Name of the application.' },
    { name: 'driver-memory', value: 'SIZE', doc: 'Memory of the program, e.g. 2g.' },
    { name: 'driver-cores', value: 'N', doc: 'Cores of the program in cluster mode.' },
    { name: 'executor-memory', value: 'SIZE', doc: 'Memory of each executor (default 1g).' },
    { name: 'executor-cores', value: 'N', doc: 'Cores of each executor; unset: all of a worker.' },
    { name: 'total-executor-cores', value: 'N', doc: 'Most cores over all executors.' },
    { name: 'files', value: 'FILE,…', doc: 'Files to copy into the working folder of each executor.' },
    { name: 'conf', value: 'KEY=VALUE', multiple: true, short: 'c', doc: 'A setting; docs/configuration.md lists them.' },
    { name: 'properties-file', value: 'FILE', doc: 'Settings from a file, one per line; conf/spark-defaults.conf is always read.' },
    { name: 'cluster', value: 'NAME', doc: 'Name of the cluster on that NATS server (default spk).' },
    { name: 'status', value: 'DRIVER_ID', doc: 'Print the state of a program in cluster mode.' },
    { name: 'kill', value: 'DRIVER_ID', doc: 'Stop a program in cluster mode.' },
  ],
  examples: [
    'spk submit --master nats://10.0.0.1:4222 --executor-memory 2g examples/customer-analytics.ts',
    "spk submit --master 'local[4]' job.js --input data/",
    'spk submit --deploy-mode cluster --supervise /srv/jobs/stream.js',
    'spk submit --status driver-20260131120000-0001',
  ],
}

/** Flags that are Spark settings under another name. */
const SETTINGS: readonly (readonly [flag: string, key: string])[] = [
  ['deploy-mode', options.deployMode.key],
  ['name', options.appName.key],
  ['driver-memory', options.driverMemory.key],
  ['driver-cores', options.driverCores.key],
  ['executor-memory', options.executorMemory.key],
  ['executor-cores', options.executorCores.key],
  ['total-executor-cores', options.coresMax.key],
  ['files', options.files.key],
  ['cluster', options.cluster.key],
]
/** Read here so that a bad value is a usage error, and not a failure of something started long after. */
const CHECKED: readonly ConfigOption<unknown>[] = [
  options.driverMemory,
  options.driverCores,
  options.driverSupervise,
  options.executorMemory,
  options.executorCores,
  options.coresMax,
]

/** Throws `UsageError` or a configuration error. */
export function submitPlan(flags: Parsed, env: NodeJS.ProcessEnv, cwd: string): SubmitPlan {
  const settings: Record<string, string> = { ...settingsOf(flags, env, cwd) }
  for (const [flag, key] of SETTINGS) {
    const value = flags.text(flag)
    if (value !== undefined) settings[key] = value
  }
  if (flags.has('supervise')) settings[options.driverSupervise.key] = 'true'
  const conf = new Conf(settings)
  for (const option of CHECKED) conf.optional(option)
  const url = natsUrlOf(flags.text('master'), settings[options.master.key], env)
  const master = parseMaster(url)
  const cluster = conf.text(options.cluster) ?? (env['SPK_CLUSTER'] || conf.get(options.cluster))
  settings[options.cluster.key] = cluster

  for (const kind of ['status', 'kill'] as const) {
    const driverId = flags.text(kind)
    if (driverId === undefined) continue
    if (master.kind === 'local') throw new UsageError(`--${kind} asks a cluster; give its NATS server with --master.`, 'submit')
    if (flags.positionals.length > 0 || (kind === 'status' && flags.has('kill'))) throw new UsageError(`--${kind} goes with no script.`, 'submit')
    return { kind, driverId, natsUrl: master.url, cluster }
  }

  const [given, ...args] = flags.positionals
  if (given === undefined) throw new UsageError('No script is given.', 'submit')
  if (!/\.(m|c)?[jt]s$/.test(given)) throw new UsageError(`"${given}" is not a script: spk submit runs .js and .ts files.`, 'submit')
  const script = resolve(cwd, given)
  settings[options.appName.key] ??= basename(given).replace(/\.\w+$/, '')
  if (settings[options.files.key] !== undefined) settings[options.files.key] = absolute(settings[options.files.key] ?? '', cwd)
  settings[options.master.key] = url

  const mode = conf.get(options.deployMode)
  switch (mode) {
    case 'client': {
      if (flags.has('supervise')) throw new UsageError('--supervise goes with --deploy-mode cluster.', 'submit')
      const heap = settings[options.driverMemory.key] === undefined ? undefined : Math.floor(conf.get(options.driverMemory) / 2 ** 20)
      return { kind: 'client', script, args, conf: settings, heapMb: heap }
    }
    case 'cluster': {
      if (master.kind === 'local') throw new UsageError(`--deploy-mode cluster needs a cluster; --master is ${url}.`, 'submit')
      const { [options.master.key]: _master, ...rest } = settings
      const description: DriverDescription = {
        script,
        args,
        env: env['SPK_LOG_LEVEL'] === undefined ? {} : { SPK_LOG_LEVEL: env['SPK_LOG_LEVEL'] },
        // Without the URL: the worker puts in its own, with the user for drivers.
        conf: rest,
        cores: conf.get(options.driverCores),
        memory: conf.get(options.driverMemory),
        supervise: conf.get(options.driverSupervise),
        name: settings[options.appName.key] ?? '',
      }
      return { kind: 'cluster', natsUrl: master.url, cluster, description, wait: conf.get(options.waitAppCompletion) }
    }
    default:
      throw new UsageError(`--deploy-mode ${mode}: it is client or cluster.`, 'submit')
  }
}

function absolute(files: string, cwd: string): string {
  return files
    .split(',')
    .map(f => f.trim())
    .filter(f => f !== '')
    .map(f => (isAbsolute(f) ? f : resolve(cwd, f)))
    .join(',')
}
