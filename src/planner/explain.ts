/** EXPLAIN: plans as trees of text, in Spark's words and layout, with spk's stages and fragment SQL. */
import { formatSize } from '../core/bytes.js'
import { unreachable } from '../core/errors.js'
import type { StageGraph } from '../core/stage.js'
import { typeString } from '../core/types.js'
import type { Attribute, BoundExpr } from './bound.js'
import type { Relation } from './logical.js'
import {
  type Estimate,
  type Exchange,
  type ExchangeOrigin,
  type ExchangeTarget,
  type FileScan,
  type JoinStrategy,
  type Physical,
  physicalChildren,
  physicalOutput,
} from './physical-plan.js'
import type { Plan } from './plan.js'
import { exprText, namedText, orderText, prettyText } from './print.js'
import { planChildren } from './tree.js'

/** A tree with Spark's lines: `+-` for the last child, `:-` for others. */
export function tree<T>(node: T, children: (node: T) => readonly T[], line: (node: T) => string): string {
  const lines: string[] = []
  const visit = (n: T, first: string, rest: string): void => {
    lines.push(first + line(n))
    const all = children(n)
    all.forEach((child, i) => {
      const last = i === all.length - 1
      visit(child, `${rest}${last ? '+- ' : ':- '}`, `${rest}${last ? '   ' : ':  '}`)
    })
  }
  visit(node, '', '')
  return lines.join('\n')
}

const list = (items: readonly string[]) => `[${items.join(', ')}]`

/** `note`: what follows a node's line, as EXPLAIN COST has its statistics there. */
export function logicalText(plan: Plan, note: (plan: Plan) => string = () => ''): string {
  return tree(plan, planChildren, node => logicalLine(node) + note(node))
}

/** As Spark's EXPLAIN COST has them: the size that a plan has at most, and the rows that it is likely to give. */
export function statisticsText({ bytes }: Estimate, rows: number | undefined): string {
  return `, Statistics(sizeInBytes=${formatSize(bytes)}${rows === undefined ? '' : `, rowCount=${Math.round(rows)}`})`
}

function logicalLine(plan: Plan): string {
  switch (plan.kind) {
    case 'Scan':
      return `Relation ${list(plan.output.map(exprText))} ${plan.format}`
    case 'LocalRows':
    case 'Values':
      if (plan.kind === 'Values' && plan.output.length === 0) return 'OneRowRelation'
      return `LocalRelation ${plan.kind === 'Values' && plan.rows.length === 0 ? '<empty>, ' : ''}${list(plan.output.map(exprText))}`
    case 'Range':
      return `Range (${plan.start}, ${plan.end}, step=${plan.step}${plan.partitions === undefined ? '' : `, splits=${plan.partitions}`})`
    case 'Project':
      return `Project ${list(plan.expressions.map(namedText))}`
    case 'Filter':
      return `Filter ${exprText(plan.condition)}`
    case 'Join': {
      const hints = [
        plan.leftHint === undefined ? '' : `, leftHint=(strategy=${plan.leftHint})`,
        plan.rightHint === undefined ? '' : `, rightHint=(strategy=${plan.rightHint})`,
      ]
      return `Join ${joinName(plan.type)}${plan.condition === undefined ? '' : `, ${exprText(plan.condition)}`}${hints.join('')}`
    }
    case 'Aggregate':
      return `${plan.partial ? 'Partial' : ''}Aggregate ${list(plan.grouping.map(exprText))}, ${list(plan.aggregates.map(namedText))}`
    case 'Sort':
      return `Sort ${list(plan.order.map(orderText))}, ${plan.global}`
    case 'Limit':
      return `Limit ${plan.limit}`
    case 'Offset':
      return `Offset ${plan.offset}`
    case 'Union':
      return 'Union false, false'
    case 'SetOperation':
      return `${plan.operation === 'intersect' ? 'Intersect' : 'Except'}${plan.all ? ' All' : ''} ${plan.all}`
    case 'SubqueryAlias':
      return `SubqueryAlias ${plan.alias}`
    case 'Hint':
      return `ResolvedHint (strategy=${plan.hint})`
    case 'Repartition':
      return repartitionText(plan)
    case 'Distinct':
      return 'Distinct'
    case 'RecursiveCte':
      return `UnionLoop ${plan.ref}, ${list(plan.output.map(exprText))}`
    case 'RecursiveRef':
      return `UnionLoopRef ${plan.ref}, ${list(plan.output.map(exprText))}`
    case 'LateralJoin':
      return `LateralJoin ${joinName(plan.type)}${plan.condition === undefined ? '' : `, ${exprText(plan.condition)}`}`
    case 'Window':
    case 'WindowGroupLimit':
    case 'Expand':
    case 'Generate':
      return rowsText(plan)
    default:
      return unreachable(plan)
  }
}

function repartitionText({ by, keys, partitions }: Extract<Plan, { kind: 'Repartition' }>): string {
  if (by === 'coalesce') return `Repartition ${partitions}, false`
  if (by !== 'rebalance' && keys.length === 0 && partitions !== undefined) return `Repartition ${partitions}, true`
  const parts = [
    ...(keys.length === 0 ? [] : [list(keys.map(key => (by === 'range' ? `${exprText(key)} ASC NULLS FIRST` : exprText(key))))]),
    ...(partitions === undefined ? [] : [String(partitions)]),
  ]
  return `${by === 'rebalance' ? 'RebalancePartitions' : 'RepartitionByExpression'} ${parts.join(', ')}`.trim()
}

/** Nodes that are the same in logical and physical plans. */
function rowsText(plan: Extract<Plan | Physical, { kind: 'Window' | 'WindowGroupLimit' | 'Expand' | 'Generate' }>): string {
  switch (plan.kind) {
    case 'Window':
      return `Window ${list(plan.windows.map(namedText))}`
    case 'WindowGroupLimit':
      return `WindowGroupLimit ${list(plan.partitionBy.map(exprText))}, ${list(plan.orderBy.map(orderText))}, ${plan.fn}(), ${plan.limit}`
    case 'Expand':
      return `Expand ${list(plan.projections.map(p => list(p.map(exprText))))}, ${list(plan.output.map(exprText))}`
    case 'Generate':
      return generateText(plan)
    default:
      return unreachable(plan)
  }
}

function generateText(plan: {
  readonly array: BoundExpr
  readonly outer: boolean
  readonly position: boolean
  readonly fields: boolean
  readonly generated: readonly Attribute[]
}): string {
  return `Generate ${plan.position ? 'pos' : ''}${plan.fields ? 'inline' : 'explode'}(${exprText(plan.array)}), ${plan.outer}, ${list(plan.generated.map(exprText))}`
}

/** Neither side is built. */
export const isMerged = (strategy: JoinStrategy): boolean => strategy === 'SortMergeJoin' || strategy === 'CartesianProduct'

const joinNames: Readonly<Record<string, string>> = {
  inner: 'Inner',
  cross: 'Cross',
  left: 'LeftOuter',
  right: 'RightOuter',
  full: 'FullOuter',
  semi: 'LeftSemi',
  anti: 'LeftAnti',
}
export const joinName = (type: string) => joinNames[type] ?? type

/** A plan as it is shown: how the tasks share what they read of an exchange has a line of its own. */
type Shown = Physical | { readonly kind: 'AQEShuffleRead'; readonly exchange: Exchange }

export function physicalText(plan: Physical): string {
  // An exchange that is read in several places is shown where it is read first. Its reads may differ: it is known by its input.
  const shown = new Set<string>()
  const numbers = new Map<Physical, number>()
  const name = ({ input, target }: Exchange): string => {
    const number = numbers.get(input) ?? numbers.size
    numbers.set(input, number)
    return `${number} ${target.kind} ${targetText(target)}`
  }
  const isAgain = (node: Physical): boolean => node.kind === 'Exchange' && shown.has(name(node))
  const line = (node: Shown): string => {
    if (node.kind === 'AQEShuffleRead') return `AQEShuffleRead ${node.exchange.reading}`
    return isAgain(node) ? `ReusedExchange ${list(physicalOutput(node).map(exprText))}` : physicalLine(node)
  }
  const read = (node: Physical): Shown => (node.kind === 'Exchange' && node.reading !== undefined ? { kind: 'AQEShuffleRead', exchange: node } : node)
  const children = (node: Shown): readonly Shown[] => {
    if (node.kind === 'AQEShuffleRead') return [node.exchange]
    if (isAgain(node)) return []
    if (node.kind === 'Exchange') shown.add(name(node))
    return physicalChildren(node).map(read)
  }
  return tree(read(plan), children, line)
}

export function targetText(target: ExchangeTarget): string {
  switch (target.kind) {
    case 'hash':
      return `hashpartitioning(${target.keys.map(exprText).join(', ')}, ${target.partitions})${origin(target)}`
    case 'range':
      return `rangepartitioning(${target.order.map(orderText).join(', ')}, ${target.partitions})${origin(target)}`
    case 'single':
      return 'SinglePartition'
    case 'roundRobin':
      return `RoundRobinPartitioning(${target.partitions})${origin(target)}`
    case 'broadcast':
      return ''
    default:
      return unreachable(target)
  }
}

const origin = (target: { readonly origin?: ExchangeOrigin }) => (target.origin === undefined ? '' : `, ${target.origin}`)

/** Why there is no exchange above it. */
function placement(scan: FileScan): string {
  const { ranges, output } = scan
  const key = output.find(a => a.id === ranges?.key)
  const byFileOrder =
    key === undefined || ranges === undefined ? [] : [`rangepartitioned(${exprText(key)}, ${ranges.bounds.length + 1}) by file order`]
  return [...bucketLines(scan), ...byFileOrder].map(line => `, ${line}`).join('')
}

/** In Spark's words, whether and how a bucketed table is read by its buckets. */
export function bucketLines({ buckets, byBucket, output, tasks }: FileScan): string[] {
  if (buckets === undefined) return []
  if (!byBucket) return ['Bucketed: false (disabled by query planner)']
  const column = (name: string) => {
    const found = output.find(a => a.name === name)
    return found === undefined ? name : exprText(found)
  }
  const selected = tasks.filter(splits => splits.length > 0).length
  return [
    'Bucketed: true',
    `hashpartitioned(${buckets.columns.map(column).join(', ')}, ${buckets.count}) by buckets`,
    `SelectedBucketsCount: ${selected} out of ${buckets.count}`,
  ]
}

export function physicalLine(plan: Physical): string {
  switch (plan.kind) {
    case 'FileScan': {
      const splits = plan.tasks.reduce((n, t) => n + t.length, 0)
      const read = plan.output.map(a => `${a.name}:${typeString(a.type)}`).join(',')
      return `FileScan ${plan.format} ${list(plan.output.map(exprText))} Location: ${list(plan.paths)}, ReadSchema: struct<${read}>, tasks=${plan.everyTask ? 'every' : plan.tasks.length}, splits=${splits}${placement(plan)}${plan.pruned === undefined ? '' : `, dynamic pruning: ${plan.pruned.kept} of ${plan.pruned.all} row groups`}`
    }
    case 'RowsScan':
      return `LocalTableScan ${list(plan.output.map(exprText))}`
    case 'ValuesScan':
      if (plan.output.length === 0) return 'Scan OneRowRelation'
      return `LocalTableScan ${plan.rows.length === 0 ? '<empty>, ' : ''}${list(plan.output.map(exprText))}`
    case 'RangeScan':
      return `Range (${plan.start}, ${plan.end}, step=${plan.step}, splits=${plan.partitions})`
    case 'Project':
      return `Project ${list(plan.expressions.map(namedText))}`
    case 'Filter':
      return `Filter ${exprText(plan.condition)}`
    case 'HashAggregate':
      return `HashAggregate(keys=${list(plan.grouping.map(exprText))}, mode=${plan.mode}, output=${list(plan.results.map(namedText))})`
    case 'Join': {
      const keys = plan.probeKeys.length === 0 ? '' : `${list(plan.probeKeys.map(exprText))}, ${list(plan.buildKeys.map(exprText))}, `
      return `${plan.strategy}${plan.skew ? '(skew=true)' : ''} ${keys}${joinName(plan.type)}${isMerged(plan.strategy) ? '' : ', BuildRight'}${plan.condition === undefined || plan.probeKeys.length > 0 ? '' : `, ${exprText(plan.condition)}`}`
    }
    case 'Sort':
      return `Sort ${list(plan.order.map(orderText))}, ${plan.global}`
    case 'TopN':
      return `TakeOrdered(limit=${plan.limit}${plan.offset > 0 ? `, offset=${plan.offset}` : ''}, orderBy=${list(plan.order.map(orderText))})`
    case 'Limit':
      return `Limit ${plan.limit ?? 'all'}${plan.offset > 0 ? `, offset=${plan.offset}` : ''}`
    case 'CollectLimit':
      return `CollectLimit ${plan.limit}`
    case 'Union':
      return 'Union'
    case 'SetOperation':
      return plan.operation === 'intersect' ? 'IntersectAll' : 'ExceptAll'
    case 'WindowGroupLimit':
      return `${rowsText(plan)}, Partial`
    case 'GroupingSets':
      return `GroupingSets ${list(plan.sets.map(s => list(s.keys.map(exprText))))}, output=${list(plan.output.map(exprText))}`
    case 'Window':
    case 'Expand':
    case 'Generate':
      return rowsText(plan)
    case 'RecursiveCte':
      return `UnionLoop ${plan.ref}, ${list(plan.output.map(exprText))} (in one task)`
    case 'RecursiveRef':
      return `UnionLoopRef ${plan.ref}, ${list(plan.output.map(exprText))}`
    case 'Exchange':
      return plan.target.kind === 'broadcast'
        ? 'BroadcastExchange'
        : `Exchange ${targetText(plan.target)}${plan.forSkew ? ', if the join below is skewed' : ''}`
    default:
      return unreachable(plan)
  }
}

/** The unresolved plan: node kinds and their expressions as they were written. */
export function parsedText(relation: Relation): string {
  const children = (r: Relation): readonly Relation[] =>
    r.kind === 'WithCTE' ? [...r.ctes.map(c => c.plan), r.input] : 'left' in r ? [r.left, r.right] : 'input' in r ? [r.input] : []
  return tree(relation, children, parsedLine)
}

function parsedLine(r: Relation): string {
  switch (r.kind) {
    case 'ReadFiles':
      return `'UnresolvedRelation ${r.format} ${list(r.paths)}`
    case 'UnresolvedRelation':
      return `'UnresolvedRelation ${list(r.nameParts)}`
    case 'Project':
      return `'Project ${list(r.expressions.map(e => prettyText(e)))}`
    case 'Filter':
      return `'Filter ${prettyText(r.condition)}`
    case 'Join':
      return `'Join ${joinName(r.type)}${r.using === undefined ? '' : `, using ${list(r.using)}`}${r.condition === undefined ? '' : `, ${prettyText(r.condition)}`}`
    case 'Aggregate':
      return `'Aggregate ${list(r.grouping.map(e => prettyText(e)))}, ${list(r.aggregates.map(e => prettyText(e)))}${r.having === undefined ? '' : `, having ${prettyText(r.having)}`}`
    case 'Sort':
      return `'Sort ${list(r.order.map(e => prettyText(e)))}, ${r.global}`
    case 'SubqueryAlias':
      return `'SubqueryAlias ${r.alias}`
    case 'Limit':
      return `'Limit ${prettyText(r.limit)}`
    case 'Offset':
      return `'Offset ${prettyText(r.offset)}`
    case 'SetOperation':
      return `'${r.operation === 'union' ? 'Union' : r.operation === 'intersect' ? 'Intersect' : 'Except'}${r.all ? ' All' : ''}`
    case 'Range':
      return `Range (${r.start}, ${r.end}, step=${r.step})`
    case 'LocalRelation':
      return `LocalRelation ${list(r.schema.fields.map(f => f.name))}`
    default:
      return `'${r.kind}`
  }
}

/** The stages with their fragments: what runs. */
export function codegenText(graph: StageGraph): string {
  return graph.stages
    .map(stage => {
      const output = stage.output
      const to =
        output.kind === 'hash'
          ? `hash(${output.keys.join(', ')}) into ${output.partitions} partitions`
          : output.kind === 'range'
            ? `range(${output.keys.map(k => k.column).join(', ')}) into ${output.partitions} partitions, bounds from stage ${output.sampleFrom}`
            : output.kind === 'roundRobin'
              ? `round robin into ${output.partitions} partitions`
              : output.kind === 'write'
                ? `write ${output.write.format} to ${output.write.path}`
                : output.kind
      const head = `== Stage ${stage.id}: ${stage.name}${stage.parents.length === 0 ? '' : ` (reads ${stage.parents.map(p => `stage ${p}`).join(', ')})`} ==`
      const fragments = stage.fragments.map((f, i) => {
        const inputs = f.inputs.map(input => `-- ${input.name}: ${inputText(input)}`)
        const settings = Object.entries(f.settings ?? {}).map(([k, v]) => `-- ${k} = ${v}`)
        return [...(stage.fragments.length > 1 ? [`-- fragment ${i}`] : []), ...inputs, ...settings, f.sql].join('\n')
      })
      return [head, ...fragments, `-- output: ${to}`].join('\n')
    })
    .join('\n\n')
}

function inputText(input: StageGraph['stages'][number]['fragments'][number]['inputs'][number]): string {
  switch (input.kind) {
    case 'scan':
      return input.everyTask ? `${input.format} files, whole in every task` : `${input.format} files, ${input.tasks.length} tasks`
    case 'shuffle':
      return `stage ${input.stage}, ${input.read}`
    case 'broadcast':
      return `stage ${input.stage}, broadcast`
    case 'rows':
      return `rows of the driver, ${input.partitions.length} partitions`
    case 'range':
      return `range(${input.start}, ${input.end}, ${input.step}), ${input.partitions} partitions`
    default:
      return unreachable(input)
  }
}
