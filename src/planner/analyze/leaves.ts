/** Where rows come from: files, views and common table expressions, rows of the driver, VALUES, range. */

import { editDistance } from '../../core/config.js'
import { field, struct, types } from '../../core/types.js'
import type { Attribute, BoundExpr } from '../bound.js'
import { isNullable } from '../bound.js'
import { castTo, commonTypeOf } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import { evaluate } from '../evaluate.js'
import type { Expr } from '../expr.js'
import type { InlineTable, LocalRelation, ReadFiles, Relation, UnresolvedRelation, UnresolvedTableValuedFunction } from '../logical.js'
import { aliased } from './columns.js'
import { type AnalyzerContext, fail, quoted, unsupported } from './context.js'
import { bindExpr } from './expressions.js'
import { bindGeneratorTable } from './generators.js'
import { type Scoped, scoped } from './scope.js'

export function bindReadFiles(relation: ReadFiles, context: AnalyzerContext): Scoped {
  const source = context.source(relation)
  const output = source.schema.fields.map((f): Attribute => attribute(f.name, f.type, f.nullable, context))
  return scoped({
    kind: 'Scan',
    format: relation.format,
    paths: relation.paths,
    options: relation.options,
    files: source.files,
    fileSchema: source.schema,
    output,
    ...(relation.buckets === undefined ? {} : { buckets: relation.buckets }),
    ...(relation.statistics === undefined ? {} : { statistics: relation.statistics }),
  })
}

function attribute(name: string, type: Attribute['type'], nullable: boolean, context: AnalyzerContext): Attribute {
  return { kind: 'Attribute', id: context.nextId(), name, type, nullable, qualifier: [] }
}

/** Files named like a table: `parquet.\`/path\``. Undefined when the name is no such thing. */
export function fileRelation(relation: UnresolvedRelation): ReadFiles | undefined {
  const [format, path] = relation.nameParts
  if (relation.nameParts.length !== 2 || path === undefined) return undefined
  const known = format?.toLowerCase()
  if (known !== 'parquet' && known !== 'csv' && known !== 'json') return undefined
  return { kind: 'ReadFiles', format: known, paths: [path], options: {} }
}

export function bindNamedRelation(relation: UnresolvedRelation, context: AnalyzerContext): Scoped {
  if (relation.asOf !== undefined) throw unsupported(context, relation, 'TIME_TRAVEL', 'time travel')
  const name = relation.nameParts[relation.nameParts.length - 1] ?? ''
  const cte = relation.nameParts.length === 1 ? context.ctes.get(name.toLowerCase()) : undefined
  if (cte !== undefined) return aliased(cte(), name)
  const view = context.view(relation.nameParts)
  if (view !== undefined) return bindView(view, relation, name, context)
  const file = fileRelation(relation)
  if (file !== undefined) return bindReadFiles(file, context)
  const near = [...context.viewNames(), ...context.ctes.keys()]
    .map(n => ({ n, d: editDistance(n.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.d - b.d)
    .slice(0, 5)
    .map(c => quoted([c.n]))
  throw fail(
    context,
    relation,
    'TABLE_OR_VIEW_NOT_FOUND',
    '42P01',
    `The table or view ${quoted(relation.nameParts)} cannot be found. ${near.length === 0 ? 'There are no temp views in this session' : `There are: [${near.join(', ')}]`}. Verify the spelling, or create it first.`,
  )
}

/** A view's own names and spans have nothing to do with the query around it. */
function bindView(view: Relation, relation: UnresolvedRelation, name: string, context: AnalyzerContext): Scoped {
  const key = relation.nameParts.join('.').toLowerCase()
  if (context.openViews.has(key)) {
    throw fail(
      context,
      relation,
      'RECURSIVE_VIEW',
      '42K0H',
      `Recursive view ${quoted(relation.nameParts)} detected (cycle: ${[...context.openViews, key].map(v => quoted([v])).join(' -> ')}).`,
    )
  }
  const inner: AnalyzerContext = {
    ...context,
    ctes: new Map(),
    windows: new Map(),
    outer: [],
    text: undefined,
    openViews: new Set([...context.openViews, key]),
  }
  // A table or view of the catalog brings its full name along.
  return view.kind === 'SubqueryAlias' && view.qualifier !== undefined ? context.resolve(view, inner) : aliased(context.resolve(view, inner), name)
}

export function bindLocalRelation(relation: LocalRelation, context: AnalyzerContext): Scoped {
  const output = relation.schema.fields.map(f => attribute(f.name, f.type, f.nullable, context))
  return scoped({ kind: 'LocalRows', schema: relation.schema, partitions: relation.partitions, rows: relation.rows, output })
}

export function bindRange(start: bigint, end: bigint, step: bigint, partitions: number | undefined, context: AnalyzerContext): Scoped {
  const output = [attribute('id', types.long, false, context)] as const
  return scoped({ kind: 'Range', start, end, step, ...(partitions === undefined ? {} : { partitions }), output })
}

/** Columns `col1`, `col2`, …; the common type of each. */
export function bindInlineTable(relation: InlineTable, context: AnalyzerContext): Scoped {
  const nothing = { lists: [[]], star: [] }
  const rows = relation.rows.map(row => row.map(e => bindExpr(e, nothing, context)))
  const width = rows[0]?.length ?? 0
  const uneven = rows.findIndex(r => r.length !== width)
  if (uneven >= 0) {
    throw fail(
      context,
      relation,
      'INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH',
      '42000',
      `Invalid inline table. Inline table expected ${width} columns but found ${rows[uneven]?.length ?? 0} columns in row ${uneven}.`,
    )
  }
  const output: Attribute[] = []
  for (let c = 0; c < width; c++) {
    const cells = rows.map(r => r[c] as BoundExpr)
    const type = commonTypeOf(
      cells.map(e => e.type),
      commonTypes(context.ansi).withoutText,
    )
    if (type === undefined) {
      throw fail(
        context,
        relation,
        'INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE',
        '42000',
        `Invalid inline table. Found incompatible types in the column \`col${c + 1}\` for inline table.`,
      )
    }
    output.push(attribute(`col${c + 1}`, type, cells.some(isNullable), context))
  }
  const cast = rows.map(row => row.map((e, i) => castTo(e, output[i]?.type ?? e.type, context.castMode)))
  return scoped({ kind: 'Values', rows: cast, output })
}

/** `range(end)`, `range(start, end[, step[, partitions]])`. */
export function bindTableFunction(relation: UnresolvedTableValuedFunction, context: AnalyzerContext): Scoped {
  const generated = bindGeneratorTable(relation, context)
  if (generated !== undefined) return generated
  if (relation.name.toLowerCase() !== 'range') {
    throw fail(
      context,
      relation,
      'UNRESOLVABLE_TABLE_VALUED_FUNCTION',
      '42883',
      `Could not resolve ${quoted([relation.name])} to a table-valued function. Known ones: [\`range\`, \`explode\`, \`posexplode\`, \`inline\`, \`stack\` and their \`_outer\` forms].`,
    )
  }
  const numbers = relation.args.map(a => wholeNumber(a, relation, context))
  const [a, b, step, partitions] = numbers
  if (a === undefined || numbers.length > 4) {
    throw fail(
      context,
      relation,
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      '42605',
      `The \`range\` requires [1, 4] parameters but the actual number is ${numbers.length}.`,
    )
  }
  return b === undefined
    ? bindRange(0n, a, 1n, undefined, context)
    : bindRange(a, b, step ?? 1n, partitions === undefined ? undefined : Number(partitions), context)
}

function wholeNumber(expr: Expr, node: UnresolvedTableValuedFunction, context: AnalyzerContext): bigint {
  const value = evaluate(castTo(bindExpr(expr, { lists: [[]], star: [] }, context), types.long))?.value
  if (typeof value === 'bigint') return value
  throw fail(context, node, 'UNEXPECTED_INPUT_TYPE', '42K09', `The parameters of \`${node.name}\` must be constant whole numbers.`)
}

/** The schema of a relation's visible columns. */
export function schemaOf(input: Scoped) {
  return struct(input.visible.map(a => field(a.name, a.type, a.nullable)))
}
