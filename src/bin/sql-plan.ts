/** What a `spk sql` line asks for: pure, from flags, settings and environment. `sql.ts` carries it out. */
import { resolve } from 'node:path'
import { Conf } from '../core/config.js'
import { conf as options } from '../core/config-table.js'
import type { CommandSpec, Parsed } from './arguments.js'
import { type Settings, settingsOf } from './conf-sources.js'
import { UsageError } from './exit-codes.js'
import { natsUrlOf, parseMaster } from './nats-url.js'

export const resultFormats = ['table', 'json', 'csv'] as const
export type ResultFormat = (typeof resultFormats)[number]

export interface SqlPlan {
  /** Statements of `-e`, a file, or what comes on standard input. */
  readonly source: { readonly kind: 'text'; readonly text: string } | { readonly kind: 'file'; readonly path: string } | { readonly kind: 'input' }
  readonly format: ResultFormat
  readonly master: { readonly kind: 'local'; readonly url: string } | { readonly kind: 'cluster'; readonly url: string; readonly cluster: string }
  readonly conf: Settings
}

export const sqlSpec: CommandSpec = {
  name: 'sql',
  summary: 'Run SQL statements and print their results; without -e and -f, a prompt.',
  usage: ['[flags]', '[flags] -e "SQL; SQL"', '[flags] -f FILE', '[flags] < FILE'],
  positionals: 'none',
  flags: [
    { name: 'execute', value: 'SQL', short: 'e', anyText: true, doc: 'Statements to run, separated by semicolons.' },
    { name: 'file', value: 'FILE', short: 'f', doc: 'File with the statements; - is standard input.' },
    {
      name: 'format',
      value: 'table|json|csv',
      doc: 'How results are printed: a table (default), one JSON object per line, or CSV with a header.',
    },
    {
      name: 'master',
      value: 'URL',
      aliases: ['nats'],
      doc: 'The cluster’s NATS server (nats://host:4222, or $SPK_NATS_URL), or local, local[N], local[*] without a cluster.',
    },
    { name: 'cluster', value: 'NAME', doc: 'Name of the cluster on that NATS server (default spk).' },
    { name: 'name', value: 'NAME', doc: 'Name of the application (default spk sql).' },
    { name: 'executor-memory', value: 'SIZE', doc: 'Memory of each executor (default 1g).' },
    { name: 'executor-cores', value: 'N', doc: 'Cores of each executor; unset: all of a worker.' },
    { name: 'total-executor-cores', value: 'N', doc: 'Most cores over all executors.' },
    { name: 'conf', value: 'KEY=VALUE', multiple: true, short: 'c', doc: 'A setting; docs/configuration.md lists them.' },
    { name: 'properties-file', value: 'FILE', doc: 'Settings from a file, one per line; conf/spark-defaults.conf is always read.' },
  ],
  examples: [
    "spk sql --master 'local[*]'",
    "spk sql --master 'local[4]' -e 'SELECT country, count(*) AS n FROM parquet.`customers/` GROUP BY country'",
    'spk sql --master nats://10.0.0.1:4222 -f report.sql --format csv > report.csv',
    "echo 'SELECT 1 AS a; SELECT 2 AS b' | spk sql --format json | jq .",
  ],
}

/** Flags that are Spark settings under another name. */
const SETTINGS: readonly (readonly [flag: string, key: string])[] = [
  ['name', options.appName.key],
  ['executor-memory', options.executorMemory.key],
  ['executor-cores', options.executorCores.key],
  ['total-executor-cores', options.coresMax.key],
  ['cluster', options.cluster.key],
]

/** Throws `UsageError` or a configuration error. */
export function sqlPlan(flags: Parsed, env: NodeJS.ProcessEnv, cwd: string): SqlPlan {
  const settings: Record<string, string> = { ...settingsOf(flags, env, cwd) }
  for (const [flag, key] of SETTINGS) {
    const value = flags.text(flag)
    if (value !== undefined) settings[key] = value
  }
  const conf = new Conf(settings)
  for (const option of [options.executorMemory, options.executorCores, options.coresMax]) conf.optional(option)
  const url = natsUrlOf(flags.text('master'), settings[options.master.key], env)
  const master = parseMaster(url)
  const cluster = conf.text(options.cluster) ?? (env['SPK_CLUSTER'] || conf.get(options.cluster))
  settings[options.cluster.key] = cluster
  settings[options.master.key] = url
  settings[options.appName.key] ??= 'spk sql'
  const format = resultFormats.find(f => f === (flags.text('format') ?? 'table').toLowerCase())
  if (format === undefined) throw new UsageError(`--format ${flags.text('format')}: it is table, json or csv.`, 'sql')
  return {
    source: sourceOf(flags, cwd),
    format,
    master: master.kind === 'local' ? { kind: 'local', url } : { kind: 'cluster', url: master.url, cluster },
    conf: settings,
  }
}

function sourceOf(flags: Parsed, cwd: string): SqlPlan['source'] {
  const text = flags.text('execute')
  const file = flags.text('file')
  if (text !== undefined && file !== undefined) throw new UsageError('-e and -f do not go together.', 'sql')
  if (text !== undefined) return { kind: 'text', text }
  return file === undefined || file === '-' ? { kind: 'input' } : { kind: 'file', path: resolve(cwd, file) }
}
