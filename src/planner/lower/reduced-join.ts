/**
 * Semi and anti joins whose right side, of which DuckDB makes the hash table as the join is written, is by far the larger: it is first reduced to the rows
 * that have a key of the left side, which is worked out once. DuckDB's own remedy, to turn such a join round, goes by estimates that split scans spoil,
 * and would turn the joins beside it too.
 */
import type { BoundExpr } from '../bound.js'
import { conjunction, conjunctsOf, equatesSides } from '../conjuncts.js'
import { plainName } from '../duck-type.js'
import { type PhysicalJoin, physicalOutput } from '../physical-plan.js'
import { type Columns, conditionSql } from './expression-sql.js'
import { type Aliases, asTable, columnName, fromSource, indent, render, type SelectBlock, withoutParentheses } from './select-block.js'

/** A side of so many times the rows of the other one is worth a look at the other's keys before it is built. */
const worthReducing = 4

/** Whether the planner's estimates say that a join is better made so. */
export function isReduced(join: PhysicalJoin): boolean {
  const { type, probeRows, buildRows } = join
  if ((type !== 'semi' && type !== 'anti') || probeRows === undefined || buildRows === undefined) return false
  return probeRows * worthReducing <= buildRows && keysOf(join).length > 0
}

/** What must hold of any pair of rows, and can be hashed. */
function keysOf({ condition, probe, build }: PhysicalJoin): readonly BoundExpr[] {
  const [left, right] = [probe, build].map(side => new Set(physicalOutput(side).map(a => a.id))) as [Set<number>, Set<number>]
  return conjunctsOf(condition).filter(c => equatesSides(c, left, right))
}

/** `condition`: the join's, as DuckDB takes it best. */
export function reducedJoin(
  join: PhysicalJoin,
  condition: BoundExpr | undefined,
  probe: SelectBlock,
  build: SelectBlock,
  aliases: Aliases,
): SelectBlock {
  const [left, right] = [physicalOutput(join.probe), physicalOutput(join.build)]
  const named = (table: string): Columns => new Map(left.map(a => [a.id, `${table}.${plainName(columnName(a))}`]))
  const on = (e: BoundExpr | undefined, columns: Columns) => (e === undefined ? 'true' : withoutParentheses(conditionSql(e, columns)))
  const [once, result] = [aliases.next('probe'), aliases.next('q')]
  const own = named(once)
  const all = asTable(build, right, aliases)
  const withKeys = `${all.sql}\nSEMI JOIN ${once} ON ${on(conjunction(keysOf(join)), new Map([...all.columns, ...own]))}`
  const few = asTable(fromSource(withKeys, all.columns, build.inputs, true), right, aliases, 'right')
  const whole = fromSource(
    `${once}\n${join.type === 'semi' ? 'SEMI' : 'ANTI'} JOIN ${few.sql} ON ${on(condition, new Map([...own, ...few.columns]))}`,
    own,
    [...probe.inputs, ...build.inputs],
    true,
  )
  const sql = `WITH ${once} AS MATERIALIZED (\n${indent(render(probe, left))}\n)\n${render(whole, left)}`
  return fromSource(`(\n${indent(sql)}\n) AS ${result}`, named(result), whole.inputs)
}
