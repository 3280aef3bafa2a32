/** `spk submit`: runs a driver script here (client mode) or on a worker (cluster mode), and asks after or ends one that runs in the cluster. */
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock, systemRng } from '../core/clock.js'
import { asMemory } from '../core/config-option.js'
import { SpkError } from '../core/errors.js'
import { newDriverId } from '../core/ids.js'
import { rootLogger } from '../core/log.js'
import { subjects } from '../protocol/subjects.js'
import { RequestDriverStatus, RequestKillDriver, RequestSubmitDriver } from '../protocol/submission.js'
import { decodeReply, encode, type Message, type Static, type TSchema } from '../protocol/wire.js'
import { connectNats } from '../transport/nats.js'
import type { Transport } from '../transport/transport.js'
import type { CommandSpec, Parsed } from './arguments.js'
import { type Settings, settingsOf } from './conf-sources.js'
import { exitCodes, UsageError } from './exit-codes.js'
import { natsUrlOf, parseMaster } from './nats-url.js'

export const submitCommand: CommandSpec = {
  name: 'submit',
  summary: 'Run a driver script, here or in the cluster; ask after it; end it.',
  usage: ['[flags] SCRIPT [arguments of the script]', '--status ID', '--kill ID'],
  positionals: 'script',
  flags: [
    {
      name: 'master',
      value: 'URL',
      aliases: ['nats'],
      doc: 'nats://host:4222, or local, local[N], local[*]. Default: SPK_NATS_URL, else nats://127.0.0.1:4222.',
    },
    { name: 'deploy-mode', value: 'MODE', doc: 'client (the script runs here, the default) or cluster (a worker runs it).' },
    { name: 'cluster', value: 'NAME', doc: 'Name of the cluster. Default: spk.' },
    { name: 'name', value: 'NAME', doc: 'Name of the application.' },
    { name: 'supervise', doc: 'Cluster mode: start the driver again when it ends with another code than 0.' },
    { name: 'driver-memory', value: 'SIZE', doc: 'Cluster mode: memory of the driver. Default: 1g.' },
    { name: 'driver-cores', value: 'N', doc: 'Cluster mode: cores of the driver. Default: 1.' },
    { name: 'executor-memory', value: 'SIZE', doc: 'Memory of each executor (spark.executor.memory).' },
    { name: 'executor-cores', value: 'N', doc: 'Cores of each executor (spark.executor.cores).' },
    { name: 'total-executor-cores', value: 'N', doc: 'Cores over all executors (spark.cores.max).' },
    { name: 'conf', value: 'KEY=VALUE', short: 'c', multiple: true, doc: 'A setting, see docs/configuration.md.' },
    { name: 'properties-file', value: 'FILE', doc: "Settings in Spark's properties format. conf/spark-defaults.conf is read, too." },
    { name: 'status', value: 'ID', doc: 'Show the state of a driver in the cluster.' },
    { name: 'kill', value: 'ID', doc: 'End a driver in the cluster.' },
  ],
  examples: [
    'spk submit --master nats://bus:4222 job.js 2026-01-31',
    'spk submit --deploy-mode cluster --supervise /srv/jobs/job.js',
    'spk submit --status driver-20260131120000-0007',
  ],
}

/** How long a request is repeated while no master answers: a failover fits into it. */
const PATIENCE_MS = 20_000
const TRY_MS = 2000

/** Asks the leading master, again and again while none answers. Every request of this command may be repeated. */
async function ask<S extends TSchema, R extends TSchema>(
  transport: Transport,
  cluster: string,
  type: Message<S, R>,
  value: Static<S>,
): Promise<Static<R>> {
  const end = systemClock.monotonic() + PATIENCE_MS
  for (;;) {
    try {
      return decodeReply(type, await transport.request(subjects(cluster).master(type.name), encode(type, value), { timeoutMs: TRY_MS }))
    } catch (error) {
      if (!(error instanceof SpkError && error.retryable)) throw error
      if (systemClock.monotonic() > end) {
        throw new SpkError(
          'SPK_NO_LEADER',
          `No master of cluster "${cluster}" answered for ${PATIENCE_MS / 1000} s. Is one running (spk node --role master), and is the cluster's name right?`,
          { cause: error },
        )
      }
      await new Promise(wake => setTimeout(wake, 200))
    }
  }
}

function confOf(flags: Parsed): Settings {
  const short: Record<string, string> = {}
  for (const [flag, key] of [
    ['name', 'spark.app.name'],
    ['executor-memory', 'spark.executor.memory'],
    ['executor-cores', 'spark.executor.cores'],
    ['total-executor-cores', 'spark.cores.max'],
    ['cluster', 'spk.cluster'],
  ] as const) {
    const text = flags.text(flag)
    if (text !== undefined) short[key] = text
  }
  return { ...settingsOf(flags, process.env, process.cwd()), ...short }
}

/** Client mode: the script's exit code. */
function runHere(script: string, args: readonly string[], conf: Settings, master: string, cluster: string): Promise<number> {
  const env = {
    ...process.env,
    SPK_CLUSTER: cluster,
    SPK_SUBMIT_CONF: JSON.stringify({ ...conf, 'spark.master': master }),
    ...(master.startsWith('local') ? {} : { SPK_NATS_URL: master }),
  }
  const child = fork(script, [...args], {
    env,
    execArgv: [...process.execArgv, '--import', new URL('./script-hooks.js', import.meta.url).href],
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', forward)
  process.on('SIGTERM', forward)
  return new Promise((end, fail) => {
    child.once('error', fail)
    child.once('exit', (code, signal) => end(code ?? 128 + (signal === 'SIGINT' ? 2 : 15)))
  })
}

/** The process's exit code. */
export async function runSubmit(flags: Parsed): Promise<number> {
  const conf = confOf(flags)
  const master = natsUrlOf(flags.text('master'), conf['spark.master'], process.env)
  const cluster = conf['spk.cluster'] ?? process.env['SPK_CLUSTER'] ?? 'spk'
  const [status, kill] = [flags.text('status'), flags.text('kill')]
  const remote = async (run: (transport: Transport) => Promise<number>): Promise<number> => {
    if (parseMaster(master).kind === 'local') throw new UsageError('local masters run no cluster: give --master nats://host:4222.', 'submit')
    const transport = await connectNats({ servers: master, name: 'spk submit', log: rootLogger() })
    return run(transport).finally(() => transport.close())
  }
  if (status !== undefined) return remote(transport => showStatus(transport, cluster, status))
  if (kill !== undefined) return remote(transport => killDriver(transport, cluster, kill))

  const mode = flags.text('deploy-mode') ?? 'client'
  if (mode !== 'client' && mode !== 'cluster') throw new UsageError(`--deploy-mode ${mode} is not client or cluster.`, 'submit')
  const [script, ...args] = flags.positionals
  if (script === undefined) throw new UsageError('The script to run is missing: spk submit [flags] SCRIPT [arguments].', 'submit')
  const path = resolve(script)
  if (mode === 'client') {
    if (!existsSync(path)) throw new UsageError(`The script ${path} does not exist.`, 'submit')
    if (flags.has('supervise')) throw new UsageError('--supervise needs --deploy-mode cluster: in client mode you are the supervisor.', 'submit')
    parseMaster(master)
    return runHere(path, args, conf, master, cluster)
  }
  const cores = Number(flags.text('driver-cores') ?? '1')
  if (!Number.isSafeInteger(cores) || cores < 1)
    throw new UsageError(`--driver-cores ${flags.text('driver-cores')} is not a whole number above 0.`, 'submit')
  const driverId = newDriverId(systemClock.now(), Math.floor(systemRng.next() * 10_000))
  const description = {
    script: path,
    args,
    env: {},
    conf: { ...conf },
    cores,
    memory: asMemory(flags.text('driver-memory') ?? '1g'),
    supervise: flags.has('supervise'),
    name: flags.text('name') ?? script,
  }
  return remote(async transport => {
    const reply = await ask(transport, cluster, RequestSubmitDriver, { driverId, description })
    process.stdout.write(`${reply.driverId}\n`)
    process.stderr.write(`Submitted to ${reply.masterId}. Its state: spk submit --status ${reply.driverId}\n`)
    return exitCodes.done
  })
}

async function showStatus(transport: Transport, cluster: string, driverId: string): Promise<number> {
  const reply = await ask(transport, cluster, RequestDriverStatus, { driverId })
  if (!reply.found) {
    process.stderr.write(`No driver ${driverId} is known to cluster "${cluster}". The master's page lists the drivers it knows.\n`)
    return exitCodes.failed
  }
  const where = reply.workerId === undefined ? '' : ` on ${reply.workerId} (${reply.workerHost ?? 'host unknown'})`
  process.stdout.write(
    `${driverId} ${reply.state}${where}${reply.exitCode === undefined ? '' : `, exit code ${reply.exitCode}`}${reply.message === undefined ? '' : `: ${reply.message}`}\n`,
  )
  return exitCodes.done
}

async function killDriver(transport: Transport, cluster: string, driverId: string): Promise<number> {
  const reply = await ask(transport, cluster, RequestKillDriver, { driverId })
  ;(reply.accepted ? process.stdout : process.stderr).write(`${reply.message}\n`)
  return reply.accepted ? exitCodes.done : exitCodes.failed
}
