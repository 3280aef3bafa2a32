/**
 * Buckets as a distribution: a scan of a bucketed table may read bucket i in task i, and then lies by hash of the bucket columns, as an exchange of as many
 * partitions would bring it. It does so where that saves an exchange, and is cut into even tasks elsewhere (Spark's `DisableUnnecessaryBucketedScan`).
 */
import type { ScanSplit } from '../../core/stage.js'
import type { BoundExpr } from '../bound.js'
import { type BucketSpec, bucketOf } from '../bucket-spec.js'
import { partitioningOf } from '../partitioning.js'
import { type FileScan, isPlaced, type Physical } from '../physical-plan.js'
import type { PhysicalContext } from './context.js'
import { isClustered } from './distribution.js'

/** Tasks may be this many times fewer than the slots could run: an exchange costs more. */
const fewerTasksAllowed = 4

/** The plan with the scan that decides its partitioning read by buckets; undefined where there is none, or the buckets are few for the slots. */
export function byBuckets(plan: Physical, context: PhysicalContext): Physical | undefined {
  switch (plan.kind) {
    case 'FileScan': {
      if (plan.buckets === undefined || isPlaced(plan) || plan.everyTask) return undefined
      const wanted = Math.min(plan.tasks.length, context.parallelism)
      return plan.buckets.count * fewerTasksAllowed < wanted ? undefined : readByBuckets(plan, plan.buckets)
    }
    case 'Filter':
    case 'Project':
    case 'Generate': {
      const input = byBuckets(plan.input, context)
      return input && { ...plan, input }
    }
    case 'HashAggregate': {
      const input = plan.mode === 'partial' ? byBuckets(plan.input, context) : undefined
      return input && { ...plan, input }
    }
    case 'Join': {
      if (plan.strategy !== 'BroadcastHashJoin' && plan.strategy !== 'BroadcastNestedLoopJoin') return undefined
      const probe = byBuckets(plan.probe, context)
      return probe && { ...plan, probe }
    }
    default:
      return undefined
  }
}

/** The same splits, those of each bucket in its task. Error: `INVALID_BUCKET_FILE`. */
export function readByBuckets(scan: FileScan, buckets: BucketSpec): FileScan {
  const tasks: ScanSplit[][] = Array.from({ length: buckets.count }, () => [])
  for (const split of scan.tasks.flat()) tasks[bucketOf(split.file.uri, buckets.count)]?.push(split)
  return { ...scan, tasks, byBucket: true }
}

/** The plan read by buckets so that rows with equal keys lie together; undefined when its buckets do not give that. */
export function clusteredByBuckets(plan: Physical, keys: readonly BoundExpr[], context: PhysicalContext): Physical | undefined {
  const placed = byBuckets(plan, context)
  return placed !== undefined && isClustered(partitioningOf(placed), keys) ? placed : undefined
}
