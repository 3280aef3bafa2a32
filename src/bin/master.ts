/** `spk node --role master`: a master on a real bus with its page. Standby or leader is decided by the lease, not here. */
import { startMaster } from '../actors/master/start-master.js'
import { systemClock, systemRng } from '../core/clock.js'
import { conf as table } from '../core/config-table.js'
import { subjects } from '../protocol/subjects.js'
import { connectNats } from '../transport/nats.js'
import { parseNatsServers } from '../transport/nats-url.js'
import type { Transport } from '../transport/transport.js'
import { clusterUtilization, masterPage } from '../ui/master-page.js'
import { startUi } from '../ui/server.js'
import type { NodeEnd, NodeOptions, RunningNode } from './node-options.js'
import { ownVersions } from './versions.js'

/** Spark's port of the master's page. */
const UI_PORT = 8080

/** Makes what drivers write to and may not make themselves: the event log. */
async function openShared(transport: Transport, { cluster, conf }: NodeOptions): Promise<void> {
  const { eventStream, eventSubjects } = subjects(cluster)
  const limits = { maxAgeMs: conf.get(table.eventsMaxAge), maxBytes: conf.get(table.eventsMaxBytes) }
  await transport.stream(eventStream, { subjects: eventSubjects, ...limits, adjust: true })
}

/** Resolves when the master thinks and its page answers. Rejects, with nothing left open, when the bus or a port cannot be had. */
export async function runMaster(options: NodeOptions): Promise<RunningNode> {
  const { log, host } = options
  const url = parseNatsServers(options.natsUrl).shown
  let view: (() => Parameters<typeof masterPage>[0]) | undefined
  const transport = await connectNats({ servers: options.natsUrl, name: 'spk master', log, replicas: options.conf.get(table.natsReplicas) })
  const ui = await startUi({
    host: options.bind,
    port: options.uiPort ?? UI_PORT,
    // Who names a port wants that one.
    ...(options.uiPort === undefined ? {} : { portRetries: 0 }),
    page: () => masterPage(now()),
    json: () => now().status,
    more: { clusterutilization: () => clusterUtilization(now().status) },
    health() {
      const { masterId, status, epoch, leader } = now()
      return { healthy: true, masterId, status: status.status, epoch, leader: epoch === 0 ? (leader?.masterId ?? null) : masterId }
    },
  }).catch(async (error: unknown) => {
    await transport.close()
    throw error
  })
  function now(): Parameters<typeof masterPage>[0] {
    if (view === undefined) throw new Error('the master has not started yet')
    return view()
  }

  // Only masters may make streams, see `protocol/permissions.ts`.
  const shared = (): void => void openShared(transport, options).catch((error: unknown) => log.warn({ err: error }, 'the event log is not open yet'))
  shared()
  const uiUrl = `http://${host}:${ui.port}`
  const master = startMaster({
    transport,
    clock: systemClock,
    rng: systemRng,
    log,
    conf: options.conf,
    cluster: options.cluster,
    host,
    uiUrl,
    url,
    versions: ownVersions(),
  })
  view = () => {
    const { epoch, leader } = master.state()
    return { status: master.status(), masterId: master.masterId, epoch, leader, waiting: master.waiting(), now: systemClock.now() }
  }

  let ending: Promise<NodeEnd> | undefined
  let finished: (end: NodeEnd) => void = () => {}
  const ended = new Promise<NodeEnd>(resolve => {
    finished = resolve
  })
  async function end(reason: string, failed: boolean): Promise<NodeEnd> {
    await master.stop()
    await ui.close()
    await transport.close()
    finished({ reason, failed })
    return { reason, failed }
  }
  transport.onStatus(status => {
    // The server may have lost its store.
    if (status === 'connected') shared()
    if (status === 'closed') ending ??= end('the connection to the bus was closed for good', true)
  })
  return {
    id: master.masterId,
    facts: { ui: uiUrl, bus: url },
    ended,
    stop(reason) {
      ending ??= end(reason, false)
      return ending
    },
  }
}
