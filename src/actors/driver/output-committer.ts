/**
 * Output folders: a job writes below `<target>/_temporary/<job>`, and its accepted files move into place only when it has succeeded; then `_SUCCESS` is
 * written. A failed or duplicate attempt leaves nothing visible. With mode overwrite the old files go only at commit. Reference: Hadoop's
 * FileOutputCommitter and Spark's save modes.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { SpkError } from '../../core/errors.js'
import type { DriverPorts } from './ports.js'

const TEMPORARY = '_temporary'
const SUCCESS = '_SUCCESS'

type Committer = Pick<DriverPorts, 'prepareWrite' | 'commitWrite' | 'abortWrite'>

/** `unique()` gives a name part that no other job of any application has. */
export function outputCommitter(unique: () => string): Committer {
  return {
    async prepareWrite(write, job) {
      const { path } = write
      const mode = write.options['mode'] ?? 'error'
      const there = await exists(path)
      if (there && mode === 'ignore') return undefined
      if (there && mode !== 'append' && mode !== 'overwrite') {
        throw new SpkError('PATH_ALREADY_EXISTS', `Path ${path} already exists. Set mode as "overwrite" to overwrite the existing path.`, {
          sqlState: '42K04',
          params: { outputPath: path },
        })
      }
      const temporary = join(path, TEMPORARY, `${job}-${unique()}`)
      try {
        await makeFolder(temporary)
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        const message = `Cannot write to ${path}: ${why}. Give a target folder that driver and workers may write to.`
        throw new SpkError('SPK_CANNOT_WRITE', message, { cause, params: { outputPath: path } })
      }
      return temporary
    },
    async commitWrite(write, temporary, files) {
      const { path } = write
      // One name for all files of the job, so that two appends never meet.
      const name = unique()
      const targets = files.map((file, n) => join(path, write.bucketed ? bucketName(file, name) : finalName(file, n, name)))
      const old = write.options['mode'] === 'overwrite' ? (await readdir(path)).filter(entry => entry !== TEMPORARY) : []
      await moveAll(files, targets)
      // Only now that the new files are in place: a commit that fails before loses nothing.
      for (const entry of old) await rm(join(path, entry), { recursive: true, force: true })
      await removeTemporary(path, temporary)
      await writeFile(join(path, SUCCESS), '')
      return targets
    },
    async abortWrite(write, temporary) {
      await removeTemporary(write.path, temporary)
      // The target was made for this job when nothing else is in it.
      await removeIfEmpty(write.path)
    },
  }
}

/** The folder and those above it. By hand: Node's own never ends where a file system answers ENOENT for good, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path).catch((error: NodeJS.ErrnoException) => error)
  if (made?.code === 'ENOENT' && dirname(path) !== path) {
    await makeFolder(dirname(path))
    await mkdir(path)
  } else if (made !== undefined && !(made.code === 'EEXIST' && (await stat(path)).isDirectory())) throw made
}

/** All or nothing: what was moved before a move failed is taken away again. */
async function moveAll(files: readonly string[], targets: readonly string[]): Promise<void> {
  const moved: string[] = []
  try {
    for (const [i, file] of files.entries()) {
      const target = targets[i] as string
      await rename(file, target)
      moved.push(target)
    }
  } catch (cause) {
    for (const target of moved) await rm(target, { force: true })
    throw new SpkError('SPK_CANNOT_WRITE', `Cannot move the files of the job into place; nothing was written. ${String(cause)}`, { cause })
  }
}

/** A folder that only holds hidden names counts as not there, as a write that was cut off leaves it. */
async function exists(path: string): Promise<boolean> {
  if (!existsSync(path)) return false
  const entries = await readdir(path).catch(() => ['a file'])
  return entries.some(entry => entry === SUCCESS || !/^[._]/.test(entry))
}

/** `part-00000-<job>-c000.snappy.parquet`: the task's own name without its ending, then the job's. */
function finalName(file: string, n: number, job: string): string {
  return `part-${String(n).padStart(5, '0')}-${job}-c000${endingOf(file)}`
}

/** `part-00003-<job>_00003.c000.snappy.parquet`: the number of the task, which is that of the bucket, stands where Spark looks for it. */
function bucketName(file: string, job: string): string {
  const bucket = basename(file).split('-')[1]
  return `part-${bucket}-${job}_${bucket}.c000${endingOf(file)}`
}

function endingOf(file: string): string {
  const name = basename(file)
  const dot = name.indexOf('.')
  return dot < 0 ? extname(name) : name.slice(dot)
}

async function removeTemporary(path: string, temporary: string): Promise<void> {
  await rm(temporary, { recursive: true, force: true })
  await removeIfEmpty(join(path, TEMPORARY))
}

/** In one step: another job may be making its folder in it at this very moment. */
async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined)
}
