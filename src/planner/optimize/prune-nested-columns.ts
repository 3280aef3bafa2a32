/**
 * Of a struct of Parquet files only those fields are read that something above reads: each becomes a column of the scan by itself, which is also what moves
 * through joins and exchanges. Knows the whole plan, since it takes one reader of the struct as such for it to stay whole. Structs inside lists and maps stay
 * whole: the reader cannot leave out a part of an element.
 */
import { conf } from '../../core/config-table.js'
import { type DataType, types } from '../../core/types.js'
import { type Attribute, type BoundExpr, isNullable, literal, type NamedExpr, toAttribute } from '../bound.js'
import { call } from '../functions/define.js'
import { outputOf, type Plan, type ScanPlan, type UnionPlan } from '../plan.js'
import { mapExprChildren, mapPlanExpressions, planChildren, planExpressions, transformPlanUp, visitExpr } from '../tree.js'
import type { Rule } from './rule.js'

export const pruneNestedColumns: Rule = {
  name: 'NestedColumnAliasing',
  order: 'whole',
  rewrite(plan, { nextId, conf: settings }) {
    if (!settings.get(conf.nestedSchemaPruning)) return plan
    let next = plan
    // From the top: what is read of a struct that has a new name, or comes by its place, is read of another one below.
    for (let before: Plan | undefined; before !== next; ) {
      before = next
      next = split(next, passedOnStructs, nextId)
    }
    return split(next, scannedStructs, nextId)
  },
}

/** Fields in place of the structs that `structsOf` finds, where no reader wants the whole. */
function split(plan: Plan, structsOf: (plan: Plan) => readonly Struct[], nextId: () => number): Plan {
  const structs = new Map<number, Struct>()
  collectStructs(plan, structsOf, structs)
  if (structs.size === 0) return plan
  readWhole(outputOf(plan), structs)
  collectReads(plan, structs)
  const found = [...structs.values()].flatMap(struct => {
    const columns = columnsOf(struct, nextId)
    return columns.length === 0 ? [] : ([[struct.column.id, columns]] as const)
  })
  const columns: Columns = new Map(found)
  return columns.size === 0 ? plan : transformPlanUp(plan, p => replaced(p, columns, nextId))
}

type Path = readonly string[]

/** A column that is a struct, and what is read of it. */
interface Struct {
  readonly column: Attribute
  /** Names that fields may not have as columns, in lower case. */
  readonly taken: ReadonlySet<string>
  whole: boolean
  readonly paths: Map<string, Path>
}

/** What stands for a struct: the columns that hold its fields. */
interface FieldColumn {
  readonly path: Path
  readonly column: Attribute
}
type Columns = ReadonlyMap<number, readonly FieldColumn[]>

function collectStructs(plan: Plan, structsOf: (plan: Plan) => readonly Struct[], into: Map<number, Struct>): void {
  for (const struct of structsOf(plan)) into.set(struct.column.id, struct)
  for (const child of planChildren(plan)) collectStructs(child, structsOf, into)
}

function scannedStructs(plan: Plan): readonly Struct[] {
  if (plan.kind !== 'Scan' || plan.format !== 'parquet') return []
  const taken = new Set(plan.fileSchema.fields.map(f => f.name.toLowerCase()))
  return plan.output
    .filter(a => a.type.kind === 'struct' && plan.fields?.[a.name] === undefined)
    .map(column => ({ column, taken, whole: false, paths: new Map() }))
}

/** Columns of unions, and other names of structs. */
function passedOnStructs(plan: Plan): readonly Struct[] {
  const columns =
    plan.kind === 'Union'
      ? plan.output
      : plan.kind === 'Project'
        ? plan.expressions.flatMap(e => (e.kind === 'Alias' && fieldOf(e.child) !== undefined ? [toAttribute(e)] : []))
        : []
  return columns.filter(a => a.type.kind === 'struct').map(column => ({ column, taken: new Set(), whole: false, paths: new Map() }))
}

function collectReads(plan: Plan, structs: ReadonlyMap<number, Struct>): void {
  for (const e of plan.kind === 'Project' ? plan.expressions.flatMap(computed) : planExpressions(plan)) {
    visitExpr(e, x => {
      const field = fieldOf(x)
      const struct = structs.get(field?.column.id ?? -1)
      if (field === undefined || struct === undefined) return true
      if (field.path.length === 0) struct.whole = true
      else struct.paths.set(JSON.stringify(field.path), field.path)
      return false
    })
  }
  for (const child of planChildren(plan)) {
    // Columns that go on by their place, under other ids.
    if (['Union', 'SetOperation', 'Distinct', 'RecursiveCte'].includes(plan.kind)) readWhole(outputOf(child), structs)
    collectReads(child, structs)
  }
}

/** A column that a projection passes on is read by nobody yet. */
function computed(e: NamedExpr): readonly BoundExpr[] {
  return e.kind === 'Alias' ? [e.child] : []
}

function readWhole(output: readonly Attribute[], structs: ReadonlyMap<number, Struct>): void {
  for (const { id } of output) {
    const struct = structs.get(id)
    if (struct !== undefined) struct.whole = true
  }
}

/** The column and the names on the way to a field of it; no names: the column itself. */
function fieldOf(e: BoundExpr): { readonly column: Attribute; readonly path: Path } | undefined {
  if (e.kind === 'Attribute') return { column: e, path: [] }
  if (e.kind !== 'Call' || e.fn !== 'getfield') return undefined
  const [from, name] = e.args
  const outer = from === undefined ? undefined : fieldOf(from)
  return outer === undefined || name?.kind !== 'Literal' ? undefined : { ...outer, path: [...outer.path, String(name.value)] }
}

/** None when the struct is read as a whole. Where every field is read they are columns too: footers tell of them, and they move as such. */
function columnsOf({ column, taken, whole, paths }: Struct, nextId: () => number): readonly FieldColumn[] {
  if (whole) return []
  const all = [...paths.values()]
  const outermost = all.filter(path => !all.some(other => other.length < path.length && other.every((name, i) => name === path[i])))
  const fields = outermost.map(path => ({ path, ...typeAt(column, path) }))
  const names = fields.map(f => [column.name, ...f.path].join('.'))
  const known = new Set([...taken, ...names.map(name => name.toLowerCase())])
  // Without names of their own the columns could not be told apart.
  if (known.size < taken.size + names.length) return []
  return fields.map(({ path, type, nullable }, i) => ({
    path,
    column: { kind: 'Attribute', id: nextId(), name: names[i] as string, type, nullable, qualifier: column.qualifier },
  }))
}

function typeAt(column: Attribute, path: Path): { readonly type: DataType; readonly nullable: boolean } {
  let { type, nullable }: { type: DataType; nullable: boolean } = column
  for (const name of path) {
    const field = type.kind === 'struct' ? type.fields.find(f => f.name === name) : undefined
    if (field === undefined) throw new Error(`bug in spk: ${column.name} has no field ${path.join('.')}`)
    type = field.type
    nullable ||= field.nullable
  }
  return { type, nullable }
}

function replaced(plan: Plan, columns: Columns, nextId: () => number): Plan {
  switch (plan.kind) {
    case 'Scan':
      return scanOfFields(plan, columns)
    case 'Union':
      return unionOfFields(plan, columns, nextId)
    case 'Project': {
      const expressions = plan.expressions.flatMap((e): readonly NamedExpr[] => passedOn(e, columns))
      const same = expressions.length === plan.expressions.length && expressions.every((e, i) => e === plan.expressions[i])
      return same ? plan : { ...plan, expressions }
    }
    default:
      return mapPlanExpressions(plan, e => withFields(e, columns))
  }
}

function scanOfFields(plan: ScanPlan, columns: Columns): Plan {
  if (!plan.output.some(a => columns.has(a.id))) return plan
  const own = plan.output.flatMap(a => (columns.get(a.id) ?? []).map(f => [f.column.name, [a.name, ...f.path]] as const))
  const output = plan.output.flatMap(a => columns.get(a.id)?.map(f => f.column) ?? [a])
  return { ...plan, output, fields: { ...plan.fields, ...Object.fromEntries(own) } }
}

function unionOfFields(plan: UnionPlan, columns: Columns, nextId: () => number): Plan {
  if (!plan.output.some(a => columns.has(a.id))) return plan
  const inputs = plan.inputs.map((input): Plan => {
    const expressions = outputOf(input).flatMap((a, i): readonly NamedExpr[] => {
      const fields = columns.get(plan.output[i]?.id ?? -1)
      return fields?.map(({ path, column }) => ({ kind: 'Alias', id: nextId(), name: column.name, child: atPath(a, path), qualifier: [] })) ?? [a]
    })
    return { kind: 'Project', input, expressions }
  })
  return { ...plan, inputs, output: plan.output.flatMap(a => columns.get(a.id)?.map(f => f.column) ?? [a]) }
}

/** The way to a field, as it is written in expressions. */
function atPath(from: BoundExpr, path: Path): BoundExpr {
  return path.reduce<BoundExpr>((outer, name) => {
    const field = outer.type.kind === 'struct' ? outer.type.fields.find(f => f.name === name) : undefined
    if (field === undefined) throw new Error(`bug in spk: a struct has no field ${name}`)
    return call('getfield', [outer, literal(name, types.string)], field.type, isNullable(outer) || field.nullable)
  }, from)
}

function passedOn(e: NamedExpr, columns: Columns): readonly NamedExpr[] {
  if (e.kind === 'Attribute') return columns.get(e.id)?.map(({ column }) => (e.nullable ? { ...column, nullable: true } : column)) ?? [e]
  const named = columns.get(e.id)
  if (named !== undefined)
    return named.map(({ path, column }) => ({ ...e, id: column.id, name: column.name, child: withFields(atPath(e.child, path), columns) }))
  const child = withFields(e.child, columns)
  return [child === e.child ? e : { ...e, child }]
}

/** The column of a field in place of the way to it. */
function withFields(e: BoundExpr, columns: Columns): BoundExpr {
  const field = fieldOf(e)
  const found = columns
    .get(field?.column.id ?? -1)
    ?.find(f => f.path.length === field?.path.length && f.path.every((name, i) => name === field.path[i]))
  // An outer join above the scan may have made the struct nullable.
  return found === undefined ? mapExprChildren(e, x => withFields(x, columns)) : { ...found.column, nullable: isNullable(e) }
}
