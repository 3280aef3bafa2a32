/** Operators that make several rows of one: a row per projection, a row per element of an array. */
import type { Attribute, BoundExpr } from '../bound.js'
import { duckType, plainName, quoteName } from '../duck-type.js'
import { type PhysicalGenerate, physicalOutput } from '../physical-plan.js'
import { expressionSql } from './expression-sql.js'
import { literalSql } from './literal-sql.js'
import { type Aliases, columnName, open, type SelectBlock, wrapped } from './select-block.js'

/** A cross join with one row per projection, which holds the literals; other columns choose by its number. */
export function expanded(
  block: SelectBlock,
  input: readonly Attribute[],
  projections: readonly (readonly BoundExpr[])[],
  output: readonly Attribute[],
  aliases: Aliases,
): SelectBlock {
  const base = open(block, input, aliases)
  const name = aliases.next('sets')
  const literals = output.map((_, i) => projections.every(p => p[i]?.kind === 'Literal'))
  const rows = projections.map((p, n) => {
    const values = p.flatMap((e, i) => (literals[i] && e.kind === 'Literal' ? [literalSql(e)] : []))
    return `(${[String(n), ...values].join(', ')})`
  })
  const held = output.filter((_, i) => literals[i]).map(a => plainName(columnName(a)))
  const sets = `(VALUES ${rows.join(', ')}) AS ${name}(n${held.map(h => `, ${h}`).join('')})`
  const items = new Map(
    output.map((a, i) => {
      if (literals[i]) return [a.id, `${name}.${plainName(columnName(a))}`]
      return [
        a.id,
        chosen(
          projections.map(p => expressionSql(p[i] as BoundExpr, base.columns)),
          `${name}.n`,
          duckType(a.type),
        ),
      ]
    }),
  )
  const from = base.from === undefined ? sets : `${base.from}\nCROSS JOIN ${sets}`
  return { ...base, from, joins: true, items, columns: new Map(output.map(a => [a.id, plainName(columnName(a))])) }
}

function chosen(values: readonly string[], n: string, type: string): string {
  const different = new Map<string, number[]>()
  for (const [i, v] of values.entries()) different.set(v, [...(different.get(v) ?? []), i])
  const [first, ...rest] = [...different]
  if (first === undefined) return `CAST(NULL AS ${type})`
  if (rest.length === 0) return first[0]
  const [last = first] = rest.splice(-1)
  const branches = [first, ...rest].map(([v, at]) => `WHEN ${among(at, n)} THEN ${v}`)
  return `(CASE ${branches.join(' ')} ELSE ${last[0]} END)`
}

/** That a number is one of those listed in ascending order: by comparisons, since DuckDB makes a join of an IN. */
function among(numbers: readonly number[], n: string): string {
  const runs: { from: number; to: number }[] = []
  for (const at of numbers) {
    const run = runs.at(-1)
    if (run?.to === at - 1) run.to = at
    else runs.push({ from: at, to: at })
  }
  return runs.map(({ from, to }) => (from === to ? `${n} = ${from}` : `${n} BETWEEN ${from} AND ${to}`)).join(' OR ')
}

/** `unnest` in the select list; the fields of structs are taken apart one block further out. */
export function generated(block: SelectBlock, plan: PhysicalGenerate, aliases: Aliases): SelectBlock {
  const input = physicalOutput(plan.input)
  const base = open(block, input, aliases)
  const array = expressionSql(plan.array, base.columns)
  const position = plan.position ? plan.generated[0] : undefined
  const rest = plan.position ? plan.generated.slice(1) : plan.generated
  const none = (list: string) => (plan.outer ? `CASE WHEN len(${array}) > 0 THEN ${list} ELSE [NULL] END` : list)
  const items = new Map<number, string>(input.map(a => [a.id, base.columns.get(a.id) ?? '']))
  if (position !== undefined) items.set(position.id, `CAST(unnest(${none(`range(len(${array}))`)}) AS INTEGER)`)
  const output = physicalOutput(plan)
  const names = new Map(output.map(a => [a.id, plainName(columnName(a))]))
  const [value] = rest
  if (!plan.fields) {
    if (value !== undefined) items.set(value.id, `unnest(${none(array)})`)
    return { ...base, items, columns: names }
  }
  const element: Attribute = { kind: 'Attribute', id: -1, name: 'element', type: elementType(plan.array), nullable: true, qualifier: [] }
  items.set(element.id, `unnest(${none(array)})`)
  const inner = [...input, ...(position === undefined ? [] : [position]), element]
  const outer = wrapped({ ...base, items, columns: new Map(inner.map(a => [a.id, plainName(columnName(a))])) }, inner, aliases)
  const struct = elementType(plan.array)
  const fields = struct.kind === 'struct' ? struct.fields : []
  const at = outer.columns.get(element.id) ?? ''
  const taken = new Map<number, string>([...input, ...(position === undefined ? [] : [position])].map(a => [a.id, outer.columns.get(a.id) ?? '']))
  rest.forEach((a, i) => {
    taken.set(a.id, `${at}.${quoteName(fields[i]?.name ?? '')}`)
  })
  return { ...outer, items: taken, columns: names }
}

function elementType(array: BoundExpr) {
  return array.type.kind === 'array' ? array.type.element : array.type
}
