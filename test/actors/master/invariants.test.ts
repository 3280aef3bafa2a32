import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freeByWorker, isAppActive, isExecutorLive } from '#src/actors/master/cluster.js'
import type { RunningDriver, RunningExecutor } from '#src/protocol/common.js'
import { complete, driverDescription, lead, leading, type Play, successor } from './play.js'
import { GIB } from './rig.js'

const test = suite('actors/master/invariants')

const WORKERS = ['w1', 'w2', 'w3'] as const
const APPS = ['a1', 'a2', 'a3', 'a4'] as const
const DRIVERS = ['d1', 'd2'] as const
const CAP = { cores: 6, memory: 8 * GIB, resources: { gpu: ['0', '1', '2'] } }

type Step =
  | { readonly do: 'register' | 'beat' | 'leave'; readonly worker: number }
  | {
      readonly do: 'app'
      readonly app: number
      readonly executorCores: number | undefined
      readonly coresMax: number | undefined
      readonly gpu: number
    }
  | { readonly do: 'appBeat' | 'endApp' | 'killOne'; readonly app: number }
  | { readonly do: 'limit'; readonly app: number; readonly total: number }
  | { readonly do: 'exit' | 'refuse' | 'runs'; readonly worker: number; readonly which: number; readonly code: number }
  | { readonly do: 'submit'; readonly driver: number; readonly cores: number; readonly supervise: boolean }
  | { readonly do: 'driverEnds' | 'killDriver'; readonly driver: number }
  | { readonly do: 'reap' }
  | { readonly do: 'time'; readonly ms: number }
  | { readonly do: 'failover'; readonly silent: number }

const worker = fc.nat(WORKERS.length - 1)
const app = fc.nat(APPS.length - 1)
const driver = fc.nat(DRIVERS.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('register' as const, 'beat' as const, 'leave' as const), worker }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('app' as const),
      app,
      executorCores: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      coresMax: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      gpu: fc.nat(2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('appBeat' as const, 'endApp' as const, 'killOne' as const), app }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), app, total: fc.nat(4) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('exit' as const, 'refuse' as const, 'runs' as const),
      worker,
      which: fc.nat(5),
      code: fc.constantFrom(0, 1, 143),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('submit' as const), driver, cores: fc.integer({ min: 1, max: 3 }), supervise: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('driverEnds' as const, 'killDriver' as const), driver }) },
  { weight: 4, arbitrary: fc.constant({ do: 'reap' } as const) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(500, 1000, 3000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('failover' as const), silent: fc.integer({ min: -1, max: WORKERS.length - 1 }) }) },
)

/** A worker that does what it is told, and says so. */
class World {
  play: Play = leading({ maxExecutorRetries: 3 })
  readonly runs = new Map<string, { executors: RunningExecutor[]; drivers: RunningDriver[] }>(WORKERS.map(w => [w, { executors: [], drivers: [] }]))
  readonly launched = new Set<string>()
  /** Told to stop, and taking their time. */
  readonly dying = new Set<RunningExecutor>()
  readonly refusing = new Set<string>()

  /** Obeys every order of the last decision. */
  obey(): void {
    for (let todo = this.play.of('order'); todo.length > 0; ) {
      const [first, ...rest] = todo as [(typeof todo)[0], ...typeof todo]
      todo = rest
      const mine = this.runs.get(first.workerId)
      const { order } = first
      if (mine === undefined) continue
      if (this.refusing.has(first.workerId) && (order.kind === 'launchExecutor' || order.kind === 'launchDriver')) {
        todo = [...todo, ...this.after(() => this.play.answered(first.workerId, order, { kind: 'refused', reason: 'no' }))]
      } else if (order.kind === 'launchExecutor') {
        const { appId, executorId, cores, memory, resources } = order.body
        const key = `${appId}/${executorId}`
        assert.not(this.launched.has(key), `${key} is launched twice`)
        this.launched.add(key)
        mine.executors.push({ appId, executorId, cores, memory, resources, state: 'RUNNING' })
        todo = [...todo, ...this.after(() => this.play.answered(first.workerId, order))]
      } else if (order.kind === 'launchDriver') {
        const { driverId, launch, resources, description } = order.body
        mine.drivers.push({ driverId, launch, cores: description.cores, memory: description.memory, resources, state: 'RUNNING' })
        todo = [...todo, ...this.after(() => this.play.answered(first.workerId, order))]
      } else if (order.kind === 'killExecutor') {
        for (const e of mine.executors) if (e.appId === order.body.appId && e.executorId === order.body.executorId) this.dying.add(e)
      }
    }
  }

  after(act: () => unknown) {
    act()
    this.check()
    return this.play.of('order')
  }

  endExecutor(workerId: string, which: (e: RunningExecutor) => boolean, exitCode: number) {
    const mine = this.runs.get(workerId)
    const found = mine?.executors.find(which)
    if (mine === undefined || found === undefined) return []
    mine.executors = mine.executors.filter(e => e !== found)
    const { appId, executorId } = found
    return this.after(() => this.play.ask('executorStateChanged', { workerId, appId, executorId, state: 'EXITED', exitCode }))
  }

  register(workerId: string): void {
    const mine = this.runs.get(workerId) ?? { executors: [], drivers: [] }
    const answer = this.play.registerWorker(workerId, { ...CAP, executors: mine.executors, drivers: mine.drivers })
    if (answer.kind !== 'registered') return
    mine.executors = mine.executors.filter(e => !answer.killExecutors.some(k => k.appId === e.appId && k.executorId === e.executorId))
    mine.drivers = mine.drivers.filter(d => !answer.killDrivers.some(k => k.driverId === d.driverId && k.launch === d.launch))
  }

  check(): void {
    const { cluster } = this.play.context
    for (const [workerId, { executors, drivers }] of this.runs) {
      const all = [...executors, ...drivers]
      const addresses = all.flatMap(one => one.resources['gpu'] ?? [])
      assert.ok(all.reduce((sum, one) => sum + one.cores, 0) <= CAP.cores, `${workerId} runs more than it has`)
      assert.ok(all.reduce((sum, one) => sum + one.memory, 0) <= CAP.memory, `${workerId} runs more than it has`)
      assert.is(new Set(addresses).size, addresses.length, `an address of ${workerId} is used twice`)
    }
    for (const [workerId, free] of freeByWorker(cluster)) {
      if (cluster.workers.get(workerId)?.state !== 'ALIVE') continue
      assert.ok(free.cores >= 0 && free.memory >= 0, `${workerId} is overcommitted: ${JSON.stringify(free)}`)
      const held = [...cluster.executors.values()].filter(e => e.workerId === workerId).flatMap(e => e.resources['gpu'] ?? [])
      assert.is(new Set(held).size, held.length, `an address of ${workerId} is given out twice`)
    }
    for (const a of cluster.apps.values()) {
      const mine = [...cluster.executors.values()].filter(e => e.appId === a.description.appId)
      const cores = mine.filter(isExecutorLive).reduce((sum, e) => sum + e.cores, 0)
      assert.ok(cores <= (a.description.coresMax ?? 99), `${a.description.appId} has ${cores} cores`)
      assert.ok(
        mine.every(e => Number(e.executorId) < a.nextExecutor),
        'a number could be used again',
      )
      if (!isAppActive(a)) assert.not(mine.some(isExecutorLive), `${a.description.appId} has ended and has executors`)
    }
    for (const e of cluster.executors.values()) assert.not(cluster.workers.get(e.workerId)?.state === 'DEAD', `${e.executorId} is on a dead worker`)
    this.checkStore()
  }

  /** The store always holds exactly what a next leader needs. */
  checkStore(): void {
    const { cluster } = this.play.context
    const keys = [
      ...[...cluster.workers.keys()].map(id => `worker.${id}`),
      ...[...cluster.apps.keys()].map(id => `app.${id}`),
      ...[...cluster.executors.values()].map(e => `executor.${e.appId}.${e.executorId}`),
      ...[...cluster.drivers.keys()].map(id => `driver.${id}`),
    ]
    assert.equal([...this.play.stored.keys()].sort(), keys.sort())
    for (const s of this.play.stored.values()) {
      if (s.kind === 'app') assert.is(s.record.nextExecutor, cluster.apps.get(s.record.description.appId)?.nextExecutor)
      if (s.kind === 'executor') assert.is(s.record.state, cluster.executors.get(`${s.record.appId}/${s.record.executorId}`)?.state)
      if (s.kind === 'driver') assert.is(s.record.workerId, cluster.drivers.get(s.record.driverId)?.workerId)
      if (s.kind === 'worker') assert.is(s.record.state, cluster.workers.get(s.record.workerId)?.state)
    }
  }

  take(s: Step): void {
    const p = this.play
    switch (s.do) {
      case 'register':
        this.register(WORKERS[s.worker] as string)
        return
      case 'beat': {
        const workerId = WORKERS[s.worker] as string
        p.ask('workerHeartbeat', { workerId, ...(this.runs.get(workerId) as { executors: RunningExecutor[]; drivers: RunningDriver[] }) })
        return
      }
      case 'leave': {
        const workerId = WORKERS[s.worker] as string
        this.runs.set(workerId, { executors: [], drivers: [] })
        p.ask('unregisterWorker', { workerId, reason: 'leaves' })
        return
      }
      case 'app': {
        const more = {
          executorResources: { gpu: s.gpu },
          ...(s.executorCores === undefined ? {} : { executorCores: s.executorCores }),
          ...(s.coresMax === undefined ? {} : { coresMax: s.coresMax }),
        }
        p.registerApp(APPS[s.app] as string, more)
        return
      }
      case 'appBeat':
        p.ask('applicationHeartbeat', { appId: APPS[s.app] as string })
        return
      case 'endApp':
        p.ask('unregisterApplication', { appId: APPS[s.app] as string, state: 'FINISHED', reason: 'done' })
        return
      case 'killOne':
        p.ask('killExecutors', { appId: APPS[s.app] as string, executorIds: ['0', '2'], reason: 'idle' })
        return
      case 'limit':
        p.ask('requestExecutors', { appId: APPS[s.app] as string, total: s.total })
        return
      case 'exit': {
        const mine = this.runs.get(WORKERS[s.worker] as string)?.executors ?? []
        const target = mine[s.which % Math.max(1, mine.length)]
        this.endExecutor(WORKERS[s.worker] as string, e => e === target, s.code)
        return
      }
      case 'runs': {
        const workerId = WORKERS[s.worker] as string
        for (const e of this.runs.get(workerId)?.executors ?? [])
          p.ask('executorStateChanged', { workerId, appId: e.appId, executorId: e.executorId, state: 'RUNNING' })
        return
      }
      case 'refuse': {
        const workerId = WORKERS[s.worker] as string
        if (!this.refusing.delete(workerId)) this.refusing.add(workerId)
        return
      }
      case 'reap':
        for (const [workerId, mine] of this.runs) {
          for (const e of mine.executors) {
            if (!this.dying.delete(e)) continue
            for (let todo = this.endExecutor(workerId, one => one === e, 143); todo.length > 0; todo = []) this.obey()
          }
        }
        return
      case 'submit':
        p.ask('requestSubmitDriver', {
          driverId: DRIVERS[s.driver] as string,
          description: driverDescription({ cores: s.cores, supervise: s.supervise }),
        })
        return
      case 'killDriver':
        p.ask('requestKillDriver', { driverId: DRIVERS[s.driver] as string })
        return
      case 'driverEnds':
        for (const [workerId, mine] of this.runs) {
          const found = mine.drivers.find(d => d.driverId === DRIVERS[s.driver])
          if (found === undefined) continue
          const { driverId, launch } = found
          mine.drivers = mine.drivers.filter(d => d !== found)
          p.ask('driverStateChanged', { workerId, driverId, launch, state: 'FINISHED', exitCode: 0 })
          this.check()
        }
        return
      case 'time':
        p.tick(s.ms)
        return
      case 'failover':
        this.failover(s.silent)
    }
  }

  /** A new leader reads the store; all but one worker come back to it, and every driver. */
  failover(silent: number): void {
    const old = this.play
    this.play = successor(old, old.context.epoch + 3)
    for (const [i, workerId] of WORKERS.entries()) {
      if (i !== silent && old.context.cluster.workers.get(workerId)?.state === 'ALIVE') this.register(workerId)
    }
    for (const a of old.context.cluster.apps.values()) {
      if (isAppActive(a)) this.play.ask('registerApplication', { description: a.description, executors: [] })
    }
    complete(this.play)
    this.obey()
    lead(this.play)
  }
}

test('nothing is given out twice, caps hold, and the store says the same as memory, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), steps => {
      const world = new World()
      for (const s of [{ do: 'register', worker: 0 } as const, ...steps]) {
        world.take(s)
        world.check()
        world.obey()
        world.check()
      }
    }),
    { numRuns: 300 },
  )
})

test.run()
