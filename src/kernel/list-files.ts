/**
 * Paths, folders and globs to files, as Spark lists them: names that begin with `_` or `.` are skipped, a folder gives the files directly in it (all
 * below it with `recursiveFileLookup`), and files come in the order of their names. Local files only.
 */
import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpkError } from '../core/errors.js'
import type { FileVersion } from '../core/stage.js'

export interface ListOptions {
  readonly recursive: boolean
  /** Only files whose name matches this glob. */
  readonly nameGlob: string | undefined
}

/** Errors: `PATH_NOT_FOUND` (42K03), `SPK_UNSUPPORTED_PATH`, `SPK_PARTITIONED_FOLDER`, `FAILED_READ_FILE.NO_HINT` (KD001). */
export function listFiles(paths: readonly string[], options: ListOptions): FileVersion[] {
  const name = options.nameGlob === undefined ? undefined : globPattern(options.nameGlob)
  const found: FileVersion[] = []
  for (const path of paths) {
    const local = localPath(path)
    const roots = isGlob(local) ? expandGlob(local) : [local]
    if (roots.length === 0) throw notFound(path)
    for (const root of roots) {
      const stats = statOf(root, path)
      if (stats.isDirectory()) listFolder(root, options.recursive, found)
      else found.push(version(root, stats))
    }
  }
  return name === undefined ? found : found.filter(f => name.test(f.uri.slice(f.uri.lastIndexOf(sep) + 1)))
}

function localPath(path: string): string {
  if (/^file:/i.test(path)) return path.startsWith('file://') ? fileURLToPath(path) : path.slice('file:'.length)
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1]
  if (scheme !== undefined) {
    throw new SpkError(
      'SPK_UNSUPPORTED_PATH',
      `${path}: the scheme "${scheme}" is not supported. Give a path of the local (or a mounted) file system.`,
    )
  }
  return isAbsolute(path) ? path : resolve(path)
}

function statOf(file: string, asked: string): Stats {
  try {
    return statSync(file)
  } catch (cause) {
    throw notFound(asked, cause)
  }
}

function notFound(path: string, cause?: unknown): SpkError {
  return new SpkError('PATH_NOT_FOUND', `Path does not exist: ${path}.`, {
    sqlState: '42K03',
    params: { path },
    ...(cause === undefined ? {} : { cause }),
  })
}

function version(file: string, stats: Stats): FileVersion {
  return { uri: file, size: stats.size, mtimeMs: stats.mtimeMs }
}

function listFolder(folder: string, recursive: boolean, found: FileVersion[]): void {
  const entries = entriesOf(folder).filter(e => !hidden(e.name))
  const folders = entries.filter(e => isFolder(folder, e))
  const before = found.length
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (!folders.includes(entry)) found.push(version(path, statOf(path, path)))
    else if (recursive) listFolder(path, recursive, found)
  }
  const partition = folders.find(e => /^[^=]+=/.test(e.name))
  if (!recursive && found.length === before && partition !== undefined) {
    throw new SpkError(
      'SPK_PARTITIONED_FOLDER',
      `${folder} is partitioned by folders (${partition.name}), which is not supported yet. Read its files without the partition columns with option recursiveFileLookup=true, or one partition's folder by its path.`,
      { params: { path: folder } },
    )
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  } catch (cause) {
    throw new SpkError('FAILED_READ_FILE.NO_HINT', `Cannot list the folder ${folder}: ${(cause as Error).message}.`, { sqlState: 'KD001', cause })
  }
}

function isFolder(parent: string, entry: Dirent): boolean {
  return entry.isDirectory() || (entry.isSymbolicLink() && (statSync(join(parent, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false))
}

function hidden(name: string): boolean {
  return name.startsWith('.') || (name.startsWith('_') && !name.includes('=')) || name.endsWith('._COPYING_')
}

function isGlob(path: string): boolean {
  return /[*?[{]/.test(path)
}

/** Hadoop's globs: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, `{x,y}`; no `**`. */
function expandGlob(pattern: string): string[] {
  let folders: string[] = [sep]
  for (const segment of pattern.split(sep).filter(s => s !== '')) {
    if (!isGlob(segment)) {
      folders = folders.map(f => join(f, segment)).filter(f => statSync(f, { throwIfNoEntry: false }) !== undefined)
      continue
    }
    const match = globPattern(segment)
    folders = folders.flatMap(f =>
      statSync(f).isDirectory()
        ? entriesOf(f)
            .filter(e => match.test(e.name) && (!hidden(e.name) || /^[._]/.test(segment)))
            .map(e => join(f, e.name))
        : [],
    )
  }
  return folders
}

function globPattern(glob: string): RegExp {
  let text = ''
  let depth = 0
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i] as string
    if (c === '*') text += '[^/]*'
    else if (c === '?') text += '[^/]'
    else if (c === '[') {
      const end = glob.indexOf(']', i + 1)
      if (end < 0) text += '\\['
      else {
        text += `[${glob
          .slice(i + 1, end)
          .replace(/^!/, '^')
          .replaceAll('\\', '\\\\')}]`
        i = end
      }
    } else if (c === '{') {
      depth++
      text += '(?:'
    } else if (c === '}' && depth > 0) {
      depth--
      text += ')'
    } else if (c === ',' && depth > 0) text += '|'
    else text += c.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  }
  return new RegExp(`^${text}${')'.repeat(depth)}$`)
}
