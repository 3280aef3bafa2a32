import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { field, struct, types } from '#src/core/types.js'
import { SlotHost } from '#src/kernel/slot-host.js'
import { failure } from '../support/failure.js'
import { task } from './slots.js'

const test = suite('kernel/slot-host')

const dir = mkdtempSync(join(tmpdir(), 'spk-host-'))
test.after(() => rmSync(dir, { recursive: true, force: true }))

const n = struct([field('n', types.long)])
const small = () => task({ sql: 'SELECT range AS n FROM range(10)', schema: n })
const endless = () => task({ sql: 'SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 7', schema: n })

let made = 0
async function host(graceMs = 300): Promise<{ host: SlotHost; stuck: string[]; spillDir: string }> {
  const stuck: string[] = []
  const id = `slot-${made++}`
  const spillDir = join(dir, id)
  const started = await SlotHost.start({
    entry: new URL('./slot-thread-fixture.js', import.meta.url),
    slot: { id, spillDir, memoryLimit: 256 * 2 ** 20 },
    graceMs,
    onStuck: slot => stuck.push(slot),
  })
  return { host: started, stuck, spillDir }
}

test('runs tasks one after the other, reports results, sink and typed errors, and leaves nothing', async () => {
  const { host: h, spillDir } = await host()
  const { result, sink } = await h.run(small(), 'count')
  assert.is(result.rowsOut, 10)
  assert.equal(sink, { rows: 10, bytes: Uint8Array.of(1, 2, 3) })
  const error = await failure(h.run(task({ sql: "SELECT CAST('x' AS BIGINT) AS n", schema: n }), 'count'))
  assert.is(error.code, 'CAST_INVALID_INPUT')
  assert.is(error.sqlState, '22018')
  assert.is((await h.run(small(), 'count')).result.rowsOut, 10)
  await h.setMemoryLimit(300 * 2 ** 20)
  assert.type(await h.memoryUsed(), 'number')
  await h.dropCached(['unknown'])
  assert.is(h.load, 0)
  await h.close()
  assert.is(existsSync(spillDir), false)
})

test('a cancelled query frees the slot on the same thread', async () => {
  const { host: h, stuck } = await host(5_000)
  const doomed = endless()
  const running = failure(h.run(doomed, 'count'))
  h.interrupt('another task')
  h.interrupt(doomed.id)
  assert.is((await running).code, 'SPK_TASK_CANCELLED')
  assert.is((await h.run(small(), 'count')).result.rowsOut, 10)
  assert.equal(stuck, [])
  await h.close()
})

test('tasks given ahead run in order, each with its own inputs, and a failed one stops no other', async () => {
  const { host: h } = await host()
  const common = { sql: 'SELECT id AS n FROM r', settings: {}, schema: n, conf: {}, output: { kind: 'rows' } } as const
  const range = (i: number) => [{ kind: 'range', name: 'r', start: '0', end: String(i), step: '1' } as const]
  const order: number[] = []
  const runs = Array.from({ length: 40 }, async (_, i) => {
    const bad = i === 20 ? await failure(h.run(task({ sql: "SELECT CAST('x' AS BIGINT) AS n", schema: n }), 'count')) : undefined
    const rows = bad === undefined ? (await h.run(task({ ...common, inputs: range(i) }), 'count')).result.rowsOut : bad.code
    // One that fails is told by a longer chain of promises.
    if (i !== 20) order.push(i)
    return rows
  })
  assert.is(h.load, 40)
  assert.equal(
    await Promise.all(runs),
    Array.from({ length: 40 }, (_, i) => (i === 20 ? 'CAST_INVALID_INPUT' : i)),
  )
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  )
  assert.is(h.load, 0)
  await h.close()
})

test('a waiting task is cancelled at once, without the one before it', async () => {
  const { host: h } = await host(100)
  const first = endless()
  const running = failure(h.run(first, 'count'))
  const waiting = small()
  const cancelled = failure(h.run(waiting, 'count'))
  const last = h.run(small(), 'count')
  await h.memoryUsed()
  h.interrupt(waiting.id)
  assert.is((await cancelled).code, 'SPK_TASK_CANCELLED')
  assert.is(h.load, 2)
  h.interrupt(first.id)
  assert.is((await running).code, 'SPK_TASK_CANCELLED')
  assert.is((await last).result.rowsOut, 10)
  await h.close()
})

test('a task cancelled before it was posted never runs', async () => {
  const { host: h } = await host()
  const one = small()
  const run = failure(h.run(one, 'crash'))
  h.interrupt(one.id)
  assert.is((await run).code, 'SPK_TASK_CANCELLED')
  await h.close()
})

test('waiting tasks can be taken back and go on in another slot', async () => {
  const { host: busy } = await host(5_000)
  const { host: idle } = await host()
  const doomed = endless()
  const running = failure(busy.run(doomed, 'count'))
  const cancelledMeanwhile = small()
  const runs = [busy.run(small(), 'count'), busy.run(small(), 'count')]
  const cancelled = failure(busy.run(cancelledMeanwhile, 'count'))
  await busy.memoryUsed()
  const recalled = busy.recall()
  assert.equal(await busy.recall(), [], 'one recall at a time')
  busy.interrupt(cancelledMeanwhile.id)
  const back = await recalled
  assert.is((await cancelled).code, 'SPK_TASK_CANCELLED')
  assert.is(back.length, 2)
  assert.is(busy.load, 1)
  for (const one of back) idle.adopt(one)
  for (const run of runs) assert.is((await run).result.rowsOut, 10)
  assert.equal(await busy.recall(), [])
  busy.interrupt(doomed.id)
  assert.is((await running).code, 'SPK_TASK_CANCELLED')
  await busy.close()
  await idle.close()
})

test('tasks that had not begun when their thread crashed run on the next one', async () => {
  const { host: h } = await host()
  const crashing = failure(h.run(task({ sql: 'SELECT range AS n FROM range(2000000)', schema: n }), 'crash'))
  const waiting = [1, 2, 3].map(() => h.run(small(), 'count'))
  assert.is((await crashing).code, 'SPK_SLOT_LOST')
  for (const run of waiting) assert.is((await run).result.rowsOut, 10)
  await h.close()
})

test('closing cancels what runs', async () => {
  const { host: h } = await host(5_000)
  const running = failure(h.run(endless(), 'count'))
  await h.close()
  assert.is((await running).code, 'SPK_TASK_CANCELLED')
})

test('a thread stuck in JavaScript with nothing native in flight is replaced', async () => {
  const { host: h, stuck } = await host(50)
  // The sink gets the only batch at the end of the query.
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const spinning = small()
  const running = failure(h.run(spinning, flag))
  while (Atomics.load(flag, 0) === 0) await new Promise(resolve => setImmediate(resolve))
  h.interrupt(spinning.id)
  const error = await running
  assert.is(error.code, 'SPK_SLOT_LOST')
  assert.is(error.retryable, true)
  assert.is((await h.run(small(), 'count')).result.rowsOut, 10)
  assert.equal(stuck, [])
  await h.close()
})

test('a crashed thread fails its task retryably and is replaced', async () => {
  const { host: h } = await host()
  const error = await failure(h.run(task({ sql: 'SELECT range AS n FROM range(2000000)', schema: n }), 'crash'))
  assert.is(error.code, 'SPK_SLOT_LOST')
  assert.is(error.retryable, true)
  assert.match(error.message, 'bang')
  assert.is((await h.run(small(), 'count')).result.rowsOut, 10)
  await h.close()
})

test('a slot that cannot open says why', async () => {
  const error = await failure(
    SlotHost.start({
      entry: new URL('./slot-thread-fixture.js', import.meta.url),
      slot: { id: 'bad', spillDir: 'relative/folder', memoryLimit: 2 ** 28 },
      onStuck: () => undefined,
    }),
  )
  assert.is(error.code, 'SPK_SLOT_LOST')
  assert.match(error.message, 'relative/folder is not absolute')
})

test.run()
