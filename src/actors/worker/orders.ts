/**
 * What an order does. First the fence: an order whose epoch is older than the newest seen is answered `stale` and changes nothing. An order for what
 * already runs, or is already gone, is accepted and changes nothing (its end is reported again, since the master seems not to know it).
 */
import { unreachable } from '../../core/errors.js'
import type { OrderReply } from '../../protocol/worker-orders.js'
import { admit, kill, removeIfIdle, report } from './children.js'
import { type Decision, decided, each, note, then } from './decision.js'
import type { Command, Order } from './events.js'
import { type Child, childKey, demand, driverKey, executorKey, isLive, liveChildren, shortage, type WorkerState } from './state.js'

/** Ended applications that are remembered, oldest forgotten first. */
const RETAINED_APPS = 500

/** Whether the fence holds `epoch` off. */
export function isStale(state: WorkerState, epoch: number): boolean {
  return epoch < state.epoch
}

/** Remembers a newer epoch. */
export function seen(state: WorkerState, epoch: number): WorkerState {
  return epoch > state.epoch ? { ...state, epoch } : state
}

export function applyOrder(state: WorkerState, token: number, order: Order): Decision {
  const answer = (reply: OrderReply): Command => ({ type: 'answer', params: { token, reply } })
  const { epoch } = order.body
  if (isStale(state, epoch)) {
    return decided(
      state,
      answer({ kind: 'stale', epoch: state.epoch }),
      note('warn', `Refused ${order.kind} of an old leader: epoch ${epoch}, newest is ${state.epoch}`),
    )
  }
  const now = seen(state, epoch)
  const accepted = answer({ kind: 'accepted' })
  switch (order.kind) {
    case 'launchExecutor': {
      const child: Child = { kind: 'executor', phase: 'waiting', run: 0, order: order.body, state: 'LAUNCHING' }
      return launch(now, child, now.endedApps[order.body.appId] === undefined ? undefined : `application ${order.body.appId} has ended`, answer)
    }
    case 'launchDriver': {
      const others = Object.values(now.children).filter(c => c.kind === 'driver' && c.order.driverId === order.body.driverId)
      const later = others.some(c => c.kind === 'driver' && c.order.launch > order.body.launch)
      const child: Child = { kind: 'driver', phase: 'waiting', run: 0, order: order.body, state: 'SUBMITTED', backOffMs: 0 }
      // An earlier launch that still runs here was given up by the master while this worker was silent.
      const earlier = others.filter(c => c.kind === 'driver' && c.order.launch < order.body.launch)
      return then(
        each(now, earlier, (s, c) => kill(s, childKey(c), 'the master launches it anew')),
        s => launch(s, child, later ? `${order.body.driverId} was launched again since` : undefined, answer),
      )
    }
    case 'killExecutor':
      return then(decided(now, accepted), s => stop(s, executorKey(order.body.appId, order.body.executorId), order.body.reason))
    case 'killDriver':
      return then(decided(now, accepted), s => stop(s, driverKey(order.body.driverId, order.body.launch), order.body.reason))
    case 'applicationFinished':
      return then(decided(now, accepted), s => applicationEnded(s, order.body.appId))
    case 'masterChanged':
      return decided(
        { ...now, masterId: order.body.masterId, masterUi: order.body.uiUrl },
        accepted,
        note('info', `Master ${order.body.masterId} leads now, epoch ${epoch}`),
      )
    default:
      return unreachable(order)
  }
}

function launch(state: WorkerState, child: Child, objection: string | undefined, answer: (reply: OrderReply) => Command): Decision {
  const known = state.children[childKey(child)]
  if (known !== undefined) {
    const accepted = decided(state, answer({ kind: 'accepted' }))
    return isLive(known) ? accepted : then(accepted, s => report(s, known))
  }
  // What is being stopped will free its cores: the new child waits for them. What is not being stopped will not.
  const staying = liveChildren(state).filter(c => c.stopReason === undefined)
  const reason = state.stopping !== undefined ? 'this worker is stopping' : (objection ?? shortage(state.capacity, staying, demand(child)))
  if (reason !== undefined) {
    return decided(state, answer({ kind: 'refused', reason }), note('warn', `Refused to launch ${childKey(child)}: ${reason}`))
  }
  return then(decided(state, answer({ kind: 'accepted' })), s => admit(s, child))
}

/** Kills what runs. Of what has ended already the end is reported again: the master seems not to know it. */
function stop(state: WorkerState, key: string, reason: string): Decision {
  const child = state.children[key]
  return child === undefined || isLive(child) ? kill(state, key, reason) : report(state, child)
}

function applicationEnded(state: WorkerState, appId: string): Decision {
  if (state.endedApps[appId] !== undefined) return decided(state)
  const entries = [...Object.entries(state.endedApps), [appId, 'cleaning'] as const]
  const marked: WorkerState = { ...state, endedApps: Object.fromEntries(entries.slice(-RETAINED_APPS)) }
  const mine = liveChildren(marked).filter(c => c.kind === 'executor' && c.order.appId === appId)
  const killed = each(marked, mine, (s, child) => kill(s, childKey(child), 'the application has ended'))
  // With its last executor the folders go; a child that was only waiting has ended already, and the folders with it.
  return then(killed, s => (s.endedApps[appId] === 'cleaning' ? removeIfIdle(s, appId) : decided(s)))
}
