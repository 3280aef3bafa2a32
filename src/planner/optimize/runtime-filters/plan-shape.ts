/**
 * A text that two plans share when they differ in the ids of their columns only: they give the same rows (as far as chance and order allow) and are likely
 * to be computed once. Called by `inject-runtime-filters.ts`.
 */
import type { BoundExpr } from '../../bound.js'
import { exprKey } from '../../expr-key.js'
import { outputOf, type Plan } from '../../plan.js'
import { mapExprChildren, planChildren, planExpressions } from '../../tree.js'

export function planShape(plan: Plan): string {
  const numbers = new Map<number, number>()
  const number = (id: number): number => {
    const known = numbers.get(id) ?? numbers.size
    numbers.set(id, known)
    return known
  }
  const numbered = (e: BoundExpr): BoundExpr => {
    switch (e.kind) {
      case 'Attribute':
      case 'LambdaVariable':
        return { ...e, id: number(e.id) }
      case 'Lambda':
        return { ...e, parameters: e.parameters.map(p => ({ ...p, id: number(p.id) })), body: numbered(e.body) }
      default:
        return mapExprChildren(e, numbered)
    }
  }
  const visit = (p: Plan): string => {
    const inputs = planChildren(p).map(visit).join()
    const list = planExpressions(p).map(e => exprKey(numbered(e)))
    const columns = outputOf(p).map(a => number(a.id))
    return `${p.kind} ${JSON.stringify(own(p))}(${inputs})[${list.join()}][${columns.join()}]`
  }
  return visit(plan)
}

/** What a node is beside its inputs, expressions and columns. */
function own(p: Plan): readonly unknown[] {
  switch (p.kind) {
    case 'Scan':
      return [p.format, p.paths, p.options, p.files.map(f => [f.file.uri, f.file.mtimeMs]), p.output.map(a => a.name), p.fileSchema]
    case 'LocalRows':
      return [p.partitions.map(identity), p.output.map(a => a.name)]
    case 'Values':
      return [p.rows.length]
    case 'Range':
      return [p.start, p.end, p.step].map(String)
    case 'Join':
      return [p.type, p.leftHint, p.rightHint]
    case 'Aggregate':
      return [p.grouping.length]
    case 'Sort':
      return [p.global, p.order.map(o => [o.ascending, o.nullsFirst])]
    case 'Limit':
      return [p.limit]
    case 'Offset':
      return [p.offset]
    case 'SetOperation':
      return [p.operation, p.all]
    case 'Repartition':
      return [p.partitions, p.by]
    case 'Expand':
      return [p.projections.length]
    case 'Generate':
      return [p.outer, p.position, p.fields]
    case 'RecursiveRef':
      return [p.rounds]
    default:
      return []
  }
}

/** Of rows that the driver holds: the same object, the same rows. */
const objects = new WeakMap<object, number>()
let lastObject = 0

function identity(rows: object): number {
  const known = objects.get(rows) ?? ++lastObject
  objects.set(rows, known)
  return known
}
