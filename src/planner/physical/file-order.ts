/**
 * File order as a distribution. When the footers show that the row groups of a table hardly overlap on a column, the table is range-partitioned on it
 * already: scans are cut at common bounds of that column, and joins and aggregates on it need no exchange. A row group that straddles a bound is read by
 * the tasks on both sides of it, each filtering its own rows: ends that are too wide cost time. NULLs belong to the first range. A row group whose ends
 * are not known rules the column out.
 */
import { conf } from '../../core/config-table.js'
import type { ScanSplit } from '../../core/stage.js'
import type { DataType } from '../../core/types.js'
import { type Attribute, type BoundExpr, type NamedExpr, unaliased } from '../bound.js'
import { partitioningOf, sameValue } from '../partitioning.js'
import { type FileScan, type Physical, type PhysicalJoin, physicalOutput } from '../physical-plan.js'
import type { ColumnFooter, FileInfo } from '../ports.js'
import type { PhysicalContext } from './context.js'
import { isClustered } from './distribution.js'

/** A part of a plan that can be cut at bounds of one of its columns, because all the scans that decide its partitioning can. */
export interface Ordered {
  readonly scans: readonly KeyedScan[]
  cut(bounds: readonly bigint[]): Physical
}

interface KeyedScan {
  readonly scan: FileScan
  readonly groups: readonly KeyGroup[]
}

/** One row group with the ends of its keys; `low` above `high`: all are NULL. */
interface KeyGroup {
  readonly file: number
  readonly index: number
  readonly rowFrom: number
  readonly rows: number
  readonly bytes: number
  readonly low: bigint
  readonly high: bigint
  readonly nulls: boolean
}

/** Row groups that are read twice may add this part to what is read … */
const mostOverlap = 0.25
/** … and the largest task may be this many times the average. */
const mostSkew = 2

/** Whether and how a plan can be cut at bounds of the column `id`. */
export function orderedOn(plan: Physical, id: number): Ordered | undefined {
  switch (plan.kind) {
    case 'FileScan':
      return orderedScan(plan, id)
    case 'Filter': {
      const input = orderedOn(plan.input, id)
      return input && { ...input, cut: bounds => ({ ...plan, input: input.cut(bounds) }) }
    }
    case 'Project': {
      const input = below(plan.input, plan.expressions, id)
      return input && { ...input, cut: bounds => ({ ...plan, input: input.cut(bounds) }) }
    }
    case 'HashAggregate': {
      const source = plan.mode === 'complete' ? sourceOf(plan.results, id) : undefined
      if (source === undefined || !plan.grouping.some(g => g.kind === 'Attribute' && g.id === source)) return undefined
      const input = orderedOn(plan.input, source)
      return input && { ...input, cut: bounds => ({ ...plan, input: input.cut(bounds) }) }
    }
    case 'Join':
      return orderedJoin(plan, id)
    default:
      return undefined
  }
}

function below(input: Physical, list: readonly NamedExpr[], id: number): Ordered | undefined {
  const source = sourceOf(list, id)
  return source === undefined ? undefined : orderedOn(input, source)
}

/** The column that one of a list is. */
function sourceOf(list: readonly NamedExpr[], id: number): number | undefined {
  const item = list.find(e => e.id === id)
  return item === undefined ? undefined : sameValue(unaliased(item))
}

/** The probe side carries the order. Where both sides lie by ranges of the join's keys, both are cut. */
function orderedJoin(plan: PhysicalJoin, id: number): Ordered | undefined {
  if (partitioningOf(plan.build).partitions === 1 || plan.build.kind === 'Exchange') {
    if (plan.strategy !== 'BroadcastHashJoin' && plan.strategy !== 'BroadcastNestedLoopJoin') return undefined
    const probe = orderedOn(plan.probe, id)
    return probe && { ...probe, cut: bounds => ({ ...plan, probe: probe.cut(bounds) }) }
  }
  const partitioning = partitioningOf(plan.probe)
  if (partitioning.kind !== 'ranges' || plan.type === 'full') return undefined
  const pair = plan.probeKeys.findIndex(k => k.kind === 'Attribute' && partitioning.keys.every(key => key.has(k.id)))
  const [probeKey, buildKey] = [plan.probeKeys[pair], plan.buildKeys[pair]]
  if (probeKey?.kind !== 'Attribute' || buildKey?.kind !== 'Attribute') return undefined
  const ofProbe = rootOf(plan.probe, id) === rootOf(plan.probe, probeKey.id)
  const ofBuild = plan.type === 'inner' && rootOf(plan.build, id) === rootOf(plan.build, buildKey.id)
  if (!ofProbe && !ofBuild) return undefined
  const probe = orderedOn(plan.probe, probeKey.id)
  const build = orderedOn(plan.build, buildKey.id)
  return probe && build && together(probe, build, (p, b) => ({ ...plan, probe: p, build: b }))
}

/** The column of the lowest operator that still has the same value, one column's at a time: two that share it are equal in every row. */
function rootOf(plan: Physical, id: number): number | undefined {
  switch (plan.kind) {
    case 'Filter':
      return rootOf(plan.input, id)
    case 'Project':
    case 'HashAggregate': {
      const source = sourceOf(plan.kind === 'Project' ? plan.expressions : plan.results, id)
      return source === undefined ? undefined : rootOf(plan.input, source)
    }
    case 'Join':
      return rootOf(physicalOutput(plan.probe).some(a => a.id === id) ? plan.probe : plan.build, id)
    default:
      return physicalOutput(plan).some(a => a.id === id) ? id : undefined
  }
}

function together(left: Ordered, right: Ordered, make: (left: Physical, right: Physical) => Physical): Ordered {
  return { scans: [...left.scans, ...right.scans], cut: bounds => make(left.cut(bounds), right.cut(bounds)) }
}

function orderedScan(scan: FileScan, id: number): Ordered | undefined {
  const key = scan.output.find(a => a.id === id)
  const groups = key === undefined || scan.format !== 'parquet' ? undefined : keyGroups(scan, key)
  if (key === undefined || groups === undefined) return undefined
  const keyed = { scan, groups: readGroups(scan, groups) }
  return { scans: [keyed], cut: bounds => ({ ...scan, tasks: cutTasks(keyed, key, bounds), ranges: { key: key.id, bounds } }) }
}

/** The groups that the scan's tasks read: others were left out, as no row of theirs is wanted. */
function readGroups({ files, tasks }: FileScan, groups: readonly KeyGroup[]): readonly KeyGroup[] {
  const read = new Map<string, Set<number> | 'all'>()
  for (const { file, rowGroups } of tasks.flat()) {
    const known = read.get(file.uri) ?? new Set()
    for (let index = rowGroups?.from ?? 0; known !== 'all' && index < (rowGroups?.to ?? 0); index++) known.add(index)
    read.set(file.uri, rowGroups === undefined ? 'all' : known)
  }
  return groups.filter(({ file, index }) => {
    const of = read.get(files[file]?.file.uri ?? '')
    return of === 'all' || of?.has(index)
  })
}

/** By the files of a scan and the column: one plan asks for the same keys many times. */
const known = new WeakMap<readonly FileInfo[], Map<string, readonly KeyGroup[] | undefined>>()

function keyGroups(scan: FileScan, key: Attribute): readonly KeyGroup[] | undefined {
  const columns = known.get(scan.files) ?? new Map<string, readonly KeyGroup[] | undefined>()
  known.set(scan.files, columns)
  const name = `${key.type.kind} ${key.name}`
  if (!columns.has(name)) columns.set(name, readKeyGroups(scan, key))
  return columns.get(name)
}

/** Undefined when the ends of a group's keys are not known exactly. */
function readKeyGroups(scan: FileScan, key: Attribute): readonly KeyGroup[] | undefined {
  const groups: KeyGroup[] = []
  for (const [file, info] of scan.files.entries()) {
    if (info.rowGroups === undefined) return undefined
    let rowFrom = 0
    for (const [index, group] of info.rowGroups.entries()) {
      const footer = group.columns?.get(key.name)
      const ends = footer === undefined ? undefined : endsOf(footer, group.rows, key.type)
      if (ends === undefined) return undefined
      groups.push({ file, index, rowFrom, rows: group.rows, bytes: group.bytes, ...ends })
      rowFrom += group.rows
    }
  }
  return groups.length === 0 ? undefined : groups
}

function endsOf(footer: ColumnFooter, rows: number, type: DataType): Pick<KeyGroup, 'low' | 'high' | 'nulls'> | undefined {
  if (footer.nulls === undefined) return undefined
  if (footer.nulls === rows) return { low: 1n, high: 0n, nulls: true }
  const [low, high] = [exact(footer.min, type), exact(footer.max, type)]
  return low === undefined || high === undefined || low > high ? undefined : { low, high, nulls: footer.nulls > 0 }
}

const whole: readonly DataType['kind'][] = ['byte', 'short', 'int', 'long']

/** A footer's value as the whole number that orders its type: days for dates, microseconds for timestamps. Undefined for other types and odd texts. */
function exact(text: string | undefined, type: DataType): bigint | undefined {
  if (text === undefined) return undefined
  if (whole.includes(type.kind)) return /^-?\d+$/.test(text) ? BigInt(text) : undefined
  const match = /^(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?)?(\+00)?$/.exec(text)
  if (match === null) return undefined
  const [, day, time, fraction = '', zone] = match
  if (type.kind === 'date') return time === undefined ? BigInt(Date.parse(`${day}T00:00:00Z`) / 86_400_000) : undefined
  if ((type.kind !== 'timestamp' && type.kind !== 'timestamp_ntz') || time === undefined || (zone !== undefined) !== (type.kind === 'timestamp'))
    return undefined
  return BigInt(Date.parse(`${day}T${time}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

/**
 * Bounds that give all the scans together about as many even tasks as the largest of them has by itself, or fewer where row groups are too wide for
 * that; undefined when order gains nothing.
 */
export function commonBounds(ordered: Ordered, context: PhysicalContext): readonly bigint[] | undefined {
  if (!context.conf.get(conf.fileOrderEnabled)) return undefined
  const groups = ordered.scans.flatMap(s => s.groups)
  const own = Math.max(...ordered.scans.map(s => s.scan.tasks.length))
  const least = Math.min(own, context.parallelism)
  for (let parts = Math.max(own, context.parallelism); parts >= least; parts = Math.floor(parts / 2)) {
    const bounds = evenBounds(groups, parts)
    if (bounds.length + 1 < least) return undefined
    if (ordered.scans.every(s => worthCutting(s, bounds))) return bounds
  }
  return undefined
}

/** Starts of row groups near the quantiles of all bytes. */
function evenBounds(groups: readonly KeyGroup[], parts: number): bigint[] {
  const byStart = groups.filter(g => g.low <= g.high).sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))
  const total = byStart.reduce((sum, g) => sum + g.bytes, 0)
  const bounds: bigint[] = []
  let before = 0
  for (const g of byStart) {
    const last = bounds[bounds.length - 1] ?? byStart[0]?.low ?? 0n
    // A group starts a part when the half of it that lies beyond the quantile is the larger one.
    if (g.low > last && before + g.bytes / 2 > (total * (bounds.length + 1)) / parts && bounds.length + 1 < parts) bounds.push(g.low)
    before += g.bytes
  }
  return bounds
}

/** The task whose range holds a value: one more than the bounds that are not above it. */
function taskOf(value: bigint, bounds: readonly bigint[]): number {
  let [low, high] = [0, bounds.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((bounds[middle] as bigint) <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** The groups that each task must read: those that reach into its range, and for the first task those with NULLs. */
function groupsByTask(groups: readonly KeyGroup[], bounds: readonly bigint[]): KeyGroup[][] {
  const tasks: KeyGroup[][] = Array.from({ length: bounds.length + 1 }, () => [])
  for (const group of groups) {
    const valued = group.low <= group.high
    const first = valued ? taskOf(group.low, bounds) : 0
    const last = valued ? taskOf(group.high, bounds) : 0
    if (group.nulls && first > 0) tasks[0]?.push(group)
    for (let task = first; task <= last; task++) tasks[task]?.push(group)
  }
  return tasks
}

function bytesOf(groups: readonly KeyGroup[]): number {
  return groups.reduce((sum, g) => sum + g.bytes, 0)
}

function worthCutting({ groups }: KeyedScan, bounds: readonly bigint[]): boolean {
  const tasks = groupsByTask(groups, bounds).map(bytesOf)
  const read = tasks.reduce((a, b) => a + b, 0)
  return read <= bytesOf(groups) * (1 + mostOverlap) && Math.max(...tasks) <= (mostSkew * read) / tasks.length
}

/** One task per range; each run of neighbouring groups of a file is one split. */
function cutTasks({ scan, groups }: KeyedScan, key: Attribute, bounds: readonly bigint[]): readonly (readonly ScanSplit[])[] {
  return groupsByTask(groups, bounds).map((own, task) => {
    const runs: KeyGroup[][] = []
    for (const group of own) {
      const run = runs[runs.length - 1]
      const last = run?.[run.length - 1]
      if (run !== undefined && last?.file === group.file && last.index + 1 === group.index) run.push(group)
      else runs.push([group])
    }
    return runs.map(run => splitOf(scan, run, key, bounds, task))
  })
}

function splitOf(scan: FileScan, run: readonly KeyGroup[], key: Attribute, bounds: readonly bigint[], task: number): ScanSplit {
  const [first, last] = [run[0] as KeyGroup, run[run.length - 1] as KeyGroup]
  const info = scan.files[first.file]
  if (info === undefined) throw new Error('bug in spk: a split of no file')
  const rows = run.reduce((sum, g) => sum + g.rows, 0)
  const [from, to] = [bounds[task - 1], bounds[task]]
  const below = from !== undefined && run.some(g => g.low <= g.high && g.low < from)
  const above = to !== undefined && run.some(g => g.low <= g.high && g.high >= to)
  const nulls = run.some(g => g.nulls)
  const filtered = below || above || (nulls && task > 0)
  return {
    file: info.file,
    ...(run.length === info.rowGroups?.length
      ? {}
      : { rowGroups: { from: first.index, to: last.index + 1, rowFrom: first.rowFrom, rowTo: first.rowFrom + rows } }),
    bytes: run.reduce((sum, g) => sum + g.bytes, 0),
    rows,
    ...(filtered
      ? {
          keyRange: {
            column: key.name,
            ...(from === undefined ? {} : { from: String(from) }),
            ...(to === undefined ? {} : { to: String(to) }),
            nulls: nulls && task === 0,
          },
        }
      : {}),
  }
}

/** Both sides of an equi-join cut at the same bounds of one pair of keys; undefined when file order does not give that. */
export function cutAlike(
  left: { readonly plan: Physical; readonly columns: readonly Attribute[] },
  right: { readonly plan: Physical; readonly columns: readonly Attribute[] },
  context: PhysicalContext,
): readonly [Physical, Physical] | undefined {
  for (const [i, key] of left.columns.entries()) {
    const l = orderedOn(left.plan, key.id)
    const r = l === undefined ? undefined : orderedOn(right.plan, right.columns[i]?.id ?? -1)
    if (l === undefined || r === undefined) continue
    const bounds = commonBounds({ scans: [...l.scans, ...r.scans], cut: l.cut }, context)
    if (bounds !== undefined) return [l.cut(bounds), r.cut(bounds)]
  }
  return undefined
}

/** The plan cut so that rows with equal keys lie together; undefined when file order does not give that. */
export function cutByFileOrder(plan: Physical, keys: readonly BoundExpr[], context: PhysicalContext): Physical | undefined {
  for (const key of keys) {
    const ordered = key.kind === 'Attribute' ? orderedOn(plan, key.id) : undefined
    const bounds = ordered === undefined ? undefined : commonBounds(ordered, context)
    if (ordered === undefined || bounds === undefined) continue
    const cut = ordered.cut(bounds)
    if (isClustered(partitioningOf(cut), keys)) return cut
  }
  return undefined
}
