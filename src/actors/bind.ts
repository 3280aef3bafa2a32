/**
 * Runs an actor: a pure xstate machine joined with its effects. `transition()` gives the next snapshot and the actions as data; each action is carried
 * out by the effect of its name; `after` delays go to the injected clock. Events are handled one at a time, in order of arrival; an effect may send
 * events, which queue behind the current one. An effect that throws or rejects is a bug: it is logged and the actor goes on.
 */
import {
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  createMachine,
  type EventFromLogic,
  type InputFrom,
  type SnapshotFrom,
} from 'xstate'
import type { Clock, Timer } from '../core/clock.js'
import type { Logger } from '../core/log.js'

/** Carries out one named action. `params` is what the machine attached to it. */
export type Effect<P> = (params: P) => void | Promise<void>
// biome-ignore lint/suspicious/noExplicitAny: each effect table is typed where it is written; here only names matter
export type EffectTable = Readonly<Record<string, Effect<any>>>

export interface Actor<M extends AnyStateMachine> {
  send(event: EventFromLogic<M>): void
  snapshot(): SnapshotFrom<M>
  /** Called after every transition, before its effects run. */
  onTransition(listener: (snapshot: SnapshotFrom<M>, event: EventFromLogic<M>) => void): void
  /** Cancels all delays and ignores further events. */
  stop(): void
}

export interface BindOptions<M extends AnyStateMachine> {
  readonly machine: M
  readonly input: InputFrom<M>
  /** Gets the actor, so that effects can send events to it. */
  readonly effects: (self: Actor<M>) => EffectTable
  readonly clock: Clock
  readonly log: Logger
}

interface ActionData {
  readonly type: string
  readonly params?: unknown
}

/** Makes a machine once for each table of decisions: to build one costs as much as hundreds of transitions. */
export function oncePer<D extends (...args: never[]) => unknown, M>(make: (decide?: D) => M): (decide: D) => M {
  const made = new WeakMap<D, M>()
  return decide => {
    const known = made.get(decide)
    if (known !== undefined) return known
    const machine = make(decide)
    made.set(decide, machine)
    return machine
  }
}

/** Stands for the running actor that xstate hands to actions and systems; ours ask it nothing, so that one serves all. */
const inert = createActor(createMachine({}))

/**
 * The same as xstate's `initialTransition()` and `transition()`, but without an actor of its own for every call: to make one computes the machine's first
 * context again, and costs three times as much as a transition.
 */
function pureTransition<M extends AnyStateMachine>(machine: M) {
  let performed: ActionData[] = []
  const nothing = (): void => {}
  const scope = {
    self: inert,
    system: inert.system,
    id: '',
    sessionId: '',
    logger: nothing,
    defer: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor: (action: ActionData) => void performed.push(action),
  } as unknown as AnyActorScope
  const collect = (snapshot: () => AnyMachineSnapshot): [AnyMachineSnapshot, ActionData[]] => {
    performed = []
    return [snapshot(), performed]
  }
  return {
    first: (input: InputFrom<M>) => collect(() => machine.getInitialSnapshot(scope as never, input as never) as AnyMachineSnapshot),
    next: (snapshot: AnyMachineSnapshot, event: EventFromLogic<M>) =>
      collect(() => machine.transition(snapshot, event as never, scope as never) as AnyMachineSnapshot),
  }
}

/** Starts the actor: the initial transition's effects have run when this returns. */
export function bind<M extends AnyStateMachine>(options: BindOptions<M>): Actor<M> {
  const { machine, clock, log } = options
  const timers = new Map<string, Timer>()
  const queue: EventFromLogic<M>[] = []
  const listeners: ((snapshot: SnapshotFrom<M>, event: EventFromLogic<M>) => void)[] = []
  let busy = true
  let stopped = false
  let snapshot: AnyMachineSnapshot

  const actor: Actor<M> = {
    send(event) {
      if (stopped) return
      queue.push(event)
      drain()
    },
    snapshot: () => snapshot as SnapshotFrom<M>,
    onTransition: listener => void listeners.push(listener),
    stop() {
      stopped = true
      queue.length = 0
      for (const timer of timers.values()) timer.cancel()
      timers.clear()
    },
  }
  const effects = options.effects(actor)
  const transitions = pureTransition(machine)

  function perform(action: ActionData): void {
    if (stopped) return
    if (action.type === 'xstate.raise') {
      const { event, id, delay } = action.params as { event: EventFromLogic<M>; id: string; delay?: number }
      // without a delay the machine has handled it already, within the same transition
      if (delay === undefined) return
      timers.get(id)?.cancel()
      timers.set(
        id,
        clock.after(delay, () => {
          timers.delete(id)
          actor.send(event)
        }),
      )
      return
    }
    if (action.type === 'xstate.cancel') {
      const { sendId } = action.params as { sendId: string }
      timers.get(sendId)?.cancel()
      timers.delete(sendId)
      return
    }
    const effect = effects[action.type]
    if (effect === undefined) {
      log.error({ action: action.type }, 'no effect of this name')
      return
    }
    try {
      const result = effect(action.params)
      if (result instanceof Promise) result.catch((error: unknown) => log.error({ err: error, action: action.type }, 'effect failed'))
    } catch (error) {
      log.error({ err: error, action: action.type }, 'effect failed')
    }
  }

  function drain(): void {
    if (busy) return
    busy = true
    try {
      for (let event = queue.shift(); event !== undefined && !stopped; event = queue.shift()) {
        const [next, actions] = transitions.next(snapshot, event)
        snapshot = next
        for (const listener of listeners) listener(snapshot as SnapshotFrom<M>, event)
        for (const action of actions) perform(action)
      }
    } finally {
      busy = false
    }
  }

  const [first, actions] = transitions.first(options.input)
  snapshot = first
  for (const action of actions) perform(action)
  busy = false
  drain()
  return actor
}
