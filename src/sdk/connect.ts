/**
 * From a master URL to a running application: on a cluster over NATS, or in local mode with driver and slots in this process over the in-memory bus. The
 * NATS client is loaded only when there is a cluster. Called by the session builder.
 */
import { availableParallelism, hostname, tmpdir, userInfo } from 'node:os'
import { type DriverHandle, type DriverOptions, startDriver } from '../actors/driver/effects.js'
import type { ClusterHandle } from '../actors/driver/handle.js'
import { outputCommitter } from '../actors/driver/output-committer.js'
import type { DriverPorts } from '../actors/driver/ports.js'
import { LOCAL_HOST_ID, startLocalExecutor } from '../actors/executor/local.js'
import { hostMemory, memoryExceedsHost } from '../bin/host.js'
import { ownVersions } from '../bin/versions.js'
import { BlockClient } from '../blockstore/client.js'
import { hostId } from '../blockstore/host-id.js'
import { decodeStream, loadCodecOf } from '../core/arrow/decode.js'
import { formatSize } from '../core/bytes.js'
import { type Clock, systemClock, systemRng } from '../core/clock.js'
import { Conf } from '../core/config.js'
import { conf as table } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import type { Logger } from '../core/log.js'
import { scratchFolder } from '../core/scratch.js'
import { RequestLane } from '../protocol/application.js'
import { subjects } from '../protocol/subjects.js'
import { decodeReply, encode } from '../protocol/wire.js'
import { MemoryBus } from '../transport/memory.js'
import type { Transport } from '../transport/transport.js'

export interface ConnectOptions {
  /** `local`, `local[N]`, `local[N,F]`, `local[*]`, or the URL(s) of the cluster's NATS server. */
  readonly master: string
  readonly appName: string
  readonly conf: Readonly<Record<string, string>>
  readonly log: Logger
}

/** How long a new application waits for its first executors, so that its first query is planned for them. Without any it goes on and waits in the job. */
const FIRST_EXECUTORS_MS = 5000
const LANE_MS = 1000

/** Nothing that local mode waits for by itself keeps a program alive: a forgotten `stop()` does not hang anybody's tests … */
const quietClock: Clock = { ...systemClock, after: (ms, fn) => systemClock.after(ms, fn, { unref: true }) }

/** … but somebody who waits for an answer does. */
async function holding<T>(work: Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, 2 ** 30)
  try {
    return await work
  } finally {
    clearInterval(alive)
  }
}

/** Rejects with `SPK_BAD_MASTER_URL`, or with what the NATS client says (`SPK_NATS_UNREACHABLE`, …). */
export async function connect(options: ConnectOptions): Promise<ClusterHandle> {
  const { master } = options
  const local = /^local(?:\[(\d+|\*)(?:,(\d+))?\])?$/.exec(master)
  if (local !== null) {
    const threads = local[1] === undefined ? 1 : local[1] === '*' ? availableParallelism() : Number(local[1])
    if (threads < 1) throw badMaster(master)
    return holding(connectLocal(options, threads, local[2] ?? '1'))
  }
  if (!/^(nats|tls):\/\//.test(master)) throw badMaster(master)
  return connectCluster(options)
}

function badMaster(master: string): SpkError {
  return new SpkError(
    'SPK_BAD_MASTER_URL',
    `Could not parse master URL "${master}". Use local, local[N] or local[N,F] (F failures of a task fail its job) with N ≥ 1, local[*], or the cluster's NATS server, such as nats://host:4222.`,
  )
}

/** What driver options have in common. */
function common(
  { conf, appName, log }: ConnectOptions,
  transport: Transport,
  ports: DriverPorts,
  settings: Conf,
  clock: Clock,
): Omit<DriverOptions, 'request'> {
  const driverId = process.env['SPK_DRIVER_ID']
  return {
    transport,
    clock,
    rng: systemRng,
    log,
    conf: new Conf(conf),
    cluster: settings.get(table.cluster),
    ports,
    versions: ownVersions(),
    appName,
    user: userName(),
    host: hostname(),
    ...(driverId === undefined || driverId === '' ? {} : { driverId }),
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}

/** Result blocks, output folders, decoding. `client` is made when the application has its id and token. */
function driverPorts(client: () => BlockClient): DriverPorts {
  return {
    ...outputCommitter(() => systemRng.hex(8)),
    async fetchResult(place, _appId, _token, file) {
      const bytes = await client().fetchResult(place, file)
      await loadCodecOf(bytes)
      return bytes
    },
    decode: ipc => (ipc.length === 0 ? [] : [...decodeStream(ipc)]),
  }
}

function blockClient(driver: DriverHandle, settings: Conf, ownHost: string, scratchDir: string): BlockClient {
  return new BlockClient({
    hostId: ownHost,
    appId: driver.appId,
    token: driver.token,
    scratchDir,
    clock: systemClock,
    rng: systemRng,
    // Results are wanted in memory whole: `spark.driver.maxResultSize` bounds them.
    maxSizeInFlight: Number.POSITIVE_INFINITY,
    maxRetries: settings.get(table.shuffleMaxRetries),
    retryWaitMs: settings.get(table.shuffleRetryWait),
    idleMs: settings.get(table.networkTimeout),
  })
}

async function connectCluster(options: ConnectOptions): Promise<ClusterHandle> {
  const settings = new Conf(options.conf)
  const { connectNats } = await import('../transport/nats.js')
  const transport = await connectNats({ servers: options.master, name: `spk driver ${options.appName}`, log: options.log })
  const scratch = scratchFolder(settings.optional(table.localDir) ?? tmpdir(), 'driver')
  let client: BlockClient | undefined
  const close = async (): Promise<void> => {
    client?.close()
    scratch.remove()
    await transport.close()
  }
  try {
    const lane = await freeLane(transport, settings.get(table.cluster))
    const driver = startDriver({
      ...(lane === undefined ? {} : { lane }),
      ...common(
        options,
        transport,
        driverPorts(() => (client ??= blockClient(driver, settings, hostId(), scratch.path))),
        settings,
        systemClock,
      ),
      request: executorRequest(settings),
    })
    await driver.ready(FIRST_EXECUTORS_MS)
    return closing(driver, close)
  } catch (error) {
    // An open connection would keep the program alive.
    await close()
    throw error
  }
}

/** A lane that no active application is in. Undefined when no master answers now: any will do, and one that is taken is refused at registration. */
async function freeLane(transport: Transport, cluster: string): Promise<number | undefined> {
  try {
    const answer = await transport.request(subjects(cluster).master(RequestLane.name), encode(RequestLane, {}), { timeoutMs: LANE_MS })
    return decodeReply(RequestLane, answer).lane
  } catch (error) {
    if (error instanceof SpkError && error.retryable) return undefined
    throw error
  }
}

/** What the master is asked for. */
function executorRequest(settings: Conf): NonNullable<DriverOptions['request']> {
  const coresMax = settings.optional(table.coresMax)
  const executorCores = settings.optional(table.executorCores)
  const executorResources: Record<string, number> = {}
  for (const [key, text] of Object.entries(settings.withPrefix('spark.executor.resource.'))) {
    const name = /^(.+)\.amount$/.exec(key)?.[1]
    if (name === undefined) continue
    const amount = Number(text)
    if (!Number.isSafeInteger(amount) || amount < 0)
      throw new SpkError('SPK_BAD_CONFIG_VALUE', `spark.executor.resource.${key}: "${text}" is not a whole number.`)
    executorResources[name] = amount
  }
  return {
    ...(coresMax === undefined ? {} : { coresMax }),
    ...(executorCores === undefined ? {} : { executorCores }),
    executorMemory: settings.get(table.executorMemory),
    executorResources,
  }
}

/** In local mode a task fails its job the first time, as in Spark, unless the URL or the configuration says otherwise. */
async function connectLocal(given: ConnectOptions, threads: number, failures: string): Promise<ClusterHandle> {
  const options = { ...given, conf: { [table.taskMaxFailures.key]: failures, ...given.conf } }
  const settings = new Conf(options.conf)
  const memory = settings.get(table.executorMemory)
  if (memory > hostMemory()) throw memoryExceedsHost(`${table.executorMemory.key} ${formatSize(memory)}`, hostMemory())
  const bus = new MemoryBus({ clock: quietClock, log: options.log })
  const transport = bus.connect('driver')
  const scratch = settings.optional(table.localDir) ?? tmpdir()
  let client: BlockClient | undefined
  const driver = startDriver(
    common(
      options,
      transport,
      driverPorts(() => (client ??= blockClient(driver, settings, LOCAL_HOST_ID, scratch))),
      settings,
      quietClock,
    ),
  )
  const executor = startLocalExecutor({
    transport: bus.connect('executor'),
    clock: quietClock,
    rng: systemRng,
    log: options.log,
    versions: ownVersions(),
    cluster: settings.get(table.cluster),
    appId: driver.appId,
    token: driver.token,
    cores: threads,
    memory,
    conf: options.conf,
    ...(settings.optional(table.localDir) === undefined ? {} : { localDir: scratch }),
  })
  await driver.ready(FIRST_EXECUTORS_MS)
  return closing(
    driver,
    async () => {
      await executor.stop()
      client?.close()
    },
    holding,
  )
}

/** The driver's handle, which also closes what was opened here. */
function closing(driver: DriverHandle, close: () => Promise<void>, hold: <T>(work: Promise<T>) => Promise<T> = work => work): ClusterHandle {
  let stopped: Promise<void> | undefined
  return {
    appId: driver.appId,
    defaultParallelism: () => driver.defaultParallelism(),
    run: (graph, run) => hold(driver.run(graph, run)),
    stop(failure) {
      stopped ??= hold(driver.stop(failure).finally(close))
      return stopped
    },
  }
}
