/** `spk node --role master`: a master on a real bus with its page. Standby or leader is decided by the lease, not here. */
import { startMaster } from '../actors/master/start-master.js'
import { systemClock, systemRng, type Timer } from '../core/clock.js'
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
const SHARED_CHECK_MS = 30_000
const SHARED_RETRY_MS = 1000

/**
 * Sees to it that what drivers write to and may not make themselves (see `protocol/permissions.ts`) exists: the event log. Looked after now, when asked to,
 * and every now and then; soon again after a failure, as when JetStream still elects.
 */
function keepShared(transport: Transport, { cluster, conf, log }: NodeOptions): { check(): void; stop(): void } {
  const { eventStream, eventSubjects } = subjects(cluster)
  const limits = { maxAgeMs: conf.get(table.eventsMaxAge), maxBytes: conf.get(table.eventsMaxBytes) }
  let timer: Timer | undefined
  let stopped = false
  function check(): void {
    timer?.cancel()
    timer = undefined
    transport.stream(eventStream, { subjects: eventSubjects, ...limits, adjust: true }).then(
      () => again(SHARED_CHECK_MS),
      (error: unknown) => {
        if (!stopped) log.warn({ err: error }, 'the event log is not open yet')
        again(SHARED_RETRY_MS)
      },
    )
  }
  function again(ms: number): void {
    timer?.cancel()
    if (!stopped) timer = systemClock.after(ms, check, { unref: true })
  }
  check()
  return {
    check,
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
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

  const shared = keepShared(transport, options)
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
    shared.stop()
    await master.stop()
    await ui.close()
    await transport.close()
    finished({ reason, failed })
    return { reason, failed }
  }
  transport.onStatus(status => {
    // The server may have lost its store.
    if (status === 'connected') shared.check()
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
