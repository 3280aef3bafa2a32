/** Carries out the faults of a scenario: who is hit is settled when a fault begins, and counted; when it ends, the same one is let go. */
import type { SimCluster } from './cluster.js'
import type { Fault } from './faults.js'
import type { SimNode } from './node.js'
import { calm } from './world.js'

/** `spk.master.leaseTtl`. */
const LEASE_MS = 3000

const ROLES: Readonly<Record<string, string>> = { m: 'a master', w: 'a worker', x: 'an executor', d: 'a driver', y: 'a driver on a worker' }

/** Puts a fault and its end on the schedule. */
export function happen(fault: Fault, cluster: SimCluster): void {
  const { world } = cluster
  const { scheduler, net } = world
  /** `begin` returns how to end it; undefined when there was nothing to hit. */
  const during = (begin: () => (() => void) | undefined): void => {
    scheduler.after(fault.at, `fault: ${fault.kind}`, () => {
      const end = begin()
      if (end !== undefined) scheduler.after(fault.until - scheduler.time, `end of ${fault.kind}`, end)
    })
  }
  const counted = (what: string) => world.counts.add(`fault: ${what}`)
  switch (fault.kind) {
    case 'crash':
      during(() => {
        const node = victim(cluster, fault.node)
        if (node === undefined) return undefined
        counted(`crash of ${roleOf(node)}`)
        node.end()
        return () => cluster.start(node)
      })
      break
    case 'hostCrash':
      during(() => {
        counted('hostCrash')
        for (const node of on(cluster, fault.host)) node.end()
        return () => on(cluster, fault.host).forEach(node => void cluster.start(node))
      })
      break
    case 'pause':
      during(() => {
        const node = victim(cluster, fault.node)
        if (node === undefined || node.paused) return undefined
        counted(`pause of ${roleOf(node)}${fault.until - fault.at > LEASE_MS ? ', longer than the lease' : ''}`)
        node.pause(fault.suspended)
        return () => node.resume(fault.timersFirst)
      })
      break
    case 'stop':
      during(() => {
        const node = victim(cluster, fault.node)
        if (node === undefined) return undefined
        counted(`stop of ${roleOf(node)}`)
        cluster.stop(node)
        return () => {
          node.end()
          cluster.start(node)
        }
      })
      break
    case 'cut':
      during(() => {
        const host = fault.host === 'leader' ? victim(cluster, 'leader')?.host : fault.host
        if (host === undefined) return undefined
        counted(`cut ${fault.directions.join(' and ')}`)
        net.cut(host, fault.directions)
        return () => net.heal(host)
      })
      break
    case 'late':
      during(() => {
        counted(`late ${fault.what}`)
        net.late(fault.rule)
        return () => net.inTime(fault.rule)
      })
      break
    case 'busDown':
      during(() => {
        counted('busDown')
        net.busDown()
        return () => net.busBack()
      })
      break
    case 'storeDown':
      during(() => {
        counted('storeDown')
        net.storeDown()
        return () => net.storeBack()
      })
      break
    case 'storeLost':
      during(() => {
        counted('storeLost')
        world.bus.loseStore()
        cluster.invariants.storeLost()
        return undefined
      })
      break
    case 'rewrite':
      for (let at = fault.at; at < fault.until; at += fault.everyMs) scheduler.after(at, 'rewrite', () => rewrite(cluster))
      break
  }
}

/** Whoever lives of that name: `leader`, and `x*3`: the third living executor, beginning anew when there are fewer. */
function victim(cluster: SimCluster, name: string): SimNode | undefined {
  const { nodes } = cluster.world
  const [prefix, number] = name.split('*')
  if (number !== undefined) {
    const living = [...nodes.values()].filter(node => node.alive && node.name[0] === prefix)
    return living[Number(number) % living.length]
  }
  const node = name === 'leader' ? cluster.leader() : nodes.get(name)
  return node?.alive ? node : undefined
}

function roleOf(node: SimNode): string {
  return ROLES[node.name[0] ?? ''] ?? node.name
}

/** Writes one record of the store again: its value stays, its revision does not. */
function rewrite({ world, names }: SimCluster): void {
  const draws = world.seed.fork(`rewrite ${world.scheduler.time}`)
  const bucket = draws.chance(0.3) ? names.leaderBucket : names.stateBucket
  const entries = world.bus.peekAll(bucket)
  if (entries.length === 0) return
  const { key, value } = draws.pick(entries)
  world.counts.add('fault: rewrite of a record')
  world.bus.storedBucket(bucket, Number.POSITIVE_INFINITY).put(key, value)
}

function on(cluster: SimCluster, host: string): SimNode[] {
  return [...cluster.world.nodes.values()].filter(node => node.host === host)
}

/** The end of all faults: everything that is to live lives again, and the network is calm. */
export function heal(cluster: SimCluster): void {
  const { world } = cluster
  world.net.setProfile(calm)
  world.net.busBack()
  world.net.storeBack()
  for (const node of [...world.nodes.values()]) {
    node.resume(true)
    world.net.heal(node.host)
    cluster.start(node)
  }
}
