import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseProperties } from '#src/bin/conf-sources.js'
import { exitCodeOf, UsageError } from '#src/bin/exit-codes.js'
import { cgroupCores, defaultHost, defaultWorkerMemory, hostCores, hostMemory } from '#src/bin/host.js'
import { prettyLine } from '#src/bin/pretty-log.js'
import { hostId } from '#src/blockstore/host-id.js'
import { SpkError } from '#src/core/errors.js'

const test = suite('bin/host')

const root = mkdtempSync(join(tmpdir(), 'spk-cgroup-'))
test.after(() => rmSync(root, { recursive: true, force: true }))
const file = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

test('the smallest CPU quota on the way up counts, in both versions of cgroups', () => {
  file('pod/box/cpu.max', 'max 100000\n')
  file('pod/cpu.max', '150000 100000\n')
  file('cpu/old/cpu.cfs_quota_us', '200000\n')
  file('cpu/old/cpu.cfs_period_us', '100000\n')
  file('cpu/free/cpu.cfs_quota_us', '-1\n')
  file('cpu/free/cpu.cfs_period_us', '100000\n')
  assert.is(cgroupCores(root, '0::/pod/box\n'), 1.5)
  assert.is(cgroupCores(root, '4:cpu,cpuacct:/old\n'), 2)
  assert.is(cgroupCores(root, '4:cpu:/free\n3:memory:/old\n'), undefined)
  assert.is(cgroupCores(root, '0::/\n'), undefined)
})

test('this machine has something to offer, and the same id each time', () => {
  assert.ok(hostCores() >= 1)
  assert.ok(hostMemory() > 2 ** 20)
  assert.match(hostId(), /^[0-9a-f]{16}$/)
  assert.is(hostId(), hostId())
})

test('a worker keeps 1 GiB for the system, but offers something on a small machine', () => {
  assert.is(defaultWorkerMemory(8 * 2 ** 30), 7 * 2 ** 30)
  assert.is(defaultWorkerMemory(2 ** 30), 2 ** 29)
})

test('the name follows the bus: loopback when that is there', () => {
  for (const url of ['nats://127.0.0.1:4222', 'nats://localhost', 'nats://user:pw@127.0.0.1:1']) assert.is(defaultHost(url), '127.0.0.1')
  assert.is.not(defaultHost('nats://10.0.0.1:4222'), '127.0.0.1')
})

test('properties as Spark writes them', () => {
  assert.equal(parseProperties('# c\n! c\n\nspark.a   x y\nspark.b=z\nspark.c : w=1\r\n  spark.d\n'), {
    'spark.a': 'x y',
    'spark.b': 'z',
    'spark.c': 'w=1',
    'spark.d': '',
  })
})

test('a log record as a line for people', () => {
  const json = JSON.stringify({
    level: 40,
    time: '2026-01-31T12:00:05.123Z',
    actor: 'worker',
    workerId: 'w',
    children: 2,
    app: 'a',
    msg: 'No master answers',
  })
  assert.is(prettyLine(json, false), '12:00:05 WARN  worker No master answers children=2 app=a\n')
  assert.ok(prettyLine(json, true).includes('\u001b[33mWARN'))
  assert.is(prettyLine('not json\n', false), 'not json\n')
  assert.match(
    prettyLine(JSON.stringify({ level: 50, time: '2026-01-31T12:00:05Z', msg: 'm', err: { message: 'b', stack: 'B\n at x' } }), false),
    /m\n {2}B\n {3}at x\n/,
  )
})

test('exit codes', () => {
  assert.is(exitCodeOf(new UsageError('x')), 2)
  assert.is(exitCodeOf(new SpkError('SPK_BAD_CONFIG_VALUE', 'x')), 2)
  assert.is(exitCodeOf(new SpkError('SPK_NATS_UNREACHABLE', 'x')), 3)
  assert.is(exitCodeOf(new SpkError('SPK_NO_LEADER', 'x')), 3)
  assert.is(exitCodeOf(new Error('x')), 1)
})

test.run()
