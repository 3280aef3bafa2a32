/** Which bus a command talks to. */
import { UsageError } from './exit-codes.js'

export const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222'

/** The first of: the flag, the setting, `SPK_NATS_URL`, the default. */
export function natsUrlOf(flag: string | undefined, setting: string | undefined, env: NodeJS.ProcessEnv): string {
  return flag ?? setting ?? (env['SPK_NATS_URL'] || undefined) ?? DEFAULT_NATS_URL
}

/** What `--master` may say: `local`, `local[4]`, `local[4,2]`, `local[*]` or the bus. Throws `UsageError`. */
export function parseMaster(text: string): { readonly kind: 'local' } | { readonly kind: 'cluster'; readonly url: string } {
  if (/^local(\[(\d+|\*)(,\d+)?\])?$/.test(text)) return { kind: 'local' }
  if (/^(nats|tls):\/\//.test(text)) return { kind: 'cluster', url: text }
  throw new UsageError(`--master "${withoutUser(text)}" is not the URL of a NATS server (nats://host:4222) and not local, local[N] or local[*].`)
}

/** For messages: no password gets into a terminal's history or a log. */
export function withoutUser(url: string): string {
  return url.replaceAll(/\/\/[^@/,]*@/g, '//…@')
}
