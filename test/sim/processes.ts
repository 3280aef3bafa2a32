/**
 * The worker's ports in the simulation: child processes are nodes on the worker's host, folders are on its simulated disk. What really runs is counted
 * here, apart from what any actor believes: that is how the checks know that no core was given out twice and nothing was left.
 */
import type { ChildExit, WorkerPorts } from '#src/actors/worker/ports.js'
import type { ExecutorLaunch } from '#src/protocol/executor-launch.js'
import type { Disks } from './files.js'
import type { Life, SimNode } from './node.js'
import type { Seed } from './seed.js'
import type { World } from './world.js'

/** A simulated executor process that runs, whatever its worker thinks. */
export interface RunningProcess {
  readonly launch: ExecutorLaunch
  readonly workerNode: SimNode
  readonly workerLife: number
  readonly node: SimNode
}

/** Starts the executor actor in its own node; calls `exit` when the actor is done. Returns how to ask it to stop. */
export type StartExecutor = (launch: ExecutorLaunch, node: SimNode, life: Life, exit: (code: number) => void) => { stop(): void }

export class Processes {
  readonly running = new Set<RunningProcess>()
  started = 0
  readonly #world: World
  readonly #disks: Disks
  readonly #startExecutor: StartExecutor
  readonly #seed: Seed
  /** Told before a process starts. */
  onLaunch: (launch: ExecutorLaunch, workerNode: SimNode) => void = () => {}
  onKill: (workerNode: SimNode) => void = () => {}

  constructor(world: World, disks: Disks, startExecutor: StartExecutor) {
    this.#world = world
    this.#disks = disks
    this.#startExecutor = startExecutor
    this.#seed = world.seed.fork('processes')
  }

  /** The ports of one life of a worker. `workerId` is known once the worker has started. */
  ports(workerNode: SimNode, life: Life, workerId: () => string): WorkerPorts {
    return {
      launchExecutor: (launch, onExit) => this.#launch(launch, workerNode, life, onExit),
      launchDriver: () => {
        throw new Error('the simulation runs no drivers on workers')
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

  #launch(
    launch: ExecutorLaunch,
    workerNode: SimNode,
    workerLife: Life,
    onExit: (exit: ChildExit) => void,
  ): { pid: number; kill(graceMs: number): void } {
    if (!workerLife.alive()) throw new Error('a dead worker starts nothing')
    this.onLaunch(launch, workerNode)
    const number = this.started++
    const node = this.#world.node(`x${number}`, workerNode.host)
    const process: RunningProcess = { launch, workerNode, workerLife: workerNode.life, node }
    const life = node.start()
    this.running.add(process)
    let how: ChildExit = { code: null, signal: 'SIGKILL' }
    let actor: { stop(): void } | undefined
    node.onEnd.push(() => {
      this.running.delete(process)
      this.#world.nodes.delete(node.name)
      if (workerLife.alive()) workerLife.after(this.#seed.between(0.1, 5), `exit of ${node.name}`, () => onExit(how))
    })
    const exit = (code: number): void => {
      how = { code, signal: null }
      node.end()
    }
    life.after(this.#seed.between(30, 300), 'process starts', () => {
      actor = this.#startExecutor(launch, node, life, exit)
    })
    // The IPC channel closes with the worker; the child ends itself.
    workerNode.onEnd.push(() => void life.after(this.#seed.between(1, 50), 'worker is gone', () => exit(0)))
    return {
      pid: 1000 + number,
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
