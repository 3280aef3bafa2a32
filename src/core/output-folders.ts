/**
 * The temporary folders that tasks of an application wrote into, below the targets of writes. The driver removes them when it commits or gives up; when it
 * was killed, whoever removes the application's files does: a worker, or the next program in local mode. Written by executors, one path a line.
 */
import { appendFileSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** With a dot: no block has such a name, so none is asked for it. */
const LIST = 'output-folders.txt'

/** Notes that something may lie in `<target>/_temporary/<job>`. `dir`: the application's blocks. */
export function noteOutputFolder(dir: string, temporary: string): void {
  mkdirSync(dir, { recursive: true })
  appendFileSync(join(dir, LIST), `${temporary}\n`)
}

/** Removes what is noted in `dir`, and folders above that are empty then: the target itself when it was made for the write. Never fails. */
export function removeOutputFolders(dir: string): void {
  for (const temporary of noted(dir)) {
    const parent = dirname(temporary)
    // Only what has the form of a job's own folder: the list is a file that others could write.
    if (basename(parent) !== '_temporary' || !/^\d+-[0-9a-f]+$/.test(basename(temporary))) continue
    try {
      rmSync(temporary, { recursive: true, force: true })
      rmdirSync(parent)
      rmdirSync(dirname(parent))
    } catch {
      // Something else is in it, or it is gone already.
    }
  }
}

function noted(dir: string): string[] {
  try {
    return readFileSync(join(dir, LIST), 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}
