/** Finds every file relation a query reads, through views too, and has them described before analysis. The same files are described once. */
import { must } from '../../core/errors.js'
import type { Expr } from '../expr.js'
import type { Relation } from '../logical.js'
import type { SourceInfo, SourcePort } from '../ports.js'
import { fileRelation } from './leaves.js'

type ReadFiles = Extract<Relation, { kind: 'ReadFiles' }>

/** The relations that name files, or names. */
function isRelation(value: { readonly kind?: unknown }): value is Relation {
  return value.kind === 'ReadFiles' || value.kind === 'UnresolvedRelation' || value.kind === 'WithCTE'
}

function keyOf(read: ReadFiles): string {
  return JSON.stringify([read.format, read.paths, read.options, read.schema])
}

/** Gives a look-up of what each file relation holds. Rejects with the source's error. */
export async function describeSources(
  relation: Relation,
  environment: { readonly sources: SourcePort; view(nameParts: readonly string[]): Relation | undefined; parseExpression(text: string): Expr },
): Promise<(read: ReadFiles) => SourceInfo> {
  const reads = new Map<string, ReadFiles>()
  const views = new Set<string>()
  const visit = (r: Relation, ctes: ReadonlySet<string>): void => {
    switch (r.kind) {
      case 'ReadFiles':
        reads.set(keyOf(r), r)
        return
      case 'UnresolvedRelation': {
        const name = r.nameParts.join('.')
        if ((r.nameParts.length === 1 && ctes.has(name.toLowerCase())) || views.has(name)) return
        const view = environment.view(r.nameParts)
        const file = view === undefined ? fileRelation(r) : undefined
        if (file !== undefined) reads.set(keyOf(file), file)
        if (view === undefined) return
        views.add(name)
        visit(view, new Set())
        return
      }
      case 'WithCTE': {
        const inner = new Set(ctes)
        for (const cte of r.ctes) {
          visit(cte.plan, inner)
          inner.add(cte.name.toLowerCase())
        }
        visit(r.input, inner)
        return
      }
      default:
        inside(r, ctes)
    }
  }
  // Relations below, and those of subqueries anywhere in an expression.
  const inside = (value: object, ctes: ReadonlySet<string>): void => {
    for (const part of Object.values(value)) {
      if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) continue
      if (isRelation(part)) visit(part, ctes)
      else if (part.kind === 'ExpressionString') inside([environment.parseExpression(part.text)], ctes)
      else inside(part, ctes)
    }
  }
  visit(relation, new Set())
  const described = new Map<string, SourceInfo>()
  await Promise.all(
    [...reads].map(async ([key, r]) => described.set(key, await environment.sources.describe(r.format, r.paths, r.options, r.schema))),
  )
  return read => must(described.get(keyOf(read)), 'a file relation was not described')
}
