/**
 * Where settings come from, strongest first: the program's own code, flags, `--properties-file`, `conf/spark-defaults.conf` (or `$SPK_CONF_DIR/…`).
 * The last three are merged here and handed to the program as one document.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Parsed } from './arguments.js'
import { UsageError } from './exit-codes.js'

export type Settings = Readonly<Record<string, string>>

/** Spark's properties format: a key, then space, `=` or `:`, then the value; `#` and `!` begin comments. */
export function parseProperties(text: string): Settings {
  const settings: Record<string, string> = {}
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    const match = /^([^\s=:]+)(?:\s*[=:]\s*|\s+)?(.*)$/.exec(line)
    if (match?.[1] !== undefined) settings[match[1]] = match[2] ?? ''
  }
  return settings
}

/** The `k=v` of a `--conf` flag. */
export function parseConfFlag(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`--conf "${text}" is not key=value.`)
  return [text.slice(0, at).trim(), text.slice(at + 1)]
}

function read(file: string): Settings {
  try {
    return parseProperties(readFileSync(file, 'utf8'))
  } catch {
    throw new UsageError(`The properties file ${file} cannot be read.`)
  }
}

/** `--conf` over `--properties-file` over the defaults file. */
export function settingsOf(flags: Parsed, env: NodeJS.ProcessEnv, cwd: string): Settings {
  const defaults = join(env['SPK_CONF_DIR'] ?? join(cwd, 'conf'), 'spark-defaults.conf')
  const file = flags.text('properties-file')
  return {
    ...(existsSync(defaults) ? read(defaults) : {}),
    ...(file === undefined ? {} : read(file)),
    ...Object.fromEntries(flags.all('conf').map(parseConfFlag)),
  }
}
