import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Clock, delay } from '#src/core/clock.js'
import type { Bucket } from '#src/transport/transport.js'
import { anything } from './faults.js'
import type { Life, SimNode } from './node.js'
import { hashText, Seed } from './seed.js'
import { calm, newWorld, type World } from './world.js'

const test = suite('sim/framework')

const TTL = 3000

/** Who believed to lead, when: the toy's only effect. */
interface Term {
  readonly who: string
  readonly epoch: number
  readonly acts: number[]
}

const both = (clock: Clock) => ({ monotonic: clock.monotonic(), wall: clock.now() })

/** By the clock that moved more: a suspended machine's monotonic clock stands still. */
function elapsed(clock: Clock, since: { monotonic: number; wall: number }): number {
  return Math.max(clock.monotonic() - since.monotonic, clock.now() - since.wall)
}

/** A leader that takes a lease, acts every 50 ms while it may, and renews. `blind`: renews by a plain write, which takes the lease from whoever has it. */
async function toyLeader(world: World, node: SimNode, life: Life, terms: Term[], blind: boolean): Promise<void> {
  const { clock } = life
  const transport = world.net.connect(node, life)
  const me = new TextEncoder().encode(node.name)
  let bucket: Bucket | undefined
  let over = true
  while (life.alive()) {
    await delay(clock, 100)
    try {
      bucket ??= await transport.bucket('lease', { ttlMs: TTL })
      let since = both(clock)
      over = false
      let revision = await bucket.create('lease', me)
      const term: Term = { who: node.name, epoch: revision, acts: [] }
      terms.push(term)
      const act = (): void => {
        if (over || !life.alive()) return
        if (elapsed(clock, since) < (TTL * 2) / 3) term.acts.push(world.scheduler.time)
        clock.after(50, act)
      }
      act()
      for (;;) {
        await delay(clock, TTL / 3)
        const sent = both(clock)
        revision = blind ? await bucket.put('lease', me) : await bucket.update('lease', me, revision)
        since = sent
      }
    } catch {
      over = true
    }
  }
}

async function toyRun(seed: number, blind: boolean): Promise<{ hash: string; overlaps: number; terms: Term[] }> {
  const world = newWorld(seed)
  const terms: Term[] = []
  const nodes = ['m1', 'm2', 'm3'].map(name => world.node(name))
  for (const node of nodes) void toyLeader(world, node, node.start(), terms, blind)
  const faults = anything(world.seed.fork('faults'), { nodes: ['m1', 'm2', 'm3'], hosts: ['m1', 'm2', 'm3'], from: 500, healAt: 20_000, most: 8 })
  for (const fault of faults) {
    const node = 'node' in fault ? world.nodes.get(fault.node) : undefined
    const set = (at: number, fn: () => void) => void world.scheduler.after(at, fault.kind, fn)
    if (fault.kind === 'pause') set(fault.at, () => node?.pause(fault.suspended))
    if (fault.kind === 'pause') set(fault.until, () => node?.resume(fault.timersFirst))
    if (fault.kind === 'crash') set(fault.at, () => node?.end())
    if (fault.kind === 'crash') set(fault.until, () => node !== undefined && !node.alive && void toyLeader(world, node, node.start(), terms, blind))
    if (fault.kind === 'cut') set(fault.at, () => world.net.cut(fault.host, fault.directions))
    if (fault.kind === 'cut') set(fault.until, () => world.net.heal(fault.host))
    if (fault.kind === 'busDown') set(fault.at, () => world.net.busDown())
    if (fault.kind === 'busDown') set(fault.until, () => world.net.busBack())
    if (fault.kind === 'storeDown') set(fault.at, () => world.net.storeDown())
    if (fault.kind === 'storeDown') set(fault.until, () => world.net.storeBack())
  }
  world.scheduler.after(20_000, 'calm', () => world.net.setProfile(calm))
  await world.scheduler.run(30_000)
  assert.equal(world.violations, [])
  const acts = terms.flatMap(t => t.acts.map(time => ({ time, who: t.who }))).sort((a, b) => a.time - b.time)
  const overlaps = acts.filter((act, i) => i > 0 && acts[i - 1]?.who !== act.who && act.time - (acts[i - 1]?.time ?? 0) < 25).length
  return { hash: world.trace.hash(), overlaps, terms }
}

test('one seed, one hash; another seed, another hash', async () => {
  const hashes = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) {
    const [first, second] = [await toyRun(seed, false), await toyRun(seed, false)]
    assert.is(first.hash, second.hash, `seed ${seed}`)
    hashes.add(first.hash)
  }
  assert.is(hashes.size, 20)
})

test('leaders that renew by compare and set never act at once, and one leads again after all faults; blind writers are caught', async () => {
  let terms = 0
  for (let seed = 1; seed <= 100; seed++) {
    const run = await toyRun(seed, false)
    assert.is(run.overlaps, 0, `seed ${seed}`)
    assert.ok(
      run.terms.some(t => (t.acts.at(-1) ?? 0) > 29_000),
      `seed ${seed}: nobody leads at the end`,
    )
    assert.is(new Set(run.terms.map(t => t.epoch)).size, run.terms.length)
    terms += run.terms.length
  }
  assert.ok(terms > 150, 'leaders change')
  let caught = 0
  for (let seed = 1; seed <= 100; seed++) if ((await toyRun(seed, true)).overlaps > 0) caught++
  assert.ok(caught > 0)
})

test('a paused node runs nothing until it is resumed; suspended, its monotonic clock stood still', async () => {
  for (const suspended of [false, true]) {
    const world = newWorld(7, { calm: true })
    const node = world.node('n')
    const { clock } = node.start()
    const fired: number[] = []
    clock.after(1000, () => void fired.push(world.scheduler.time))
    world.scheduler.after(500, 'pause', () => node.pause(suspended))
    world.scheduler.after(5500, 'resume', () => node.resume(true))
    await world.scheduler.run(10_000)
    assert.equal(fired.map(Math.round), [suspended ? 6000 : 5500])
    assert.is(Math.round(clock.monotonic()), suspended ? 5000 : 10_000)
  }
})

test('an ended life leaves nothing behind: no timer, no message, no subscription', async () => {
  const world = newWorld(7, { calm: true })
  const [a, b] = [world.node('a'), world.node('b')]
  const [lifeA, lifeB] = [a.start(), b.start()]
  const [asker, server] = [world.net.connect(a, lifeA), world.net.connect(b, lifeB)]
  let served = 0
  server.subscribe('s', m => {
    served++
    m.respond(m.data)
  })
  let timers = 0
  lifeB.clock.after(2000, () => timers++)
  const codes: string[] = []
  const ask = () =>
    asker.request('s', new Uint8Array(1), { timeoutMs: 500 }).then(
      () => void codes.push('ok'),
      e => void codes.push(e.code),
    )
  world.scheduler.after(100, 'ask', ask)
  world.scheduler.after(1000, 'crash', () => b.end())
  world.scheduler.after(1500, 'ask', ask)
  await world.scheduler.run(5000)
  assert.equal(codes, ['ok', 'SPK_NO_RESPONDERS'])
  assert.equal([served, timers], [1, 0])
})

test('the seed: forks are independent, numbers spread evenly', () => {
  const root = new Seed(5)
  const first = root.fork('a').uint32()
  root.next()
  assert.is(root.fork('a').uint32(), first)
  assert.is.not(root.fork('b').uint32(), first)
  const drawn = Array.from({ length: 10_000 }, () => root.int(0, 9))
  const counts = Array.from({ length: 10 }, (_, n) => drawn.filter(d => d === n).length)
  assert.ok(
    counts.every(c => c > 850 && c < 1150),
    String(counts),
  )
  assert.is(new Set(Array.from({ length: 1000 }, (_, i) => hashText(`x${i}`))).size, 1000)
})

test.run()
