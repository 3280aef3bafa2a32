/**
 * A process of the simulated cluster: its clock, whether it lives, whether it is paused. Nothing of an ended life reaches the outside: its timers are
 * gone, and the ports it got check `alive()` before they act.
 */
import type { Clock, Rng, Timer } from '#src/core/clock.js'
import type { Entry, Scheduler } from './scheduler.js'
import type { Seed } from './seed.js'

/** Wall time at the start of a simulation. */
const EPOCH = Date.UTC(2026, 0, 31, 12)

export interface NodeOptions {
  readonly name: string
  /** Processes of one host share its disk, and its fate when the host is cut off. */
  readonly host: string
  readonly scheduler: Scheduler
  readonly seed: Seed
  /** The wall clock is off by so many milliseconds; both clocks run at `drift` times true speed. */
  readonly skewMs?: number
  readonly drift?: number
}

/** What a life of a node gets from the simulation; dead when the life is over. */
export interface Life {
  readonly clock: Clock
  readonly rng: Rng
  alive(): boolean
  /** Virtual milliseconds since the simulation began, which no clock of the node shows. */
  trueTime(): number
  /** Something of this life after `ms` of true time, like the work of a task. */
  after(ms: number, label: string, fn: () => void): Timer
}

export class SimNode {
  readonly name: string
  readonly host: string
  readonly #scheduler: Scheduler
  readonly #seed: Seed
  readonly #skew: number
  readonly #drift: number
  /** Grows with every start and every end: an odd number is a life. */
  life = 0
  /** A paused node's monotonic clock stands still when it is suspended, and runs when it is only stopped. */
  #pause: { readonly since: number; readonly suspended: boolean } | undefined
  #suspended = 0
  #waiting: Entry[] = []
  #bornAt = 0
  /** Called when a life ends: connections break, children notice. */
  onEnd: (() => void)[] = []

  constructor(options: NodeOptions) {
    this.name = options.name
    this.host = options.host
    this.#scheduler = options.scheduler
    this.#seed = options.seed
    this.#skew = options.skewMs ?? 0
    this.#drift = options.drift ?? 1
  }

  /** How wrong its clocks are: those of its host. */
  get clockError(): { readonly skewMs: number; readonly drift: number } {
    return { skewMs: this.#skew, drift: this.#drift }
  }

  get alive(): boolean {
    return this.life % 2 === 1
  }

  get paused(): boolean {
    return this.#pause !== undefined
  }

  start(): Life {
    if (this.alive) throw new Error(`${this.name} lives already`)
    const life = ++this.life
    this.#bornAt = this.#scheduler.time
    this.#suspended = 0
    const scheduler = this.#scheduler
    const alive = () => this.life === life
    const after = (ms: number, label: string, fn: () => void): Timer =>
      alive() ? scheduler.after(ms, label, fn, { node: this, kind: 'timer' }) : { cancel() {} }
    return {
      alive,
      trueTime: () => scheduler.time,
      rng: this.#seed.fork(life),
      after,
      clock: {
        now: () => Math.floor(EPOCH + this.#skew + scheduler.time * this.#drift),
        monotonic: () => this.#monotonic(),
        // A timer of Node never fires at once.
        after: (ms, fn) => {
          if (!alive()) return { cancel() {} }
          const due = this.#monotonic() + Math.max(1, ms)
          let timer = { cancel() {} }
          const arm = (wait: number): void => {
            timer = after(wait / this.#drift, 'timer', () => {
              const early = due - this.#monotonic()
              if (early > 0.001) arm(early)
              else fn()
            })
          }
          arm(Math.max(1, ms))
          return { cancel: () => timer.cancel() }
        },
      },
    }
  }

  /** The end of the process, whatever it was doing. */
  end(): void {
    if (!this.alive) return
    this.life++
    this.#pause = undefined
    this.#waiting = []
    const listeners = this.onEnd
    this.onEnd = []
    for (const listener of listeners) listener()
  }

  /** Runs nothing until `resume`, while time goes on. `suspended`: the monotonic clock stops, as when a virtual machine is suspended. */
  pause(suspended: boolean): void {
    if (this.alive && this.#pause === undefined) this.#pause = { since: this.#scheduler.time, suspended }
  }

  /** Everything that fell due happens now: timers first or messages first, each in their order. */
  resume(timersFirst: boolean): void {
    if (this.#pause === undefined) return
    if (this.#pause.suspended) this.#suspended += this.#scheduler.time - this.#pause.since
    this.#pause = undefined
    const waiting = this.#waiting
    this.#waiting = []
    const timers = waiting.filter(e => e.kind === 'timer')
    const others = waiting.filter(e => e.kind !== 'timer')
    for (const entry of timersFirst ? [...timers, ...others] : [...others, ...timers]) {
      if (entry.cancelled) continue
      this.#scheduler.after(0, entry.label, () => entry.cancelled || entry.fn(), { node: this, kind: entry.kind })
    }
  }

  /** Whether an entry of this node may happen now; one for a paused node is kept. */
  takes(entry: Entry): boolean {
    if (entry.life !== this.life) return false
    if (this.#pause === undefined) return true
    this.#waiting.push(entry)
    return false
  }

  #monotonic(): number {
    const stopped = this.#pause?.suspended ? this.#scheduler.time - this.#pause.since : 0
    return (this.#scheduler.time - this.#bornAt - this.#suspended - stopped) * this.#drift
  }
}
