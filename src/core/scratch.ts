/**
 * Scratch folders of programs: their name tells which process they belong to, `spk-driver-<host>-<pid>-x1y2z3`. A folder is removed when its owner says so
 * or the process ends; those of processes that were killed are removed, with what their writes left in targets, when the next one makes a folder beside them. Used by the SDK and local mode.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { removeOutputFolders } from './output-folders.js'
import { isAlive } from './process-signals.js'

export type ScratchKind = 'driver' | 'local' | 'planning' | 'warehouse'

export interface Scratch {
  readonly path: string
  /** Removes the folder with all that is in it. Idempotent. */
  remove(): void
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

let tag: string | undefined

/** Within one tag a process id means one process: machine, container and namespace of process ids. */
function hostTag(): string {
  tag ??= createHash('sha256')
    .update(
      [
        attempt(() => readFileSync('/etc/machine-id', 'utf8')),
        hostname(),
        attempt(() => String(statSync('/').dev)),
        attempt(() => readlinkSync('/proc/self/ns/pid')),
      ].join('\n'),
    )
    .digest('hex')
    .slice(0, 8)
  return tag
}

const living = new Set<string>()
const swept = new Set<string>()

function removeAll(): void {
  for (const path of living) rmSync(path, { recursive: true, force: true })
}

/** A new folder below `parent`, which is made when it is missing. */
export function scratchFolder(parent: string, kind: ScratchKind): Scratch {
  mkdirSync(parent, { recursive: true })
  sweep(parent)
  const path = mkdtempSync(join(parent, `spk-${kind}-${hostTag()}-${process.pid}-`))
  if (living.size === 0) process.on('exit', removeAll)
  living.add(path)
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true })
      living.delete(path)
      if (living.size === 0) process.removeListener('exit', removeAll)
    },
  }
}

/** Removes what dead processes of this host left below a folder; once per folder and process. What cannot be removed is left: it may be another user's. */
function sweep(parent: string): void {
  if (swept.has(parent)) return
  swept.add(parent)
  for (const name of readdirSync(parent)) {
    const [, host, pid] = /^spk-(?:driver|local|planning|warehouse)-([0-9a-f]{8})-(\d+)-\w{6}$/.exec(name) ?? []
    if (host !== hostTag() || isAlive(Number(pid))) continue
    attempt(() => {
      removeOutputFolders(join(parent, name, 'blocks'))
      rmSync(join(parent, name), { recursive: true, force: true })
      return ''
    })
  }
}
