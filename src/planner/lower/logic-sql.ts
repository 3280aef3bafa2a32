/**
 * AND and OR as values: what stands to the right is evaluated only for rows that the left has not decided, as in Spark, so `b <> 0 AND a / b > 1` never
 * divides by zero. DuckDB does so in WHERE alone; elsewhere it evaluates both sides for all rows. Called by `expression-sql.ts`.
 */
import type { DataType } from '../../core/types.js'
import { type BoundExpr, type Call, isNullable } from '../bound.js'
import { isNumeric } from '../coercion.js'
import { isHeldBy } from '../decimal-rules.js'
import { exprKey } from '../expr-key.js'
import { isDeterministic } from '../functions/table.js'
import { exprChildren } from '../tree.js'

/** Functions that fail for no values of the types they take. */
const total: ReadonlySet<string> = new Set(
  (
    'and or not = < <= > >= <=> in isnull isnotnull isnan coalesce when like ilike startswith endswith contains upper lower length trim ltrim rtrim ' +
    'substring left right concat year quarter month day dayofweek dayofyear'
  ).split(' '),
)

/** Whether evaluating an expression may fail a query; true when that is not known. `evaluated`: what has been evaluated for the same rows, by its key. */
export function mayFail(e: BoundExpr, evaluated: ReadonlySet<string> = new Set()): boolean {
  if (e.kind === 'Attribute' || e.kind === 'Literal' || evaluated.has(exprKey(e))) return false
  if (e.kind !== 'Cast' && e.kind !== 'Call') return true
  const own = e.kind === 'Cast' ? e.mode !== 'try' && !widens(e.child.type, e.type) : !total.has(e.fn)
  return own || exprChildren(e).some(child => mayFail(child, evaluated))
}

/** What is evaluated of an expression for all rows that it is evaluated for: nothing below a condition. */
function always(e: BoundExpr): readonly string[] {
  if (e.kind === 'Cast') return [exprKey(e), ...always(e.child)]
  if (e.kind !== 'Call') return []
  return conditional.has(e.fn) ? [exprKey(e)] : [exprKey(e), ...e.args.flatMap(always)]
}

const conditional: ReadonlySet<string> = new Set(['and', 'or', 'when', 'coalesce', 'in'])

function widens(from: DataType, to: DataType): boolean {
  if (to.kind === 'string' || from.kind === 'null') return true
  if (from.kind === 'date') return to.kind.startsWith('timestamp')
  if (to.kind === 'double' || to.kind === 'float') return isNumeric(from)
  return isHeldBy(from, to)
}

/** `sql` writes a part. */
export function logicSql(expr: Call, sql: (e: BoundExpr) => string): string {
  const word = expr.fn.toUpperCase()
  const terms = termsOf(expr, expr.fn)
  const [first] = terms
  const evaluated = new Set(first === undefined ? [] : always(first))
  if (!terms.slice(1).some(t => mayFail(t, evaluated)) || !terms.every(isDeterministic)) return `(${expr.args.map(sql).join(` ${word} `)})`
  const groups: { readonly sql: string; readonly nullable: boolean }[] = []
  for (const part of guarded(terms, evaluated)) {
    const texts = part.map(sql)
    groups.push({ sql: texts.length === 1 ? (texts[0] ?? '') : `(${texts.join(` ${word} `)})`, nullable: part.some(isNullable) })
  }
  const decided = expr.fn === 'or' ? 'true' : 'false'
  const tests = groups.slice(0, -1).map(g => `WHEN ${expr.fn === 'or' ? g.sql : `NOT ${g.sql}`} THEN ${decided}`)
  // What is left is not decided: true in AND, false in OR, or NULL.
  const open = groups.filter((g, i) => g.nullable || i === groups.length - 1).map(g => g.sql)
  return `(CASE ${tests.join(' ')} ELSE ${open.length === 1 ? open[0] : `(${open.join(` ${word} `)})`} END)`
}

function termsOf(e: BoundExpr, fn: string): readonly BoundExpr[] {
  return e.kind === 'Call' && e.fn === fn ? e.args.flatMap(a => termsOf(a, fn)) : [e]
}

/** In groups that may be evaluated together: each one but the first begins with a term that may fail. */
function guarded(terms: readonly BoundExpr[], evaluated: ReadonlySet<string>): readonly BoundExpr[][] {
  const groups: BoundExpr[][] = []
  for (const [i, term] of terms.entries()) {
    if (i === 0 || mayFail(term, evaluated)) groups.push([term])
    else groups.at(-1)?.push(term)
  }
  return groups
}
