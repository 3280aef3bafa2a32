/** The temp views of a session: names to plans. A view keeps the views it was made of, even when they are replaced later. */
import { SpkError } from '../core/errors.js'
import type { Relation } from '../planner/logical.js'
import { withoutSpans } from './without-spans.js'

export class TempViews {
  readonly #views = new Map<string, { readonly name: string; readonly plan: Relation }>()
  readonly #caseSensitive: () => boolean

  constructor(caseSensitive: () => boolean) {
    this.#caseSensitive = caseSensitive
  }

  #key(name: string): string {
    return this.#caseSensitive() ? name : name.toLowerCase()
  }

  names(): string[] {
    return [...this.#views.values()].map(v => v.name)
  }

  get(nameParts: readonly string[]): Relation | undefined {
    return nameParts.length === 1 ? this.#views.get(this.#key(nameParts[0] as string))?.plan : undefined
  }

  /** Gives what puts the former view in its place again, unless others have followed. Error: `TEMP_TABLE_OR_VIEW_ALREADY_EXISTS` (42P07). */
  create(name: string, plan: Relation, replace: boolean): () => void {
    const key = this.#key(name)
    const before = this.#views.get(key)
    if (!replace && before !== undefined) {
      const message = `Cannot create the temporary view \`${name}\` because it already exists. Choose a different name, drop it first, or replace it.`
      throw new SpkError('TEMP_TABLE_OR_VIEW_ALREADY_EXISTS', message, { sqlState: '42P07' })
    }
    const made = { name, plan: withoutSpans(this.captured(plan)) }
    this.#views.set(key, made)
    return () => {
      if (this.#views.get(key) !== made) return
      if (before === undefined) this.#views.delete(key)
      else this.#views.set(key, before)
    }
  }

  /** The plan with views in place of their names, as they are now. */
  captured(plan: Relation): Relation {
    return this.#captured(plan, new Set()) as Relation
  }

  /** A temp view that a plan names, or undefined. */
  usedIn(plan: Relation): string | undefined {
    const hidden = new Set<string>()
    let used: string | undefined
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node) || used !== undefined) return
      const relation = node as Relation
      if (relation.kind === 'WithCTE') for (const cte of relation.ctes) hidden.add(this.#key(cte.name))
      if (
        relation.kind === 'UnresolvedRelation' &&
        this.get(relation.nameParts) !== undefined &&
        !hidden.has(this.#key(relation.nameParts[0] ?? ''))
      ) {
        used = relation.nameParts[0]
      } else Object.values(node).forEach(visit)
    }
    visit(plan)
    return used
  }

  /** Whether there was one. */
  drop(name: string): boolean {
    return this.#views.delete(this.#key(name))
  }

  /** Names of CTEs hide views. */
  #captured(node: unknown, hidden: ReadonlySet<string>): unknown {
    if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
    if (Array.isArray(node))
      return unchanged(
        node,
        node.map(item => this.#captured(item, hidden)),
      )
    const relation = node as Relation
    if (relation.kind === 'UnresolvedRelation') {
      const [name] = relation.nameParts
      const view = name !== undefined && !hidden.has(this.#key(name)) ? this.get(relation.nameParts) : undefined
      return view === undefined
        ? node
        : { kind: 'SubqueryAlias', input: view, alias: name, ...(relation.span === undefined ? {} : { span: relation.span }) }
    }
    if (relation.kind === 'WithCTE') {
      const inner = new Set(hidden)
      const ctes = relation.ctes.map(cte => {
        const plan = this.#captured(cte.plan, inner) as Relation
        inner.add(this.#key(cte.name))
        return { ...cte, plan }
      })
      return { ...relation, ctes, input: this.#captured(relation.input, inner) }
    }
    const entries = Object.entries(node)
    const mapped = entries.map(([k, v]) => [k, this.#captured(v, hidden)] as const)
    return mapped.every(([, v], i) => v === entries[i]?.[1]) ? node : Object.fromEntries(mapped)
  }
}

function unchanged(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return after.every((item, i) => item === before[i]) ? before : after
}
