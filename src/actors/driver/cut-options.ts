/** How a session's settings let adaptive execution share partitions among tasks. Used by `job-effects.ts`. */
import type { Conf } from '../../core/config.js'
import { conf as table } from '../../core/config-table.js'
import type { CutOptions } from './shuffle-cut.js'

/** `slots`: what the application's executors can run at once. */
export function cutOptions(conf: Conf, slots: number): CutOptions {
  if (!conf.get(table.adaptiveEnabled)) return {}
  const advisory = conf.get(table.adaptiveAdvisorySize)
  const parallelism = conf.get(table.adaptiveParallelismFirst) ? Math.max(1, slots) : 1
  const join = { factor: conf.get(table.skewedPartitionFactor), threshold: conf.get(table.skewedPartitionThreshold) }
  return {
    ...(conf.get(table.adaptiveCoalesce) ? { coalesce: { advisory, smallest: conf.get(table.adaptiveMinSize), parallelism } } : {}),
    skew: {
      advisory,
      ...(conf.get(table.skewJoinEnabled) ? { join } : {}),
      rebalance: conf.get(table.optimizeSkewsInRebalance),
      smallShare: conf.get(table.rebalanceSmallFactor),
    },
  }
}
