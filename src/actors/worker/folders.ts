/**
 * A worker's folders: `<dir>/<workerId>/{work/<app>/<executor>, work/<driver>, blocks/<app>, scratch/<app>/<executor>}`. Every life of a worker has its
 * own, so that several workers share one `--work-dir`; what a dead one left is removed by the next. An id that is not a plain name never becomes a path.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SpkError } from '../../core/errors.js'
import { removeOutputFolders } from '../../core/output-folders.js'
import { isAlive } from '../../core/process-signals.js'

/** Marks a folder as a worker's, with the process it belongs to. */
const OWNER = 'owner.json'

interface Owner {
  readonly pid: number
  readonly host: string
  /** The process's start in clock ticks since boot (Linux), so that a reused pid is not taken for the owner. */
  readonly started: string
}

export interface WorkerFolders {
  readonly root: string
  readonly blocksRoot: string
  /** Output of one executor; created. */
  executorLogs(appId: string, executorId: string): string
  /** Output of one driver; created. */
  driverLogs(driverId: string): string
  blocks(appId: string): string
  scratch(appId: string, executorId: string): string
  removeScratch(appId: string, executorId: string): Promise<void>
  /** Also what a killed driver's writes left in their targets. */
  removeApplication(appId: string): Promise<void>
  removeDriver(driverId: string): Promise<void>
  /** Removes everything but the drivers' output, and that too when there is none. */
  close(): Promise<void>
}

/** One path element, or `SPK_BAD_ID` when it could lead elsewhere. */
function plain(id: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(id)) return id
  throw new SpkError('SPK_BAD_ID', `"${id}" cannot be the name of a folder: an id is made of letters, digits, - and _.`)
}

function startTime(pid: number): string {
  try {
    // Field 22; the second field is the command in brackets and may hold spaces.
    return (
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19] ?? ''
    )
  } catch {
    return ''
  }
}

function lives(owner: Owner): boolean {
  if (!isAlive(owner.pid)) return false
  const now = startTime(owner.pid)
  return owner.started === '' || now === '' || now === owner.started
}

/** Removes the folders that workers of this host left in `dir` when they died. Returns their names. */
export async function removeStaleFolders(dir: string, host: string): Promise<string[]> {
  const removed: string[] = []
  for (const name of existsSync(dir) ? readdirSync(dir).sort() : []) {
    const file = join(dir, name, OWNER)
    if (!existsSync(file)) continue
    let owner: Owner
    try {
      owner = JSON.parse(readFileSync(file, 'utf8')) as Owner
    } catch {
      continue
    }
    if (owner.host !== host || lives(owner)) continue
    await rm(join(dir, name), { recursive: true, force: true })
    removed.push(name)
  }
  return removed
}

/** Makes the folders of one worker below `dir`. Fails with `SPK_WORK_DIR` when it cannot write there. */
export function workerFolders(dir: string, workerId: string, host: string): WorkerFolders {
  const root = join(resolve(dir), plain(workerId))
  const made = (...path: string[]): string => {
    const folder = join(root, ...path)
    mkdirSync(folder, { recursive: true })
    return folder
  }
  const remove = (...path: string[]): Promise<void> => rm(join(root, ...path), { recursive: true, force: true, maxRetries: 3 })
  try {
    made('blocks')
    const owner: Owner = { pid: process.pid, host, started: startTime(process.pid) }
    writeFileSync(join(root, OWNER), JSON.stringify(owner))
  } catch (cause) {
    throw new SpkError('SPK_WORK_DIR', `Cannot write to the work folder ${root}. Give a folder that this user may write to with --work-dir.`, {
      cause,
    })
  }
  return {
    root,
    blocksRoot: join(root, 'blocks'),
    executorLogs: (appId, executorId) => made('work', plain(appId), plain(executorId)),
    driverLogs: driverId => made('work', plain(driverId)),
    blocks: appId => made('blocks', plain(appId)),
    scratch: (appId, executorId) => made('scratch', plain(appId), plain(executorId)),
    removeScratch: (appId, executorId) => remove('scratch', plain(appId), plain(executorId)),
    removeDriver: driverId => remove('work', plain(driverId)),
    async removeApplication(appId) {
      removeOutputFolders(join(root, 'blocks', plain(appId)))
      await Promise.all(['blocks', 'scratch', 'work'].map(part => remove(part, plain(appId))))
    },
    async close() {
      await Promise.all(['blocks', 'scratch'].map(part => remove(part)))
      const work = join(root, 'work')
      const kept = existsSync(work) ? readdirSync(work).filter(name => name.startsWith('driver-')) : []
      for (const name of existsSync(work) ? readdirSync(work) : []) if (!kept.includes(name)) await remove('work', name)
      if (kept.length === 0) await rm(root, { recursive: true, force: true })
    },
  }
}

/** Removes `dir` when nothing is left in it. */
export async function removeIfEmpty(dir: string): Promise<void> {
  try {
    await rmdir(dir)
  } catch {
    // Something of another worker is in it.
  }
}
