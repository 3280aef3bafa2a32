/** WITH RECURSIVE in DuckDB's words, with limits on rounds and rows: a recursion without an end must fail, not fill the disk. */
import { duckType, plainName } from '../duck-type.js'
import { raise } from '../functions/define.js'
import { type PhysicalRecursion, type PhysicalRecursiveRef, physicalOutput } from '../physical-plan.js'
import { type Aliases, columnName, fromSource, indent, render, type SelectBlock } from './select-block.js'

/** Rows of one round, as Spark allows in all. */
const mostRows = 1_000_000

const tableName = (ref: number) => `recursion_${ref}`

export function recursion(plan: PhysicalRecursion, left: SelectBlock, right: SelectBlock, aliases: Aliases): SelectBlock {
  const names = plan.output.map(a => plainName(columnName(a)))
  const side = (block: SelectBlock, of: PhysicalRecursion['left']) => indent(indent(render(block, physicalOutput(of), names)))
  const name = tableName(plan.ref)
  const sql = `(\n  WITH RECURSIVE ${name}(${names.join(', ')}) AS (\n${side(left, plan.left)}\n  UNION ALL\n${side(right, plan.right)}\n  )\n  SELECT * FROM ${name}\n) AS ${aliases.next('q')}`
  return fromSource(sql, new Map(plan.output.map((a, i) => [a.id, names[i] as string])), [...left.inputs, ...right.inputs])
}

/** The columns by position: the recursion names them its own way. */
export function lastRound(plan: PhysicalRecursiveRef, aliases: Aliases): SelectBlock {
  const names = plan.output.map(a => plainName(columnName(a)))
  const positions = plan.output.map((_, i) => `c${i}`)
  const round = positions[positions.length - 1] ?? ''
  const tooManyRows = raise(
    'RECURSION_ROW_LIMIT_EXCEEDED',
    '42836',
    `Recursion row limit ${mostRows} reached but query has not exhausted, try setting a larger LIMIT value when querying the CTE relation.`,
  )
  const tooDeep = raise(
    'RECURSION_LEVEL_LIMIT_EXCEEDED',
    '42836',
    `Recursion level limit ${plan.rounds} reached but query has not exhausted, try increasing it with MAX RECURSION LEVEL.`,
  )
  const checks = [
    `WHEN count(*) OVER () > ${mostRows} THEN ${tooManyRows}`,
    ...(plan.rounds === undefined ? [] : [`WHEN ${round} >= ${plan.rounds} THEN ${tooDeep}`]),
  ]
  const list = positions.map(
    (p, i) =>
      `${p === round ? `CAST(CASE ${checks.join(' ')} ELSE ${round} END AS ${duckType(plan.output[i]?.type ?? { kind: 'int' })})` : p} AS ${names[i]}`,
  )
  const sql = `(SELECT ${list.join(', ')} FROM ${tableName(plan.ref)} AS ${aliases.next('r')}(${positions.join(', ')})) AS ${aliases.next('q')}`
  return fromSource(sql, new Map(plan.output.map((a, i) => [a.id, names[i] as string])), [])
}
