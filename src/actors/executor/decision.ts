/** A decision of the executor as data, and how decisions follow one another. */
import type { Command, CommandParams } from './events.js'
import type { ExecutorState } from './state.js'

export interface Decision {
  readonly next: ExecutorState
  /** Carried out in order. */
  readonly commands: readonly Command[]
}

export function decided(next: ExecutorState, ...commands: readonly Command[]): Decision {
  return { next, commands }
}

/** Goes on deciding from where `first` ended. */
export function then(first: Decision, ...more: readonly ((state: ExecutorState) => Decision)[]): Decision {
  return more.reduce((before, step) => {
    const after = step(before.next)
    return { next: after.next, commands: after.commands.length === 0 ? before.commands : [...before.commands, ...after.commands] }
  }, first)
}

export function note(level: CommandParams['note']['level'], text: string, fields: CommandParams['note']['fields'] = {}): Command {
  return { type: 'note', params: { level, text, fields } }
}

/** Exponential back-off with jitter: between half of and the whole of `firstMs · 2^tries`, at most `longestMs`. `jitter` in [0, 1). */
export function backOff(tries: number, jitter: number, firstMs: number, longestMs: number): number {
  const full = Math.min(firstMs * 2 ** Math.min(tries, 20), longestMs)
  return Math.round(full * (0.5 + jitter / 2))
}
