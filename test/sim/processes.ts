/**
 * The worker's ports in the simulation: child processes are nodes on the worker's host, folders are on its simulated disk. What really runs is counted
 * here, apart from what any actor believes: that is how the checks know that no core was given out twice and nothing was left.
 */
import type { Child, ChildExit, WorkerPorts } from '#src/actors/worker/ports.js'
import type { ExecutorLaunch } from '#src/protocol/executor-launch.js'
import type { LaunchDriverOrder } from '#src/protocol/worker-orders.js'
import type { Disks } from './files.js'
import type { Life, SimNode } from './node.js'
import type { Seed } from './seed.js'
import type { World } from './world.js'

/** A simulated executor or driver process that runs, whatever its worker thinks. */
export interface RunningProcess {
  /** For people. */
  readonly what: string
  readonly cores: number
  readonly memory: number
  readonly workerNode: SimNode
  readonly workerLife: number
  readonly node: SimNode
}

/** Starts the actor of a process in its own node; calls `exit` when it is done. Returns how to ask it to stop. */
export type StartProcess<L> = (launch: L, node: SimNode, life: Life, exit: (code: number) => void) => { stop(): void }
export type StartExecutor = StartProcess<ExecutorLaunch>
export type StartSubmitted = StartProcess<LaunchDriverOrder>

export interface Programs {
  readonly executor: StartExecutor
  readonly driver: StartSubmitted
}

interface Spawned<L> {
  readonly process: Omit<RunningProcess, 'node' | 'workerNode' | 'workerLife'>
  readonly name: string
  readonly launch: L
  readonly start: StartProcess<L>
}

export class Processes {
  readonly running = new Set<RunningProcess>()
  readonly #world: World
  readonly #disks: Disks
  readonly #programs: Programs
  readonly #seed: Seed
  readonly #started = { executors: 0, drivers: 0 }
  readonly #launchedDrivers = new Set<string>()
  /** Told before a process starts. */
  onLaunch: (process: { readonly cores: number; readonly memory: number }, workerNode: SimNode) => void = () => {}
  onKill: (workerNode: SimNode) => void = () => {}

  constructor(world: World, disks: Disks, programs: Programs) {
    this.#world = world
    this.#disks = disks
    this.#programs = programs
    this.#seed = world.seed.fork('processes')
  }

  /** The ports of one life of a worker. `workerId` is known once the worker has started. */
  ports(workerNode: SimNode, life: Life, workerId: () => string): WorkerPorts {
    return {
      launchExecutor: (launch, onExit) => {
        const { cores, memory } = launch
        const process = { what: `executor ${launch.appId}/${launch.executorId}`, cores, memory }
        return this.#spawn({ process, name: `x${this.#started.executors++}`, launch, start: this.#programs.executor }, workerNode, life, onExit)
      },
      launchDriver: (launch, onExit) => {
        const { cores, memory } = launch.description
        this.#world.counts.add(this.#launchedDrivers.has(launch.driverId) ? 'drivers launched again' : 'drivers launched')
        this.#launchedDrivers.add(launch.driverId)
        const process = { what: `driver ${launch.driverId}`, cores, memory }
        return this.#spawn({ process, name: `y${this.#started.drivers++}`, launch, start: this.#programs.driver }, workerNode, life, onExit)
      },
      blocksDir: appId => `${workerId()}/${appId}`,
      scratchDir: (appId, executorId) => `${workerId()}/${appId}/${executorId}`,
      removeScratch: async () => {},
      removeDriver: async () => {},
      removeApplication: async appId => {
        if (life.alive()) this.#disks.removeApp(workerId(), appId)
      },
      admitApplication: appId => this.#disks.admit(workerId(), appId),
    }
  }

  #spawn<L>({ process, name, launch, start }: Spawned<L>, workerNode: SimNode, workerLife: Life, onExit: (exit: ChildExit) => void): Child {
    if (!workerLife.alive()) throw new Error('a dead worker starts nothing')
    this.onLaunch(process, workerNode)
    const pid = 1000 + this.#started.executors + this.#started.drivers
    const node = this.#world.node(name, workerNode.host, workerNode.clockError)
    const running: RunningProcess = { ...process, workerNode, workerLife: workerNode.life, node }
    const life = node.start()
    this.running.add(running)
    let how: ChildExit = { code: null, signal: 'SIGKILL' }
    let actor: { stop(): void } | undefined
    node.onEnd.push(() => {
      this.running.delete(running)
      this.#world.nodes.delete(node.name)
      if (workerLife.alive()) workerLife.after(this.#seed.between(0.1, 5), `exit of ${node.name}`, () => onExit(how))
    })
    const exit = (code: number): void => {
      how = { code, signal: null }
      node.end()
    }
    life.after(this.#seed.between(30, 300), 'process starts', () => {
      actor = start(launch, node, life, exit)
    })
    // The IPC channel closes with the worker; the child ends itself.
    workerNode.onEnd.push(() => void life.after(this.#seed.between(1, 50), 'worker is gone', () => exit(0)))
    return {
      pid,
      kill: graceMs => {
        if (!workerLife.alive()) return
        this.onKill(workerNode)
        if (actor === undefined) {
          how = { code: null, signal: 'SIGTERM' }
          return node.end()
        }
        life.after(0.5, 'SIGTERM', () => actor?.stop())
        // SIGKILL also ends what is stopped.
        this.#world.scheduler.after(graceMs, 'SIGKILL', () => {
          if (life.alive()) node.end()
        })
      },
    }
  }
}
