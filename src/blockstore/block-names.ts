/**
 * Which file a request may name: a block file of one application, by its plain name. Decided before anything touches the disk; whatever is not a plain
 * name is refused, so that no path, encoded or not, leads out of the application's folder.
 */
import { SpkError } from '../core/errors.js'

/** Names of shuffle, broadcast and result files, and of applications: letters, digits, `-` and `_`, at most 200. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$/

export function isPlainName(name: string): boolean {
  return plainName.test(name)
}

/** What the path of a request asks for. Partition and file are those of a GET. */
export type BlockRoute =
  | { readonly kind: 'health' }
  | { readonly kind: 'blocks'; readonly appId: string }
  | { readonly kind: 'partition'; readonly appId: string; readonly file: string; readonly partition: number }

/**
 * Reads a request path as it was sent (not decoded: no name we serve needs an escape). Undefined when nothing is served there; a name of odd characters
 * throws `SPK_BLOCK_NAME`.
 */
export function blockRoute(method: string, path: string): BlockRoute | undefined {
  if (path === '/health') return method === 'GET' ? { kind: 'health' } : undefined
  const parts = path.split('/')
  const [empty, version, apps, appId, blocks, file, partition] = parts
  if (empty !== '' || version !== 'v1' || apps !== 'apps' || appId === undefined || blocks !== 'blocks') return undefined
  checkName(appId)
  if (method === 'POST' && parts.length === 5) return { kind: 'blocks', appId }
  if (method !== 'GET' || parts.length !== 7 || file === undefined || partition === undefined) return undefined
  checkName(file)
  if (!/^\d{1,9}$/.test(partition)) throw badName(partition)
  return { kind: 'partition', appId, file, partition: Number(partition) }
}

export function checkName(name: string): void {
  if (!isPlainName(name)) throw badName(name)
}

function badName(name: string): SpkError {
  return new SpkError(
    'SPK_BLOCK_NAME',
    `"${name.slice(0, 80)}" is not the name of an application or a block: those have letters, digits, - and _ only, like shuffle_3_0_0.`,
  )
}
