/**
 * One child of a local cluster: its output in a log file, ready when it says so over its IPC channel (`spk node`) or when `ready` finds it in the log.
 * A child that ends before it is ready fails the start with the end of its log. Used by `local-cluster.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { SpkError } from '../core/errors.js'

/** Set for children of a local cluster: they end when their parent does. */
export const EXIT_WITH_PARENT = 'SPK_EXIT_WITH_PARENT'

/** What `spk node` sends its parent, when that gave it a channel. */
export interface NodeStarted {
  readonly kind: 'started'
  readonly facts: Readonly<Record<string, string>>
}

export interface LocalProcess {
  readonly name: string
  readonly pid: number
  /** What the process says of itself when it is ready: `id`, `ui`, … Empty for nats-server. */
  readonly facts: Readonly<Record<string, string>>
  /** Resolves when the process has ended, with a phrase: `with code 1`, `by SIGKILL`. */
  readonly ended: Promise<string>
  /** The end of its log. */
  log(): string
}

export interface Start {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly logFile: string
  /** Whether it outlives this process. */
  readonly keep: boolean
  /** Gives up the start. */
  readonly signal?: AbortSignal
  /** Absent: it says so itself. */
  readonly ready?: (log: string) => boolean
}

const READY_MS = 60_000
const LOOK_MS = 5
const TAIL = 4000

/** Rejects with `SPK_START_FAILED`. `started` is called as soon as there is a process, and what it returns when there is none any more. */
export async function startProcess(start: Start, started: (pid: number) => () => void): Promise<LocalProcess> {
  const { name, logFile, ready, keep } = start
  const output = openSync(logFile, 'w', 0o600)
  const env = { ...start.env, ...(keep ? {} : { [EXIT_WITH_PARENT]: '1' }) }
  let child: ChildProcess
  try {
    // A group of its own: Ctrl-C reaches the parent alone, which stops everything in order.
    const stdio = ['ignore', output, output, ...(ready === undefined ? (['ipc'] as const) : [])] as const
    child = spawn(start.command, start.args, { cwd: start.cwd, env, stdio: [...stdio], detached: true })
  } finally {
    closeSync(output)
  }
  const log = (): string => readFileSync(logFile, 'utf8').slice(-TAIL).trimEnd()
  let over: string | undefined
  const ended = new Promise<string>(resolve => {
    const end = (how: string): void => {
      over = how
      resolve(how)
    }
    child.once('error', error => end(`before it ran: ${error.message}`))
    child.once('exit', (code, signal) => end(signal === null ? `with code ${code}` : `by ${signal}`))
  })
  let facts: Readonly<Record<string, string>> | undefined
  child.on('message', (message: NodeStarted) => {
    if (message.kind === 'started') facts = message.facts
  })
  if (child.pid !== undefined) void ended.then(started(child.pid))
  const limit = performance.now() + READY_MS
  for (;;) {
    if (facts === undefined && ready?.(log()) === true) facts = {}
    if (facts !== undefined && child.pid !== undefined && over === undefined) break
    if (over !== undefined || performance.now() > limit || start.signal?.aborted === true) {
      child.kill('SIGKILL')
      if (start.signal?.aborted === true) throw new SpkError('SPK_START_FAILED', `${name} was not wanted any more.`)
      const how = over === undefined ? `is not ready after ${READY_MS / 1000} s` : `ended ${over}`
      throw new SpkError('SPK_START_FAILED', `${name} did not start: it ${how}. Its log:\n${log()}`)
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
  if (keep) {
    if (child.connected) child.disconnect()
    child.unref()
  }
  return { name, pid: child.pid, facts, ended, log }
}
