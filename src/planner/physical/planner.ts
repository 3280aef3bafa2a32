/**
 * From the optimized logical plan to a physical one: strategies per node, exchanges where a distribution is required and not there. The only entry is
 * `toPhysical`; it gives a plan whose output is exactly the logical plan's.
 */
import type { Conf } from '../../core/config.js'
import { conf } from '../../core/config-table.js'
import { unreachable } from '../../core/errors.js'
import type { BoundExpr } from '../bound.js'
import { partitioningOf } from '../partitioning.js'
import { type FileScan, type Physical, physicalOutput } from '../physical-plan.js'
import { outputOf, type Plan, type ScanPlan } from '../plan.js'
import type { RowGroupInfo } from '../ports.js'
import { mayMatch } from '../row-group-filter.js'
import { estimate } from '../size-bounds.js'
import { planChildren } from '../tree.js'
import { planAggregate } from './aggregate.js'
import { reportEnds } from './broadcast-ends.js'
import { readByBuckets } from './bucketed-scan.js'
import { hashPartitions, type PhysicalContext, rangePartitions } from './context.js'
import { ensureSingle } from './distribution.js'
import { inlineBroadcasts } from './inline-broadcasts.js'
import { coPartitioned, planJoin } from './join.js'
import { planRepartition } from './repartition.js'
import { reuseExchanges } from './reuse-exchanges.js'
import { scanTasks } from './scan-splits.js'
import { exchangesForSkew } from './skew-exchanges.js'
import { planLimit, planOrderedLimit, planSort } from './sort.js'
import { groupLimit, planWindow } from './window.js'

export interface PhysicalEnvironment {
  readonly conf: Conf
  readonly parallelism: number
  nextId(): number
}

/** `collected`: the rows go to the driver, which can stop early. */
export function toPhysical(plan: Plan, environment: PhysicalEnvironment, collected: boolean): Physical {
  const context: PhysicalContext = {
    conf: environment.conf,
    parallelism: Math.max(1, environment.parallelism),
    nextId: () => environment.nextId(),
    estimate,
    plan: p => planNode(p, context),
  }
  const direct = exactly(planNode(plan, context), plan)
  const reused = reuseExchanges(splitsSkewed(environment.conf) ? exchangesForSkew(direct) : direct)
  const physical = reportEnds(inlineBroadcasts(reused, environment.conf.get(conf.inlineBroadcastRows)), environment.conf)
  return collected ? collectLimit(physical) : physical
}

/** Whether a skewed join is to be split even if that takes an exchange more. */
function splitsSkewed(settings: Conf): boolean {
  return settings.get(conf.adaptiveEnabled) && settings.get(conf.skewJoinEnabled) && settings.get(conf.forceOptimizeSkewedJoin)
}

/** A LIMIT at the very top needs no task that collects the others' rows. */
function collectLimit(plan: Physical): Physical {
  const below = withoutCollecting(plan)
  return below === undefined ? plan : { kind: 'CollectLimit', ...below }
}

function withoutCollecting(plan: Physical): { readonly input: Physical; readonly limit: number } | undefined {
  if (plan.kind === 'Project') {
    const below = withoutCollecting(plan.input)
    return below === undefined ? undefined : { ...below, input: { ...plan, input: below.input } }
  }
  if (plan.kind !== 'Limit' || plan.limit === undefined || plan.offset > 0) return undefined
  if (plan.input.kind !== 'Exchange' || plan.input.target.kind !== 'single' || plan.input.input.kind !== 'Limit') return undefined
  return { input: plan.input.input, limit: plan.limit }
}

/** The logical plan's columns, in its order. */
function exactly(physical: Physical, plan: Plan): Physical {
  const wanted = outputOf(plan)
  const have = physicalOutput(physical)
  if (have.length === wanted.length && have.every((a, i) => a.id === wanted[i]?.id)) return physical
  return { kind: 'Project', input: physical, expressions: wanted }
}

function planNode(plan: Plan, context: PhysicalContext): Physical {
  switch (plan.kind) {
    case 'Scan':
      return planScan(plan, context, () => true)
    case 'LocalRows':
      if (plan.partitions.length === 0) return { kind: 'ValuesScan', rows: [], output: plan.output }
      return { kind: 'RowsScan', schema: plan.schema, partitions: plan.partitions, output: plan.output }
    case 'Values':
      return { kind: 'ValuesScan', rows: plan.rows, output: plan.output }
    case 'Range':
      return {
        kind: 'RangeScan',
        start: plan.start,
        end: plan.end,
        step: plan.step,
        partitions: plan.partitions ?? rangePartitions(plan, context),
        output: plan.output,
      }
    case 'Project':
      return { kind: 'Project', input: context.plan(plan.input), expressions: plan.expressions }
    case 'Filter':
      return {
        kind: 'Filter',
        input: plan.input.kind === 'Scan' ? wantedOf(plan.input, plan.condition, context) : context.plan(plan.input),
        condition: plan.condition,
      }
    case 'Join':
      return planJoin(plan, context)
    case 'Aggregate':
      return planAggregate(plan, context)
    case 'Distinct':
      return planAggregate({ kind: 'Aggregate', input: plan.input, grouping: outputOf(plan.input), aggregates: outputOf(plan.input) }, context)
    case 'Sort':
      return planSort(plan, context)
    case 'Limit':
      return plan.input.kind === 'Offset'
        ? planRows(plan.input.input, plan.limit, plan.input.offset, context)
        : planRows(plan.input, plan.limit, 0, context)
    case 'Offset':
      return planRows(plan.input, undefined, plan.offset, context)
    case 'Union':
      return { kind: 'Union', inputs: plan.inputs.map(input => exactly(context.plan(input), input)), output: plan.output }
    case 'SetOperation': {
      const left = { plan: exactly(context.plan(plan.left), plan.left), columns: outputOf(plan.left) }
      const right = { plan: exactly(context.plan(plan.right), plan.right), columns: outputOf(plan.right) }
      const single = partitioningOf(left.plan).partitions === 1 && partitioningOf(right.plan).partitions === 1
      const [l, r] = single ? [left.plan, right.plan] : coPartitioned(left, right, hashPartitions(context, plan.left))
      return { kind: 'SetOperation', operation: plan.operation, left: l, right: r }
    }
    case 'SubqueryAlias':
    case 'Hint':
      return context.plan(plan.input)
    case 'Repartition':
      return planRepartition(plan, context)
    case 'Window':
      return planWindow(plan, context)
    case 'WindowGroupLimit':
      return groupLimit(plan, context.plan(plan.input), context)
    case 'Expand':
      return { kind: 'Expand', input: context.plan(plan.input), projections: plan.projections, output: plan.output }
    case 'Generate': {
      const { array, outer, position, fields, generated } = plan
      return { kind: 'Generate', input: exactly(context.plan(plan.input), plan.input), array, outer, position, fields, generated }
    }
    case 'RecursiveCte': {
      const inOneTask: PhysicalContext = {
        ...context,
        parallelism: 1,
        plan: p => (readsRef(p, plan.ref) ? wholeUnion(planNode(p, inOneTask)) : ensureSingle(context.plan(p))),
      }
      const left = exactly(ensureSingle(context.plan(plan.left)), plan.left)
      return { kind: 'RecursiveCte', ref: plan.ref, left, right: exactly(inOneTask.plan(plan.right), plan.right), output: plan.output }
    }
    case 'RecursiveRef':
      return plan
    case 'LateralJoin':
      throw new Error('bug in spk: a lateral join is left in the plan')
    default:
      return unreachable(plan)
  }
}

/** A scan without the row groups that cannot meet the filter above it. */
function wantedOf(plan: ScanPlan, condition: BoundExpr, context: PhysicalContext): Physical {
  const columns = new Map(plan.output.map(a => [a.id, a]))
  return planScan(plan, context, group => mayMatch(condition, group, columns))
}

function planScan(plan: ScanPlan, context: PhysicalContext, isWanted: (group: RowGroupInfo) => boolean): Physical {
  const tasks = scanTasks(plan.files, context.conf, context.parallelism, isWanted)
  if (tasks.length === 0) return { kind: 'ValuesScan', rows: [], output: plan.output }
  const { format, paths, options, fileSchema, output, fields, files } = plan
  const buckets = context.conf.get(conf.bucketingEnabled) ? plan.buckets : undefined
  const scan: FileScan = {
    kind: 'FileScan',
    format,
    paths,
    options,
    fileSchema,
    output,
    ...(fields === undefined ? {} : { fields }),
    files,
    tasks,
    ...(buckets === undefined ? {} : { buckets }),
  }
  return buckets === undefined || context.conf.get(conf.autoBucketedScan) ? scan : readByBuckets(scan, buckets)
}

/** What may run as one fragment per input has to be one statement inside a recursion. */
function wholeUnion(plan: Physical): Physical {
  return plan.kind === 'Union' ? { ...plan, inOneTask: true } : plan
}

/** Whether a part of a recursion reads the round before: all of it must be in the recursion's own task. */
function readsRef(plan: Plan, ref: number): boolean {
  return (plan.kind === 'RecursiveRef' && plan.ref === ref) || planChildren(plan).some(child => readsRef(child, ref))
}

function planRows(input: Plan, limit: number | undefined, offset: number, context: PhysicalContext): Physical {
  if (input.kind === 'Sort' && input.global) return planOrderedLimit(input, limit, offset, context)
  return planLimit(context.plan(input), limit, offset)
}
