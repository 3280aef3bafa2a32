/** `spk node --role worker`: a worker on a real bus with its folders, its block server and its page. */
import { fileURLToPath } from 'node:url'
import { startWorker, type WorkerHandle } from '../actors/worker/effects.js'
import { removeIfEmpty, removeStaleFolders, workerFolders } from '../actors/worker/folders.js'
import { processes } from '../actors/worker/processes.js'
import { hostId } from '../blockstore/host-id.js'
import { startBlockServer } from '../blockstore/server.js'
import { systemClock, systemRng } from '../core/clock.js'
import { newWorkerId } from '../core/ids.js'
import type { Resources } from '../protocol/common.js'
import { executorUrl } from '../protocol/permissions.js'
import { connectNats } from '../transport/nats.js'
import { parseNatsServers } from '../transport/nats-url.js'
import { startUi } from '../ui/server.js'
import { type WorkerView, workerJson, workerPage } from '../ui/worker-page.js'
import type { NodeEnd, NodeOptions, RunningNode } from './node-options.js'
import { ownVersions } from './versions.js'
import { workerView } from './worker-view.js'

/** Spark's port of the worker's page. */
const UI_PORT = 8081

export interface WorkerNodeOptions extends NodeOptions {
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly resources: Resources
  readonly workDir: string
  /** 0 = a free one. */
  readonly blockPort: number
  /** What executors and drivers of this worker connect to, with the user of their role. */
  readonly executorNats: string
  readonly driverNats: string
}

/** Resolves when the worker's servers listen; it registers as soon as a master leads. Rejects with nothing left open. */
export async function runWorker(options: WorkerNodeOptions): Promise<RunningNode> {
  const { log, host, bind } = options
  const url = parseNatsServers(options.natsUrl).shown
  const closing: (() => Promise<unknown>)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closing.reverse()) await close().catch((error: unknown) => log.warn({ err: error }, 'could not close in order'))
  }
  try {
    const transport = await connectNats({ servers: options.natsUrl, name: 'spk worker', log })
    closing.push(() => transport.close())
    for (const name of await removeStaleFolders(options.workDir, host)) log.info({ folder: name }, 'removed what a dead worker left')
    const workerId = newWorkerId(systemClock.now(), host, systemRng.hex(4))
    const folders = workerFolders(options.workDir, workerId, host)
    closing.push(async () => {
      await folders.close()
      await removeIfEmpty(options.workDir)
    })
    const blocks = await startBlockServer({ rootDir: folders.blocksRoot, host: bind, port: options.blockPort, log })
    closing.push(() => blocks.close())
    const blockUrl = `http://${host}:${new URL(blocks.url).port}`

    let worker: WorkerHandle | undefined
    const view = (): WorkerView => {
      if (worker === undefined) throw new Error('the worker has not started yet')
      return workerView(worker.state(), worker.phase(), url, blockUrl)
    }
    const ui = await startUi({
      host: bind,
      port: options.uiPort ?? UI_PORT,
      // Who names a port wants that one.
      ...(options.uiPort === undefined ? {} : { portRetries: 0 }),
      page: () => workerPage(view()),
      json: () => workerJson(view()),
      health() {
        const { workerId: id, state, masterId } = view()
        return { healthy: true, workerId: id, state, masterId: masterId ?? null }
      },
    })
    closing.push(() => ui.close())
    const uiUrl = `http://${host}:${ui.port}`

    worker = startWorker({
      transport,
      clock: systemClock,
      rng: systemRng,
      log,
      conf: options.conf,
      cluster: options.cluster,
      workerId,
      host,
      hostId: hostId(),
      pid: process.pid,
      cores: options.cores,
      memory: options.memory,
      resources: options.resources,
      versions: ownVersions(),
      ports: processes({
        folders,
        clock: systemClock,
        log,
        cluster: options.cluster,
        driverNats: options.driverNats,
        executorScript: fileURLToPath(new URL('./executor.js', import.meta.url)),
        driverPreload: new URL('./script-hooks.js', import.meta.url).href,
        host,
        blockServer: blocks,
      }),
      urls: { executorNats: app => executorUrl(options.executorNats, app), ui: uiUrl, block: blockUrl },
    })
    const running = worker
    const ended = running.stopped.then(async ({ reason, refused }): Promise<NodeEnd> => {
      await closeAll()
      return { reason, failed: refused }
    })
    transport.onStatus(status => {
      if (status === 'closed') void running.stop('the connection to the bus was closed for good')
    })
    return {
      id: workerId,
      facts: { ui: uiUrl, blocks: blockUrl, bus: url, cores: options.cores, memory: options.memory },
      ended,
      async stop(reason) {
        await running.stop(reason)
        return ended
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}
