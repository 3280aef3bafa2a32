/**
 * The process of one executor, forked by a worker. Exits when its driver or its worker is gone: a closed IPC channel means the worker died. Exit codes are
 * Spark's where it has them (50: uncaught error).
 */
import { startExecutor } from '../actors/executor/effects.js'
import { startTaskRunner } from '../actors/executor/task-runner.js'
import { systemClock, systemRng } from '../core/clock.js'
import { rootLogger } from '../core/log.js'
import { EXECUTOR_LAUNCH_ENV, ExecutorLaunch } from '../protocol/executor-launch.js'
import { decodeRecord } from '../protocol/wire.js'
import { connectNats } from '../transport/nats.js'
import { ownVersions } from './versions.js'

const UNCAUGHT = 50
const GONE = 1
const log = rootLogger({ pid: process.pid })
/** How long an orderly end may take. */
const LEAVE_MS = 3000

/** `process.exit` waits for queries in flight, for ever if need be: a process that cannot leave in order is killed. */
const killOneself = (): void => void process.kill(process.pid, 'SIGKILL')
let close: () => Promise<void> = async () => undefined

async function leave(code: number): Promise<void> {
  const late = setTimeout(() => {
    log.fatal({ code }, 'a query does not end; killing this process')
    killOneself()
  }, LEAVE_MS)
  await close().catch((error: unknown) => log.warn({ err: error }, 'while closing'))
  clearTimeout(late)
  process.exit(code)
}

process.on('uncaughtException', error => {
  log.fatal({ err: error }, 'uncaught error')
  void leave(UNCAUGHT)
})
if (process.channel === undefined) {
  process.stderr.write('spk: executors are started by a worker (spk node --role worker).\n')
  process.exit(2)
}

let stop: () => void = () => process.exit(GONE)
process.once('disconnect', () => {
  log.warn('the worker is gone')
  stop()
})

const launch = decodeRecord(ExecutorLaunch, process.env[EXECUTOR_LAUNCH_ENV] ?? '', `environment variable ${EXECUTOR_LAUNCH_ENV}`)
const transport = await connectNats({ servers: launch.natsUrl, name: `spk executor ${launch.appId}/${launch.executorId}`, log })
const runner = startTaskRunner({
  launch,
  clock: systemClock,
  rng: systemRng,
  log,
  onStuck(slot) {
    log.fatal({ slot }, 'a slot could not be freed; this executor ends and is replaced')
    killOneself()
  },
})
const executor = startExecutor({ transport, clock: systemClock, rng: systemRng, log, launch, runner, versions: ownVersions(), pid: process.pid })
close = async () => {
  await runner.close()
  await transport.close()
}
stop = () => void executor.stop('its worker is gone', GONE)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void executor.stop(signal))
const { reason, code } = await executor.stopped
log.info({ reason, code }, 'executor stopped')
await leave(code)
