/** Unresolved plans as indented text, one node a line, expressions as SQL: what parser and DataFrame tests compare. */
import type { Relation } from '#src/planner/logical.js'
import { printExpression } from '#src/planner/parse/print.js'

/** The plan without `span` and `planId`, for deep comparison. */
export function bare<T>(node: T): T {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
  if (Array.isArray(node)) return node.map(bare) as T
  return Object.fromEntries(
    Object.entries(node)
      .filter(([k]) => k !== 'span' && k !== 'planId')
      .map(([k, v]) => [k, bare(v)]),
  ) as T
}

const list = (items: readonly Parameters<typeof printExpression>[0][]): string => `[${items.map(printExpression).join(', ')}]`

function details(plan: Relation): string {
  switch (plan.kind) {
    case 'ReadFiles':
      return `${plan.format} ${plan.paths.join(' ')} ${JSON.stringify(plan.options)}`
    case 'UnresolvedRelation':
      return plan.nameParts.join('.')
    case 'LocalRelation':
      return `${plan.schema.fields.map(f => f.name).join(', ')} (${plan.rows} rows)`
    case 'InlineTable':
      return plan.rows.map(list).join(' ')
    case 'Range':
      return `${plan.start} ${plan.end} ${plan.step}${plan.numPartitions === undefined ? '' : ` ${plan.numPartitions}`}`
    case 'UnresolvedTableValuedFunction':
      return `${plan.name} ${list(plan.args)}`
    case 'Project':
      return list(plan.expressions)
    case 'Filter':
      return printExpression(plan.condition)
    case 'Join': {
      const on = plan.condition === undefined ? '' : ` on ${printExpression(plan.condition)}`
      return `${plan.natural ? 'natural ' : ''}${plan.lateral ? 'lateral ' : ''}${plan.type}${on}${plan.using === undefined ? '' : ` using ${plan.using.join(', ')}`}`
    }
    case 'Aggregate':
      return `${plan.groupAll ? 'all' : list(plan.grouping)} ${list(plan.aggregates)}${plan.having === undefined ? '' : ` having ${printExpression(plan.having)}`}`
    case 'Sort':
      return `${plan.global ? '' : 'local '}${list(plan.order)}`
    case 'Limit':
      return printExpression(plan.limit)
    case 'Offset':
      return printExpression(plan.offset)
    case 'Deduplicate':
    case 'Drop':
    case 'ToDF':
      return plan.columns?.join(', ') ?? ''
    case 'SetOperation':
      return `${plan.operation}${plan.all ? ' all' : ''}${plan.byName ? ' by name' : ''}${plan.allowMissingColumns ? ' missing' : ''}`
    case 'SubqueryAlias':
      return `${plan.alias}${plan.columns === undefined ? '' : `(${plan.columns.join(', ')})`}`
    case 'WithColumns':
      return plan.columns.map(c => `${c.name} = ${printExpression(c.expr)}`).join(', ')
    case 'WithColumnsRenamed':
      return Object.entries(plan.renames)
        .map(([a, b]) => `${a} -> ${b}`)
        .join(', ')
    case 'Repartition':
      return `${plan.numPartitions ?? ''} ${list(plan.columns)}`
    case 'WithCTE':
      return plan.ctes.map(c => `${c.name}${c.columns === undefined ? '' : `(${c.columns.join(', ')})`}`).join(', ')
    case 'Generate':
      return `${plan.outer ? 'outer ' : ''}${printExpression(plan.generator)} ${plan.alias}(${plan.columns.join(', ')})`
    case 'WithWindowDefinition':
      return plan.windows.map(w => w.name).join(', ')
    case 'Qualify':
      return printExpression(plan.condition)
    case 'Pivot':
      return `${list(plan.aggregates)} for ${plan.columns.join(', ')} in ${list(plan.values)}`
    case 'Unpivot':
      return `${plan.includeNulls ? 'with nulls ' : ''}${plan.valueColumns.join(', ')} for ${plan.nameColumn} in ${JSON.stringify(plan.sets)}`
    case 'Sample':
      return JSON.stringify(plan.method.kind === 'rows' ? printExpression(plan.method.rows) : plan.method)
    case 'Hint':
      return `${plan.name} ${list(plan.parameters)}`
    default:
      return ''
  }
}

function inputs(plan: Relation): readonly Relation[] {
  if ('left' in plan) return [plan.left, plan.right]
  if (plan.kind === 'WithCTE') return [...plan.ctes.map(c => c.plan), plan.input]
  return 'input' in plan ? [plan.input] : []
}

/** One line per node, inputs indented. */
export function planTree(plan: Relation, indent = ''): string {
  const own = `${indent}${plan.kind} ${details(plan)}`.trimEnd()
  return [own, ...inputs(plan).map(i => planTree(i, `${indent}  `))].join('\n')
}
