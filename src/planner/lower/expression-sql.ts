/** Bound expressions as DuckDB SQL. The text of every node has exactly the DuckDB type of the node's type, and is atomic: it may stand beside any operator. */
import { must, unreachable } from '../../core/errors.js'
import type { AggregateCall, BoundExpr, WindowExpr } from '../bound.js'
import { conjunctsOf } from '../conjuncts.js'
import { keyText } from '../duck-type.js'
import { aggregateFunction, isDeterministic, scalarFunction } from '../functions/table.js'
import { windowFunction } from '../functions/window.js'
import { castSql } from './cast-sql.js'
import { literalSql } from './literal-sql.js'
import { logicSql } from './logic-sql.js'
import { windowClause } from './window-clause.js'

/** How columns are written at this place. */
export type Columns = ReadonlyMap<number, string>

export function expressionSql(expr: BoundExpr, columns: Columns): string {
  switch (expr.kind) {
    case 'Attribute':
      return must(columns.get(expr.id), `column ${expr.name}#${expr.id} is not there`)
    case 'Literal':
      return literalSql(expr)
    case 'Cast':
      return once([expr.child], columns, ([child]) => castSql(child ?? '', expr.child.type, expr.type, expr.mode))
    case 'Call':
      if (expr.fn === 'and' || expr.fn === 'or') return logicSql(expr, e => expressionSql(e, columns))
      return once(expr.args, columns, args => scalarFunction(expr.fn).sql(args, expr))
    case 'AggregateCall':
      return aggregateSql(expr, columns)
    case 'Window':
      return windowSql(expr, columns)
    case 'LambdaVariable':
      return `x_${expr.id}`
    case 'Lambda':
      return `lambda ${expr.parameters.map(p => `x_${p.id}`).join(', ')}: ${expressionSql(expr.body, columns)}`
    case 'WindowCall':
    case 'Subquery':
      throw new Error(`bug in spk: a ${expr.kind} is left in the plan`)
    default:
      return unreachable(expr)
  }
}

/** An argument that goes by chance is computed once for each row, also where the text of the whole reads it at several places. */
function once(args: readonly BoundExpr[], columns: Columns, render: (args: readonly string[]) => string): string {
  const texts = args.map(a => expressionSql(a, columns))
  const sql = render(texts)
  const repeated = args.findIndex((a, i) => !isDeterministic(a) && sql.split(texts[i] ?? '').length > 2)
  if (repeated < 0) return sql
  const name = `r${repeated}_`
  return `list_transform([${texts[repeated]}], lambda ${name}: ${render(texts.map((text, i) => (i === repeated ? name : text)))})[1]`
}

function windowSql(expr: WindowExpr, columns: Columns): string {
  const over = ` OVER (${windowClause(
    expr,
    e => keySql(e, columns),
    e => expressionSql(e, columns),
  )})`
  if (expr.function.kind === 'AggregateCall') return aggregateSql(expr.function, columns, over)
  const call = expr.function
  return windowFunction(call.fn).sql(
    call.args.map(a => expressionSql(a, columns)),
    call,
    over,
  )
}

function aggregateSql(expr: AggregateCall, columns: Columns, over = ''): string {
  const condition = expr.filter === undefined ? undefined : expressionSql(expr.filter, columns)
  const args = expr.args.map(a => expressionSql(a, columns))
  return aggregateFunction(expr.fn).sql(args, expr, {
    distinct: expr.distinct ? 'DISTINCT ' : '',
    filter: `${condition === undefined ? '' : ` FILTER (WHERE ${condition})`}${over}`,
    over,
    ...(condition === undefined ? {} : { condition }),
  })
}

/** A condition by which rows or pairs of rows are kept: DuckDB looks at its conjuncts one by one, each of the rows that others have left. */
export function conditionSql(condition: BoundExpr, columns: Columns): string {
  const sql = conjunctsOf(condition).map(c => expressionSql(c, columns))
  return sql.length === 1 ? (sql[0] ?? '') : `(${sql.join(' AND ')})`
}

/** In GROUP BY and ORDER BY. */
export function keySql(expr: BoundExpr, columns: Columns): string {
  return keyText(expressionSql(expr, columns), expr.type)
}
