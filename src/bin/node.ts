/** `spk node`: runs one role in the foreground until a signal ends it. Readable lines on a terminal, JSON lines elsewhere, both on standard error. */
import { resolve } from 'node:path'
import { formatSize } from '../core/bytes.js'
import { Conf } from '../core/config.js'
import { asMemory } from '../core/config-option.js'
import { conf as table } from '../core/config-table.js'
import { type Logger, rootLogger } from '../core/log.js'
import { type CommandSpec, type Parsed, suggestion } from './arguments.js'
import { settingsOf } from './conf-sources.js'
import { exitCodes, UsageError } from './exit-codes.js'
import { defaultHost, defaultWorkerMemory, hostCores, hostMemory, parseResources } from './host.js'
import { natsUrlOf } from './nats-url.js'
import type { NodeOptions, RunningNode } from './node-options.js'
import { prettyDestination } from './pretty-log.js'
import { onSignals } from './signals.js'

export const nodeCommand: CommandSpec = {
  name: 'node',
  summary: 'Run a master or a worker of a cluster.',
  usage: ['--role master|worker [flags]'],
  positionals: 'none',
  flags: [
    { name: 'role', value: 'ROLE', doc: 'master (one leads, further ones stand by) or worker.' },
    { name: 'nats', value: 'URL', doc: 'NATS server(s) with JetStream, parted by commas. Default: SPK_NATS_URL, else nats://127.0.0.1:4222.' },
    { name: 'cluster', value: 'NAME', doc: 'Name of the cluster. Default: spk.' },
    { name: 'host', value: 'HOST', doc: "Name under which others reach this process. Default: this machine's, or 127.0.0.1 when NATS is there too." },
    {
      name: 'webui-port',
      value: 'PORT',
      doc: 'Port of the page and /json/; 0: any free one. Default: 8080 (master), 8081 (worker), or the next free one.',
    },
    { name: 'cores', value: 'N', short: 'c', doc: 'Worker: cores to offer. Default: all.' },
    { name: 'memory', value: 'SIZE', short: 'm', doc: 'Worker: memory to offer, such as 4g. Default: all but 1 GiB.' },
    { name: 'work-dir', value: 'DIR', short: 'd', doc: 'Worker: folder for logs, blocks and scratch files. Default: .spk/work.' },
    { name: 'resource', value: 'NAME=SPEC', multiple: true, doc: 'Worker: a named resource by amount (gpu=2) or by addresses (gpu=0,1,3).' },
    { name: 'conf', value: 'KEY=VALUE', multiple: true, doc: 'A setting, see docs/configuration.md.' },
    { name: 'properties-file', value: 'FILE', doc: "Settings in Spark's properties format. conf/spark-defaults.conf is read, too." },
  ],
  examples: ['spk node --role master', 'spk node --role worker --nats nats://bus:4222 --cores 8 --memory 16g --resource gpu=2'],
}

function wholeNumber(flags: Parsed, name: string, least: number, most: number): number | undefined {
  const text = flags.text(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`--${name} ${text} is not a whole number from ${least} to ${most}.`, 'node')
  return value
}

function logger(): Logger {
  const { stderr } = process
  if (!stderr.isTTY) return rootLogger({ pid: process.pid })
  return rootLogger({}, { destination: prettyDestination(text => void stderr.write(text), stderr.hasColors()) })
}

/** Runs until the role ends; the process's exit code. */
export async function runNode(flags: Parsed): Promise<number> {
  const role = flags.text('role')
  if (role === undefined) throw new UsageError('--role is missing: say --role master or --role worker.', 'node')
  if (role !== 'master' && role !== 'worker')
    throw new UsageError(`--role ${role} is unknown${suggestion(role, ['master', 'worker'])} Roles are master and worker.`, 'node')
  const conf = new Conf(settingsOf(flags, process.env, process.cwd()))
  const natsUrl = natsUrlOf(flags.text('nats'), undefined, process.env)
  const host = flags.text('host') ?? defaultHost(natsUrl)
  const log = logger()
  for (const warning of conf.warnings()) log.warn(warning)
  const loopback = /^(127\.|localhost$|\[?::1)/.test(host)
  const common: NodeOptions = {
    natsUrl,
    cluster: flags.text('cluster') ?? process.env['SPK_CLUSTER'] ?? conf.get(table.cluster),
    host,
    bind: loopback ? '127.0.0.1' : '0.0.0.0',
    uiPort: wholeNumber(flags, 'webui-port', 0, 65_535),
    conf,
    log,
  }

  // The signal may come while the role still starts.
  let stopReason: string | undefined
  let running: RunningNode | undefined
  onSignals(reason => {
    stopReason = reason
    void running?.stop(reason)
  })
  running = role === 'master' ? await (await import('./master.js')).runMaster(common) : await startWorkerRole(flags, common)
  const { memory, ...facts } = running.facts
  log.info(
    { role, id: running.id, ...facts, ...(typeof memory === 'number' ? { memory: formatSize(memory) } : {}), cluster: common.cluster },
    `${role} started`,
  )
  if (stopReason !== undefined) void running.stop(stopReason)
  const { reason, failed } = await running.ended
  log[failed ? 'error' : 'info']({ reason }, `${role} stopped`)
  return failed ? exitCodes.failed : exitCodes.done
}

async function startWorkerRole(flags: Parsed, common: NodeOptions): Promise<RunningNode> {
  const text = flags.text('memory')
  const memory = text === undefined ? defaultWorkerMemory(hostMemory()) : asMemory(text)
  const resources = parseResources(flags.all('resource'))
  const { runWorker } = await import('./worker.js')
  return runWorker({
    ...common,
    cores: wholeNumber(flags, 'cores', 1, 4096) ?? hostCores(),
    memory,
    resources,
    workDir: resolve(flags.text('work-dir') ?? '.spk/work'),
  })
}
