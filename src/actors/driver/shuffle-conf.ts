/**
 * Settings that a stage's tasks get beside those of the session. Compression makes a shuffle's bytes half as many for twice the work: worth it where they
 * go over a network. Any reader takes both kinds, so an executor that joins on another host later reads what was written before.
 */
import type { Conf } from '../../core/config.js'
import { conf as table } from '../../core/config-table.js'

interface Located {
  readonly registered?: { readonly hostId: string }
}

export function shuffleConf(conf: Conf, executors: readonly Located[]): Readonly<Record<string, string>> {
  const entries = conf.entries()
  const hosts = new Set(executors.flatMap(executor => executor.registered?.hostId ?? []))
  if (conf.text(table.shuffleCompress) !== undefined || hosts.size !== 1) return entries
  return { ...entries, [table.shuffleCompress.key]: 'false' }
}
