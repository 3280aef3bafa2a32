/** Drivers in cluster mode: submission, status, kill, what their workers report, and what becomes of them when a worker is lost. Pure. */
import { endAppsOfDriver } from './application-end.js'
import { type Driver, isDriverActive, keyOf } from './cluster.js'
import type { Ledger } from './ledger.js'
import type { RequestBody } from './messages.js'
import { driverWaitsFor } from './waiting.js'

type FinalState = 'FINISHED' | 'FAILED' | 'KILLED' | 'ERROR'

/** The client is answered only when the driver is in the store: from then on it runs even if this master does not live to see it. */
export function requestSubmitDriver(l: Ledger, token: number, body: RequestBody<'requestSubmitDriver'>): void {
  const { driverId, description } = body
  if (description.cores < 1 || description.memory <= 0) {
    l.refuse(
      token,
      'SPK_BAD_REQUEST',
      `A driver needs at least 1 core and some memory; ${driverId} asks for ${description.cores} and ${description.memory}.`,
    )
    return
  }
  if (l.driver(driverId) === undefined) {
    l.putDriver({
      driverId,
      launch: 0,
      description,
      state: 'SUBMITTED',
      resources: {},
      submittedAt: l.at.wall,
      sequence: l.nextSequence(),
      acked: false,
      missingSince: undefined,
      heldUntil: 0,
    })
    l.placementDue = true
    l.note('info', `Driver ${driverId} submitted: ${description.name}`, { driverId })
  }
  l.reply(token, 'requestSubmitDriver', { driverId, masterId: l.context.masterId }, [keyOf.driver(driverId)])
}

export function requestDriverStatus(l: Ledger, token: number, { driverId }: RequestBody<'requestDriverStatus'>): void {
  const driver = l.driver(driverId)
  if (driver === undefined) {
    l.reply(token, 'requestDriverStatus', { found: false })
    return
  }
  const host = driver.workerId === undefined ? undefined : l.worker(driver.workerId)?.host
  const message = driver.message ?? driverWaitsFor(l.cluster, driver)
  l.reply(token, 'requestDriverStatus', {
    found: true,
    state: driver.state,
    ...(driver.workerId === undefined ? {} : { workerId: driver.workerId }),
    ...(host === undefined ? {} : { workerHost: host }),
    ...(driver.exitCode === undefined ? {} : { exitCode: driver.exitCode }),
    ...(message === undefined ? {} : { message }),
  })
}

export function requestKillDriver(l: Ledger, token: number, { driverId }: RequestBody<'requestKillDriver'>): void {
  const driver = l.driver(driverId)
  const answer = (accepted: boolean, message: string) => l.reply(token, 'requestKillDriver', { accepted, message }, [keyOf.driver(driverId)])
  if (driver === undefined) {
    answer(false, `Driver ${driverId} is not known here.`)
    return
  }
  if (!isDriverActive(driver)) {
    answer(false, `Driver ${driverId} has already ended: ${driver.state}.`)
    return
  }
  if (driver.workerId === undefined) {
    driverEnded(l, driver, { state: 'KILLED', message: 'Killed on request before it was launched', exitCode: undefined })
    answer(true, `Driver ${driverId} was waiting and is now removed.`)
    return
  }
  l.putDriver({ ...driver, killing: true })
  l.order(driver.workerId, { kind: 'killDriver', body: { driverId, launch: driver.launch, reason: 'Killed on request' } })
  answer(true, `Kill request for driver ${driverId} sent to ${driver.workerId}.`)
}

/** A worker's report; acknowledged once stored. One from a worker that does not hold the driver (any more), or about an earlier launch, changes nothing. */
export function driverStateChanged(l: Ledger, token: number, body: RequestBody<'driverStateChanged'>): void {
  const driver = l.driver(body.driverId)
  if (driver !== undefined && driver.workerId === body.workerId && driver.launch === body.launch && isDriverActive(driver)) {
    switch (body.state) {
      case 'RUNNING':
        driverRuns(l, driver)
        break
      case 'FINISHED':
      case 'FAILED':
      case 'KILLED':
      case 'ERROR':
        driverEnded(l, driver, { state: body.state, message: body.message, exitCode: body.exitCode })
        break
      // What a worker waits for before it runs the driver (again) is its own affair.
      case 'SUBMITTED':
      case 'RELAUNCHING':
      case 'UNKNOWN':
        break
    }
  }
  l.reply(token, 'driverStateChanged', {}, [keyOf.driver(body.driverId)])
}

export function driverRuns(l: Ledger, driver: Driver): void {
  if (driver.state !== 'RUNNING') l.putDriver({ ...driver, state: 'RUNNING', acked: true, missingSince: undefined })
}

interface DriverEnd {
  readonly state: FinalState
  readonly message: string | undefined
  readonly exitCode: number | undefined
}

export function driverEnded(l: Ledger, driver: Driver, end: DriverEnd): void {
  const { message, exitCode } = end
  l.putDriver({
    ...driver,
    state: end.state,
    ...(message === undefined ? {} : { message }),
    ...(exitCode === undefined ? {} : { exitCode }),
  })
  l.placementDue = true
  const why = message ?? `exit code ${exitCode ?? 'unknown'}`
  l.note(end.state === 'FINISHED' || end.state === 'KILLED' ? 'info' : 'warn', `Driver ${driver.driverId} ${end.state}: ${why}`, {
    driverId: driver.driverId,
  })
  endAppsOfDriver(l, driver.driverId, end.state, `its driver ${driver.driverId} ${end.state}: ${why}`)
  forgetOldest(l)
}

/** Its worker is gone: a supervised driver waits for another one, others are in ERROR. What it had registered as an application is over either way. */
export function driverLost(l: Ledger, driver: Driver, reason: string): void {
  if (driver.killing) {
    driverEnded(l, driver, { state: 'KILLED', message: `Killed on request (${reason})`, exitCode: undefined })
    return
  }
  if (!driver.description.supervise) {
    driverEnded(l, driver, { state: 'ERROR', message: reason, exitCode: undefined })
    return
  }
  l.note('warn', `Driver ${driver.driverId} is launched again: ${reason}`, { driverId: driver.driverId })
  requeue(l, driver, 'RELAUNCHING', 0)
  endAppsOfDriver(l, driver.driverId, 'ERROR', `its driver ${driver.driverId} was lost: ${reason}`)
}

/** Takes the driver off its worker, to be placed again not before `heldUntil` (monotonic). */
export function requeue(l: Ledger, driver: Driver, state: 'SUBMITTED' | 'RELAUNCHING', heldUntil: number): void {
  const { workerId: _workerId, ...rest } = driver
  l.putDriver({ ...rest, state, resources: {}, acked: false, missingSince: undefined, heldUntil })
  l.placementDue = true
}

function forgetOldest(l: Ledger): void {
  const ended = [...l.cluster.drivers.values()].filter(d => !isDriverActive(d)).sort((a, b) => a.sequence - b.sequence)
  const surplus = ended.length - l.context.settings.retainedDrivers
  for (const driver of ended.slice(0, Math.max(0, surplus))) l.dropDriver(driver.driverId)
}
