/** `EXPLAIN FORMATTED`: the tree with a number at each node, and below it what each node takes, does and gives, in Spark's layout; then the stages. */
import { unreachable } from '../core/errors.js'
import type { StageGraph } from '../core/stage.js'
import { type DataType, field, type StructType, struct, typeString } from '../core/types.js'
import type { Attribute, BoundExpr, NamedExpr } from './bound.js'
import { bucketLines, isMerged, joinName, physicalLine, targetText, tree } from './explain.js'
import { type FileScan, type Physical, physicalChildren, physicalOutput } from './physical-plan.js'
import { exprText, namedText, orderText } from './print.js'

export function formattedText(plan: Physical, graph: StageGraph): string {
  const numbers = numbered(plan)
  const shown = new Set<Physical>()
  const again = (node: Physical) => node.kind === 'Exchange' && shown.has(node)
  const line = (node: Physical) => `${again(node) ? 'ReusedExchange' : title(node)} (${numbers.get(node) ?? 0})`
  const children = (node: Physical): readonly Physical[] => {
    if (again(node)) return []
    shown.add(node)
    return physicalChildren(node)
  }
  const nodes = [...numbers].sort(([, a], [, b]) => a - b).map(([node, n]) => [`(${n}) ${title(node)}`, ...details(node)].join('\n'))
  return [tree(plan, children, line), '', ...nodes.flatMap(n => [n, '']), ...graph.stages.map(stageLine)].join('\n')
}

/** Children before their parents, from left to right; a node that is read in several places has one number. */
function numbered(plan: Physical): Map<Physical, number> {
  const numbers = new Map<Physical, number>()
  const visit = (node: Physical): void => {
    if (numbers.has(node)) return
    physicalChildren(node).forEach(visit)
    numbers.set(node, numbers.size + 1)
  }
  visit(plan)
  return numbers
}

function stageLine({ id, name, parents }: StageGraph['stages'][number]): string {
  return `Stage ${id}: ${name}${parents.length === 0 ? '' : `, reads ${parents.map(p => `stage ${p}`).join(', ')}`}`
}

function title(plan: Physical): string {
  switch (plan.kind) {
    case 'FileScan':
      return `Scan ${plan.format}`
    case 'Join':
      return `${plan.strategy} ${joinName(plan.type)}${isMerged(plan.strategy) ? '' : ' BuildRight'}`
    case 'Exchange':
      return plan.target.kind === 'broadcast' ? 'BroadcastExchange' : 'Exchange'
    default:
      return (/^\w+( OneRowRelation)?/.exec(physicalLine(plan)) as RegExpExecArray)[0]
  }
}

const attributes = (name: string, list: readonly (Attribute | BoundExpr)[]): string => `${name} [${list.length}]: [${list.map(exprText).join(', ')}]`
const expressions = (name: string, list: readonly NamedExpr[]): string => `${name} [${list.length}]: [${list.map(namedText).join(', ')}]`

/** What goes in (or, of a leaf, what comes out), and what is done with it. */
function details(plan: Physical): string[] {
  const children = physicalChildren(plan)
  const input = children.length === 0 ? attributes('Output', physicalOutput(plan)) : attributes('Input', children.flatMap(physicalOutput))
  return [input, ...own(plan)]
}

/** What is read of the files: of their structs the fields that are columns of the scan. */
function readSchema({ output, fields }: FileScan): StructType {
  let schema = struct([])
  for (const a of output) schema = withField(schema, fields?.[a.name] ?? [a.name], a.type)
  return schema
}

function withField(schema: StructType, [name = '', ...inner]: readonly string[], type: DataType): StructType {
  const known = schema.fields.find(f => f.name === name)
  const whole = inner.length === 0 ? type : withField(known?.type.kind === 'struct' ? known.type : struct([]), inner, type)
  return known === undefined
    ? struct([...schema.fields, field(name, whole)])
    : struct(schema.fields.map(f => (f === known ? { ...f, type: whole } : f)))
}

function own(plan: Physical): string[] {
  switch (plan.kind) {
    case 'FileScan': {
      const splits = plan.tasks.reduce((n, t) => n + t.length, 0)
      const key = plan.output.find(a => a.id === plan.ranges?.key)
      return [
        `Location: [${plan.paths.join(', ')}]`,
        `ReadSchema: ${typeString(readSchema(plan))}`,
        plan.everyTask
          ? 'Tasks: every task of the stage reads all of it'
          : `Tasks: ${plan.tasks.length}, of ${splits} splits of ${plan.files.length} files`,
        ...bucketLines(plan),
        ...(key === undefined ? [] : [`Ranges: by file order of ${exprText(key)}, no exchange is needed on it`]),
      ]
    }
    case 'RangeScan':
      return [`Arguments: ${physicalLine(plan)}`]
    case 'Project':
      return [expressions('Output', plan.expressions)]
    case 'Filter':
      return [`Condition : ${exprText(plan.condition)}`]
    case 'HashAggregate':
      return [attributes('Keys', plan.grouping), `Mode: ${plan.mode}`, expressions('Results', plan.results)]
    case 'Join':
      return [
        ...(plan.probeKeys.length === 0 ? [] : [attributes('Left keys', plan.probeKeys), attributes('Right keys', plan.buildKeys)]),
        `Join type: ${joinName(plan.type)}`,
        `Join condition: ${plan.condition === undefined ? 'None' : exprText(plan.condition)}`,
      ]
    case 'Sort':
      return [`Arguments: [${plan.order.map(orderText).join(', ')}], ${plan.global}`]
    case 'Exchange':
      return plan.target.kind === 'broadcast' ? [] : [`Arguments: ${targetText(plan.target)}`]
    case 'TopN':
    case 'Limit':
    case 'CollectLimit':
    case 'Window':
    case 'WindowGroupLimit':
    case 'Expand':
    case 'GroupingSets':
    case 'Generate':
    case 'RecursiveCte':
    case 'RecursiveRef':
      return [`Arguments: ${physicalLine(plan).slice(title(plan).length).trim()}`]
    case 'RowsScan':
    case 'ValuesScan':
    case 'Union':
    case 'SetOperation':
      return []
    default:
      return unreachable(plan)
  }
}
