/** `spk submit`: runs a program here or on a worker, asks after one, stops one. What is asked for is decided in `submit-plan.ts`. */
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { delay, systemClock, systemRng } from '../core/clock.js'
import { Conf } from '../core/config.js'
import { conf as options } from '../core/config-table.js'
import { unreachable } from '../core/errors.js'
import { newDriverId } from '../core/ids.js'
import { RequestDriverStatus, RequestKillDriver, RequestSubmitDriver } from '../protocol/submission.js'
import type { Static } from '../protocol/wire.js'
import { connectNats } from '../transport/nats.js'
import { parseNatsServers } from '../transport/nats-url.js'
import type { Parsed } from './arguments.js'
import { commandLogger } from './command-log.js'
import type { Settings } from './conf-sources.js'
import { exitCodes, UsageError } from './exit-codes.js'
import { askMaster, type MasterClientOptions } from './master-client.js'
import { type SubmitPlan, submitPlan } from './submit-plan.js'

/** A failover fits into it. */
const PATIENCE_MS = 15_000
const POLL_MS = 500
const ENDED = ['FINISHED', 'KILLED', 'FAILED', 'ERROR']

/** Carries the line out; resolves with the exit code. */
export async function submit(flags: Parsed): Promise<number> {
  const plan = submitPlan(flags, process.env, process.cwd())
  switch (plan.kind) {
    case 'client':
      return runHere(plan)
    case 'cluster':
      return onCluster(plan, master => runOnWorker(plan, master))
    case 'status':
      return onCluster(plan, async master => {
        const status = await askMaster(master, RequestDriverStatus, { driverId: plan.driverId })
        const text = statusText(plan.driverId, status)
        ;(status.found ? process.stdout : process.stderr).write(`${text}\n`)
        return status.found ? exitCodes.done : exitCodes.failed
      })
    case 'kill':
      return onCluster(plan, async master => {
        const { accepted, message } = await askMaster(master, RequestKillDriver, { driverId: plan.driverId })
        ;(accepted ? process.stdout : process.stderr).write(`${message}\n`)
        return accepted ? exitCodes.done : exitCodes.failed
      })
    default:
      return unreachable(plan)
  }
}

function warn(conf: Settings): void {
  for (const warning of new Conf(conf).warnings()) process.stderr.write(`Warning: ${warning}\n`)
}

/** Client mode: the script is a child with the settings in its environment, and this process its shadow. Resolves with the script's exit code. */
function runHere(plan: Extract<SubmitPlan, { kind: 'client' }>): Promise<number> {
  if (!existsSync(plan.script)) throw new UsageError(`The script ${plan.script} does not exist.`, 'submit')
  for (const file of plan.conf[options.files.key]?.split(',') ?? []) {
    if (!existsSync(file)) throw new UsageError(`--files: ${file} does not exist.`, 'submit')
  }
  warn(plan.conf)
  const hooks = new URL('./script-hooks.js', import.meta.url).href
  const child = fork(plan.script, plan.args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, '--import', hooks, ...(plan.heapMb === undefined ? [] : [`--max-old-space-size=${plan.heapMb}`])],
    env: {
      ...process.env,
      // In local mode DuckDB's queries occupy threads of libuv's pool.
      UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? String(availableParallelism() + 8),
      SPK_SUBMIT_CONF: JSON.stringify(plan.conf),
      SPK_CLUSTER: plan.conf[options.cluster.key],
    },
  })
  // A terminal sends Ctrl-C to both; what is sent to this process alone is handed on.
  process.on('SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT')))
  process.on('SIGTERM', () => void child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

async function onCluster(
  plan: { readonly natsUrl: string; readonly cluster: string },
  run: (master: MasterClientOptions) => Promise<number>,
): Promise<number> {
  const transport = await connectNats({ servers: plan.natsUrl, name: 'spk submit', log: commandLogger() })
  try {
    return await run({
      transport,
      cluster: plan.cluster,
      url: parseNatsServers(plan.natsUrl).shown,
      clock: systemClock,
      patienceMs: PATIENCE_MS,
      onWaiting: () => process.stderr.write(`No master leads cluster "${plan.cluster}" now; waiting …\n`),
    })
  } finally {
    await transport.close()
  }
}

/** Prints the driver's id on standard output, for scripts, and all else on standard error. */
async function runOnWorker(plan: Extract<SubmitPlan, { kind: 'cluster' }>, master: MasterClientOptions): Promise<number> {
  warn(plan.description.conf)
  const wanted = newDriverId(systemClock.now(), Math.floor(systemRng.next() * 1e8))
  const { driverId, masterId } = await askMaster(master, RequestSubmitDriver, { driverId: wanted, description: plan.description })
  process.stdout.write(`${driverId}\n`)
  process.stderr.write(`Submitted to ${masterId}. Its state: spk submit --status ${driverId}\n`)
  if (!plan.wait) return exitCodes.done
  for (;;) {
    const status = await askMaster(master, RequestDriverStatus, { driverId })
    if (!status.found || ENDED.includes(status.state ?? '')) {
      process.stderr.write(`${statusText(driverId, status)}\n`)
      return status.state === 'FINISHED' ? exitCodes.done : exitCodes.failed
    }
    await delay(systemClock, POLL_MS)
  }
}

/** `driver-… FAILED on worker-… (host), exit code 1: Command exited with code 1` */
export function statusText(driverId: string, status: Static<typeof RequestDriverStatus.reply>): string {
  if (!status.found) return `No driver ${driverId} is known to this cluster. The master's page lists the drivers it knows.`
  return [
    `${driverId} ${status.state ?? 'UNKNOWN'}`,
    status.workerId === undefined ? '' : ` on ${status.workerId}${status.workerHost === undefined ? '' : ` (${status.workerHost})`}`,
    status.exitCode === undefined ? '' : `, exit code ${status.exitCode}`,
    status.message === undefined ? '' : `: ${status.message}`,
  ].join('')
}
