/** Where in the user's program an action was called, for job descriptions: `collect at report.ts:12`. */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** `collect at report.ts:12`, or the action alone. */
export function described(action: string): string {
  const site = callSite()
  return site === undefined ? action : `${action} at ${site}`
}
