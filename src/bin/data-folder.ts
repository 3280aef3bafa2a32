/** A folder that one `spk up` at a time keeps its data in. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SpkError } from '../core/errors.js'
import { isAlive } from '../core/process-signals.js'

/**
 * Takes the folder, made when missing; two servers on one store would ruin it. Returns how to give it back. Error: `SPK_DATA_FOLDER` when another process
 * has it or it cannot be written. What a process that died has is taken over.
 */
export function takeDataFolder(folder: string): () => void {
  const file = join(folder, 'spk-up.pid')
  try {
    mkdirSync(folder, { recursive: true })
    for (let tries = 0; ; tries++) {
      try {
        writeFileSync(file, `${process.pid}\n`, { flag: 'wx' })
        return () => rmSync(file, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 0) throw error
      }
      const pid = Number(readFileSync(file, 'utf8'))
      if (isAlive(pid)) {
        throw new SpkError(
          'SPK_DATA_FOLDER',
          `${folder} is in use by another spk up (process ${pid}). Stop that one, or give --keep-data another folder.`,
        )
      }
      rmSync(file, { force: true })
    }
  } catch (cause) {
    if (cause instanceof SpkError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SpkError('SPK_DATA_FOLDER', `${folder} cannot hold the cluster's data: ${why}. Give --keep-data a folder that you may write to.`, {
      cause,
    })
  }
}
