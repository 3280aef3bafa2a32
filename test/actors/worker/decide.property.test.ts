import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decideWorker } from '#src/actors/worker/decide.js'
import type { Order, WorkerEvent } from '#src/actors/worker/events.js'
import { demand, isLive, type WorkerState } from '#src/actors/worker/state.js'
import {
  applicationFinished,
  killDriver,
  killExecutor,
  launchDriver,
  launchExecutor,
  masterChanged,
  registered,
  stepMachine,
} from './worker-fixture.js'

const test = suite('actors/worker/decide (properties)')

const epoch = fc.integer({ min: 1, max: 4 })
const id = fc.constantFrom('0', '1', '2')
const app = fc.constantFrom('app-1', 'app-2')
const driver = fc.constantFrom('driver-1', 'driver-2')
const order: fc.Arbitrary<Order> = fc.oneof(
  fc
    .record({ app, id, epoch, cores: fc.integer({ min: 1, max: 3 }), gpus: fc.subarray(['0', '1']) })
    .map(wish => launchExecutor(wish.gpus.length === 0 ? { ...wish, gpus: [] } : wish)),
  fc.record({ id: driver, supervise: fc.boolean(), epoch }).map(launchDriver),
  fc.tuple(id, epoch, app).map(([i, e, a]) => killExecutor(i, e, a)),
  fc.tuple(driver, epoch).map(([d, e]) => killDriver(d, e)),
  fc.tuple(app, epoch).map(([a, e]) => applicationFinished(a, e)),
  epoch.map(masterChanged),
)
const key = fc.oneof(
  fc.tuple(app, id).map(([a, i]) => `${a}/${i}`),
  driver,
)
const small = fc.integer({ min: 1, max: 3 })
const event: fc.Arbitrary<WorkerEvent> = fc.oneof(
  { weight: 3, arbitrary: order.map(o => ({ type: 'order' as const, token: 1, order: o })) },
  fc.tuple(key, small).map(([k, run]) => ({ type: 'childStarted' as const, key: k, run, pid: 1 })),
  fc.tuple(key, small).map(([k, run]) => ({ type: 'childFailed' as const, key: k, run, message: 'cannot' })),
  fc.tuple(key, small, fc.integer({ min: 0, max: 2 })).map(([k, run, code]) => ({
    type: 'childExited' as const,
    key: k,
    run,
    exit: { code, signal: null },
    ranMs: 1,
  })),
  fc.tuple(key, small).map(([k, run]) => ({ type: 'restartDue' as const, key: k, run })),
  fc.tuple(key, fc.integer({ min: 1, max: 30 })).map(([k, seq]) => ({ type: 'reportAcked' as const, key: k, seq })),
  fc.tuple(epoch, fc.integer({ min: 1, max: 4 })).map(([e, asked]) => registered(asked, { epoch: e })),
  fc.constant({ type: 'busUp' as const }),
)

/** The children whose processes exist, as the ports would see them: launched and not yet known to have ended. */
function check(before: WorkerState, after: WorkerState, happened: WorkerEvent): void {
  const occupying = Object.values(after.children).filter(c => isLive(c) && c.phase !== 'waiting')
  const cores = occupying.reduce((sum, c) => sum + demand(c).cores, 0)
  const gpus = occupying.flatMap(c => demand(c).resources['gpu'] ?? [])
  assert.ok(cores <= after.capacity.cores, `${cores} cores are given out`)
  assert.is(new Set(gpus).size, gpus.length, 'an address is given out twice')
  assert.ok(after.epoch >= before.epoch, 'the epoch went back')
  if (happened.type === 'order' && happened.order.body.epoch < before.epoch) assert.equal(after, before, 'an old order had an effect')
  for (const [k, child] of Object.entries(after.children)) {
    const old = before.children[k]
    if (old !== undefined && !isLive(old)) assert.ok(!isLive(child), `${k} came back to life`)
    if (old !== undefined && isLive(old) && !isLive(child)) assert.ok(after.reports[k] !== undefined, `the end of ${k} is not up for reporting`)
  }
}

test('whatever happens: nothing is given out twice, no old order acts, the dead stay dead, every end is reported', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), events => {
      const worker = stepMachine((state, happened) => {
        const decision = decideWorker(state, happened)
        check(state, decision.next, happened)
        return decision
      })
      for (const happened of events) worker.send(happened)
    }),
    { numRuns: 300 },
  )
})

test('an order given twice in a row does nothing the second time but answer or report an end again', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), order, (events, repeated) => {
      const worker = stepMachine()
      for (const happened of events) worker.send(happened)
      worker.order(repeated)
      const children = worker.state().children
      const { commands } = worker.order(repeated)
      const allowed = commands.every(c => c.type === 'report' || (c.type === 'register' && repeated.kind === 'masterChanged'))
      assert.ok(allowed, commands.map(c => c.type).join())
      assert.equal(worker.state().children, children)
    }),
    { numRuns: 300 },
  )
})

test.run()
