/**
 * Finds a nats-server binary, or brings one: `SPK_NATS_SERVER`; one on PATH or fetched before; `apt-get install nats-server` when root on Debian or
 * Ubuntu; else the official release, checked against the pinned SHA-256. Else one sentence says what to install. Used by `spk up`, the quickstart, tests
 * and benches.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { SpkError } from '../core/errors.js'

export interface NatsServerBinary {
  readonly path: string
  /** As it prints it, e.g. `v2.9.10`. */
  readonly version: string
}

const release = '2.12.15'
/** SHA-256 of `nats-server-v<release>-<platform>.tar.gz`, as published with the official container images. */
const checksums: Readonly<Record<string, string>> = {
  'linux-amd64': '58ab8131f819263897e2fc38e503e1b755b63bcafeecc7d12582487df48ca15e',
  'linux-arm64': 'b724db99fefbf8f5c808baa82819ee50350aee9734017e4a478f7e545cef3ab6',
}

/** Where a download is kept when nobody says otherwise. */
export function userToolsDir(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'spk', 'tools')
}

function versionOf(path: string): string | undefined {
  const result = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return result.status === 0 ? /v\d+\.\d+\.\d+\S*/.exec(result.stdout)?.[0] : undefined
}

function onPath(toolsDir: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', toolsDir]
  for (const folder of folders) {
    const path = join(folder, 'nats-server')
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  return undefined
}

function binary(path: string): NatsServerBinary | undefined {
  const version = versionOf(path)
  return version === undefined ? undefined : { path, version }
}

/** The binary to use, installed or downloaded to `toolsDir` when there is none. `say` gets a line before anything slow. Error: `SPK_NO_NATS_SERVER`. */
export async function provideNatsServer(say: (line: string) => void, toolsDir: string): Promise<NatsServerBinary> {
  const given = process.env['SPK_NATS_SERVER']
  if (given !== undefined && given !== '') {
    const found = binary(given)
    if (found === undefined) throw new SpkError('SPK_NO_NATS_SERVER', `SPK_NATS_SERVER is ${given}, which is not a nats-server that runs here.`)
    return found
  }
  const tried: string[] = []
  for (const attempt of [() => undefined, () => installByApt(say), () => download(say, toolsDir)]) {
    const problem = await attempt()
    if (problem !== undefined) tried.push(problem)
    const path = onPath(toolsDir)
    const found = path === undefined ? undefined : binary(path)
    if (found !== undefined) return found
  }
  throw new SpkError(
    'SPK_NO_NATS_SERVER',
    `No nats-server found. Install one (Debian: apt-get install nats-server; else https://nats.io/download), or set SPK_NATS_SERVER=PATH to a binary, or SPK_NATS_URL to a running server with JetStream. Tried: ${tried.join('; ')}.`,
  )
}

function installByApt(say: (line: string) => void): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return 'apt-get (not root on Debian or Ubuntu)'
  say('Installing nats-server (apt-get install nats-server) …')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = (): boolean =>
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nats-server'], { env, stdio: 'ignore' }).status === 0
  // Package lists may be missing on a bare machine: update them only when the first try fails.
  if (install()) return undefined
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' })
  return install() ? undefined : 'apt-get install nats-server (failed)'
}

async function download(say: (line: string) => void, toolsDir: string): Promise<string | undefined> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const expected = checksums[platform]
  if (expected === undefined) return `the official release (no pinned checksum for ${platform})`
  const name = `nats-server-v${release}-${platform}`
  const url = `https://github.com/nats-io/nats-server/releases/download/v${release}/${name}.tar.gz`
  say(`Downloading nats-server ${release} …`)
  let bytes: Buffer
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(120_000) })
    if (!response.ok) return `${url} (HTTP ${response.status})`
    bytes = Buffer.from(await response.arrayBuffer())
  } catch (error) {
    return `${url} (${error instanceof Error ? error.message : String(error)})`
  }
  const actual = createHash('sha256').update(bytes).digest('hex')
  if (actual !== expected) return `${url} (SHA-256 is ${actual}, expected ${expected}: refused)`
  mkdirSync(toolsDir, { recursive: true })
  const archive = join(toolsDir, `${name}.tar.gz`)
  writeFileSync(archive, bytes)
  execFileSync('tar', ['-xzf', archive, '-C', toolsDir])
  renameSync(join(toolsDir, name, 'nats-server'), join(toolsDir, 'nats-server'))
  rmSync(join(toolsDir, name), { recursive: true })
  rmSync(archive)
  return undefined
}
