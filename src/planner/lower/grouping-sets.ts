/** Several groupings in one statement: a common table expression for each from which another one is made, and all of them below each other. Called by `fragment.ts`. */
import type { Attribute } from '../bound.js'
import { plainName } from '../duck-type.js'
import { type PhysicalGroupingSets, physicalOutput } from '../physical-plan.js'
import { type Columns, expressionSql } from './expression-sql.js'
import { type Aliases, columnName, fromSource, indent, render, type SelectBlock } from './select-block.js'

const nameOf = (a: Attribute) => plainName(columnName(a))
const namesOf = (list: readonly Attribute[]): Columns => new Map(list.map(a => [a.id, nameOf(a)]))

export function groupingSets(block: SelectBlock, plan: PhysicalGroupingSets, aliases: Aliases): SelectBlock {
  const input = physicalOutput(plan.input)
  const columns = namesOf(input)
  const states = input.filter(a => plan.states.some(s => s.id === a.id))
  const combined = plan.states.map(s => `${expressionSql(s.child, columns)} AS ${columns.get(s.id)}`)
  const finest = aliases.next('groups')
  const tables = [`${finest} AS MATERIALIZED (\n${indent(render(block, input))}\n)`]
  const names: string[] = []
  for (const { from, keys } of plan.sets) {
    const source = from === undefined ? finest : (names[from] as string)
    const there = from === undefined ? input.length - states.length : (plan.sets[from]?.keys.length ?? 0)
    if (keys.length === there) {
      names.push(source)
      continue
    }
    const name = aliases.next('groups')
    const list = keys.map(nameOf)
    // Over no rows there is no group, not even one of all rows.
    const of = list.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${list.join(', ')}`
    tables.push(`${name} AS MATERIALIZED (SELECT ${[...list, ...combined].join(', ')} FROM ${source} ${of})`)
    names.push(name)
  }
  const parts = plan.sets.map(({ values }, n) => {
    const list = plan.output.map(
      (a, i) =>
        `${i < values.length ? expressionSql(values[i] as (typeof values)[number], columns) : nameOf(states[i - values.length] as Attribute)} AS ${nameOf(a)}`,
    )
    return `SELECT ${list.join(', ')} FROM ${names[n]}`
  })
  const sql = `(\n  WITH ${indent(tables.join(',\n')).trimStart()}\n  ${parts.join('\n  UNION ALL ')}\n) AS ${aliases.next('q')}`
  return fromSource(sql, namesOf(plan.output), block.inputs)
}
