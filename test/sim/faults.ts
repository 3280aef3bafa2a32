/**
 * What goes wrong and when, drawn from the seed before anything runs: a list of faults, each with its beginning and its end, all over by `healAt`. Kept as
 * data so that a run can be shown, repeated and shrunk.
 */
import type { Direction } from './net.js'
import type { Seed } from './seed.js'

export type Fault =
  | { readonly kind: 'crash'; readonly node: string; readonly at: number; readonly until: number }
  /** The machine: everything on the host at once. */
  | { readonly kind: 'hostCrash'; readonly host: string; readonly at: number; readonly until: number }
  | {
      readonly kind: 'pause'
      readonly node: string
      readonly at: number
      readonly until: number
      readonly suspended: boolean
      readonly timersFirst: boolean
    }
  | { readonly kind: 'cut'; readonly host: string; readonly at: number; readonly until: number; readonly directions: readonly Direction[] }
  | { readonly kind: 'busDown'; readonly at: number; readonly until: number }
  | { readonly kind: 'storeDown'; readonly at: number; readonly until: number }
  | { readonly kind: 'storeLost'; readonly at: number; readonly until: number }
  /** SIGTERM: a master gives its lease back, a worker takes leave. */
  | { readonly kind: 'stop'; readonly node: string; readonly at: number; readonly until: number }
  /** Somebody else writes records of the store anew, the same values: whoever compares revisions meets a conflict. */
  | { readonly kind: 'rewrite'; readonly at: number; readonly until: number; readonly everyMs: number }

export interface FaultPlanOptions {
  /** Nodes that may crash and be paused, and hosts that may be cut off. */
  readonly nodes: readonly string[]
  readonly hosts: readonly string[]
  /** Drivers of clients: may crash and be paused; one that crashed is not started again. */
  readonly drivers?: readonly string[]
  /** Executors, and drivers that workers run, are named by number of their start: the first so many may crash and be paused. */
  readonly executors?: number
  readonly submitted?: number
  /** Faults begin between these times and are over by the second. */
  readonly from: number
  readonly healAt: number
  readonly most: number
}

type Kind = Fault['kind']
const KINDS: readonly Kind[] = [
  ...(['crash', 'crash', 'hostCrash', 'pause', 'pause', 'pause', 'cut', 'cut'] as const),
  ...(['busDown', 'storeDown', 'storeLost', 'stop', 'rewrite'] as const),
]

/** One script per seed (swarm testing). Most draw from a subset of the kinds: some runs see only pauses, some everything. Others are all about one danger. */
export function planFaults(seed: Seed, options: FaultPlanOptions): Fault[] {
  const draw = seed.pick(SCRIPTS)
  return draw(seed, options).sort((a, b) => a.at - b.at)
}

const SCRIPTS = [anything, anything, anything, contestedLease, lateOrders, frozenExecutors]

function anything(seed: Seed, options: FaultPlanOptions): Fault[] {
  const kinds = KINDS.filter(() => seed.chance(0.6))
  if (kinds.length === 0) return []
  return Array.from({ length: seed.int(0, options.most) }, () => oneFault(seed, seed.pick(kinds), options))
}

/** Masters are cut off or paused for about as long as a lease lives, while executors die, so that there are orders to give. */
function contestedLease(seed: Seed, options: FaultPlanOptions): Fault[] {
  const masters = options.nodes.filter(node => node.startsWith('m'))
  const faults: Fault[] = []
  for (let at = seed.between(options.from, 3000); at < options.healAt - 6000; at += seed.between(1000, 8000)) {
    const until = at + seed.between(2000, 6000)
    const master = seed.pick(masters)
    if (seed.chance(0.5)) faults.push({ kind: 'cut', host: master, at, until, directions: seed.pick([['out'], ['out', 'in'], ['in']] as const) })
    else faults.push({ kind: 'pause', node: master, at, until, suspended: seed.chance(0.3), timersFirst: seed.chance(0.5) })
    for (let n = seed.int(0, 3); n > 0 && options.executors !== undefined; n--) {
      const when = seed.between(at - 500, until)
      faults.push({ kind: 'crash', node: `x${seed.int(0, 2 * options.executors)}`, at: Math.max(0, when), until: Math.max(0, when) })
    }
  }
  return faults
}

/**
 * What the epoch fence is for. Executors die, so that there are launches; their worker cannot be reached, so that the launches are repeated; then a master's
 * outgoing link stalls. When the master led, its repeats wait in that link while another is elected and speaks to the worker, and arrive after all.
 */
function lateOrders(seed: Seed, options: FaultPlanOptions): Fault[] {
  const masters = options.nodes.filter(node => node.startsWith('m'))
  const workers = options.nodes.filter(node => node.startsWith('w'))
  const faults: Fault[] = []
  for (let at = seed.between(options.from, 3000); at < options.healAt - 9000; at += seed.between(8000, 14_000)) {
    for (let n = seed.int(1, 3); n > 0 && options.executors !== undefined; n--) {
      faults.push({ kind: 'crash', node: `x${seed.int(0, 2 * options.executors)}`, at: Math.max(0, at - seed.between(20, 300)), until: at })
    }
    faults.push({ kind: 'cut', host: seed.pick(workers), at, until: at + seed.between(2500, 3900), directions: ['in'] })
    const stall = at + seed.between(300, 2500)
    faults.push({ kind: 'cut', host: seed.pick(masters), at: stall, until: stall + seed.between(3900, 5900), directions: ['out'] })
  }
  return faults
}

/**
 * What the driver's consolidate table is for. All executors freeze for longer than the driver waits for a launch to be acknowledged (10 s, and the last try
 * after it); awake again, they run what was given up, beside its repetition.
 */
function frozenExecutors(seed: Seed, options: FaultPlanOptions): Fault[] {
  const faults: Fault[] = []
  for (let at = seed.between(options.from, 6000); at < options.healAt - 12_500; at += seed.between(15_000, 18_000)) {
    const until = Math.min(options.healAt, at + seed.between(12_300, 15_000))
    for (let n = 0; n < 2 * (options.executors ?? 0); n++) {
      faults.push({
        kind: 'pause',
        node: `x${n}`,
        at,
        until: Math.max(at, until - seed.between(0, 300)),
        suspended: false,
        timersFirst: seed.chance(0.5),
      })
    }
  }
  return faults
}

function oneFault(seed: Seed, kind: Kind, { nodes, hosts, drivers = [], executors = 0, submitted = 0, from, healAt }: FaultPlanOptions): Fault {
  const node = (): string => {
    if (executors > 0 && seed.chance(0.35)) return `x${seed.int(0, executors - 1)}`
    if (submitted > 0 && seed.chance(0.2)) return `y${seed.int(0, submitted - 1)}`
    return drivers.length > 0 && seed.chance(kind === 'pause' ? 0.15 : 0.08) ? seed.pick(drivers) : seed.pick(nodes)
  }
  const at = seed.between(from, healAt - 200)
  const until = (shortest: number, longest: number) => Math.min(healAt, at + seed.between(shortest, longest))
  switch (kind) {
    case 'crash':
      return { kind, node: node(), at, until: until(50, 5000) }
    case 'hostCrash':
      return { kind, host: seed.pick(nodes), at, until: until(500, 8000) }
    case 'pause':
      return {
        kind,
        node: node(),
        at,
        until: seed.chance(0.4) ? until(9000, 15_000) : until(100, 9000),
        suspended: seed.chance(0.3),
        timersFirst: seed.chance(0.5),
      }
    case 'cut':
      // Long enough for another leader, too short to be noticed as dead: what was held arrives after all, from the past.
      return {
        kind,
        host: seed.pick(hosts),
        at,
        until: seed.chance(0.5) ? until(3000, 5500) : until(200, 14_000),
        directions: seed.pick([['out'], ['out'], ['in'], ['out', 'in']] as const),
      }
    case 'busDown':
      return { kind, at, until: until(100, 4000) }
    case 'storeDown':
      return { kind, at, until: until(500, 9000) }
    case 'storeLost':
      return { kind, at, until: at }
    case 'stop':
      return { kind, node: seed.pick(nodes), at, until: until(3000, 9000) }
    case 'rewrite':
      return { kind, at, until: until(500, 6000), everyMs: seed.pick([20, 100, 400]) }
  }
}

export function describeFault(fault: Fault): string {
  const { kind, at, until, ...rest } = fault
  return `${(at / 1000).toFixed(3)}–${(until / 1000).toFixed(3)} s ${kind} ${Object.values(rest).join(' ')}`
}
