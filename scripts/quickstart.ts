/**
 * The first look: a real cluster on this machine (nats-server, a leading and a standby master, two workers), a Parquet data set of 2.4 million customers,
 * and `examples/customer-analytics.ts` as a client-mode driver. Stops everything at the end; `--keep` leaves the cluster up, `--stop` ends a kept one.
 * Writes only below `.spk/quickstart`.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dismissGuard } from '#src/bin/guard.js'
import { type LocalCluster, startLocalCluster, stopProcesses } from '#src/bin/local-cluster.js'
import { parseNatsServers } from '#src/transport/nats-url.js'
import { makeCustomers } from './make-customers.js'
import { provideNatsServer } from './nats-server.js'
import { root } from './paths.js'

const folder = join(root, '.spk', 'quickstart')
const stateFile = join(folder, 'cluster.json')
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const usage = `npm run quickstart [-- --keep | --stop | --nats URL | --rows N]
  --keep      leave the cluster up and print its addresses
  --stop      stop a cluster that --keep left up
  --nats URL  use a running nats-server with JetStream (also SPK_NATS_URL)
  --rows N    customers to make (default 2400000)`

/** What `--stop` needs to know of a cluster that was kept. */
interface Kept {
  readonly processes: readonly { readonly name: string; readonly pid: number }[]
}

async function stopKept(): Promise<boolean> {
  if (!existsSync(stateFile)) return false
  const kept = JSON.parse(readFileSync(stateFile, 'utf8')) as Kept
  await stopProcesses(kept.processes)
  rmSync(stateFile)
  return true
}

function runExample(cluster: LocalCluster, data: string): Promise<number> {
  return new Promise(resolve => {
    const script = join(root, 'build', 'examples', 'customer-analytics.js')
    const args = ['--enable-source-maps', script, '--cluster', cluster.cluster, '--data', data]
    const env = { ...process.env, SPK_NATS_URL: cluster.natsUrl }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)))
  })
}

function addresses(cluster: LocalCluster): void {
  say(`  nats-server  ${parseNatsServers(cluster.natsUrl).shown}`)
  for (const { name, facts } of cluster.processes) if (facts['ui'] !== undefined) say(`  ${name.padEnd(12)} ${facts['ui']}`)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean' }, stop: { type: 'boolean' }, nats: { type: 'string' }, rows: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) {
    say(usage)
    return 0
  }
  if (values.stop) {
    say((await stopKept()) ? 'The cluster is stopped.' : 'No kept cluster runs.')
    return 0
  }
  const rows = Number(values.rows ?? 2_400_000)
  if (!Number.isSafeInteger(rows) || rows < 1) throw new Error(`--rows ${values.rows} is not a whole number above 0.`)
  if (await stopKept()) say('Stopped the cluster that an earlier run kept.')
  for (const name of ['nats', 'nats-server.conf', 'logs', 'worker-1', 'worker-2']) rmSync(join(folder, name), { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })

  const url = values.nats ?? process.env['SPK_NATS_URL']
  const user = url === undefined || url === '' ? undefined : parseNatsServers(url).user
  if (user === 'driver' || user === 'observer')
    throw new Error(`The NATS URL is that of a running cluster's ${user}, and the quickstart starts a cluster of its own: unset SPK_NATS_URL.`)
  const nats = url !== undefined && url !== '' ? { url } : { binary: (await provideNatsServer(say)).path }
  const data = join(folder, `customers-${rows}`)
  if (!existsSync(data)) say(`Making ${rows.toLocaleString('en')} customers in 4 Parquet files …`)
  await makeCustomers(data, rows, 4)

  say('Starting nats-server, a leading and a standby master, two workers …')
  const cluster = await startLocalCluster({
    folder,
    cluster: 'url' in nats ? 'spk-quickstart' : 'spk',
    masters: 2,
    workers: 2,
    workerCores: 2,
    workerMemory: '2g',
    nats,
    usualPorts: true,
    keep: values.keep ?? false,
  })
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= stopProcesses(cluster.processes)
    return stopping
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop().then(() => process.exit(130)))
  try {
    addresses(cluster)
    say('\nRunning examples/customer-analytics.ts as a client-mode driver …\n')
    const code = await runExample(cluster, data)
    if (values.keep && code === 0) {
      const kept: Kept = { processes: cluster.processes.map(({ name, pid }) => ({ name, pid })) }
      writeFileSync(stateFile, `${JSON.stringify(kept, undefined, 2)}\n`)
      say('\nThe cluster stays up:')
      addresses(cluster)
      say(
        `\nTry: curl -s ${cluster.processes.find(p => p.name === 'master-1')?.facts['ui']}/json/\nPrograms: export SPK_NATS_URL=${cluster.natsUrl}\nStop it with: npm run quickstart -- --stop`,
      )
      return 0
    }
    return code
  } finally {
    if (!existsSync(stateFile)) {
      await stop()
      for (const name of ['nats', 'nats-server.conf', 'worker-1', 'worker-2']) rmSync(join(folder, name), { recursive: true, force: true })
      await dismissGuard()
      say('Everything is stopped.')
    }
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`quickstart: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
