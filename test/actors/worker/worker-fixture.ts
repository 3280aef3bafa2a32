/** A worker's machine stepped by hand: orders in, states and commands out. Nothing runs. */
import { type AnyActorLogic, initialTransition, transition } from 'xstate'
import { decideWorker } from '#src/actors/worker/decide.js'
import type { Command, Order, WorkerEvent } from '#src/actors/worker/events.js'
import { type WorkerInput, workerMachine } from '#src/actors/worker/machine.js'
import type { WorkerState } from '#src/actors/worker/state.js'

export const GIB = 2 ** 30

export const workerInput: WorkerInput = {
  workerId: 'worker-1',
  host: 'host-a',
  capacity: { cores: 4, memory: 4 * GIB, resources: { gpu: ['0', '1'] } },
  heartbeatMs: 2500,
}

export interface ExecutorWish {
  readonly app?: string
  readonly id?: string
  readonly epoch?: number
  readonly cores?: number
  readonly memory?: number
  readonly gpus?: readonly string[]
}

export function launchExecutor(wish: ExecutorWish = {}): Order {
  return {
    kind: 'launchExecutor',
    body: {
      epoch: wish.epoch ?? 1,
      masterId: 'master-1',
      appId: wish.app ?? 'app-1',
      appName: 'test',
      user: 'someone',
      executorId: wish.id ?? '0',
      cores: wish.cores ?? 1,
      memory: wish.memory ?? GIB,
      resources: wish.gpus === undefined ? {} : { gpu: [...wish.gpus] },
      token: 'secret',
      conf: {},
    },
  }
}

export function launchDriver(
  wish: { readonly id?: string; readonly launch?: number; readonly supervise?: boolean; readonly epoch?: number } = {},
): Order {
  return {
    kind: 'launchDriver',
    body: {
      epoch: wish.epoch ?? 1,
      masterId: 'master-1',
      driverId: wish.id ?? 'driver-1',
      launch: wish.launch ?? 1,
      resources: {},
      description: {
        script: '/job.js',
        args: [],
        env: {},
        conf: {},
        cores: 1,
        memory: GIB,
        supervise: wish.supervise ?? false,
        name: 'job',
      },
    },
  }
}

export const killExecutor = (id = '0', epoch = 1, app = 'app-1'): Order => ({
  kind: 'killExecutor',
  body: { epoch, appId: app, executorId: id, reason: 'asked to' },
})
export const killDriver = (id = 'driver-1', epoch = 1, launch = 1): Order => ({
  kind: 'killDriver',
  body: { epoch, driverId: id, launch, reason: 'asked to' },
})
export const applicationFinished = (app = 'app-1', epoch = 1): Order => ({ kind: 'applicationFinished', body: { epoch, appId: app } })
export const masterChanged = (epoch: number): Order => ({
  kind: 'masterChanged',
  body: { epoch, masterId: `master-${epoch}`, uiUrl: 'http://m' },
})

type Registered = Extract<WorkerEvent, { type: 'registered' }>
export function registered(asked: number, more: Partial<Registered> = {}): Registered {
  return {
    type: 'registered',
    asked,
    jitter: 0,
    epoch: 1,
    masterId: 'master-1',
    uiUrl: 'http://m',
    heartbeatMs: 2500,
    killExecutors: [],
    killDrivers: [],
    ...more,
  }
}

export interface Stepper {
  /** Handles one event; returns the commands it gave, notes left out. */
  send(event: WorkerEvent): Command[]
  /** Gives an order; returns its answer's kind and the other commands. */
  order(order: Order): { readonly answer: string | undefined; readonly commands: Command[] }
  state(): WorkerState
  value(): unknown
  /** Commands of the initial transition. */
  readonly first: Command[]
  /** The log lines so far. */
  readonly notes: readonly string[]
}

/** Commands among xstate's actions; its own (delays) are left out. */
function commandsOf(actions: readonly { readonly type: string; readonly params?: unknown }[]): Command[] {
  return actions.filter(a => !a.type.startsWith('xstate.')).map(({ type, params }) => ({ type, params }) as Command)
}

/** The whole machine, stepped by pure transitions. */
export function stepMachine(decide = decideWorker): Stepper {
  const machine = workerMachine(decide)
  let [snapshot, actions] = initialTransition(machine as AnyActorLogic as typeof machine, workerInput)
  const notes: string[] = []
  const first = commandsOf(actions)
  let token = 0
  const send = (event: WorkerEvent): Command[] => {
    ;[snapshot, actions] = transition(machine, snapshot, event)
    const commands = commandsOf(actions)
    for (const command of commands) if (command.type === 'note') notes.push(command.params.text)
    return commands.filter(c => c.type !== 'note')
  }
  return {
    first,
    notes,
    send,
    order(order) {
      const commands = send({ type: 'order', token: ++token, order })
      const answer = commands.find(c => c.type === 'answer')
      return { answer: answer?.params.reply.kind, commands: commands.filter(c => c !== answer) }
    },
    state: () => snapshot.context,
    value: () => snapshot.value,
  }
}

/** A machine that is registered with the master of epoch 1. */
export function activeWorker(): Stepper {
  const stepper = stepMachine()
  stepper.send(registered(1))
  return stepper
}

/** Short text of commands: `launch app-1/0#1`, `kill app-1/0`, `report app-1/0 RUNNING`. */
export function brief(commands: readonly Command[]): string[] {
  return commands.map(c => {
    switch (c.type) {
      case 'launch':
        return `launch ${c.params.key}#${c.params.run}`
      case 'kill':
        return `kill ${c.params.key}`
      case 'report':
        return `report ${c.params.key} ${c.params.child.state}`
      case 'reportLater':
        return `reportLater ${c.params.key} ${c.params.delayMs}`
      case 'restartLater':
        return `restartLater ${c.params.key} ${c.params.delayMs}`
      case 'removeScratch':
        return `removeScratch ${c.params.appId}/${c.params.executorId}`
      case 'removeApplication':
        return `removeApplication ${c.params.appId}`
      case 'removeDriver':
        return `removeDriver ${c.params.driverId}`
      case 'register':
      case 'heartbeat':
        return `${c.type} ${c.params.asked}`
      default:
        return c.type
    }
  })
}
