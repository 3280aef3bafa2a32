/** Nodes that cannot start: one line that says why and what to do, the right exit code, nothing left running, no record of them in the cluster. */
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, startCluster } from '../support/cluster.js'

const test = suite('bin/bad-start')
let cluster: Cluster
let taken = 0
const blocker = createServer()

test.before(async () => {
  cluster = await startCluster({ workers: 0 })
  await new Promise<void>(resolve => blocker.listen(0, '127.0.0.1', resolve))
  const address = blocker.address()
  taken = typeof address === 'object' && address !== null ? address.port : 0
})
test.after(async () => {
  blocker.close()
  await cluster.stop()
})

const cases: readonly (readonly [what: string, flags: (port: number) => readonly string[], code: number, says: readonly string[]])[] = [
  [
    'a master on a port that is taken',
    p => ['--role', 'master', '--ui-port', `${p}`],
    1,
    ['[SPK_PORT_IN_USE] Port PORT of 127.0.0.1 is in use', '--ui-port'],
  ],
  ['a worker’s pages', p => ['--role', 'worker', '--ui-port', `${p}`], 1, ['[SPK_PORT_IN_USE] Port PORT of 127.0.0.1 is in use', '--ui-port']],
  [
    'a worker’s blocks',
    p => ['--role', 'worker', '--ui-port', '0', '--block-port', `${p}`],
    1,
    ['[SPK_PORT_IN_USE] Port PORT of 127.0.0.1 is in use', '--block-port'],
  ],
  [
    'more memory than the host has',
    () => ['--role', 'worker', '--ui-port', '0', '--memory', '500t'],
    2,
    ['[SPK_MEMORY_EXCEEDS_HOST] --memory 500t is more than this host has ('],
  ],
  ['memory that is no size', () => ['--role', 'worker', '--memory', 'lots'], 2, ['--memory "lots" is not a size. Write it like 512m or 4g.']],
  [
    'a bus that does not answer',
    () => ['--role', 'worker', '--ui-port', '0', '--nats', 'nats://127.0.0.1:1'],
    3,
    ['[SPK_NATS_UNREACHABLE] No NATS server answers at nats://127.0.0.1:1', 'connection refused', 'Check that nats-server runs there'],
  ],
]

for (const [what, flags, code, says] of cases) {
  test(what, async () => {
    const ended = await cluster.spk('node', ...flags(taken), ...(flags(0).includes('worker') ? ['--work-dir', join(cluster.folder, 'bad')] : []))
      .ended
    assert.is(ended.code, code, ended.stderr)
    assert.is(ended.stdout, '')
    const [line = '', ...more] = ended.stderr.trimEnd().split('\n')
    assert.ok(line.startsWith('spk: '), ended.stderr)
    for (const part of says) assert.ok(line.includes(part.replace('PORT of', `${taken} of`)), `${part} in: ${line}`)
    assert.ok(
      more.every(l => l === 'See: spk node --help'),
      ended.stderr,
    )
    const { workers } = await cluster.leader()
    assert.equal(workers, [])
    assert.equal(
      readdirSync(cluster.folder, { recursive: true }).filter(f => /blocks|scratch/.test(String(f))),
      [],
    )
  })
}

test('a query where no master leads: code 3, and what to check', async () => {
  const ended = await cluster.spk('sql', '--cluster', 'other', '-e', 'SELECT 1').ended
  assert.is(ended.code, 3)
  assert.match(ended.stderr, /\[SPK_NO_LEADER\] No master leads cluster "other" on nats:\/\/127\.0\.0\.1:\d+ .*check --master and --cluster/)
  assert.is(ended.stdout, '')
})

test.run()
