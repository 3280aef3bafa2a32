import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ExecutorDemand, type ExecutorPlacement, type Offer, placeDriver, placeExecutors } from '#src/actors/master/placement.js'

const test = suite('actors/master/placement')
const MIB = 2 ** 20
const ANY = Number.MAX_SAFE_INTEGER

/** Three workers of 10 cores and 4 GiB. */
const three: Offer[] = ['a', 'b', 'c'].map(workerId => ({ workerId, cores: 10, memory: 4096 * MIB, resources: {} }))

function demand(more: Partial<ExecutorDemand> = {}): ExecutorDemand {
  return { cores: ANY, executorCores: undefined, memory: 1024 * MIB, resources: {}, executors: ANY, ...more }
}

function coresPerWorker(offers: readonly Offer[], placements: readonly ExecutorPlacement[]): number[] {
  return offers.map(o => placements.filter(p => p.workerId === o.workerId).reduce((sum, p) => sum + p.cores, 0))
}

const small = 256 * MIB
const cases: readonly (readonly [string, Partial<ExecutorDemand>, readonly number[], readonly number[]])[] = [
  // what is asked for, cores per worker spread out, cores per worker packed
  ['everything', {}, [10, 10, 10], [10, 10, 10]],
  ['8 cores', { cores: 8 }, [3, 3, 2], [8, 0, 0]],
  ['16 cores', { cores: 16 }, [6, 5, 5], [10, 6, 0]],
  ['executors of 2 cores, as many as memory allows', { executorCores: 2 }, [8, 8, 8], [8, 8, 8]],
  ['small executors of 2 cores', { executorCores: 2, memory: small }, [10, 10, 10], [10, 10, 10]],
  ['small executors of 3 cores leave a core', { executorCores: 3, memory: small }, [9, 9, 9], [9, 9, 9]],
  ['executors of 2 cores, 8 in all', { executorCores: 2, cores: 8 }, [4, 2, 2], [8, 0, 0]],
  ['executors of 2 cores, 20 in all', { executorCores: 2, cores: 20 }, [8, 6, 6], [8, 8, 4]],
  ['small executors of 3 cores, 20 in all', { executorCores: 3, cores: 20, memory: small }, [6, 6, 6], [9, 9, 0]],
  ['no executor', { executors: 0 }, [0, 0, 0], [0, 0, 0]],
  ['two executors', { executors: 2 }, [10, 10, 0], [10, 10, 0]],
  ['five executors, one per worker', { executors: 5 }, [10, 10, 10], [10, 10, 10]],
  ['two executors, 16 cores', { executors: 2, cores: 16 }, [8, 8, 0], [10, 6, 0]],
  ['five executors, 16 cores', { executors: 5, cores: 16 }, [6, 5, 5], [10, 6, 0]],
  ['two executors of 4 cores', { executors: 2, executorCores: 4 }, [4, 4, 0], [8, 0, 0]],
  ['five executors of 4 cores', { executors: 5, executorCores: 4 }, [8, 8, 4], [8, 8, 4]],
  ['two executors of 4 cores, 16 in all', { executors: 2, executorCores: 4, cores: 16 }, [4, 4, 0], [8, 0, 0]],
  ['five executors of 4 cores, 16 in all', { executors: 5, executorCores: 4, cores: 16 }, [8, 4, 4], [8, 8, 0]],
  ['less than one executor', { executorCores: 4, cores: 3 }, [0, 0, 0], [0, 0, 0]],
  ['more memory than any worker has', { memory: 4097 * MIB }, [0, 0, 0], [0, 0, 0]],
  ['a resource that no worker has', { resources: { gpu: 1 } }, [0, 0, 0], [0, 0, 0]],
]
for (const [name, more, spread, packed] of cases) {
  test(`${name}, spread out`, () => assert.equal(coresPerWorker(three, placeExecutors(three, demand(more), true)), spread))
  test(`${name}, packed`, () => assert.equal(coresPerWorker(three, placeExecutors(three, demand(more), false)), packed))
}

test('the worker with most free cores comes first', () => {
  const offers = [
    { ...three[0], cores: 2 },
    { ...three[1], cores: 6 },
  ] as Offer[]
  assert.equal(coresPerWorker(offers, placeExecutors(offers, demand({ cores: 4 }), false)), [0, 4])
})

test('addresses are handed out one executor after the other', () => {
  const offer: Offer = { workerId: 'a', cores: 8, memory: 8192 * MIB, resources: { gpu: ['0', '3', '5', '6', '7'] } }
  const placements = placeExecutors([offer], demand({ executorCores: 2, resources: { gpu: 2 } }), true)
  assert.equal(
    placements.map(p => p.resources['gpu']),
    [
      ['0', '3'],
      ['5', '6'],
    ],
  )
})

test('a driver goes where most cores are free and everything fits', () => {
  const offers: Offer[] = [
    { workerId: 'a', cores: 8, memory: 100, resources: {} },
    { workerId: 'b', cores: 4, memory: 1000, resources: { gpu: ['1', '2'] } },
    { workerId: 'c', cores: 2, memory: 1000, resources: { gpu: ['0'] } },
  ]
  assert.is(placeDriver(offers, { cores: 1, memory: 100, resources: {} })?.workerId, 'a')
  assert.equal(placeDriver(offers, { cores: 1, memory: 500, resources: { gpu: 1 } }), { workerId: 'b', resources: { gpu: ['1'] } })
  assert.is(placeDriver(offers, { cores: 9, memory: 1, resources: {} }), undefined)
})

test('never more than a worker has, never an address twice, never above the demand, and nothing left that would fit', () => {
  const offers = fc.array(
    fc.record({ cores: fc.integer({ min: 0, max: 9 }), memory: fc.integer({ min: 0, max: 40 }), gpus: fc.integer({ min: 0, max: 4 }) }),
    { maxLength: 5 },
  )
  const wanted = fc.record({
    cores: fc.integer({ min: -2, max: 30 }),
    executorCores: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    memory: fc.integer({ min: 1, max: 15 }),
    gpus: fc.integer({ min: 0, max: 2 }),
    executors: fc.integer({ min: -1, max: 8 }),
  })
  fc.assert(
    fc.property(offers, wanted, fc.boolean(), (made, { gpus, ...rest }, spreadOut) => {
      const workers: Offer[] = made.map(({ gpus: n, ...o }, i) => ({
        ...o,
        workerId: `w${i}`,
        resources: { gpu: Array.from({ length: n }, (_, g) => `${g}`) },
      }))
      const want: ExecutorDemand = { ...rest, resources: gpus === 0 ? {} : { gpu: gpus } }
      const placed = placeExecutors(workers, want, spreadOut)
      assert.ok(placed.length <= Math.max(0, want.executors))
      assert.ok(placed.reduce((sum, p) => sum + p.cores, 0) <= Math.max(0, want.cores))
      let room = false
      for (const w of workers) {
        const here = placed.filter(p => p.workerId === w.workerId)
        const cores = here.reduce((sum, p) => sum + p.cores, 0)
        const addresses = here.flatMap(p => p.resources['gpu'] ?? [])
        assert.ok(cores <= w.cores && here.length * want.memory <= w.memory)
        assert.is(new Set(addresses).size, addresses.length)
        assert.ok(addresses.every(a => w.resources['gpu']?.includes(a)))
        for (const p of here) {
          assert.is(p.resources['gpu']?.length ?? 0, gpus)
          assert.ok(want.executorCores === undefined ? p.cores >= 1 : p.cores === want.executorCores)
        }
        const another = w.cores - cores >= (want.executorCores ?? 1) && (here.length + 1) * want.memory <= w.memory
        const hasGpus = (w.resources['gpu']?.length ?? 0) >= (here.length + 1) * gpus
        room ||= want.executorCores !== undefined && another && hasGpus
      }
      const coresLeft = want.cores - placed.reduce((sum, p) => sum + p.cores, 0)
      if (room) assert.ok(coresLeft < (want.executorCores ?? 1) || placed.length >= want.executors)
    }),
    { numRuns: 400 },
  )
})

test.run()
