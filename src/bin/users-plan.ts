/** What a `spk users` line asks for. */
import { resolve } from 'node:path'
import { conf as options } from '../core/config-table.js'
import { subjectToken } from '../core/ids.js'
import type { CommandSpec, Parsed } from './arguments.js'
import { UsageError } from './exit-codes.js'
import { parseMaster, withoutUser } from './nats-url.js'

export interface UsersPlan {
  readonly cluster: string
  /** Absent: the configuration is printed, without passwords. */
  readonly write: { readonly folder: string /** `host:port` of each server. */; readonly servers: readonly string[] } | undefined
}

export const usersSpec: CommandSpec = {
  name: 'users',
  summary: 'Make the NATS users of a cluster: configuration for nats-server, and fresh passwords.',
  usage: ['[--cluster NAME] > spk-users.conf', '--out DIR --nats URL [--cluster NAME]'],
  positionals: 'none',
  flags: [
    { name: 'cluster', value: 'NAME', doc: 'Name of the cluster (default spk).' },
    {
      name: 'out',
      value: 'DIR',
      doc: 'Write the configuration, fresh passwords, and a file of environment variables per role into this folder. What is there is not overwritten.',
    },
    { name: 'nats', value: 'URL', doc: 'With --out: the server(s) as the hosts of the cluster reach them, nats://host:4222.' },
  ],
  examples: [
    'spk users > spk-users.conf',
    'spk users --out ./site --nats nats://10.0.0.1:4222',
    'spk users --out ./site --nats nats://n1,nats://n2,nats://n3',
  ],
}

/** Throws `UsageError`. */
export function usersPlan(flags: Parsed, env: NodeJS.ProcessEnv, cwd: string): UsersPlan {
  const cluster = flags.text('cluster') ?? (env['SPK_CLUSTER'] || (options.cluster.default ?? ''))
  if (subjectToken(cluster) !== cluster) throw new UsageError(`--cluster "${cluster}": letters, digits, _ and - only.`, 'users')
  const out = flags.text('out')
  const url = flags.text('nats')
  if (out === undefined) {
    if (url !== undefined) throw new UsageError('--nats goes with --out.', 'users')
    return { cluster, write: undefined }
  }
  if (url === undefined) throw new UsageError('--out needs --nats: the URL goes into the files of the roles.', 'users')
  if (parseMaster(url).kind === 'local') throw new UsageError(`--nats ${url} is not the URL of a NATS server.`, 'users')
  return { cluster, write: { folder: resolve(cwd, out), servers: url.split(',').map(part => server(part.trim())) } }
}

function server(text: string): string {
  if (!/^nats:\/\/[^@/]+\/?$/.test(text))
    throw new UsageError(`--nats "${withoutUser(text)}" is not nats://host:port; users and passwords are made here.`, 'users')
  return text.slice('nats://'.length).replace(/\/$/, '')
}
