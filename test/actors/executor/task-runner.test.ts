import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startTaskRunner } from '#src/actors/executor/task-runner.js'
import { BlockClient } from '#src/blockstore/client.js'
import { encodeStream } from '#src/core/arrow/encode.js'
import { systemClock, systemRng } from '#src/core/clock.js'
import { silentLogger } from '#src/core/log.js'
import type { StructType } from '#src/core/types.js'
import type { PlanInput, StagePlan } from '#src/protocol/stage-plan.js'
import type { TaskInput, TaskOutput } from '#src/protocol/tasks.js'
import { makeBatch } from '../../core/arrow/random-batch.js'
import { eventually } from '../../support/eventually.js'
import { failureOf, inline, plan, type RunnerWorld, rows, taskOf, withRunner } from './runner-fixture.js'

const test = suite('actors/executor/task-runner')

const idSchema: StructType = { kind: 'struct', fields: [{ name: 'id', type: { kind: 'long' }, nullable: false }] }
const range = (name = 'r'): PlanInput => ({ kind: 'range', name, schema: idSchema })
const part = (start: number, end: number): TaskInput => ({ kind: 'range', start: String(start), end: String(end), step: '1' })

const mapSchema: StructType = {
  kind: 'struct',
  fields: [
    { name: 'k', type: { kind: 'long' }, nullable: false },
    { name: 'v', type: { kind: 'long' }, nullable: false },
    { name: 's', type: { kind: 'string' }, nullable: true },
  ],
}
const mapSql = "SELECT id % 97 AS k, id AS v, CASE WHEN id % 5 = 0 THEN NULL ELSE 'a name that is not short ' || (id % 13) END AS s FROM r"
const reduceSchema: StructType = {
  kind: 'struct',
  fields: [
    { name: 'k', type: { kind: 'long' }, nullable: false },
    { name: 'n', type: { kind: 'long' }, nullable: false },
    { name: 'sum', type: { kind: 'long' }, nullable: true },
    { name: 'last', type: { kind: 'string' }, nullable: true },
  ],
}
const reduceSql = (from: string) => `SELECT k, count(*) AS n, sum(v)::BIGINT AS sum, max(s) AS last FROM ${from} GROUP BY k`
const hash: StagePlan['output'] = { kind: 'hash', keys: ['k'], partitions: 4 }
const ROWS = 60_000
const MIB = 2 ** 20

/** Stage 1: three map tasks into four partitions. */
async function mapStage(world: RunnerWorld) {
  const third = ROWS / 3
  return world.stage(
    plan(1, mapSql, mapSchema, hash, [range()]),
    [0, 1, 2].map(i => [part(i * third, (i + 1) * third)]),
  )
}

async function expectedRows(world: RunnerWorld) {
  const [one] = await world.stage(plan(9, reduceSql(`(${mapSql})`), reduceSchema, { kind: 'result' }, [range()]), [[part(0, ROWS)]])
  return rows([inline(one as never)])
}

for (const [what, remote, conf] of [
  ['files of the same host, lz4', false, {}],
  ['the block server, lz4', true, {}],
  ['the block server, zstd', true, { 'spark.io.compression.codec': 'zstd' }],
  ['files of the same host, not compressed', false, { 'spark.shuffle.compress': 'false' }],
  ['the block server through a scratch file', true, { 'spark.reducer.maxSizeInFlight': '1k' }],
] as const) {
  test(`scan, hash partitions, aggregate by way of ${what} equals one DuckDB alone`, () =>
    withRunner({ conf }, async world => {
      const maps = await mapStage(world)
      assert.ok(maps.every(o => o.kind === 'shuffle' && o.rows.reduce((a, b) => a + b, 0) === ROWS / 3))
      const input: PlanInput = { kind: 'shuffle', name: 'm', schema: mapSchema, outputs: world.outputs(1, maps, remote) }
      const reduce = plan(2, reduceSql('m'), reduceSchema, { kind: 'result' }, [input])
      const results = await world.stage(reduce, [[{ kind: 'shuffle', from: 0, to: 1 }], [{ kind: 'shuffle', from: 1, to: 4 }]])
      assert.equal(rows(results.map(inline)), await expectedRows(world))
      const end = await world.runner.run(reduce, taskOf(reduce, 0, [{ kind: 'shuffle', from: 0, to: 4 }]))
      assert.is(end.kind, 'finished')
      const read = end.metrics?.shuffleReadMetrics
      assert.is(read?.recordsRead, ROWS)
      assert.is(remote ? read?.remoteBlocksFetched : read?.localBlocksFetched, 3)
      assert.is(
        (remote ? read?.remoteBytesRead : read?.localBytesRead) ?? 0,
        world.outputs(1, maps).maps.reduce((sum, m) => sum + m.bytes, 0),
      )
      assert.equal(
        readdirSync(world.launch.scratchDir).filter(f => f.startsWith('fetch')),
        [],
        'no scratch is left',
      )
    }))
}

test('forward reads one map output whole', () =>
  withRunner({}, async world => {
    const maps = await mapStage(world)
    const input: PlanInput = { kind: 'shuffle', name: 'm', schema: mapSchema, outputs: world.outputs(1, maps) }
    const count: StructType = { kind: 'struct', fields: [{ name: 'v', type: { kind: 'long' }, nullable: true }] }
    const results = await world.stage(plan(2, 'SELECT max(v) AS v FROM m', count, { kind: 'result' }, [input]), [[{ kind: 'forward', map: 1 }]])
    const last = Buffer.alloc(8)
    last.writeBigInt64LE(BigInt((ROWS / 3) * 2 - 1))
    assert.equal(rows(results.map(inline)), [[last.toString('hex')]])
  }))

test('a broadcast is fetched once and shared by the slots, and gone when its stage is removed', () =>
  withRunner({ cores: 2 }, async world => {
    const maps = await world.stage(plan(1, mapSql, mapSchema, { kind: 'broadcast' }, [range()]), [[part(0, 1000)], [part(1000, 2000)]])
    for (const remote of [false, true]) {
      const outputs = world.outputs(1, maps, remote)
      const inputs: PlanInput[] = [
        range('r'),
        { kind: 'broadcast', name: 'b', schema: mapSchema, outputs: remote ? { ...outputs, stage: 1 } : outputs },
      ]
      const join = plan(2, 'SELECT r.id FROM r JOIN b ON r.id = b.v', idSchema, { kind: 'result' }, inputs)
      const tasks = [0, 1, 2, 3].map(i => world.runner.run(join, taskOf(join, i, [part(i * 500, (i + 1) * 500), { kind: 'broadcast' }])))
      const ends = await Promise.all(tasks)
      assert.is(
        ends.reduce((sum, end) => sum + (end.kind === 'finished' && end.output.kind === 'result' ? end.output.rows : -1), 0),
        2000,
        JSON.stringify(ends.filter(e => e.kind === 'failed')),
      )
      const fetched = ends.map(
        end => (end.metrics?.shuffleReadMetrics.remoteBlocksFetched ?? 0) + (end.metrics?.shuffleReadMetrics.localBlocksFetched ?? 0),
      )
      assert.equal(
        fetched.filter(n => n > 0),
        [2],
      )
      await world.runner.removeStages([2])
      if (remote) break
      // The same broadcast again, from another host now: the key is forgotten first, the files are not.
      const kept = readdirSync(world.launch.blocksDir).map(f => [f, readFileSync(join2(world, f))] as const)
      await world.runner.removeStages([1])
      assert.equal(readdirSync(world.launch.blocksDir), [])
      for (const [file, bytes] of kept) writeFileSync(join2(world, file), bytes)
    }
  }))

const join2 = (world: RunnerWorld, file: string): string => join(world.launch.blocksDir, file)

test('rows of the driver and a sample of sort keys', () =>
  withRunner({}, async world => {
    const batch = makeBatch([{ name: 'id', type: { kind: 'long' }, nullable: false }], 50, 3)
    const ipc = encodeStream(idSchema, [batch])
    const input: PlanInput = { kind: 'rows', name: 'x', schema: idSchema, partitions: [encodeStream(idSchema, []), ipc] }
    const single = plan(
      1,
      'SELECT id FROM x',
      idSchema,
      { kind: 'single', sample: { keys: [{ column: 'id', ascending: true, nullsFirst: true }], size: 10 } },
      [input],
    )
    const [empty, full] = await world.stage(single, [[{ kind: 'rows', partition: 0 }], [{ kind: 'rows', partition: 1 }]])
    assert.ok(empty?.kind === 'shuffle' && full?.kind === 'shuffle')
    assert.equal([empty.rows, full.rows], [[0], [50]])
    assert.is(full.sample?.length, 10)
    const result = plan(2, 'SELECT id FROM x', idSchema, { kind: 'result' }, [input])
    assert.equal(rows((await world.stage(result, [[{ kind: 'rows', partition: 0 }]])).map(inline)), [])
  }))

test('a result beyond 256 KiB is a block that the driver fetches', () =>
  withRunner({}, async world => {
    const big = plan(3, 'SELECT id FROM r', idSchema, { kind: 'result' }, [range()])
    const [output] = await world.stage(big, [[part(0, 100_000)]])
    assert.ok(output?.kind === 'resultBlock')
    assert.is(output.file, 'result_3_0_0')
    assert.is(output.rows, 100_000)
    const { launch } = world
    const client = new BlockClient({
      hostId: 'elsewhere',
      appId: 'app-1',
      token: 'token',
      scratchDir: launch.scratchDir,
      clock: systemClock,
      rng: systemRng,
      maxSizeInFlight: 1e9,
      maxRetries: 0,
      retryWaitMs: 1,
      idleMs: 5000,
    })
    const bytes = await client.fetchResult({ workerId: 'w', hostId: 'here', blockUrl: world.server.url, blocksDir: launch.blocksDir }, output.file)
    client.close()
    assert.is(bytes.length, output.bytes)
    assert.is(rows([bytes]).length, 100_000)
    await world.runner.removeStages([3])
    assert.equal(readdirSync(launch.blocksDir), [])
  }))

const losses: readonly [string, (path: string) => void][] = [
  ['missing', path => rmSync(`${path}.index`)],
  ['missing behind its index', path => rmSync(`${path}.data`)],
  [
    'damaged',
    path => {
      const bytes = readFileSync(`${path}.data`)
      bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1
      writeFileSync(`${path}.data`, bytes)
    },
  ],
]
for (const [what, lose] of losses) {
  for (const remote of [false, true]) {
    test(`a map output that is ${what} fails the ${remote ? 'remote' : 'local'} read as FetchFailed, naming it, and the slot goes on`, () =>
      withRunner({}, async world => {
        const maps = await mapStage(world)
        const input: PlanInput = { kind: 'shuffle', name: 'm', schema: mapSchema, outputs: world.outputs(1, maps, remote) }
        const reduce = plan(2, reduceSql('m'), reduceSchema, { kind: 'result' }, [input])
        lose(join(world.launch.blocksDir, 'shuffle_1_2_0'))
        const failure = failureOf(await world.runner.run(reduce, taskOf(reduce, 0, [{ kind: 'shuffle', from: 0, to: 4 }])))
        assert.ok(failure.kind === 'FetchFailed', JSON.stringify(failure))
        const { error, ...named } = failure
        assert.equal(named, { kind: 'FetchFailed', stage: 1, map: 2, mapAttempt: 0, workerId: 'worker-1' })
        assert.is(error.code, 'SPK_FETCH_FAILED')
        assert.ok((await expectedRows(world)).length > 0)
      }))
  }
}

test('a failing query fails its task with the cause and leaves no file', () =>
  withRunner({}, async world => {
    const bad = plan(
      1,
      "SELECT CASE WHEN id = 39999 THEN error('boom') ELSE id END::BIGINT AS id FROM r",
      idSchema,
      { kind: 'roundRobin', partitions: 2 },
      [range()],
    )
    const failure = failureOf(await world.runner.run(bad, taskOf(bad, 0, [part(0, 40_000)])))
    assert.is(failure.kind, 'ExceptionFailure')
    assert.match(JSON.stringify(failure), /boom/)
    assert.equal(readdirSync(world.launch.blocksDir), [])
  }))

test('a killed task ends as TaskKilled with its reason, before it runs and while it runs, and the slot takes the next', () =>
  withRunner({ cores: 1 }, async world => {
    const endless = plan(1, 'SELECT count(*) AS id FROM r a, r b, r c WHERE a.id + b.id * c.id = -1', idSchema, { kind: 'result' }, [range()])
    const task = taskOf(endless, 0, [part(0, 100_000)])
    for (const wait of [0, 50, 300]) {
      const running = world.runner.run(endless, task)
      // Different moments of a task's life; none may be asserted on.
      await new Promise(resolve => setTimeout(resolve, wait))
      world.runner.kill(task, `after ${wait}`)
      world.runner.kill(task, 'again')
      assert.equal(failureOf(await running), { kind: 'TaskKilled', reason: `after ${wait}` })
    }
    world.runner.kill(task, 'not here')
    assert.equal(world.stuck, [])
    assert.ok((await expectedRows(world)).length > 0)
  }))

test('tasks given ahead do not wait behind a long one while another slot is free', () =>
  withRunner({ cores: 2 }, async world => {
    const endless = plan(1, 'SELECT count(*) AS id FROM r a, r b, r c WHERE a.id + b.id * c.id = -1', idSchema, { kind: 'result' }, [range()])
    const long = taskOf(endless, 0, [part(0, 100_000)])
    const running = world.runner.run(endless, long)
    const short = plan(2, 'SELECT id FROM r', idSchema, { kind: 'result' }, [range()])
    const launches = Array.from({ length: 30 }, (_, i) => taskOf(short, i, [part(i, i + 2)]))
    const doomed = launches[29] as (typeof launches)[0]
    const ends = launches.map(launch => world.runner.run(short, launch))
    world.runner.kill(doomed, 'enough')
    const done = await Promise.all(ends)
    assert.equal(failureOf(done[29] as (typeof done)[0]), { kind: 'TaskKilled', reason: 'enough' })
    for (const end of done.slice(0, 29)) assert.ok(end.kind === 'finished' && end.output.kind === 'result' && end.output.rows === 2)
    world.runner.kill(long, 'enough')
    assert.is(failureOf(await running).kind, 'TaskKilled')
  }))

test('a task that waits for blocks can be killed', () =>
  withRunner({ conf: { 'spark.shuffle.io.maxRetries': '1000', 'spark.shuffle.io.retryWait': '1h' } }, async world => {
    const maps = await mapStage(world)
    await world.server.close()
    const input: PlanInput = { kind: 'shuffle', name: 'm', schema: mapSchema, outputs: world.outputs(1, maps, true) }
    const reduce = plan(2, reduceSql('m'), reduceSchema, { kind: 'result' }, [input])
    const task = taskOf(reduce, 0, [{ kind: 'shuffle', from: 0, to: 4 }])
    const running = world.runner.run(reduce, task)
    await new Promise(resolve => setImmediate(resolve))
    world.runner.kill(task, 'enough')
    assert.equal(failureOf(await running), { kind: 'TaskKilled', reason: 'enough' })
  }))

test('memory in use is followed, and closing leaves no spill folder', async () => {
  let scratch = ''
  await withRunner({}, async world => {
    scratch = world.launch.scratchDir
    await mapStage(world)
    await eventually('memory is known', () => world.runner.memoryUsed() >= 0)
    assert.ok(existsSync(join(scratch, 'slot-0')))
  })
  assert.not.ok(existsSync(join(scratch, 'slot-0')))
})

test('unified memory: DuckDB has what storage leaves, up to its protected part; what storage has borrowed goes to disk when DuckDB grows', () =>
  withRunner({ memory: 460 * MIB, conf: { 'spark.memory.fraction': '0.25', 'spark.shuffle.compress': 'false' } }, async world => {
    // 40 MiB to share, half of them protected storage.
    const limit = async (stage: number): Promise<number> => {
      const sql = "SELECT (regexp_extract(current_setting('memory_limit'), '[0-9.]+')::DOUBLE * 10)::BIGINT AS id"
      const [output] = await world.stage(plan(stage, sql, idSchema, { kind: 'result' }, []), [[]])
      return Number(Buffer.from(String(rows([inline(output as TaskOutput)])[0]?.[0]), 'hex').readBigInt64LE()) / 10
    }
    assert.is(await limit(1), 40)
    const broadcast = async (stage: number, mebibytes: number): Promise<void> => {
      const numbers = plan(stage, 'SELECT id FROM r', idSchema, { kind: 'broadcast' }, [range()])
      const made = await world.stage(numbers, [[part(0, (mebibytes * MIB) / 8)]])
      const input: PlanInput = { kind: 'broadcast', name: 'b', schema: idSchema, outputs: world.outputs(stage, made, true) }
      const use = plan(stage + 1, 'SELECT 1::BIGINT AS id FROM b LIMIT 1', idSchema, { kind: 'result' }, [input])
      // The second task has it as a table.
      await world.stage(use, [[{ kind: 'broadcast' }], [{ kind: 'broadcast' }]])
    }
    await broadcast(10, 8)
    assert.ok(Math.abs((await limit(2)) - 32) < 0.5)
    // Storage borrows beyond its half; what the slot holds of the same broadcasts is execution's, and takes that back.
    await broadcast(20, 16)
    await eventually('borrowed memory is given back', async () => {
      await limit(3)
      return readdirSync(join(world.launch.scratchDir, 'cache')).length > 0
    })
    assert.ok((await limit(4)) >= 20)
  }))

test('an executor below 450 MiB is refused as Spark does', () => {
  const launch = { conf: {}, memory: 400 * 2 ** 20, cores: 1, scratchDir: '/tmp' } as never
  assert.throws(
    () => startTaskRunner({ launch, clock: systemClock, rng: systemRng, log: silentLogger(), onStuck: () => undefined }),
    /INVALID_EXECUTOR_MEMORY.*400.0 MiB.*450.0 MiB/,
  )
})

test.run()
