/**
 * Functions that make rows: `explode`, `posexplode`, `inline`, `stack` and their `_outer` forms, in LATERAL VIEW, in a select list and as tables. Each is
 * an array, whose elements (or their fields) become columns.
 */
import { array, type DataType, field, struct, types } from '../../core/types.js'
import { type Attribute, type BoundExpr, isNullable, type NamedExpr, nullOf } from '../bound.js'
import { castTo, commonTypeOf, sqlTypeName } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import { evaluate } from '../evaluate.js'
import type { Expr, UnresolvedFunction } from '../expr.js'
import { call } from '../functions/define.js'
import type { Generate, UnresolvedTableValuedFunction } from '../logical.js'
import { outputOf, type Plan } from '../plan.js'
import { prettyText } from '../print.js'
import { type AnalyzerContext, fail, type Names } from './context.js'
import { bindExpr, namesOf } from './expressions.js'
import { inPlaces } from './named-arguments.js'
import { type Scoped, scoped } from './scope.js'

const generators = new Set(['explode', 'posexplode', 'inline', 'stack', 'json_tuple'])

function baseName(name: string): string {
  return name.toLowerCase().replace(/_outer$/, '')
}

export function isGenerator(expr: Expr): expr is UnresolvedFunction {
  return expr.kind === 'UnresolvedFunction' && generators.has(baseName(expr.name))
}

interface Column {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

export interface Generator {
  readonly array: BoundExpr
  readonly outer: boolean
  readonly position: boolean
  readonly fields: boolean
  readonly columns: readonly Column[]
}

/** What a generator call stands for. */
export function bindGenerator(called: UnresolvedFunction, names: Names, context: AnalyzerContext): Generator {
  const expr = inPlaces(called, context)
  const base = baseName(expr.name)
  const outer = expr.name.toLowerCase().endsWith('_outer')
  if (base === 'stack') return bindStack(expr, names, context)
  if (base === 'json_tuple') return bindJsonTuple(expr, names, context)
  const [argument, ...more] = expr.args
  if (argument === undefined || more.length > 0) {
    throw fail(
      context,
      expr,
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      '42605',
      `The \`${expr.name.toLowerCase()}\` requires 1 parameters but the actual number is ${expr.args.length}.`,
    )
  }
  const value = bindExpr(argument, names, context)
  const refuse = (expected: string) =>
    fail(
      context,
      expr,
      'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE',
      '42K09',
      `Cannot resolve "${prettyText(expr)}" due to data type mismatch: The first parameter requires the ${expected} type, however "${prettyText(argument)}" has the type "${sqlTypeName(value.type)}".`,
    )
  const position = base === 'posexplode'
  const at: readonly Column[] = position ? [{ name: 'pos', type: types.int, nullable: outer }] : []
  const { type } = value
  if (base === 'inline') {
    if (type.kind !== 'array' || type.element.kind !== 'struct') throw refuse('"ARRAY<STRUCT>"')
    const nullable = outer || type.containsNull
    const columns = type.element.fields.map((f): Column => ({ name: f.name, type: f.type, nullable: nullable || f.nullable }))
    return { array: value, outer, position: false, fields: true, columns }
  }
  if (type.kind === 'array') {
    return {
      array: value,
      outer,
      position,
      fields: false,
      columns: [...at, { name: 'col', type: type.element, nullable: outer || type.containsNull }],
    }
  }
  if (type.kind !== 'map') throw refuse('("ARRAY" or "MAP")')
  const entry = struct([field('key', type.key, false), field('value', type.value, type.valueContainsNull)])
  const columns: readonly Column[] = [
    ...at,
    { name: 'key', type: type.key, nullable: outer },
    { name: 'value', type: type.value, nullable: outer || type.valueContainsNull },
  ]
  return { array: call('map_entries', [value], array(entry, false)), outer, position, fields: true, columns }
}

/** `json_tuple(text, key, …)`: one row of the fields of those names, as texts; NULL where there is no such field. */
function bindJsonTuple(expr: UnresolvedFunction, names: Names, context: AnalyzerContext): Generator {
  const [json, ...keys] = expr.args
  if (json === undefined || keys.length === 0) {
    const message = `The \`json_tuple\` requires > 1 parameters but the actual number is ${expr.args.length}.`
    throw fail(context, expr, 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION', '42605', message)
  }
  if (expr.args.some(a => !['string', 'null'].includes(bindExpr(a, names, context).type.kind))) {
    const message = `Cannot resolve "${prettyText(expr)}" due to data type mismatch: All arguments of the function \`json_tuple\` must be strings.`
    throw fail(context, expr, 'DATATYPE_MISMATCH.NON_STRING_TYPE', '42K09', message)
  }
  const fn = (name: string, ...args: readonly Expr[]): Expr => ({ kind: 'UnresolvedFunction', name, args })
  const text = (value: string): Expr => ({ kind: 'Literal', value, type: types.string })
  const path = (key: Expr): Expr =>
    key.kind === 'Literal' && typeof key.value === 'string' ? text(`$['${key.value}']`) : fn('concat', text("$['"), key, text("']"))
  const values = keys.map(key => bindExpr(fn('get_json_object', json, path(key)), names, context))
  const columns = keys.map((_, i): Column => ({ name: `c${i}`, type: types.string, nullable: true }))
  const row = struct(columns.map(c => field(c.name, c.type)))
  const one = call('array', [call('struct', values, row, false)], array(row, false), false)
  return { array: one, outer: false, position: false, fields: true, columns }
}

/** `stack(n, …)`: n rows of the values, NULL where there are not enough. */
function bindStack(expr: UnresolvedFunction, names: Names, context: AnalyzerContext): Generator {
  const [count, ...given] = expr.args.map(a => bindExpr(a, names, context))
  const n = count === undefined ? undefined : evaluate(castTo(count, types.int))?.value
  if (typeof n !== 'number' || n <= 0 || given.length === 0) {
    const [code, message] =
      expr.args.length < 2
        ? (['WRONG_NUM_ARGS.WITHOUT_SUGGESTION', `The \`stack\` requires > 1 parameters but the actual number is ${expr.args.length}.`] as const)
        : ([
            'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE',
            `Cannot resolve "${prettyText(expr)}" due to data type mismatch: The \`n\` must be between (0, 2147483647].`,
          ] as const)
    throw fail(context, expr, code, expr.args.length < 2 ? '42605' : '42K09', message)
  }
  const width = Math.ceil(given.length / n)
  const columns = Array.from({ length: width }, (_, c): Column => {
    const cells = given.filter((_, i) => i % width === c)
    const type = commonTypeOf(
      cells.map(e => e.type),
      commonTypes(context.ansi).wider,
    )
    if (type === undefined) {
      throw fail(
        context,
        expr,
        'DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES',
        '42K09',
        `Cannot resolve "${prettyText(expr)}" due to data type mismatch: The data type of the column (${c}) do not have the same type: ${cells.map(e => `"${sqlTypeName(e.type)}"`).join(' <> ')}.`,
      )
    }
    return { name: `col${c}`, type, nullable: cells.some(isNullable) || n * width > given.length }
  })
  const element = struct(columns.map(c => field(c.name, c.type, c.nullable)))
  const rows = Array.from({ length: n }, (_, r) =>
    call(
      'struct',
      columns.map((c, i) => castTo(given[r * width + i] ?? nullOf(c.type), c.type, context.castMode)),
      element,
      false,
    ),
  )
  return { array: call('array', rows, array(element, false), false), outer: false, position: false, fields: true, columns }
}

/** The rows of a plan with those that a generator makes of each. */
export function generateOver(
  plan: Plan,
  generator: Generator,
  columnNames: readonly string[],
  qualifier: readonly string[],
  context: AnalyzerContext,
) {
  const generated = generator.columns.map(
    (c, i): Attribute => ({
      kind: 'Attribute',
      id: context.nextId(),
      name: columnNames[i] ?? c.name,
      type: c.type,
      nullable: c.nullable,
      qualifier,
    }),
  )
  const { array: source, outer, position, fields } = generator
  const next: Plan = { kind: 'Generate', input: plan, array: source, outer, position, fields, generated }
  return { plan: next, generated }
}

/** `LATERAL VIEW [OUTER] f(…) t AS a, b`. */
export function bindLateralView(relation: Generate, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const call = relation.generator
  if (!isGenerator(call)) {
    throw fail(
      context,
      call,
      'UNRESOLVED_ROUTINE',
      '42883',
      `Cannot resolve routine \`${prettyText(call)}\` as a generator. There are: explode, posexplode, inline, stack, and their _outer forms.`,
    )
  }
  const bound = bindGenerator(call, namesOf(input.visible, input.hidden), context)
  const generator = {
    ...bound,
    outer: bound.outer || relation.outer,
    columns: relation.outer ? bound.columns.map(c => ({ ...c, nullable: true })) : bound.columns,
  }
  checkNames(relation.columns, generator, relation, context)
  const { plan, generated } = generateOver(input.plan, generator, relation.columns, [relation.alias], context)
  return { plan, visible: [...input.visible, ...generated], hidden: input.hidden }
}

export function checkNames(columnNames: readonly string[], generator: Generator, node: Generate | Expr, context: AnalyzerContext): void {
  if (columnNames.length === 0 || columnNames.length === generator.columns.length) return
  throw fail(
    context,
    node,
    'UDTF_ALIAS_NUMBER_MISMATCH',
    '42802',
    `The number of aliases supplied in the AS clause does not match the number of columns output by the UDTF. Expected ${generator.columns.length} aliases, but got ${columnNames.join(',')}. Please ensure that the number of aliases provided matches the number of columns output by the UDTF.`,
  )
}

/** A generator as a table: its rows alone. */
export function bindGeneratorTable(relation: UnresolvedTableValuedFunction, context: AnalyzerContext): Scoped | undefined {
  const call: UnresolvedFunction = {
    kind: 'UnresolvedFunction',
    name: relation.name,
    args: relation.args,
    ...(relation.span === undefined ? {} : { span: relation.span }),
  }
  if (!isGenerator(call)) return undefined
  const one: Plan = { kind: 'Values', rows: [[]], output: [] }
  const generator = bindGenerator(call, namesOf([]), context)
  return scoped(generateOver(one, generator, [], [], context).plan)
}

/** One generator of a select list, at its place. */
export interface SelectedGenerator {
  /** Where its array is in the list. */
  readonly id: number
  readonly generator: Generator
  readonly names: readonly string[]
}

/** `f(…)`, `f(…) AS a`, `f(…) AS (a, b)` with a generator. */
export function selectedGenerator(
  item: Expr,
  names: Names,
  context: AnalyzerContext,
): { readonly array: NamedExpr; readonly selected: SelectedGenerator } | undefined {
  const called = item.kind === 'Alias' || item.kind === 'MultiAlias' ? item.child : item
  if (!isGenerator(called)) return undefined
  const generator = bindGenerator(called, names, context)
  const columnNames = item.kind === 'Alias' ? [item.name] : item.kind === 'MultiAlias' ? item.names : []
  checkNames(columnNames, generator, item, context)
  const id = context.nextId()
  return { array: { kind: 'Alias', id, name: 'generated', child: generator.array, qualifier: [] }, selected: { id, generator, names: columnNames } }
}

/** The select list with its generator: the array's place is taken by what is made of it. */
export function withGenerated(input: Scoped, selected: SelectedGenerator, context: AnalyzerContext): Scoped {
  const source = outputOf(input.plan).find(a => a.id === selected.id)
  if (source === undefined) throw new Error('bug in spk: the array of a generator is not there')
  const { plan, generated } = generateOver(input.plan, { ...selected.generator, array: source }, selected.names, [], context)
  const visible = input.visible.flatMap(a => (a.id === selected.id ? generated : [a]))
  return scoped({ kind: 'Project', input: plan, expressions: visible })
}
