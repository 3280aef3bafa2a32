/**
 * GROUPING SETS, ROLLUP and CUBE: each row once per set, keys that the set lacks are NULL, and a number that tells the sets apart. Aggregate functions see
 * the columns as they were.
 */
import { types } from '../../core/types.js'
import { type Attribute, type BoundExpr, isNullable, literal, type NamedExpr, nullOf, unaliased } from '../bound.js'
import type { Expr, Span } from '../expr.js'
import { exprKey } from '../expr-key.js'
import { call } from '../functions/define.js'
import { isGroupingCall } from '../functions/grouping.js'
import { outputOf, type Plan } from '../plan.js'
import { exprText } from '../print.js'
import { mapExprChildren, mapNamed } from '../tree.js'
import { type AnalyzerContext, fail } from './context.js'

type Sets = readonly (readonly Expr[])[]

const analytics = new Set(['rollup', 'cube', 'grouping_sets', 'grouping_sets_of'])

function isAnalytics(expr: Expr): expr is Extract<Expr, { kind: 'UnresolvedFunction' }> {
  return expr.kind === 'UnresolvedFunction' && analytics.has(expr.name)
}

/** The sets that GROUP BY asks for, and keys that it names besides; undefined when it names plain keys only. */
export function groupingSetsOf(grouping: readonly Expr[]): { readonly sets: Sets; readonly keys: readonly Expr[] } | undefined {
  if (!grouping.some(isAnalytics)) return undefined
  const keys = grouping.flatMap(item =>
    isAnalytics(item) && item.name === 'grouping_sets_of' && item.args[0] !== undefined ? columnsOf(item.args[0]) : [],
  )
  const sets = grouping.map(setsOf).reduce<Sets>((left, right) => left.flatMap(l => right.map(r => [...l, ...r])), [[]])
  return { sets, keys }
}

function setsOf(item: Expr): Sets {
  if (!isAnalytics(item)) return [columnsOf(item)]
  const parts = item.args.map(columnsOf)
  switch (item.name) {
    case 'rollup':
      return [...parts, []].map((_, i) => parts.slice(0, parts.length - i).flat())
    case 'cube':
      return parts.reduceRight<Sets>((sets, part) => sets.map((s): readonly Expr[] => [...part, ...s]).concat(sets), [[]])
    case 'grouping_sets_of':
      return item.args.slice(1).flatMap(setsOf)
    default:
      return item.args.flatMap(setsOf)
  }
}

/** `(a, b)` is a struct to the parser. */
function columnsOf(item: Expr): readonly Expr[] {
  return item.kind === 'UnresolvedFunction' && item.name === 'struct' ? item.args : [item]
}

/** The input once per set, and how expressions over the groups are written then. */
export interface ExpandedGroups {
  readonly plan: Plan
  readonly grouping: readonly BoundExpr[]
  /** Keys that may be read outside aggregate functions, as they were written. */
  readonly keys: ReadonlySet<string>
  rewrite(item: NamedExpr): NamedExpr
}

export function expandGroups(
  input: Plan,
  sets: readonly (readonly BoundExpr[])[],
  more: readonly BoundExpr[],
  node: { readonly span?: Span },
  context: AnalyzerContext,
): ExpandedGroups {
  const keys = [...new Map([...more, ...sets.flat()].map(e => [exprKey(e), e])).values()]
  if (keys.length > 64) throw fail(context, node, 'GROUPING_SIZE_LIMIT_EXCEEDED', '54000', 'Grouping sets size cannot be greater than 64.')
  // The one set of no keys is one group, also over no rows.
  if (keys.length === 0 && sets.length === 1) {
    const rewrite = (e: BoundExpr): BoundExpr =>
      isGroupingCall(e) && e.kind === 'Call' ? groupingValue(e, keys, literal(0n, types.long), node, context) : mapExprChildren(e, rewrite)
    return { plan: input, grouping: [], keys: new Set(), rewrite: item => mapNamed(item, rewrite) }
  }
  const columns = keys.map(
    (e): Attribute => ({
      kind: 'Attribute',
      id: context.nextId(),
      name: e.kind === 'Attribute' ? e.name : exprText(e).replace(/#\d+/g, ''),
      type: e.type,
      nullable: isNullable(e) || sets.some(s => !s.some(x => exprKey(x) === exprKey(e))),
      qualifier: [],
    }),
  )
  const number = (name: string, type: Attribute['type']): Attribute => ({
    kind: 'Attribute',
    id: context.nextId(),
    name,
    type,
    nullable: false,
    qualifier: [],
  })
  const id = number('spark_grouping_id', types.long)
  const repeated = new Set(sets.map(s => [...new Set(s.map(exprKey))].sort().join())).size < sets.length
  // A set that is written twice gives its groups twice.
  const position = repeated ? [number('_gen_grouping_pos', types.int)] : []
  const own = outputOf(input)
  const projections = sets.map((set, n) => {
    const has = keys.map(k => set.some(e => exprKey(e) === exprKey(k)))
    const bits = has.reduce((value, there) => value * 2n + (there ? 0n : 1n), 0n)
    return [
      ...own,
      ...keys.map((k, i) => (has[i] ? k : nullOf(k.type))),
      literal(bits, types.long),
      ...position.map(() => literal(n, types.int)),
    ] as readonly BoundExpr[]
  })
  const output = [...own, ...columns, id, ...position]
  const byKey = new Map(keys.map((k, i) => [exprKey(k), columns[i] as Attribute]))
  const rewrite = (e: BoundExpr): BoundExpr => {
    if (e.kind === 'AggregateCall') return e
    if (isGroupingCall(e) && e.kind === 'Call') return groupingValue(e, keys, id, node, context)
    return byKey.get(exprKey(e)) ?? mapExprChildren(e, rewrite)
  }
  // The same column keeps its id however often the list is written anew.
  const ids = new Map<number, number>()
  return {
    plan: { kind: 'Expand', input, projections, output },
    grouping: [...columns, id, ...position],
    keys: new Set(byKey.keys()),
    rewrite(item) {
      const child = rewrite(unaliased(item))
      if (item.kind === 'Alias') return { ...item, child }
      const fresh = ids.get(item.id) ?? context.nextId()
      ids.set(item.id, fresh)
      return { kind: 'Alias', id: fresh, name: item.name, child, qualifier: item.qualifier }
    },
  }
}

/** The number of the set, or one bit of it. */
function groupingValue(
  e: Extract<BoundExpr, { kind: 'Call' }>,
  keys: readonly BoundExpr[],
  id: BoundExpr,
  node: { readonly span?: Span },
  context: AnalyzerContext,
): BoundExpr {
  const at = (x: BoundExpr) => keys.findIndex(k => exprKey(k) === exprKey(x))
  const shown = keys.map(exprText).join(', ').replace(/#\d+/g, '')
  if (e.fn === 'grouping_id') {
    if (e.args.length === 0 || (e.args.length === keys.length && e.args.every((x, i) => at(x) === i))) return id
    throw fail(
      context,
      node,
      'GROUPING_ID_COLUMN_MISMATCH',
      '42803',
      `Columns of grouping_id (${e.args.map(exprText).join(', ').replace(/#\d+/g, '')}) does not match grouping columns (${shown}).`,
    )
  }
  const [column] = e.args
  const i = column === undefined ? -1 : at(column)
  if (i < 0 || column === undefined) {
    throw fail(
      context,
      node,
      'GROUPING_COLUMN_MISMATCH',
      '42803',
      `Column of grouping (${column === undefined ? '' : exprText(column).replace(/#\d+/g, '')}) can't be found in grouping columns (${shown}).`,
    )
  }
  const bit = literal(1n << BigInt(keys.length - 1 - i), types.long)
  const isSet = call('=', [call('&', [id, bit], types.long, false), literal(0n, types.long)], types.boolean, false)
  return call('when', [isSet, literal(0, types.byte), literal(1, types.byte)], types.byte, false)
}
