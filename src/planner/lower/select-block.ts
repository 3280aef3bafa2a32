/**
 * One SELECT being built. Operators are added from the inside out; what cannot join the block (a filter above a projection, a second LIMIT) makes it a
 * subquery of a new one. Pure: every function gives a new block.
 */
import type { StageInput } from '../../core/stage.js'
import { type Attribute, type BoundAlias, type BoundExpr, type BoundSortOrder, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { conjunctsOf } from '../conjuncts.js'
import { plainName } from '../duck-type.js'
import { exprKey } from '../expr-key.js'
import { countsRows, isDeterministic } from '../functions/table.js'
import { mapExprChildren, mapNamed, someExpr } from '../tree.js'
import { type Columns, expressionSql, keySql } from './expression-sql.js'

export interface SelectBlock {
  readonly inputs: readonly StageInput[]
  readonly from: string | undefined
  /** `from` is a chain of joins, not one table. */
  readonly joins: boolean
  readonly where: readonly string[]
  /** How columns are written in the next clause. */
  readonly columns: Columns
  /** Set once a select list is fixed: column id → its expression. */
  readonly items?: ReadonlyMap<number, string>
  readonly groupBy: readonly string[]
  /** Written at the end, when it is known which columns the select list has. */
  readonly orderBy: readonly BoundSortOrder[]
  readonly limit?: number
  readonly offset: number
  /** The select list counts rows (numbers by a seed, ids): no condition above may be looked at before it. */
  readonly counts?: true
}

/** Names that are unique within a fragment. */
export interface Aliases {
  next(prefix: string): string
}

/** The internal name of a column: readable, unique in the query, never a keyword. */
export function columnName(attribute: Attribute): string {
  const readable = attribute.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 40)
  return `${/^[a-z]/.test(readable) ? readable : `c${readable === '' ? '' : `_${readable}`}`}_${attribute.id}`
}

export function fromSource(from: string | undefined, columns: Columns, inputs: readonly StageInput[], joins = false): SelectBlock {
  return { inputs, from, joins, where: [], columns, groupBy: [], orderBy: [], offset: 0 }
}

function isBare(block: SelectBlock): boolean {
  return block.items === undefined && block.where.length === 0 && block.orderBy.length === 0 && block.limit === undefined && block.offset === 0
}

/** The block as a table of a FROM clause, and how its columns are written there. A chain of joins may go on only when the block stands on the left. */
export function asTable(
  block: SelectBlock,
  output: readonly Attribute[],
  aliases: Aliases,
  side: 'left' | 'right' = 'left',
): { readonly sql: string; readonly columns: Columns } {
  if (isBare(block) && block.from !== undefined && !(block.joins && side === 'right')) return { sql: block.from, columns: block.columns }
  const names = new Map(output.map(a => [a.id, plainName(columnName(a))]))
  return { sql: `(\n${indent(render(block, output))}\n) AS ${aliases.next('q')}`, columns: names }
}

/** The block as the only table of a new one. */
export function wrapped(block: SelectBlock, output: readonly Attribute[], aliases: Aliases): SelectBlock {
  const table = asTable(block, output, aliases)
  return fromSource(table.sql, table.columns, block.inputs)
}

/** A block to which WHERE and a select list may still be added. */
export function open(block: SelectBlock, output: readonly Attribute[], aliases: Aliases): SelectBlock {
  const closed = block.items !== undefined || block.limit !== undefined || block.offset > 0 || block.orderBy.length > 0
  return closed ? wrapped(block, output, aliases) : block
}

export function filtered(block: SelectBlock, output: readonly Attribute[], condition: BoundExpr, aliases: Aliases): SelectBlock {
  return filteredBy(block, output, conjunctsOf(condition), aliases)
}

/** In the order of the conditions: chance is for the rows that those before it have left, and those behind it do not change it. */
function filteredBy(block: SelectBlock, output: readonly Attribute[], conjuncts: readonly BoundExpr[], aliases: Aliases): SelectBlock {
  const base = open(block, output, aliases)
  const at = conjuncts.findIndex(c => !isDeterministic(c))
  const child = conjuncts[at]
  const certain = child === undefined ? conjuncts : conjuncts.slice(0, at)
  const below = { ...base, where: [...base.where, ...certain.map(c => conjunctSql(c, base.columns))] }
  if (child === undefined) return below
  // DuckDB takes a condition without columns to the bottom, where a row may be a whole batch: chance is a column first.
  const chance: BoundAlias = { kind: 'Alias', id: partIds, name: 'kept', child, qualifier: [] }
  const columns = [...output, toAttribute(chance)]
  const made = wrapped(withItems(below, [...output, chance], columns), columns, aliases)
  const kept = { ...made, where: [expressionSql(toAttribute(chance), made.columns)] }
  return filteredBy(kept, output, conjuncts.slice(at + 1), aliases)
}

/** Beside others an OR needs its parentheses. */
function conjunctSql(condition: BoundExpr, columns: Columns): string {
  const sql = expressionSql(condition, columns)
  return condition.kind === 'Call' && condition.fn === 'or' ? sql : withoutParentheses(sql)
}

export function withItems(base: SelectBlock, list: readonly NamedExpr[], attributes: readonly Attribute[]): SelectBlock {
  const items = new Map(list.map(e => [e.id, expressionSql(e.kind === 'Alias' ? e.child : e, base.columns)]))
  const counts = list.some(e => countsRows(unaliased(e)))
  return { ...base, items, columns: new Map(attributes.map(a => [a.id, plainName(columnName(a))])), ...(counts ? { counts } : {}) }
}

export function projected(
  block: SelectBlock,
  input: readonly Attribute[],
  list: readonly NamedExpr[],
  output: readonly Attribute[],
  aliases: Aliases,
): SelectBlock {
  // A mere choice of columns leaves the block as it is.
  if (list.every(e => e.kind === 'Attribute')) return block
  return withItems(open(block, input, aliases), list, output)
}

/** The same rows with functions over windows, which see what WHERE leaves. */
export function withWindows(
  block: SelectBlock,
  input: readonly Attribute[],
  windows: readonly NamedExpr[],
  output: readonly Attribute[],
  aliases: Aliases,
): SelectBlock {
  return withItems(open(block, input, aliases), [...input, ...windows], output)
}

export function aggregatedBy(
  block: SelectBlock,
  input: readonly Attribute[],
  grouping: readonly BoundExpr[],
  results: readonly NamedExpr[],
  output: readonly Attribute[],
  aliases: Aliases,
): SelectBlock {
  const base = open(block, input, aliases)
  const selected = withItems(base, results, output)
  if (results.some(r => triesAggregate(r, selected.items?.get(r.id) ?? ''))) {
    const parts = partsOf(grouping, results)
    const inner = parts.list.map(toAttribute)
    return projected(aggregatedBy(block, input, grouping, parts.list, inner, aliases), inner, parts.over, output, aliases)
  }
  return { ...selected, groupBy: grouping.map(g => keySql(g, base.columns)) }
}

/** DuckDB refuses an aggregate inside TRY. */
function triesAggregate(result: NamedExpr, sql: string): boolean {
  const e = unaliased(result)
  return e.kind !== 'AggregateCall' && sql.includes('TRY(') && someExpr(e, x => x.kind === 'AggregateCall')
}

/** Ids that no column of a query has. */
const partIds = 2 ** 40

/** Group keys and aggregates alone, and the results made of them. */
function partsOf(grouping: readonly BoundExpr[], results: readonly NamedExpr[]): { readonly list: BoundAlias[]; readonly over: NamedExpr[] } {
  const parts = new Map<string, BoundAlias>()
  const part = (child: BoundExpr, name: string): Attribute => {
    const key = exprKey(child)
    const known = parts.get(key) ?? { kind: 'Alias', id: partIds + parts.size, name, child, qualifier: [] }
    parts.set(key, known)
    return toAttribute(known)
  }
  for (const g of grouping) part(g, 'key')
  const rewrite = (e: BoundExpr): BoundExpr => (parts.has(exprKey(e)) || e.kind === 'AggregateCall' ? part(e, 'value') : mapExprChildren(e, rewrite))
  const over = results.map(r => mapNamed(r, rewrite))
  return { list: [...parts.values()], over }
}

export function ordered(block: SelectBlock, output: readonly Attribute[], order: readonly BoundSortOrder[], aliases: Aliases): SelectBlock {
  const base = block.limit !== undefined || block.offset > 0 || block.orderBy.length > 0 ? wrapped(block, output, aliases) : block
  return { ...base, orderBy: order }
}

export function limited(block: SelectBlock, output: readonly Attribute[], limit: number | undefined, offset: number, aliases: Aliases): SelectBlock {
  const base = block.limit !== undefined || block.offset > 0 ? wrapped(block, output, aliases) : block
  return { ...base, ...(limit === undefined ? {} : { limit }), offset }
}

/** The finished SELECT: `output` in order, each under its internal name or the one given. */
export function render(
  block: SelectBlock,
  output: readonly Attribute[],
  names: readonly string[] = output.map(a => plainName(columnName(a))),
): string {
  const list = output.map((a, i) => {
    const sql = block.items?.get(a.id) ?? block.columns.get(a.id)
    if (sql === undefined) throw new Error(`bug in spk: column ${a.name}#${a.id} is not in the select list`)
    return sql === names[i] ? sql : `${sql} AS ${names[i]}`
  })
  // Rows without columns still are rows.
  if (list.length === 0) list.push('NULL AS nothing')
  const one = `SELECT ${list.join(', ')}`
  const lines = [one.length <= 100 ? one : `SELECT\n  ${list.join(',\n  ')}`]
  if (block.from !== undefined) lines.push(`FROM ${block.from}`)
  const [only, ...more] = block.where
  if (only !== undefined) lines.push(`WHERE ${more.length === 0 ? withoutParentheses(only) : block.where.join(' AND ')}`)
  if (block.groupBy.length > 0) lines.push(`GROUP BY ${block.groupBy.join(', ')}`)
  if (block.orderBy.length > 0) lines.push(`ORDER BY ${block.orderBy.map(o => orderSql(o, block, output, names)).join(', ')}`)
  if (block.limit !== undefined) lines.push(`LIMIT ${block.limit}`)
  if (block.offset > 0) lines.push(`OFFSET ${block.offset}`)
  // DuckDB takes no condition past it.
  else if (block.counts && block.limit === undefined) lines.push('OFFSET 0')
  return lines.join('\n')
}

/** A sort key: the name of an output column where it is one, else what it is made of. */
function orderSql(order: BoundSortOrder, block: SelectBlock, output: readonly Attribute[], names: readonly string[]): string {
  const { child } = order
  const at = block.items === undefined || child.kind !== 'Attribute' ? -1 : output.findIndex(a => a.id === child.id)
  const sql = names[at] ?? keySql(child, block.items ?? block.columns)
  return `${sql} ${order.ascending ? 'ASC' : 'DESC'} NULLS ${order.nullsFirst ? 'FIRST' : 'LAST'}`
}

/** Without the outermost parentheses, when they enclose the whole. */
export function withoutParentheses(sql: string): string {
  if (!sql.startsWith('(') || !sql.endsWith(')')) return sql
  let depth = 0
  for (let i = 0; i < sql.length; i++) {
    const c = sql[i]
    if (c === "'" || c === '"') return sql
    if (c === '(') depth++
    if (c === ')') depth--
    if (depth === 0 && i < sql.length - 1) return sql
  }
  return sql.slice(1, -1)
}

export function indent(text: string): string {
  return text
    .split('\n')
    .map(l => `  ${l}`)
    .join('\n')
}
