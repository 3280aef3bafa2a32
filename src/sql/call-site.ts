/** Where in the user's program an action was called, for job descriptions: `collect at report.ts:12`. */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpkError } from '../core/errors.js'

/** As compiled, and as source maps name it (`--enable-source-maps`). */
const ownFolders = [fileURLToPath(new URL('..', import.meta.url)), fileURLToPath(new URL('../../src/', import.meta.url))]

/** The nearest frame outside spk and node itself, as `file:line`; undefined when there is none. */
export function callSite(stack = new Error('call site').stack ?? ''): string | undefined {
  for (const line of stack.split('\n').slice(1)) {
    const match = /(?:\(|at )(?:async )?((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/.exec(line.trim())
    if (match === null) continue
    const path = match[1]?.startsWith('file:') ? fileURLToPath(match[1]) : (match[1] ?? '')
    if (ownFolders.some(folder => path.startsWith(folder)) || path.includes('/node_modules/')) continue
    return `${basename(path)}:${match[2]}`
  }
  return undefined
}

/**
 * An error as the user of an action sees it: with the stack of the call, not that of the task, and without the raw words of the engine below it, which the
 * message tells already. `called` was made when the action was called.
 */
export function asCalled(error: unknown, called: Error): unknown {
  if (!(error instanceof SpkError)) return error
  const frames = (called.stack ?? '').split('\n').filter(line => /^\s+at /.test(line) && !isOwn(line))
  error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n')
  if (error.cause instanceof SpkError && error.cause.code === 'INTERNAL_ERROR') delete error.cause
  return error
}

function isOwn(frame: string): boolean {
  return ownFolders.some(folder => frame.includes(folder))
}

/** `collect at report.ts:12`, or the action alone. */
export function described(action: string): string {
  const site = callSite()
  return site === undefined ? action : `${action} at ${site}`
}
