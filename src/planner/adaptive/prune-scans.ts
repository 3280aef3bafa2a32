/**
 * Row groups and files that cannot hold a key of a join's other side, once that is written and its tasks have told the ends of its keys: they are left out
 * before the scan's tasks are made (Spark's dynamic pruning, by ends in place of values). The tasks that are left keep what they were given to read. Used by
 * `replan.ts`.
 */
import type { ScanSplit, StageSize } from '../../core/stage.js'
import { type DataType, types } from '../../core/types.js'
import { type Attribute, type BoundExpr, literal } from '../bound.js'
import { type Exchange, type FileScan, mapPhysicalChildren, type Physical, physicalOutput } from '../physical-plan.js'
import type { RowGroupInfo } from '../ports.js'
import { broadcastKeys, overScan } from '../probe-scan.js'
import { mayMatch } from '../row-group-filter.js'

/** A stage's plan with what its broadcasts leave to be read. Nothing changes when it is asked again. */
export function withPrunedScans(plan: Physical, sizeOf: (exchange: Exchange) => StageSize | undefined): Physical {
  if (plan.kind === 'Exchange') return plan
  let next = mapPhysicalChildren(plan, child => withPrunedScans(child, sizeOf))
  if (next.kind !== 'Join') return next
  for (const { exchange, probe, build } of broadcastKeys(next)) {
    const reported = exchange.target.kind === 'broadcast' ? exchange.target.ends?.id : undefined
    const ends = reported === undefined || reported !== build ? undefined : sizeOf(exchange)?.ends
    const column = physicalOutput(exchange).find(a => a.id === build)
    const [low, high] = ends === undefined || column === undefined ? [] : [decoded(ends.low, column.type), decoded(ends.high, column.type)]
    if (low === undefined || high === undefined) continue
    const pruned: Physical | undefined = next.kind === 'Join' ? overScan(next.probe, probe, (scan, id) => prunedScan(scan, id, low, high)) : undefined
    if (pruned !== undefined && next.kind === 'Join') next = { ...next, probe: pruned }
  }
  return next
}

/** A whole number, or a day, from a memory-comparable key: a mark, then the bytes, largest first, with the sign turned. */
function decoded(key: Uint8Array, type: DataType): bigint | undefined {
  const width = type.kind === 'long' ? 8 : type.kind === 'short' ? 2 : 4
  if (key[0] !== 1 || key.length <= width) return undefined
  let value = 0n
  for (let i = 1; i <= width; i++) value = value * 256n + BigInt(key[i] ?? 0)
  return value - (1n << BigInt(width * 8 - 1))
}

/** Undefined when nothing can be left out. */
function prunedScan(scan: FileScan, id: number, low: bigint, high: bigint): Physical | undefined {
  const column = scan.output.find(a => a.id === id)
  if (column === undefined) return undefined
  const condition = between(column, low, high)
  const columns = new Map([[id, column]])
  const isWanted = (group: RowGroupInfo): boolean => mayMatch(condition, group, columns)
  const groupsOf = new Map(scan.files.map(f => [f.file.uri, f.rowGroups]))
  let [kept, all] = [0, 0]
  const tasks = scan.tasks.map(splits =>
    splits.flatMap((split): ScanSplit[] => {
      const groups = groupsOf.get(split.file.uri)
      if (groups === undefined) return [split]
      const { from, to } = split.rowGroups ?? { from: 0, to: groups.length }
      const runs = wantedRuns(split, groups, from, to, isWanted)
      all += to - from
      kept += runs.reduce((sum, run) => sum + (run.rowGroups === undefined ? to - from : run.rowGroups.to - run.rowGroups.from), 0)
      return runs
    }),
  )
  if (kept === all) return undefined
  const left = tasks.filter(splits => splits.length > 0)
  if (left.length === 0) return { kind: 'ValuesScan', rows: [], output: scan.output }
  return { ...scan, tasks: left, pruned: { kept, all: scan.pruned?.all ?? all } }
}

function between(column: Attribute, low: bigint, high: bigint): BoundExpr {
  const test = (fn: string, value: bigint): BoundExpr => ({
    kind: 'Call',
    fn,
    args: [column, literal(column.type.kind === 'long' ? value : Number(value), column.type)],
    type: types.boolean,
    nullable: true,
  })
  return { kind: 'Call', fn: 'and', args: [test('>=', low), test('<=', high)], type: types.boolean, nullable: true }
}

/** The row groups of a split that are wanted, neighbours together. */
function wantedRuns(
  split: ScanSplit,
  groups: readonly RowGroupInfo[],
  from: number,
  to: number,
  isWanted: (group: RowGroupInfo) => boolean,
): ScanSplit[] {
  const own = groups.slice(from, to)
  const wanted = own.map(isWanted)
  if (!wanted.includes(false)) return [split]
  const bytes = Math.max(
    1,
    own.reduce((sum, g) => sum + g.bytes, 0),
  )
  const runs: ScanSplit[] = []
  let rowFrom = split.rowGroups?.rowFrom ?? 0
  for (let i = 0; i < own.length; ) {
    let end = i
    while (end < own.length && wanted[end] === wanted[i]) end++
    const run = own.slice(i, end)
    const rows = run.reduce((sum, g) => sum + g.rows, 0)
    if (wanted[i] && rows > 0) {
      const part = run.reduce((sum, g) => sum + g.bytes, 0) / bytes
      runs.push({
        ...split,
        rowGroups: { from: from + i, to: from + end, rowFrom, rowTo: rowFrom + rows },
        bytes: Math.round(split.bytes * part),
        rows,
      })
    }
    rowFrom += rows
    i = end
  }
  return runs
}
