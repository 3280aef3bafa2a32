/**
 * Small sides of joins that every task reads from their files itself. A broadcast is a stage of its own, with a launch, a report, a block file and a fetch
 * before the large side can start; a table of one row group and few columns is read and filtered again in less time than that takes. Called by
 * `planner.ts`, last.
 */
import { isDeterministic } from '../functions/table.js'
import { type Exchange, isPlaced, mapPhysicalChildren, type Physical, physicalOutput } from '../physical-plan.js'

/** Values that are read from files, over all of a side: a few milliseconds. */
const mostValues = 300_000

/** `mostRows`: of a side, over all its files; 0 leaves every broadcast a stage. */
export function inlineBroadcasts(plan: Physical, mostRows: number): Physical {
  if (mostRows <= 0) return plan
  // An exchange that is read in several places stays one.
  const done = new Map<Exchange, Physical>()
  const rewrite = (node: Physical): Physical => {
    if (node.kind !== 'Exchange') return mapPhysicalChildren(node, rewrite)
    let next = done.get(node)
    if (next === undefined) {
      const input = rewrite(node.input)
      next = (node.target.kind === 'broadcast' ? inEveryTask(input, mostRows) : undefined) ?? { ...node, input }
      done.set(node, next)
    }
    return next
  }
  return rewrite(plan)
}

/** The same plan as each task runs it by itself; undefined when that costs too much, or would not give the same rows each time. */
function inEveryTask(plan: Physical, mostRows: number): Physical | undefined {
  let rows = 0
  let values = 0
  const visit = (node: Physical): Physical | undefined => {
    switch (node.kind) {
      case 'FileScan': {
        const [splits, ...others] = node.tasks
        if (node.format !== 'parquet' || splits === undefined || others.length > 0 || isPlaced(node)) return undefined
        for (const split of splits) {
          const own = split.rows ?? Number.POSITIVE_INFINITY
          rows += own
          values += own * Math.max(1, physicalOutput(node).length)
        }
        return { ...node, everyTask: true }
      }
      case 'Filter':
        return isDeterministic(node.condition) ? over(node) : undefined
      case 'Project':
        return node.expressions.every(e => e.kind === 'Attribute' || isDeterministic(e.child)) ? over(node) : undefined
      case 'Join': {
        // By keys, and not a product; of two tables that are one task's anyway it is called shuffled.
        if (node.probeKeys.length === 0 || (node.condition !== undefined && !isDeterministic(node.condition))) return undefined
        const [probe, build] = [visit(node.probe), visit(node.build)]
        return probe === undefined || build === undefined ? undefined : { ...node, probe, build }
      }
      default:
        return undefined
    }
  }
  const over = (node: Extract<Physical, { kind: 'Filter' | 'Project' }>): Physical | undefined => {
    const input = visit(node.input)
    return input === undefined ? undefined : { ...node, input }
  }
  const result = visit(plan)
  return rows <= mostRows && values <= mostValues ? result : undefined
}
