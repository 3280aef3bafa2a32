/**
 * Preloaded (`node --import`) into every script that `spk submit` or a worker runs: TypeScript, `import 'spk'`, an error that is one clear line with the
 * right exit code, and an end together with the process that started it.
 */
import { register } from 'node:module'
import { SpkError } from '../core/errors.js'
import { exitCodeOf } from './exit-codes.js'

register('./script-loader.js', import.meta.url)

process.on('uncaughtException', error => {
  // A handler of the script's own takes precedence.
  if (process.listenerCount('uncaughtException') > 1) return
  process.stderr.write(`${error instanceof SpkError ? error.message : (error?.stack ?? String(error))}\n`)
  process.exit(exitCodeOf(error))
})

if (process.channel !== undefined) {
  process.once('disconnect', () => process.exit(1))
  // The channel alone keeps no script alive.
  process.channel?.unref()
}
