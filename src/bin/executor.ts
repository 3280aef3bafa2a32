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
/** A slot that could not be freed. */
const STUCK = 57

const log = rootLogger({ pid: process.pid })
process.on('uncaughtException', error => {
  log.fatal({ err: error }, 'uncaught error')
  process.exit(UNCAUGHT)
})
if (process.channel === undefined) {
  process.stderr.write('spk: executors are started by a worker (spk node --role worker).\n')
  process.exit(2)
}

const launch = decodeRecord(ExecutorLaunch, process.env[EXECUTOR_LAUNCH_ENV] ?? '', `environment variable ${EXECUTOR_LAUNCH_ENV}`)
const transport = await connectNats({ servers: launch.natsUrl, name: `spk executor ${launch.appId}/${launch.executorId}`, log })
const runner = startTaskRunner({
  launch,
  clock: systemClock,
  rng: systemRng,
  log,
  onStuck(slot) {
    log.fatal({ slot }, 'a slot could not be freed; this executor ends and is replaced')
    process.exit(STUCK)
  },
})
const executor = startExecutor({ transport, clock: systemClock, rng: systemRng, log, launch, runner, versions: ownVersions(), pid: process.pid })
process.once('disconnect', () => {
  log.warn('the worker is gone')
  // Nobody is left who would remove what this executor wrote or wait for its report.
  process.exit(1)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void executor.stop(signal))
const { reason, code } = await executor.stopped
log.info({ reason, code }, 'executor stopped')
await runner.close()
await transport.close()
process.exit(code)
