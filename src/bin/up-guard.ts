/**
 * Outlives `spk up` for a moment: when its parent is gone without having said so (SIGKILL), it waits until masters and workers have ended, who notice the
 * same, ends what is left, nats-server last, and removes the folder. Node modules only, so that it starts at once.
 */
import { rmSync } from 'node:fs'
import { isAlive, signal } from '../core/process-signals.js'

/** From the parent: a process that it started, the folder to remove, or that all is done. */
export type GuardMessage =
  | { readonly kind: 'process'; readonly pid: number; readonly last: boolean }
  | { readonly kind: 'ended'; readonly pid: number }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'done' }

const PATIENCE_MS = 8000
const LOOK_MS = 50

async function gone(pids: readonly number[], ms: number): Promise<void> {
  const end = performance.now() + ms
  while (pids.some(isAlive) && performance.now() < end) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  for (const pid of pids.filter(isAlive)) signal(pid, 'SIGKILL')
}

const nodes = new Set<number>()
const servers = new Set<number>()
const folders: string[] = []

process.on('message', (message: GuardMessage) => {
  switch (message.kind) {
    case 'process':
      ;(message.last ? servers : nodes).add(message.pid)
      break
    case 'ended':
      // Its number may be somebody else's soon.
      nodes.delete(message.pid)
      servers.delete(message.pid)
      break
    case 'folder':
      folders.push(message.path)
      break
    case 'done':
      process.exit(0)
  }
})
process.once('disconnect', async () => {
  await gone([...nodes], PATIENCE_MS)
  for (const pid of servers) signal(pid, 'SIGTERM')
  await gone([...servers], 2000)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.exit(0)
})
