/** The table of options. Declared once, here; grouped as in Spark's configuration page. Sorting and documentation are `scripts/config-docs.ts`'s. */
import { asBoolean, asDuration, asInt, asMemory, asNumber, asSeconds, asSize, asString, type ConfigOption } from './config-option.js'

const all: ConfigOption<unknown>[] = []
function option<T>(
  scope: ConfigOption<T>['scope'],
  key: string,
  parse: (text: string) => T,
  value: string | undefined,
  doc: string,
  alternatives?: readonly string[],
): ConfigOption<T> {
  const made: ConfigOption<T> = { key, parse, default: value, doc, scope, ...(alternatives === undefined ? {} : { alternatives }) }
  all.push(made as ConfigOption<unknown>)
  return made
}

/** Every option, in the order declared. */
export function options(): readonly ConfigOption<unknown>[] {
  return all
}

export const conf = {
  // application
  appName: option('application', 'spark.app.name', asString, undefined, 'Name of the application, shown in the UI and in the event log.'),
  master: option(
    'application',
    'spark.master',
    asString,
    undefined,
    "`local`, `local[N]`, `local[*]`, or the URL(s) of the cluster's NATS server: `nats://host:4222`.",
  ),
  coresMax: option(
    'application',
    'spark.cores.max',
    asInt,
    undefined,
    'Most cores the application takes over all executors; unset: `spark.deploy.defaultCores` of the master.',
  ),
  executorCores: option(
    'application',
    'spark.executor.cores',
    asInt,
    undefined,
    'Cores (task slots) of each executor; unset: one executor takes all free cores of a worker.',
  ),
  executorMemory: option('application', 'spark.executor.memory', asMemory, '1g', 'Memory of each executor; `spark.memory.*` say how it is divided.'),
  driverCores: option('application', 'spark.driver.cores', asInt, '1', 'Cores that a driver in cluster mode takes of its worker.'),
  driverMemory: option(
    'application',
    'spark.driver.memory',
    asMemory,
    '1g',
    "Memory of a driver in cluster mode, taken of its worker; its JavaScript heap. In client mode it sets the heap, unset: Node's own limit.",
  ),
  driverSupervise: option(
    'application',
    'spark.driver.supervise',
    asBoolean,
    'false',
    'Whether a driver in cluster mode is started again when it ends with another code than 0.',
  ),
  deployMode: option(
    'application',
    'spark.submit.deployMode',
    asString,
    'client',
    'Where `spk submit` runs the driver: `client` (here) or `cluster` (on a worker).',
  ),
  waitAppCompletion: option(
    'application',
    'spark.standalone.submit.waitAppCompletion',
    asBoolean,
    'false',
    'Whether `spk submit` in cluster mode stays until the driver has ended, and ends with its result.',
  ),
  files: option(
    'application',
    'spark.files',
    asString,
    undefined,
    'Files, parted by commas, that are copied into the working folder of every executor and cluster-mode driver. They must lie at the same path on every host.',
  ),
  driverMaxResultSize: option(
    'application',
    'spark.driver.maxResultSize',
    asSize,
    '1g',
    'Most bytes of results of one job that the driver accepts; 0: no limit.',
  ),
  memoryFraction: option(
    'application',
    'spark.memory.fraction',
    asNumber,
    '0.6',
    'Part of (executor memory − 300 MiB) shared by execution (DuckDB) and cached blocks.',
  ),
  memoryStorageFraction: option(
    'application',
    'spark.memory.storageFraction',
    asNumber,
    '0.5',
    'Part of that which cached blocks keep when execution asks for more.',
  ),
  localDir: option(
    'application',
    'spark.local.dir',
    asString,
    undefined,
    "Folder for scratch files in local mode; unset: the system's temporary folder.",
  ),
  showConsoleProgress: option(
    'application',
    'spark.ui.showConsoleProgress',
    asBoolean,
    undefined,
    'Progress bars of running stages on standard error; unset: when it is a terminal.',
  ),
  // scheduling
  taskMaxFailures: option(
    'application',
    'spark.task.maxFailures',
    asInt,
    '4',
    'Failures of one task (not counting lost executors, kills and fetch failures) after which the job fails.',
  ),
  stageMaxConsecutiveAttempts: option(
    'application',
    'spark.stage.maxConsecutiveAttempts',
    asInt,
    '4',
    'Consecutive attempts of a stage lost to fetch failures after which the job fails.',
  ),
  localityWait: option(
    'application',
    'spark.locality.wait',
    asDuration,
    '3s',
    'How long a task waits for a slot near its data before it takes a farther one, per level.',
  ),
  executorHeartbeat: option(
    'application',
    'spark.executor.heartbeatInterval',
    asDuration,
    '10s',
    "Interval of the executors' heartbeats to the driver.",
  ),
  networkTimeout: option('application', 'spark.network.timeout', asSeconds, '120s', 'An executor silent for this long is lost.'),
  defaultParallelism: option('application', 'spark.default.parallelism', asInt, undefined, 'Partitions where nothing else says; unset: all slots.'),
  // shuffle
  ioCompressionCodec: option(
    'application',
    'spark.io.compression.codec',
    asString,
    'lz4',
    'Codec of Arrow buffer compression in blocks: `lz4` or `zstd`.',
  ),
  shuffleCompress: option('application', 'spark.shuffle.compress', asBoolean, 'true', 'Whether shuffle files are compressed.'),
  reducerMaxSizeInFlight: option(
    'application',
    'spark.reducer.maxSizeInFlight',
    asSize,
    '48m',
    'Most bytes of remote blocks that one task holds in memory while it fetches; the rest goes to disk.',
  ),
  shuffleMaxRetries: option(
    'application',
    'spark.shuffle.io.maxRetries',
    asInt,
    '3',
    'Tries of a failed block request before it is a fetch failure.',
  ),
  shuffleRetryWait: option(
    'application',
    'spark.shuffle.io.retryWait',
    asDuration,
    '5s',
    'Longest wait between such tries (the first waits are shorter).',
  ),
  // sql
  shufflePartitions: option(
    'session',
    'spark.sql.shuffle.partitions',
    asInt,
    '200',
    "Partitions of a hash exchange. While unset and adaptive execution is on, spk starts with what the input's size asks for, at most this many.",
  ),
  adaptiveEnabled: option(
    'session',
    'spark.sql.adaptive.enabled',
    asBoolean,
    'true',
    'Re-planning between stages by real sizes: small shuffle partitions are read together, joins of which one side turned out small are broadcast.',
  ),
  adaptiveBroadcastThreshold: option(
    'session',
    'spark.sql.adaptive.autoBroadcastJoinThreshold',
    asSizeOrOff,
    undefined,
    'A join side that turned out to be no larger than this is broadcast; unset: `spark.sql.autoBroadcastJoinThreshold`; -1: never.',
  ),
  adaptiveCoalesce: option(
    'session',
    'spark.sql.adaptive.coalescePartitions.enabled',
    asBoolean,
    'true',
    'Whether small shuffle partitions are read together.',
  ),
  adaptiveAdvisorySize: option(
    'session',
    'spark.sql.adaptive.advisoryPartitionSizeInBytes',
    asSize,
    '64MB',
    'Size that coalesced partitions aim at.',
  ),
  adaptiveMinSize: option(
    'session',
    'spark.sql.adaptive.coalescePartitions.minPartitionSize',
    asSize,
    '1MB',
    'Smallest size of a coalesced partition.',
  ),
  autoBroadcastJoinThreshold: option(
    'session',
    'spark.sql.autoBroadcastJoinThreshold',
    asSizeOrOff,
    '10MB',
    'A join side estimated at no more than this is broadcast; -1: never.',
  ),
  fileOrderEnabled: option(
    'session',
    'spk.sql.fileOrder.enabled',
    asBoolean,
    'true',
    'Where row groups of Parquet files hardly overlap on a column, joins and aggregates on it read them by ranges, without an exchange.',
  ),
  filesMaxPartitionBytes: option('session', 'spark.sql.files.maxPartitionBytes', asSize, '128MB', 'Most bytes of files that one scan task reads.'),
  filesOpenCost: option(
    'session',
    'spark.sql.files.openCostInBytes',
    asSize,
    '4MB',
    'What opening a file counts for when small files are packed into tasks.',
  ),
  ansiEnabled: option(
    'session',
    'spark.sql.ansi.enabled',
    asBoolean,
    'true',
    'ANSI semantics: overflow, bad casts and division by zero fail the query instead of giving NULL.',
  ),
  sessionTimeZone: option('session', 'spark.sql.session.timeZone', asString, undefined, "Time zone of the session; unset: the process's."),
  caseSensitive: option('session', 'spark.sql.caseSensitive', asBoolean, 'false', 'Whether column names are case-sensitive.'),
  enforceReservedKeywords: option(
    'session',
    'spark.sql.ansi.enforceReservedKeywords',
    asBoolean,
    'false',
    'With ANSI on, reserved words cannot be names of tables, columns and aliases.',
  ),
  doubleQuotedIdentifiers: option(
    'session',
    'spark.sql.ansi.doubleQuotedIdentifiers',
    asBoolean,
    'false',
    'With ANSI on, text in double quotes is a name and not a string.',
  ),
  legacyIdentifierClause: option(
    'session',
    'spark.sql.legacy.identifierClause',
    asBoolean,
    'false',
    'IDENTIFIER() stands for whole names of tables, columns and functions only, as before Spark 4.2.',
  ),
  singlePipe: option(
    'session',
    'spark.sql.parser.singleCharacterPipeOperator.enabled',
    asBoolean,
    'true',
    'Whether `|` between the steps of a query is a pipe, as `|>` is.',
  ),
  timestampType: option(
    'session',
    'spark.sql.timestampType',
    asString,
    'TIMESTAMP_LTZ',
    'What TIMESTAMP means in SQL texts: `TIMESTAMP_LTZ` (an instant) or `TIMESTAMP_NTZ` (a wall clock).',
  ),
  warehouseDir: option(
    'application',
    'spark.sql.warehouse.dir',
    asString,
    undefined,
    'Folder below which a session keeps the files of the tables it creates, in a folder of its own that goes when the session stops. On a cluster it must be the same on every host. Unset: a scratch folder.',
  ),
  profile: option(
    'session',
    'spk.sql.profile',
    asBoolean,
    'false',
    "Whether tasks count rows, bytes and time of each operator, as `explain('analyze')` does for its run.",
  ),
  longAsBigInt: option(
    'session',
    'spk.sql.longAsBigInt',
    asBoolean,
    'false',
    'BIGINT values in rows are bigint always; otherwise number, and bigint only beyond 2^53.',
  ),
  // cluster
  deployDefaultCores: option(
    'cluster',
    'spark.deploy.defaultCores',
    asInt,
    undefined,
    'Cores of an application that sets no `spark.cores.max`; unset: no limit.',
  ),
  deploySpreadOut: option(
    'cluster',
    'spark.deploy.spreadOut',
    asBoolean,
    'true',
    'Executors go round over workers (true) or fill one worker after the other (false).',
    ['spark.deploy.spreadOutApps'],
  ),
  deployMaxExecutorRetries: option(
    'cluster',
    'spark.deploy.maxExecutorRetries',
    asInt,
    '10',
    'Abnormal executor exits in a row, with none running, after which the application fails; -1: never.',
  ),
  retainedApplications: option('cluster', 'spark.deploy.retainedApplications', asInt, '200', 'Ended applications that the master remembers.'),
  retainedDrivers: option('cluster', 'spark.deploy.retainedDrivers', asInt, '200', 'Ended drivers that the master remembers.'),
  workerTimeout: option(
    'cluster',
    'spk.worker.timeout',
    asSeconds,
    '10s',
    'A worker silent for this long is DEAD. Heartbeats come every quarter of it.',
  ),
  appTimeout: option('cluster', 'spk.application.timeout', asSeconds, '10s', 'A driver silent for this long is gone, and its application FAILED.'),
  leaseTtl: option(
    'cluster',
    'spk.master.leaseTtl',
    asDuration,
    '3s',
    "Life of the leader's lease, in a cluster that starts for the first time; renewed every third of it. An existing cluster keeps what it has.",
  ),
  cluster: option('cluster', 'spk.cluster', asString, 'spk', 'Name of the cluster: first token of every subject, bucket and stream.'),
  natsReplicas: option(
    'cluster',
    'spk.nats.replicas',
    asInt,
    '1',
    'Copies of the state and of the event log that a master makes when they do not exist yet: 3 on three NATS servers.',
  ),
  eventsMaxAge: option('cluster', 'spk.events.maxAge', asDuration, '7d', 'How long the event log keeps records.'),
  eventsMaxBytes: option('cluster', 'spk.events.maxBytes', asSize, '1g', 'Most bytes of the event log.'),
} as const

function asSizeOrOff(text: string): number {
  return text.trim() === '-1' ? -1 : asSize(text)
}
