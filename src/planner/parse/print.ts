/**
 * Plans as SQL text. For what the parser made: parsing the text again gives the same plan (spans aside). Plans of the DataFrame API that have no SQL form
 * of their own (WithColumns, Drop, …) are refused by name.
 */
import { SpkError } from '../../core/errors.js'
import type { Expr } from '../expr.js'
import type { Hint, Join, Relation, Statement, WithWindowDefinition } from '../logical.js'
import { pivotClause, sampleClause, timeTravel, unpivotClause } from './print-clauses.js'
import { ExpressionPrinter } from './print-expression.js'
import { printName, printNameParts, printString, printType } from './print-names.js'

const expressions = new ExpressionPrinter(printQuery)

/** An expression, with its alias when it has one. */
export function printExpression(e: Expr): string {
  return expressions.print(e)
}

/** A query. */
export function printQuery(plan: Relation): string {
  if (plan.kind !== 'WithCTE') return organized(plan)
  const ctes = plan.ctes.map(({ name, columns, plan: inner, maxRecursion }) => {
    const level = maxRecursion === undefined ? '' : ` MAX RECURSION LEVEL ${printExpression(maxRecursion)}`
    return `${printName(name)}${nameList(columns)}${level} AS (${printQuery(inner)})`
  })
  return `WITH ${plan.recursive ? 'RECURSIVE ' : ''}${ctes.join(', ')} ${organized(plan.input)}`
}

function nameList(names: readonly string[] | undefined): string {
  return names === undefined ? '' : `(${names.map(printName).join(', ')})`
}

/** Peels LIMIT, OFFSET, SORT BY, DISTRIBUTE BY and ORDER BY off, in the order in which the parser puts them on. */
function organized(plan: Relation): string {
  let inner = plan
  let tail = ''
  if (inner.kind === 'Limit') {
    tail = ` LIMIT ${printExpression(inner.limit)}`
    inner = inner.input
  }
  if (inner.kind === 'Offset') {
    tail = `${tail} OFFSET ${printExpression(inner.offset)}`
    inner = inner.input
  }
  // A WINDOW clause that ORDER BY stands before; else it is the SELECT's own.
  if (inner.kind === 'WithWindowDefinition' && !isSelect(inner.input)) {
    tail = `${windowClause(inner)}${tail}`
    inner = inner.input
  }
  if (inner.kind === 'Sort' && !inner.global) {
    tail = ` SORT BY ${expressions.list(inner.order)}${tail}`
    inner = inner.input
  }
  if (inner.kind === 'Repartition' && inner.numPartitions === undefined) {
    tail = ` DISTRIBUTE BY ${expressions.list(inner.columns)}${tail}`
    inner = inner.input
  }
  if (inner.kind === 'Sort' && inner.global) {
    tail = ` ORDER BY ${expressions.list(inner.order)}${tail}`
    inner = inner.input
  }
  return `${setOperation(inner)}${tail}`
}

function setOperation(plan: Relation): string {
  const pipe = pipedOperator(plan)
  if (pipe !== undefined && 'input' in plan) return `${setOperation(plan.input)} |> ${pipe}`
  if (plan.kind !== 'SetOperation') return queryPrimary(plan)
  const { left, right, operation, all } = plan
  const tight = operation === 'intersect'
  const bare = left.kind === 'SetOperation' && (!tight || left.operation === 'intersect')
  const rightBare = right.kind === 'SetOperation' && !tight && right.operation === 'intersect'
  const keyword = `${operation.toUpperCase()}${all ? ' ALL' : ''}`
  return `${bare ? setOperation(left) : queryPrimary(left)} ${keyword} ${rightBare ? setOperation(right) : queryPrimary(right)}`
}

/** The pipe operator that the plan's root is, when it is one of those that have no other form. */
function pipedOperator(plan: Relation): string | undefined {
  switch (plan.kind) {
    case 'Drop':
      return `DROP ${plan.columns.map(printName).join(', ')}`
    case 'Filter':
      return `WHERE ${printExpression(plan.condition)}`
    case 'WithColumns':
      return plan.columns.length === 1 ? `SET ${plan.columns.map(c => `${printName(c.name)} = ${printExpression(c.expr)}`).join(', ')}` : undefined
    case 'Aggregate': {
      // Without GROUP BY and HAVING it would be read back as a Project.
      const { grouping, groupAll, having, aggregates } = plan
      if (aggregates.length === 0) return `AGGREGATE${groupBy(plan)}`
      return grouping.length === 0 && !groupAll && having === undefined ? `AGGREGATE ${expressions.list(aggregates)}` : undefined
    }
    default:
      return undefined
  }
}

function queryPrimary(plan: Relation): string {
  if (pipedOperator(plan) !== undefined) return `(${printQuery(plan)})`
  switch (plan.kind) {
    case 'Project':
    case 'Aggregate':
    case 'Deduplicate':
    case 'Hint':
    case 'Qualify':
      return select(plan)
    case 'WithWindowDefinition':
      return isSelect(plan.input) ? select(plan) : `(${printQuery(plan)})`
    case 'InlineTable':
      return inlineTable(plan)
    case 'UnresolvedRelation':
      return plan.asOf === undefined ? `TABLE ${printNameParts(plan.nameParts)}` : `FROM ${relation(plan)}`
    case 'SubqueryAlias':
      return plan.input.kind === 'InlineTable' ? relation(plan) : `FROM ${relation(plan)}`
    default:
      return isQuery(plan) ? `(${printQuery(plan)})` : `FROM ${fromClause(plan)}`
  }
}

/** Whether the plan is what a query in parentheses gives. */
function isQuery(plan: Relation): boolean {
  return [
    'WithCTE',
    'Sort',
    'Limit',
    'Offset',
    'Repartition',
    'SetOperation',
    'Project',
    'Aggregate',
    'Deduplicate',
    'Hint',
    'Qualify',
    'WithWindowDefinition',
    'Drop',
    'Filter',
    'WithColumns',
  ].includes(plan.kind)
}

/** Whether it prints as one SELECT. */
function isSelect(plan: Relation): boolean {
  return ['Project', 'Aggregate', 'Deduplicate', 'Qualify'].includes(plan.kind)
}

function select(plan: Relation): string {
  let inner = plan
  let tail = ''
  const hints: Hint[] = []
  for (; inner.kind === 'Hint'; inner = inner.input) hints.push(inner)
  if (inner.kind === 'WithWindowDefinition') {
    tail = windowClause(inner)
    inner = inner.input
  }
  const distinct = inner.kind === 'Deduplicate' && inner.columns === undefined
  if (inner.kind === 'Deduplicate' && distinct) inner = inner.input
  if (inner.kind === 'Qualify') {
    tail = ` QUALIFY ${printExpression(inner.condition)}${tail}`
    inner = inner.input
  }
  if (inner.kind !== 'Project' && inner.kind !== 'Aggregate') throw noSql(plan)
  const head = `SELECT ${hints.map(h => `${hintText(h)} `).join('')}${distinct ? 'DISTINCT ' : ''}`
  const items = inner.kind === 'Project' ? inner.expressions : inner.aggregates
  const filtered = inner.input.kind === 'Filter' ? inner.input : undefined
  const source = filtered?.input ?? inner.input
  const from = source.kind === 'OneRowRelation' ? '' : ` FROM ${fromClause(source)}`
  const where = filtered === undefined ? '' : ` WHERE ${printExpression(filtered.condition)}`
  return `${head}${expressions.list(items)}${from}${where}${inner.kind === 'Aggregate' ? groupBy(inner) : ''}${tail}`
}

function windowClause({ windows }: WithWindowDefinition): string {
  const specs = windows.map(
    ({ name, spec }) => `${printName(name)} AS ${spec.reference === undefined ? expressions.windowSpec(spec) : printName(spec.reference)}`,
  )
  return ` WINDOW ${specs.join(', ')}`
}

/** FROM: LATERAL VIEWs stand behind the relations. */
function fromClause(plan: Relation): string {
  if (plan.kind !== 'Generate') return relation(plan)
  const columns = plan.columns.length === 0 ? '' : ` AS ${plan.columns.map(printName).join(', ')}`
  const view = `LATERAL VIEW ${plan.outer ? 'OUTER ' : ''}${printExpression(plan.generator)} ${printName(plan.alias)}${columns}`
  return `${plan.input.kind === 'OneRowRelation' ? '(SELECT 1)' : fromClause(plan.input)} ${view}`
}

function hintText({ name, parameters }: Hint): string {
  return `/*+ ${printName(name)}${parameters.length === 0 ? '' : `(${expressions.list(parameters)})`} */`
}

function groupBy({ grouping, groupAll, having }: Relation & { kind: 'Aggregate' }): string {
  const keys = groupAll ? ' GROUP BY ALL' : grouping.length > 0 ? ` GROUP BY ${grouping.map(groupItem).join(', ')}` : ''
  return `${keys}${having === undefined ? '' : ` HAVING ${printExpression(having)}`}`
}

const analytics: Readonly<Record<string, string>> = { rollup: 'ROLLUP', cube: 'CUBE', grouping_sets: 'GROUPING SETS' }

function groupItem(e: Expr): string {
  if (e.kind === 'UnresolvedFunction' && e.name === 'grouping_sets_of') {
    const [keys, ...sets] = e.args
    const list = keys?.kind === 'UnresolvedFunction' ? keys.args.map(groupItem).join(', ') : ''
    return `${list} GROUPING SETS (${sets.map(groupingSet).join(', ')})`
  }
  const keyword = e.kind === 'UnresolvedFunction' ? analytics[e.name] : undefined
  if (e.kind !== 'UnresolvedFunction' || keyword === undefined) return printExpression(e)
  return `${keyword} (${e.args.map(groupingSet).join(', ')})`
}

/** A set of columns is a `struct`: `()`, or `(a, b)`. */
function groupingSet(e: Expr): string {
  return e.kind === 'UnresolvedFunction' && e.name === 'struct' && e.args.length === 0 ? '()' : groupItem(e)
}

/** What may stand in FROM. */
function relation(plan: Relation): string {
  switch (plan.kind) {
    case 'Join':
      return join(plan)
    case 'Pivot':
      return `${relation(plan.input)} ${pivotClause(plan, expressions)}`
    case 'Unpivot':
      return `${relation(plan.input)} ${unpivotClause(plan)}`
    case 'SubqueryAlias':
      if (plan.input.kind === 'Pivot' || plan.input.kind === 'Unpivot') return `${relation(plan.input)} AS ${printName(plan.alias)}`
      return relationPrimary(plan)
    default:
      return relationPrimary(plan)
  }
}

function relationPrimary(plan: Relation): string {
  switch (plan.kind) {
    case 'UnresolvedRelation':
      return `${printNameParts(plan.nameParts)}${timeTravel(plan.asOf, expressions)}`
    case 'SubqueryAlias':
      return `${plan.input.kind === 'SubqueryAlias' ? `(${relation(plan.input)})` : relationPrimary(plan.input)} AS ${printName(plan.alias)}${nameList(plan.columns)}`
    case 'InlineTable':
      return inlineTable(plan)
    case 'Range': {
      const partitions = plan.numPartitions === undefined ? '' : `, ${plan.numPartitions}`
      return `range(${plan.start}, ${plan.end}, ${plan.step}${partitions})`
    }
    case 'UnresolvedTableValuedFunction':
      return `${plan.name}(${expressions.list(plan.args)})`
    case 'Sample':
      return `${plan.input.kind === 'Sample' ? `(${relation(plan.input)})` : relationPrimary(plan.input)} ${sampleClause(plan, expressions)}`
    case 'Join':
    case 'Pivot':
    case 'Unpivot':
      return `(${relation(plan)})`
    default:
      if (isQuery(plan)) return `(${printQuery(plan)})`
      throw noSql(plan)
  }
}

const joinWords = {
  inner: 'JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
  semi: 'LEFT SEMI JOIN',
  anti: 'LEFT ANTI JOIN',
  cross: 'CROSS JOIN',
}

function join({ left, right, type, condition, using, natural, lateral }: Join): string {
  if (lateral && left.kind === 'OneRowRelation') return `LATERAL ${relationPrimary(right)}`
  const on = condition === undefined ? (using === undefined ? '' : ` USING ${nameList(using)}`) : ` ON ${printExpression(condition)}`
  return `${relation(left)} ${natural ? 'NATURAL ' : ''}${joinWords[type]} ${lateral ? 'LATERAL ' : ''}${relationPrimary(right)}${on}`
}

function inlineTable({ rows }: Relation & { kind: 'InlineTable' }): string {
  return `VALUES ${rows.map(row => `(${expressions.list(row)})`).join(', ')}`
}

function noSql(plan: Relation): SpkError {
  return new SpkError('SPK_NO_SQL_FORM', `A plan of kind ${plan.kind} has no SQL form.`)
}

/** A statement. */
export function printStatement(statement: Statement): string {
  switch (statement.kind) {
    case 'Query':
      return printQuery(statement.plan)
    case 'CreateTempView': {
      const head = `CREATE ${statement.replace ? 'OR REPLACE ' : ''}TEMPORARY VIEW ${printName(statement.name)}`
      const { plan } = statement
      if (plan.kind !== 'ReadFiles') return `${head}${nameList(statement.columns)} AS ${printQuery(plan)}`
      const options = Object.entries({ ...(plan.paths[0] === undefined ? {} : { path: plan.paths[0] }), ...plan.options })
      const list = options.length === 0 ? '' : ` OPTIONS (${options.map(([k, v]) => `${printString(k)} = ${printString(v)}`).join(', ')})`
      const columns = plan.schema?.fields.map(f => `${printName(f.name)} ${printType(f.type)}${f.nullable ? '' : ' NOT NULL'}`).join(', ')
      return `${head}${columns === undefined ? '' : ` (${columns})`} USING ${plan.format}${list}`
    }
    case 'DropView':
      return `DROP VIEW ${statement.ifExists ? 'IF EXISTS ' : ''}${statement.nameParts.map(printName).join('.')}`
    case 'Explain':
      return `EXPLAIN ${statement.mode === 'simple' ? '' : `${statement.mode.toUpperCase()} `}${printStatement(statement.statement)}`
    case 'Set':
      return `SET${statement.key === undefined ? '' : ` \`${statement.key}\``}${statement.value === undefined ? '' : ` = ${statement.value}`}`
    case 'Reset':
      return `RESET${statement.key === undefined ? '' : ` \`${statement.key}\``}`
    default:
      throw new SpkError('SPK_NO_SQL_FORM', `A statement of kind ${statement.kind} has no SQL form.`)
  }
}
