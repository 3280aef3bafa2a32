/** What a `spk status` line asks for. */
import { conf as options } from '../core/config-table.js'
import type { CommandSpec, Parsed } from './arguments.js'
import { UsageError } from './exit-codes.js'
import { natsUrlOf, parseMaster } from './nats-url.js'

export const statusSpec: CommandSpec = {
  name: 'status',
  summary: 'Show workers, applications and drivers of a cluster.',
  usage: ['[flags]'],
  positionals: 'none',
  flags: [
    {
      name: 'nats',
      value: 'URL',
      aliases: ['master'],
      doc: 'The cluster’s NATS server(s), nats://host:4222 (default $SPK_NATS_URL, else this host).',
    },
    { name: 'cluster', value: 'NAME', doc: 'Name of the cluster on that NATS server (default spk).' },
    { name: 'json', doc: 'Print what the master’s /json/ answers.' },
  ],
  examples: ['spk status', 'spk status --nats nats://10.0.0.1:4222 --json | jq .workers'],
}

/** Throws `UsageError`. */
export function statusPlan(flags: Parsed, env: NodeJS.ProcessEnv): { readonly natsUrl: string; readonly cluster: string; readonly json: boolean } {
  const natsUrl = natsUrlOf(flags.text('nats'), undefined, env)
  if (parseMaster(natsUrl).kind === 'local') throw new UsageError(`--nats ${natsUrl} is not the URL of a NATS server.`, 'status')
  return { natsUrl, cluster: flags.text('cluster') ?? (env['SPK_CLUSTER'] || (options.cluster.default ?? '')), json: flags.has('json') }
}
