/** Files must be what they were at planning time: size and modification time are compared before and after a task reads, so rows of two versions never mix. */
import { type Stats, statSync } from 'node:fs'
import { SpkError } from '../core/errors.js'
import type { FileVersion } from '../core/stage.js'

/** Fails with `SPK_FILE_CHANGED` (retryable: planning again may succeed) on the first file that is gone or differs. */
export function checkFiles(files: Iterable<FileVersion>): void {
  for (const file of files) {
    let now: Stats
    try {
      now = statSync(file.uri)
    } catch (cause) {
      throw new SpkError('SPK_FILE_CHANGED', `${file.uri} is gone since the query was planned. Run the query again to read what is there now.`, {
        retryable: true,
        cause,
        params: { path: file.uri },
      })
    }
    if (now.size === file.size && now.mtimeMs === file.mtimeMs) continue
    throw new SpkError(
      'SPK_FILE_CHANGED',
      `${file.uri} changed since the query was planned (${file.size} bytes of ${new Date(file.mtimeMs).toISOString()} then, ${now.size} bytes of ${now.mtime.toISOString()} now). Run the query again to read what is there now.`,
      { retryable: true, params: { path: file.uri } },
    )
  }
}
