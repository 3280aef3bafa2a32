/**
 * Which branches of the actors a run reached, told from the messages that arrive: a clean run proves little when nothing happened in it. `sim.test.ts`
 * demands that over its seeds each of them happens.
 */
import { consolidate, type Known, type Reported, type Verdict } from '#src/actors/driver/consolidate.js'
import type { LogEvent } from '#src/protocol/event-log.js'
import type { Message } from '#src/protocol/wire.js'
import type { Hop } from '#src/transport/memory.js'
import type { Counts } from './counts.js'
import type { SimNode } from './node.js'

const AT_MASTERS: { readonly [K in Hop['kind']]?: ReadonlySet<string> } = {
  message: new Set(['registerWorker']),
  reply: new Set(['launchExecutor', 'killExecutor', 'launchDriver', 'killDriver', 'applicationFinished', 'masterChanged']),
}

const AT_DRIVERS: { readonly [K in Hop['kind']]?: ReadonlySet<string> } = {
  message: new Set(['driverMasterChanged', 'workerRemoved']),
  reply: new Set(['applicationHeartbeat', 'launchTasks']),
}

/** Whether what arrives there can say something: to workers everything, to masters registrations and the answers to orders, to the rest little. */
export function isWatched(hop: Hop, message: Message, node: SimNode): boolean {
  switch (node.name[0]) {
    case 'w':
      return true
    case 'm':
      return AT_MASTERS[hop.kind]?.has(message.name) ?? false
    case 'x':
      return hop.kind === 'reply' && message.name === 'executorHeartbeat'
    default:
      return AT_DRIVERS[hop.kind]?.has(message.name) ?? false
  }
}

/** What a message that arrives says about the branch its sender took. */
export function countBranch(counts: Counts, hop: Hop, message: Message, body: Record<string, unknown>): void {
  const { kind } = body
  if (hop.kind === 'message') {
    if (message.name === 'registerWorker' && lengthOf(body['executors']) + lengthOf(body['drivers']) > 0)
      counts.add('worker registers with what it runs')
    if (message.name === 'driverMasterChanged') counts.add('driver hears of a new leader')
    if (message.name === 'masterChanged') counts.add('worker hears of a new leader')
    if (message.name === 'workerRemoved') counts.add('driver hears of a lost worker')
    return
  }
  if (kind === 'stale') counts.add('order of an old epoch refused')
  if (message.name.startsWith('launch') && kind === 'refused') counts.add('launch refused by a worker')
  if (message.name === 'registerWorker' && lengthOf(body['killExecutors']) + lengthOf(body['killDrivers']) > 0)
    counts.add('worker told to kill what the master does not know')
  if (message.name === 'launchTasks' && kind === 'missingStage') counts.add('executor lacks a stage')
  if (kind === 'reregister') counts.add(`${message.name} answered: register again`)
  if (message.name === 'applicationHeartbeat' && kind === 'ended') counts.add('driver told that its application has ended')
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0
}

/** The consolidate table, or a planted one, with its verdicts on ends counted. */
export function countingMerge(counts: Counts, merge: typeof consolidate = consolidate): typeof consolidate {
  return (known: Known, reported: Reported, taken: boolean): Verdict => {
    const verdict = merge(known, reported, taken)
    if (reported !== 'RUNNING') {
      if (known === 'ended') counts.add('late status ignored')
      if (reported === 'FINISHED' && taken && verdict !== 'accept') counts.add('second commit refused')
      if (verdict === 'surplus') counts.add('surplus output dropped')
    }
    return verdict
  }
}

/** What the event log tells. */
export function countEvent(counts: Counts, event: LogEvent): void {
  if (event.Event === 'TaskEnd') counts.add(`task ended: ${event.end.reason}`)
  if (event.Event === 'StageSubmitted' && event.stageAttemptId > 0) counts.add('stage resubmitted')
}
