/** This process's guard: a process that ends what is left and removes folders when this one dies without having done so (`up-guard.ts`). One for all clusters. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { GuardMessage } from './up-guard.js'

let guard: ChildProcess | undefined

/** Tells the process that cleans up after this one; starts it first. */
export function tellGuard(message: GuardMessage): void {
  if (guard?.connected !== true) {
    // The end of a process is no news for a new guard.
    if (message.kind === 'ended') return
    guard = fork(fileURLToPath(new URL('./up-guard.js', import.meta.url)), [], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    })
    guard.unref()
    guard.channel?.unref()
  }
  guard.send(message)
}

/** Nothing is left to clean up. Resolves when the process that would have done it has ended. */
export async function dismissGuard(): Promise<void> {
  const last = guard
  guard = undefined
  if (last?.connected !== true) return
  const ended = once(last, 'exit')
  last.ref()
  last.send({ kind: 'done' } satisfies GuardMessage)
  await ended
}
