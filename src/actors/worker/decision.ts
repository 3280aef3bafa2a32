/** A decision of the worker as data, and how decisions follow one another. */
import type { Command, CommandParams } from './events.js'
import type { WorkerState } from './state.js'

export interface Decision {
  readonly next: WorkerState
  /** Carried out in order. */
  readonly commands: readonly Command[]
}

export function decided(next: WorkerState, ...commands: readonly Command[]): Decision {
  return { next, commands }
}

/** Goes on deciding from where `first` ended. */
export function then(first: Decision, more: (state: WorkerState) => Decision): Decision {
  const second = more(first.next)
  return { next: second.next, commands: [...first.commands, ...second.commands] }
}

/** Applies `step` to each item in order. */
export function each<T>(state: WorkerState, items: readonly T[], step: (state: WorkerState, item: T) => Decision): Decision {
  return items.reduce((decision, item) => then(decision, s => step(s, item)), decided(state))
}

export function note(level: CommandParams['note']['level'], text: string, fields: CommandParams['note']['fields'] = {}): Command {
  return { type: 'note', params: { level, text, fields } }
}

/** Exponential back-off with jitter: between half of and the whole of `firstMs · 2^tries`, at most `longestMs`. `jitter` in [0, 1). */
export function backOff(tries: number, jitter: number, firstMs: number, longestMs: number): number {
  const full = Math.min(firstMs * 2 ** Math.min(tries, 20), longestMs)
  return Math.round(full * (0.5 + jitter / 2))
}
