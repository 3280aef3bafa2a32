/**
 * A cluster in one world: the real masters, workers and executors, started, crashed and restarted on simulated nodes. The driver is put on top by `run.ts`.
 * A `Plant` replaces a decision or an effect of one actor: how the simulator proves that it finds bugs.
 */
import type { DriverOptions } from '#src/actors/driver/effects.js'
import type { ExecutorOptions } from '#src/actors/executor/effects.js'
import type { MasterHandle, MasterOptions } from '#src/actors/master/start-master.js'
import { startMaster } from '#src/actors/master/start-master.js'
import { startWorker, type WorkerHandle, type WorkerOptions } from '#src/actors/worker/effects.js'
import { Conf } from '#src/core/config.js'
import { type Subjects, subjects } from '#src/protocol/subjects.js'
import { PROTOCOL_VERSION, SPK_VERSION } from '#src/protocol/version.js'
import type { Transport } from '#src/transport/transport.js'
import { Disks, Outputs } from './files.js'
import { Invariants } from './invariants.js'
import type { SimNode } from './node.js'
import { Processes, type Programs } from './processes.js'
import type { World } from './world.js'

export const CLUSTER = 'spk'
export const VERSIONS = { spk: SPK_VERSION, duckdb: 'sim', protocol: PROTOCOL_VERSION }

/** A bug to be found: parts of actors, replaced when they are put together. Nothing of it is in `src/`. */
export interface Plant {
  readonly master?: Pick<MasterOptions, 'decide' | 'wrapEffects'>
  readonly worker?: Pick<WorkerOptions, 'decide' | 'wrapEffects'>
  readonly executor?: Pick<ExecutorOptions, 'decide' | 'wrapEffects'>
  readonly driver?: Pick<DriverOptions, 'merge' | 'wrapEffects'>
  readonly masterTransport?: (transport: Transport) => Transport
}

export interface Shape {
  readonly masters: number
  readonly workers: readonly { readonly cores: number; readonly memory: number }[]
  readonly conf: Readonly<Record<string, string>>
}

export class SimCluster {
  readonly world: World
  readonly names: Subjects = subjects(CLUSTER)
  readonly disks: Disks
  readonly outputs = new Outputs()
  readonly processes: Processes
  readonly invariants: Invariants
  readonly masters = new Map<SimNode, MasterHandle>()
  readonly workers = new Map<SimNode, WorkerHandle>()
  readonly #shape: Shape
  readonly #plant: Plant
  readonly #conf: Conf

  constructor(world: World, shape: Shape, programs: Programs, plant: Plant = {}) {
    this.world = world
    this.#shape = shape
    this.#plant = plant
    this.#conf = new Conf(shape.conf)
    this.disks = new Disks(world.net)
    this.processes = new Processes(world, this.disks, programs)
    this.invariants = new Invariants(world, this.names, this.processes)
    this.invariants.epochKnown = node => this.workers.get(node)?.state().epoch ?? 0
    const skews = world.seed.fork('skew')
    const clock = () => {
      if (!skews.chance(0.3)) return {}
      world.counts.add('clocks that are wrong')
      return { skewMs: skews.between(-60_000, 60_000), drift: skews.between(0.995, 1.005) }
    }
    for (let i = 0; i < shape.masters; i++) world.node(`m${i}`, `m${i}`, clock())
    shape.workers.forEach((capacity, i) => void this.invariants.worker(world.node(`w${i}`, `w${i}`, clock()), capacity))
  }

  /** Starts what this node runs, a new process every time. */
  start(node: SimNode): void {
    if (node.alive) return
    if (node.name.startsWith('m')) this.#startMaster(node)
    else if (node.name.startsWith('w')) this.#startWorker(node)
  }

  /** Asks what this node runs to end in good order. */
  stop(node: SimNode): void {
    if (!node.alive) return
    const life = node.life
    const gone = () => {
      if (node.life === life) node.end()
    }
    void (this.masters.get(node)?.stop() ?? this.workers.get(node)?.stop('SIGTERM'))?.then(gone)
  }

  /** Where a master leads. */
  leader(): SimNode | undefined {
    return [...this.masters].find(([node, master]) => node.alive && master.phase() === 'leading')?.[0]
  }

  /** One master leads and has nothing to rebuild, and every worker is registered with it. */
  settled(): boolean {
    const leader = this.leader()
    const state = leader === undefined ? undefined : this.masters.get(leader)?.state()
    if (state === undefined) return false
    const { epoch, rebuildUntil } = state
    if (rebuildUntil !== undefined) return false
    return [...this.workers.values()].every(worker => worker.phase() === 'active' && worker.state().epoch === epoch)
  }

  #startMaster(node: SimNode): void {
    const life = node.start()
    const transport = this.world.net.connect(node, life)
    const handle = startMaster({
      transport: this.#plant.masterTransport?.(transport) ?? transport,
      clock: life.clock,
      rng: life.rng,
      log: this.world.log(node.name, life),
      conf: this.#conf,
      cluster: CLUSTER,
      host: node.host,
      uiUrl: '',
      url: 'nats://sim',
      versions: VERSIONS,
      ...this.#plant.master,
    })
    this.masters.set(node, handle)
    node.onEnd.push(() => handle.abandon())
  }

  #startWorker(node: SimNode): void {
    const capacity = this.#shape.workers[Number(node.name.slice(1))]
    if (capacity === undefined) throw new Error(`no worker ${node.name}`)
    const life = node.start()
    const ports = this.processes.ports(node, life, () => handle.workerId)
    const handle: WorkerHandle = startWorker({
      transport: this.world.net.connect(node, life),
      clock: life.clock,
      rng: life.rng,
      log: this.world.log(node.name, life),
      conf: this.#conf,
      cluster: CLUSTER,
      host: node.host,
      hostId: node.host,
      pid: node.life,
      ...capacity,
      resources: {},
      versions: VERSIONS,
      ports,
      urls: { executorNats: () => '', ui: '', block: `http://${node.host}` },
      ...this.#plant.worker,
    })
    this.disks.open(handle.workerId, node)
    this.workers.set(node, handle)
    node.onEnd.push(() => handle.abandon())
  }
}
