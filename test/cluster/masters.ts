/** Masters as processes, and what an observer of the bus sees of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { MasterStatus } from '#src/protocol/status.js'

export interface MasterProcess {
  readonly host: string
  readonly id: string
  readonly ui: string
  readonly child: ChildProcess
  status(): Promise<MasterStatus>
  signal(name: NodeJS.Signals): void
  /** SIGKILL, awaited. */
  kill(): Promise<void>
  /** SIGTERM, awaited; its exit code. */
  stop(): Promise<number | null>
}

export async function startMasterProcess(natsUrl: string, host: string, conf: Record<string, string>): Promise<MasterProcess> {
  const script = fileURLToPath(new URL('./master-process.js', import.meta.url))
  const env = { ...process.env, SPK_LOG_LEVEL: process.env['SPK_TEST_LOG_LEVEL'] ?? 'fatal' }
  const child = spawn(process.execPath, [script, natsUrl, host, JSON.stringify(conf)], { stdio: ['ignore', 'pipe', 'inherit'], env })
  const killAtExit = () => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.removeListener('exit', killAtExit))
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [undefined])])) as [string | undefined]
  if (line === undefined) throw new Error(`master ${host} ended before it ran`)
  const { id, ui } = JSON.parse(line) as { id: string; ui: string }
  // The page is where the process is, whatever its host is called.
  const base = `http://127.0.0.1:${new URL(ui).port}`
  async function end(name: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const ended = once(child, 'exit')
    child.kill(name)
    await ended
    return child.exitCode
  }
  return {
    host,
    id,
    ui: base,
    child,
    status: async () => (await fetch(`${base}/json/`)).json() as Promise<MasterStatus>,
    signal: name => void child.kill(name),
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  }
}
