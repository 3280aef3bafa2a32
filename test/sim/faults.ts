/**
 * What goes wrong and when, drawn from the seed before anything runs: a list of faults, each with its beginning and its end, all over by `healAt`. Kept as
 * data so that a run can be shown, repeated and shrunk.
 */
import type { Direction, Lateness } from './net.js'
import type { Seed } from './seed.js'

/** `node`: a name; or `leader`, or `x*3`, the third of the executors that live then (`y*`: of the drivers on workers). */
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
  /** What masters order, or executors report (once more), or a leader's renewal comes seconds late, while all else passes. */
  | { readonly kind: 'late'; readonly what: 'orders' | 'reports' | 'renewals'; readonly at: number; readonly until: number; readonly rule: Lateness }
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
  /** Whether there are executors, and drivers that workers run. */
  readonly executors?: boolean
  readonly submitted?: boolean
  /** Faults begin between these times and are over by the second. */
  readonly from: number
  readonly healAt: number
  readonly most: number
}

type Kind = Fault['kind']
const KINDS: readonly Kind[] = [
  ...(['crash', 'crash', 'hostCrash', 'pause', 'pause', 'pause', 'cut', 'cut'] as const),
  ...(['busDown', 'storeDown', 'storeLost', 'stop', 'rewrite', 'late', 'late'] as const),
]

export interface Script {
  readonly name: string
  /** It is about jobs that run: there have to be some all the time. */
  readonly busy: boolean
  /** All else goes well enough for it to come about. */
  readonly gently: boolean
  /** Workers have cores to spare, for what comes late. */
  readonly spare?: boolean
  /** Tasks take so long at the most, milliseconds, one of these. */
  readonly longest: readonly number[]
  /** Workers run drivers. */
  readonly submitted?: boolean
  readonly draw: (seed: Seed, options: FaultPlanOptions) => Fault[]
}

/** One script per seed (swarm testing). Most draw from a subset of the kinds: some runs see only pauses, some everything. Others are all about one danger. */
export function pickScript(seed: Seed): Script {
  return seed.pick(SCRIPTS)
}

export function planFaults(script: Script, seed: Seed, options: FaultPlanOptions): Fault[] {
  return script.draw(seed, options).sort((a, b) => a.at - b.at)
}

const SCRIPTS: readonly Script[] = [
  { name: 'anything', busy: false, gently: false, longest: [100, 500, 2000, 5000], draw: anything },
  { name: 'anything', busy: false, gently: false, longest: [100, 500, 2000, 5000], draw: anything },
  { name: 'anything, busy', busy: true, gently: false, longest: [60, 200, 600], draw: anything },
  { name: 'contested lease', busy: true, gently: true, longest: [60, 200, 600], draw: contestedLease },
  { name: 'late orders', busy: true, gently: true, spare: true, longest: [60, 200, 600], draw: lateOrders },
  { name: 'late reports', busy: true, gently: true, longest: [500, 1500], draw: lateReports },
  { name: 'dying drivers', busy: true, gently: true, longest: [200, 600], submitted: true, draw: dyingDrivers },
  { name: 'frozen executors', busy: true, gently: true, longest: [60, 200, 600], draw: frozenExecutors },
]

export function anything(seed: Seed, options: FaultPlanOptions): Fault[] {
  const kinds = KINDS.filter(() => seed.chance(0.6))
  if (kinds.length === 0) return []
  return Array.from({ length: seed.int(0, options.most) }, () => oneFault(seed, seed.pick(kinds), options))
}

/** Masters are cut off or paused for about as long as a lease lives, or renew it late, while executors die, so that there are orders to give. */
function contestedLease(seed: Seed, options: FaultPlanOptions): Fault[] {
  const masters = options.nodes.filter(node => node.startsWith('m'))
  const faults: Fault[] = []
  for (let at = seed.between(options.from, 3000); at < options.healAt - 6000; at += seed.between(3000, 8000)) {
    const until = at + seed.between(2800, 4500)
    const node = options.executors && seed.chance(0.7) ? 'leader' : seed.pick(masters)
    const how = seed.pick(['cut', 'pause', 'late'] as const)
    if (how === 'cut') faults.push({ kind: 'cut', host: node, at, until, directions: seed.pick([['out'], ['out'], ['out', 'in'], ['in']] as const) })
    else if (how === 'pause') faults.push({ kind: 'pause', node, at, until, suspended: seed.chance(0.3), timersFirst: seed.chance(0.5) })
    else faults.push(late(seed, 'renewals', at, at + 1500, [3000, 4000]))
    for (let when = at - 1000; when < until; when += seed.between(700, 3000)) faults.push(...executorCrashes(seed, options, Math.max(500, when), 1))
  }
  return faults
}

/**
 * What the epoch fence is for. Executors die, so that there are launches; the launches are on their way for long; meanwhile whoever leads dies, another is
 * elected and speaks to the workers; and then the launches arrive after all.
 */
function lateOrders(seed: Seed, options: FaultPlanOptions): Fault[] {
  const masters = options.nodes.filter(node => node.startsWith('m'))
  const faults: Fault[] = []
  for (let at = seed.between(2000, 4000); at < options.healAt - 9000; at += seed.between(9000, 12_000)) {
    // The master waits a second before it replaces an executor that failed.
    faults.push(...executorCrashes(seed, options, at), ...executorCrashes(seed, options, at + 600))
    faults.push(late(seed, 'orders', at + 300, at + 3000, [3000, 4500]))
    for (const node of masters) {
      const crash = at + seed.between(1000, 2400)
      faults.push({ kind: 'crash', node, at: crash, until: crash + seed.between(50, 1000) })
    }
  }
  return faults
}

/**
 * Reports come again, seconds later, when the host that holds the reported outputs cannot be reached and other attempts make them anew, while the executor
 * that reported lives.
 */
function lateReports(seed: Seed, options: FaultPlanOptions): Fault[] {
  const workers = options.nodes.filter(node => node.startsWith('w'))
  const faults: Fault[] = []
  for (let at = seed.between(2500, 3500); at < options.healAt - 3000; at += seed.between(2000, 4500)) {
    faults.push(late(seed, 'reports', at - 2000, at + 1000, [300, 1500]))
    for (const host of seed.shuffled(workers).slice(0, seed.int(1, 2)))
      faults.push({ kind: 'cut', host, at, until: at + seed.between(500, 2500), directions: ['in', 'out'] })
  }
  return faults
}

/** Drivers die or stand still, and so do workers that run some, for longer than a master waits for either. */
function dyingDrivers(seed: Seed, options: FaultPlanOptions): Fault[] {
  const workers = options.nodes.filter(node => node.startsWith('w'))
  const faults: Fault[] = []
  for (let at = seed.between(1500, 4000); at < options.healAt - 2000; at += seed.between(2000, 6000)) {
    const driver = options.drivers !== undefined && seed.chance(0.3) ? (seed.shuffled(options.drivers)[0] ?? 'y*0') : `y*${seed.int(0, 2)}`
    const until = Math.min(options.healAt, at + seed.between(3500, 13_000))
    const node = seed.chance(0.7) ? driver : seed.pick(workers)
    if (seed.chance(0.6)) faults.push({ kind: 'crash', node, at, until: Math.min(until, at + seed.between(50, 3000)) })
    else faults.push({ kind: 'pause', node, at, until, suspended: seed.chance(0.3), timersFirst: seed.chance(0.5) })
  }
  return faults
}

function executorCrashes(seed: Seed, { executors }: FaultPlanOptions, before: number, most = 3): Fault[] {
  if (!executors) return []
  return Array.from({ length: seed.int(1, most) }, () => {
    const at = Math.max(0, before - seed.between(20, 300))
    return { kind: 'crash', node: `x*${seed.int(0, 11)}`, at, until: at }
  })
}

type LateWhat = Extract<Fault, { kind: 'late' }>['what']

const LATE: Readonly<Record<LateWhat, readonly string[]>> = {
  orders: ['launchExecutor', 'killExecutor', 'launchDriver', 'killDriver', 'applicationFinished'],
  reports: ['statusUpdate'],
  renewals: ['update spk_leader/lease', 'put spk_leader/lease'],
}

function late(seed: Seed, what: LateWhat, at: number, until: number, shortest: readonly [number, number]): Fault {
  const shortestMs = seed.between(...shortest)
  const rule = { names: LATE[what], copies: what === 'reports', chance: seed.between(0.5, 1), shortestMs, longestMs: shortestMs + 4000 }
  return { kind: 'late', what, at, until, rule }
}

/**
 * What the driver's consolidate table is for. All executors freeze for longer than the driver waits for a launch to be acknowledged (10 s, and the last try
 * after it); awake again, they run what was given up, beside its repetition.
 */
function frozenExecutors(seed: Seed, options: FaultPlanOptions): Fault[] {
  const faults: Fault[] = []
  for (let at = seed.between(options.from, 6000); at < options.healAt - 12_500; at += seed.between(15_000, 18_000)) {
    const until = Math.min(options.healAt, at + seed.between(12_300, 15_000))
    for (let n = 0; n < (options.executors ? 12 : 0); n++) {
      faults.push({
        kind: 'pause',
        node: `x*${n}`,
        at,
        until: Math.max(at, until - seed.between(0, 300)),
        suspended: false,
        timersFirst: seed.chance(0.5),
      })
    }
  }
  return faults
}

function oneFault(
  seed: Seed,
  kind: Kind,
  { nodes, hosts, drivers = [], executors = false, submitted = false, from, healAt }: FaultPlanOptions,
): Fault {
  const node = (): string => {
    if (executors && seed.chance(0.35)) return `x*${seed.int(0, 11)}`
    if (submitted && seed.chance(0.25)) return `y*${seed.int(0, 3)}`
    if (executors && seed.chance(0.2)) return 'leader'
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
    case 'late':
      return late(seed, seed.pick(['orders', 'reports', 'renewals'] as const), at, until(500, 5000), [500, 5000])
    case 'stop':
      return { kind, node: executors && seed.chance(0.3) ? 'leader' : seed.pick(nodes), at, until: until(3000, 9000) }
    case 'rewrite':
      return { kind, at, until: until(500, 6000), everyMs: seed.pick([20, 100, 400]) }
  }
}

export function describeFault(fault: Fault): string {
  const { kind, at, until, ...rest } = fault
  const details = Object.values(rest).map(value => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
  return `${(at / 1000).toFixed(3)}–${(until / 1000).toFixed(3)} s ${kind} ${details.join(' ')}`
}
