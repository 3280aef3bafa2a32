/** How the rows of a physical plan lie over the tasks of its last stage: what saves an exchange. Pure; read by `physical/`. */
import { unreachable } from '../core/errors.js'
import type { DataType } from '../core/types.js'
import type { BoundExpr, NamedExpr } from './bound.js'
import type { FileScan, Physical, PhysicalJoin } from './physical-plan.js'

/** How rows lie over the tasks of a plan's last stage. */
export type Partitioning =
  /** Each key is a set of columns known to be equal; rows with equal keys are in one partition, by ranges of the hash of the keys. */
  | { readonly kind: 'hash'; readonly keys: readonly ReadonlySet<number>[]; readonly partitions: number }
  /** Rows with equal values of the one key are in one partition, by ranges of it; two partitionings with the same bounds lie alike. */
  | { readonly kind: 'ranges'; readonly keys: readonly [ReadonlySet<number>]; readonly bounds: readonly bigint[]; readonly partitions: number }
  | { readonly kind: 'unknown'; readonly partitions: number }

export function partitioningOf(plan: Physical): Partitioning {
  switch (plan.kind) {
    case 'FileScan':
      return scanPartitioning(plan)
    case 'RowsScan':
      return { kind: 'unknown', partitions: plan.partitions.length }
    case 'RangeScan':
      return { kind: 'unknown', partitions: plan.partitions }
    case 'ValuesScan':
    case 'RecursiveCte':
    case 'RecursiveRef':
      return { kind: 'unknown', partitions: 1 }
    case 'Filter':
    case 'Sort':
    case 'TopN':
    case 'Limit':
    case 'CollectLimit':
    case 'Window':
    case 'WindowGroupLimit':
    case 'Generate':
      return partitioningOf(plan.input)
    case 'Expand':
    case 'GroupingSets':
      // Columns of the output are others, even where they hold the same values.
      return { kind: 'unknown', partitions: partitioningOf(plan.input).partitions }
    case 'Project':
      return renamed(partitioningOf(plan.input), plan.expressions)
    case 'HashAggregate':
      return renamed(partitioningOf(plan.input), plan.results)
    case 'SetOperation':
      return partitioningOf(plan.left)
    case 'Union':
      return { kind: 'unknown', partitions: plan.inOneTask ? 1 : plan.inputs.reduce((n, input) => n + partitioningOf(input).partitions, 0) }
    case 'Join':
      return joinPartitioning(plan)
    case 'Exchange':
      if (plan.reading === 'local') return { kind: 'unknown', partitions: partitioningOf(plan.input).partitions }
      switch (plan.target.kind) {
        case 'hash':
          return { kind: 'hash', keys: plan.target.keys.map(k => new Set([k.id])), partitions: plan.target.partitions }
        case 'range':
        case 'roundRobin':
          return { kind: 'unknown', partitions: plan.target.partitions }
        case 'single':
        case 'broadcast':
          return { kind: 'unknown', partitions: 1 }
        default:
          return unreachable(plan.target)
      }
    default:
      return unreachable(plan)
  }
}

function scanPartitioning({ tasks, ranges, byBucket, buckets, output, fields }: FileScan): Partitioning {
  const partitions = tasks.length
  if (ranges !== undefined) return { kind: 'ranges', keys: [new Set([ranges.key])], bounds: ranges.bounds, partitions }
  const columns = byBucket ? buckets?.columns.map(name => output.find(a => a.name === name && fields?.[name] === undefined)?.id) : undefined
  if (columns === undefined || columns.includes(undefined)) return { kind: 'unknown', partitions }
  return { kind: 'hash', keys: columns.map(id => new Set([id as number])), partitions }
}

/** What is left of a partitioning above a list of expressions: keys that lost their column are lost, and with them the whole. */
function renamed(from: Partitioning, list: readonly NamedExpr[]): Partitioning {
  if (from.kind === 'unknown') return from
  // A whole number in a wider type lies in the same range, but has another hash.
  const source = (e: NamedExpr) => (e.kind === 'Attribute' ? e.id : from.kind === 'ranges' ? sameValue(e.child) : columnId(e.child))
  const names = (key: ReadonlySet<number>) => new Set(list.filter(e => key.has(source(e) ?? -1)).map(e => e.id))
  return withKeys(from, names)
}

function columnId(e: BoundExpr): number | undefined {
  return e.kind === 'Attribute' ? e.id : undefined
}

const wholeNumbers: readonly DataType['kind'][] = ['byte', 'short', 'int', 'long']

/** The column whose value an expression is: itself, or a whole number in a wider type, which changes neither value nor order. */
export function sameValue(e: BoundExpr): number | undefined {
  if (e.kind !== 'Cast') return columnId(e)
  const [from, to] = [wholeNumbers.indexOf(e.child.type.kind), wholeNumbers.indexOf(e.type.kind)]
  return from >= 0 && to >= from ? sameValue(e.child) : undefined
}

function withKeys(from: Exclude<Partitioning, { kind: 'unknown' }>, change: (key: ReadonlySet<number>) => ReadonlySet<number>): Partitioning {
  const keys = from.keys.map(change)
  if (!keys.every(k => k.size > 0)) return { kind: 'unknown', partitions: from.partitions }
  return from.kind === 'hash' ? { ...from, keys } : { ...from, keys: [keys[0] ?? new Set()] }
}

function joinPartitioning(plan: PhysicalJoin): Partitioning {
  const probe = partitioningOf(plan.probe)
  if (plan.strategy === 'CartesianProduct') return { kind: 'unknown', partitions: probe.partitions * partitioningOf(plan.build).partitions }
  if (probe.kind === 'unknown') return probe
  if (plan.type === 'full') return { kind: 'unknown', partitions: probe.partitions }
  if (plan.type !== 'inner') return probe
  // After an inner join both keys of a pair are equal.
  return withKeys(probe, key => {
    const equal = new Set(key)
    plan.probeKeys.forEach((k, i) => {
      const other = plan.buildKeys[i]
      if (k.kind === 'Attribute' && other?.kind === 'Attribute' && key.has(k.id)) equal.add(other.id)
    })
    return equal
  })
}
