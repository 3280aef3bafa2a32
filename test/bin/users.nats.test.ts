/** `spk users`: what it writes is complete, secret where it must be, and a configuration that nats-server takes; the committed one is up to date. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { usersConf } from '#src/protocol/permissions.js'
import { root } from '../../scripts/paths.js'

const test = suite('bin/users')
const folder = mkdtempSync(join(tmpdir(), 'spk-users-'))
test.after(() => rmSync(folder, { recursive: true }))

function spk(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const script = fileURLToPath(new URL('../../../dist/bin/spk.js', import.meta.url))
  return spawnSync(process.execPath, [script, 'users', ...args], { encoding: 'utf8', cwd: folder })
}

/** What nats-server says of a configuration that it would refuse; empty when it takes it. */
function objection(file: string): string {
  const env = { ...process.env, NATS_NAME: 'n1' }
  const { status, stderr } = spawnSync(process.env['SPK_NATS_SERVER'] ?? 'nats-server', ['-t', '-c', join(folder, file)], { encoding: 'utf8', env })
  return status === 0 ? '' : stderr
}

test('deploy/spk-users.conf is what the subjects say (npm run users)', () => {
  const committed = readFileSync(join(root, 'deploy', 'spk-users.conf'), 'utf8')
  assert.is(committed, usersConf('spk', 'spk-passwords.conf'))
  assert.is(spk().stdout, committed)
})

test('--out writes what one server and the hosts need, once', () => {
  const { status, stdout, stderr } = spk('--out', 'one', '--nats', 'nats://10.0.0.1:4222', '--cluster', 'sales')
  assert.is(status, 0, stderr)
  const names = ['spk-users.conf', 'spk-passwords.conf', 'master.env', 'worker.env', 'driver.env', 'observer.env']
  assert.equal(stdout, names.map(name => `${join(folder, 'one', name)}\n`).join(''))
  for (const name of names) assert.is(statSync(join(folder, 'one', name)).mode & 0o777, name === 'spk-users.conf' ? 0o644 : 0o600, name)
  copyFileSync(join(root, 'deploy', 'nats-server.conf'), join(folder, 'one', 'nats-server.conf'))
  assert.is(objection('one/nats-server.conf'), '')
  const worker = readFileSync(join(folder, 'one', 'worker.env'), 'utf8')
  for (const [variable, user] of [
    ['SPK_NATS_URL', 'worker'],
    ['SPK_EXECUTOR_NATS_URL', 'executor'],
    ['SPK_DRIVER_NATS_URL', 'driver'],
  ] as const)
    assert.match(worker, new RegExp(`^${variable}='nats://${user}:\\w+@10.0.0.1:4222'$`, 'm'))
  assert.match(worker, /^SPK_CLUSTER='sales'$/m)

  const again = spk('--out', 'one', '--nats', 'nats://10.0.0.1:4222')
  assert.is(again.status, 1)
  assert.match(again.stderr, /SPK_FILE_EXISTS.*spk-users.conf exists/)
})

test('three servers get routes too', () => {
  assert.is(spk('--out', 'three', '--nats', 'nats://n1,nats://n2:4222,nats://n3').status, 0)
  copyFileSync(join(root, 'deploy', 'nats-cluster.conf'), join(folder, 'three', 'nats-server.conf'))
  assert.is(objection('three/nats-server.conf'), '')
  assert.match(
    readFileSync(join(folder, 'three', 'master.env'), 'utf8'),
    /nats:\/\/master:(\w+)@n1,nats:\/\/master:\1@n2:4222,nats:\/\/master:\1@n3'/,
  )
})

for (const [args, text] of [
  [['--out', 'x'], /--out needs --nats/],
  [['--nats', 'nats://h'], /--nats goes with --out/],
  [['--out', 'x', '--nats', 'nats://me:pw@h'], /users and passwords are made here/],
  [['--out', 'x', '--nats', 'local'], /not the URL of a NATS server/],
  [['--cluster', 'a.b'], /letters, digits/],
  [['--ouut', 'x'], /did you mean --out\?/],
] as const) {
  test(`spk users ${args.join(' ')} is a usage error`, () => {
    const { status, stderr } = spk(...args)
    assert.is(status, 2)
    assert.match(stderr, text)
    assert.not.match(stderr, 'me:pw')
  })
}

test.run()
