/**
 * Brings a fresh clone to a built tree: checks Node, installs the locked dependencies when they are missing or out of date, compiles with tsc -b.
 * Plain JavaScript without dependencies, since it runs before there are any. Called by every npm script that a newcomer may type first.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

function run(command, args, what) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', shell: process.platform === 'win32' })
  if (result.status !== 0)
    fail(`${what} failed (${command} ${args.join(' ')}):\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`)
}

/** Installs and builds. Says in one line each what it does when it takes time; silent when there is nothing to do. */
export function setup() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 15)) fail(`spk needs Node 20.15 or newer; this is ${process.versions.node}.`)
  const stamp = join(root, 'node_modules', '.spk-lock')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    process.stdout.write('Installing dependencies (npm ci) …\n')
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'Installing dependencies')
    writeFileSync(stamp, lock)
  }
  if (!existsSync(join(root, 'dist', 'sdk', 'index.js'))) process.stdout.write('Building (tsc) …\n')
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], 'Building')
}

/** Runs a compiled script of this repository with this process's arguments; ends with its exit code. Signals reach both, as one terminal does it. */
export function runBuilt(script, args = process.argv.slice(2)) {
  const result = spawnSync(process.execPath, [join(root, 'build', script), ...args], { cwd: root, stdio: 'inherit' })
  process.exit(result.status ?? 1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup()
