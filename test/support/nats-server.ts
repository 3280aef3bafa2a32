/**
 * A nats-server with JetStream for one test: on 127.0.0.1, a free port and a folder of its own. `SPK_NATS_SERVER` picks the binary. It is killed and its
 * folder removed by `stop()`, and at the latest when the test's process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.js'

export interface NatsServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Default: a fresh folder. One that is given is kept by `stop()`. */
  readonly storeDir?: string
  /** Further configuration in nats-server's own syntax (users, permissions). */
  readonly config?: string
}

export interface NatsServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** SIGKILL, awaited. The store stays. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  pause(): void
  resume(): void
  /** Starts again on the same port and store, after a `kill()` or instead of it. */
  restart(options?: { readonly emptyStore?: boolean }): Promise<void>
  stop(): Promise<void>
}

export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'spk-nats-'))
  const storeDir = options.storeDir ?? join(folder, 'store')
  const configFile = join(folder, 'nats.conf')
  writeFileSync(configFile, options.config ?? '')
  let port = options.port ?? -1
  let child = await launch()

  async function launch(): Promise<ChildProcess> {
    const portsDir = mkdtempSync(join(folder, 'ports-'))
    const args = [
      '-c',
      configFile,
      '-a',
      '127.0.0.1',
      '-p',
      String(port),
      '-js',
      '-sd',
      storeDir,
      '--ports_file_dir',
      portsDir,
      '-l',
      join(folder, 'log'),
    ]
    const started = spawn(process.env.SPK_NATS_SERVER ?? 'nats-server', args, { stdio: 'ignore' })
    let failed: Error | undefined
    started.once('error', error => {
      failed = error
    })
    const killAtExit = () => void started.kill('SIGKILL')
    process.once('exit', killAtExit)
    started.once('exit', () => process.removeListener('exit', killAtExit))
    await eventually('nats-server listens', async () => {
      if (failed !== undefined || started.exitCode !== null) return true
      if (port === -1) {
        const file = readdirSync(portsDir).find(name => name.endsWith('.ports'))
        if (file === undefined) return false
        const { nats } = JSON.parse(readFileSync(join(portsDir, file), 'utf8')) as { nats: string[] }
        port = Number(new URL(nats[0] ?? '').port)
      }
      return greets(port)
    })
    if (failed !== undefined) throw failed
    if (started.exitCode !== null) throw new Error(`nats-server ended at once: ${readFileSync(join(folder, 'log'), 'utf8')}`)
    return started
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? -1
    },
    kill: () => kill('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async restart(how = {}) {
      await kill('SIGKILL')
      if (how.emptyStore) rmSync(storeDir, { recursive: true, force: true })
      child = await launch()
    },
    async stop() {
      await kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** True when something on this port says `INFO …`, as a NATS server does at once. */
function greets(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host: '127.0.0.1', port })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', data => end(data.toString('latin1').startsWith('INFO')))
    socket.once('error', () => end(false))
    socket.setTimeout(500, () => end(false))
  })
}
