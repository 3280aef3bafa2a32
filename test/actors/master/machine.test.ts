import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventFromLogic, initialTransition, type SnapshotFrom, transition } from 'xstate'
import { type MasterMachine, masterMachine } from '#src/actors/master/machine.js'
import { RECORD_VERSION } from '#src/protocol/version.js'
import { leading, SETTINGS, worker } from './play.js'
import { VERSIONS } from './rig.js'

const test = suite('actors/master/machine')
const machine = masterMachine()
const at = (ms: number) => ({ monotonic: ms, wall: ms })

type Event = EventFromLogic<MasterMachine>
interface Run {
  readonly value: unknown
  readonly context: SnapshotFrom<MasterMachine>['context']
  /** Names of the last event's actions; delays as `raise <event> <ms>`, cancelled ones as `cancel <id>`. */
  readonly actions: readonly string[]
}

interface Performed {
  readonly type: string
  readonly params?: unknown
}

function named(action: Performed): string {
  const params = action.params as { event?: { type: string }; delay?: number; sendId?: string } | undefined
  if (action.type === 'xstate.raise')
    return `raise ${params?.event?.type.replace(/^xstate\.after\.(\w+)\..*/, 'after $1')} ${params?.delay ?? ''}`.trim()
  if (action.type === 'xstate.cancel') return `cancel ${params?.sendId?.replace(/^xstate\.after\.(\w+)\..*/, 'after $1')}`
  return action.type
}

function run(...events: Event[]): Run {
  let [snapshot, actions] = initialTransition(machine, { masterId: 'm1', uiUrl: 'u', url: 'b', versions: VERSIONS, settings: SETTINGS })
  for (const event of events) [snapshot, actions] = transition(machine, snapshot, event)
  return { value: snapshot.value, context: snapshot.context, actions: (actions as Performed[]).map(named) }
}

const lease = { v: RECORD_VERSION, masterId: 'm2', host: 'h', epoch: 4, since: 0, ui: 'u2', nonce: 'n' }
const held: Event = { type: 'leaseHeld', by: lease }
const taken: Event = { type: 'leaseTaken', epoch: 7, ttlMs: 3000, sentAt: at(100), at: at(150), records: [] }
const clock: Event = { type: 'clockRead', at: at(150) }
const stored: Event = { type: 'stored', epoch: 7 }
/** Records of a cluster with one worker, which has to come back. */
const records = (() => {
  const p = leading()
  p.registerWorker('w1')
  return [...p.stored.values()]
})()
const takenWithWorker: Event = { ...taken, records }
const leads = [taken, clock, stored, clock] as const

test('it begins by looking at the lease', () => {
  const { value, actions } = run()
  assert.is(value, 'electing')
  assert.equal(actions, ['takeLease'])
})

test('a lease that another holds: standing by, and looking again later', () => {
  const first = run(held)
  assert.is(first.value, 'standby')
  assert.is(first.context.floor, 4)
  assert.is(first.context.leader?.masterId, 'm2')
  assert.ok(first.actions.includes('raise after poll 200'), first.actions.join())
  const second = run(held, { type: 'xstate.after.poll.standby' } as unknown as Event)
  assert.is(second.value, 'electing')
  assert.ok(second.actions.includes('takeLease'))
})

test('a lease that cannot be read is not taken for free', () => {
  assert.is(run({ type: 'leaseUnavailable', error: 'no bus' }).value, 'standby')
})

test('a lease taken: the inbox opens, and both timers count from when the write was sent', () => {
  const { value, context, actions } = run(takenWithWorker)
  assert.equal(value, { leader: { recovering: 'waiting' } })
  assert.is(context.epoch, 7)
  assert.equal(context.renewed, at(100))
  for (const part of ['openInbox', 'order', 'raise renewDue 950', 'raise deadlinePassed 1950', 'raise after recovery 10000']) {
    assert.ok(actions.includes(part), `${part} is not in ${actions.join()}`)
  }
})

test('with nobody to wait for the recovery completes at once, writes, and then leads', () => {
  const completing = run(taken)
  assert.equal(completing.value, { leader: { recovering: 'completing' } })
  assert.is(completing.context.status, 'COMPLETING_RECOVERY')
  const settling = run(taken, clock)
  assert.ok(settling.actions.includes('settle'))
  const led = run(taken, clock, stored)
  assert.equal(led.value, { leader: 'leading' })
  assert.is(led.context.status, 'ALIVE')
})

test('times are those of the lease in this cluster, not of the configuration', () => {
  const { context, actions } = run({ ...takenWithWorker, ttlMs: 600 } as Event)
  assert.is(context.leaseTtlMs, 600)
  for (const part of ['note', 'raise renewDue 150', 'raise deadlinePassed 350'])
    assert.ok(actions.includes(part), `${part} is not in ${actions.join()}`)
  assert.is(run({ ...takenWithWorker, ttlMs: 0 } as Event).context.leaseTtlMs, SETTINGS.leaseTtlMs)
})

test('the recovery ends when the last has registered again', () => {
  const request = { kind: 'registerWorker' as const, body: worker('w1') }
  const { value } = run(takenWithWorker, { type: 'request', token: 1, at: at(200), request })
  assert.equal(value, { leader: { recovering: 'completing' } })
})

test('the recovery ends when time is up', () => {
  const timeUp = { type: 'xstate.after.recovery.master.leader.recovering.waiting' } as unknown as Event
  assert.equal(run(takenWithWorker, timeUp).value, { leader: { recovering: 'completing' } })
})

test('a leader sweeps, renews, and counts anew from each renewal', () => {
  const { value, actions } = run(...leads)
  assert.equal(value, { leader: 'leading' })
  assert.ok(actions.includes('raise sweepDue 1000'), actions.join())
  assert.equal(run(...leads, { type: 'renewDue' }).actions, ['renewLease'])
  const renewed = run(...leads, { type: 'leaseRenewed', epoch: 7, sentAt: at(1100), at: at(1105) })
  assert.equal(renewed.context.renewed, at(1100))
  assert.equal(renewed.actions, ['raise renewDue 995', 'raise deadlinePassed 1995'])
})

test('a renewal of unknown outcome is tried again soon, and the deadline stays', () => {
  const { value, actions, context } = run(...leads, { type: 'renewUnknown', epoch: 7, error: 'timeout' })
  assert.equal(value, { leader: 'leading' })
  assert.equal(actions, ['note', 'raise renewDue 100'])
  assert.equal(context.renewed, at(100))
})

const ends: readonly (readonly [string, Event])[] = [
  ['the lease is lost', { type: 'leaseLost', epoch: 7, reason: 'gone' }],
  ['it was not renewed in time', { type: 'deadlinePassed' }],
  ['somebody has seen a newer epoch', { type: 'fenced', epoch: 7, newer: 12, by: 'worker w1' }],
]
for (const [what, event] of ends) {
  for (const [state, before] of [
    ['leading', leads],
    ['recovering', [takenWithWorker]],
  ] as const) {
    test(`${state}: when ${what} it stands down, with all timers stopped`, () => {
      const { value, context, actions } = run(...before, event)
      assert.is(value, 'standby')
      assert.is(context.epoch, 0)
      assert.is(context.status, 'STANDBY')
      assert.is(context.floor, event.type === 'fenced' ? 12 : 7)
      for (const part of ['standDown', 'cancel renew', 'cancel deadline', 'cancel sweep'])
        assert.ok(actions.includes(part), `${part}: ${actions.join()}`)
    })
  }
}

const late: readonly Event[] = [
  { type: 'leaseRenewed', epoch: 3, sentAt: at(9), at: at(9) },
  { type: 'renewUnknown', epoch: 3, error: '' },
  { type: 'leaseLost', epoch: 3, reason: '' },
  { type: 'fenced', epoch: 3, newer: 9, by: '' },
  { type: 'stored', epoch: 3 },
]
for (const event of late) {
  test(`${event.type} of an earlier term changes nothing`, () => {
    const { value, context, actions } = run(...leads, event)
    assert.equal(value, { leader: 'leading' })
    assert.equal(context.renewed, at(100))
    assert.equal(actions, [])
  })
}

test('a standby does not look at requests', () => {
  const request = { kind: 'requestMasterState' as const, body: {} }
  assert.equal(run(held, { type: 'request', token: 1, at: at(1), request }).actions, [])
})

for (const [state, before] of [
  ['standby', [held]],
  ['electing', []],
  ['leading', leads],
] as const) {
  test(`stopped while ${state}`, () => {
    const { value, actions } = run(...before, { type: 'stop' })
    assert.is(value, 'stopped')
    assert.ok(actions.includes('finish'))
  })
}

test.run()
