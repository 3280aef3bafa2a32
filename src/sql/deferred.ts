/**
 * Results of statements that take planning (EXPLAIN): leaves of a plan whose rows are made when an action asks, so that `spark.sql()` can give a DataFrame
 * at once. A leaf is a relation with a name that no one can write; it is settled before the plan goes to the planner.
 */
import type { LocalRelation, Relation } from '../planner/logical.js'

const marker = '\0deferred'

export class DeferredRelations {
  readonly #makers: (() => Promise<LocalRelation>)[] = []

  add(make: () => Promise<LocalRelation>): Relation {
    this.#makers.push(make)
    return { kind: 'UnresolvedRelation', nameParts: [marker, String(this.#makers.length - 1)] }
  }

  /** The plan with rows in place of its deferred leaves. */
  async settled(plan: Relation): Promise<Relation> {
    return this.#makers.length === 0 ? plan : ((await this.#settle(plan)) as Relation)
  }

  async #settle(node: unknown): Promise<unknown> {
    if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
    if (Array.isArray(node)) return Promise.all(node.map(item => this.#settle(item)))
    const relation = node as Relation
    if (relation.kind === 'UnresolvedRelation') {
      const [first, index] = relation.nameParts
      return first === marker ? this.#makers[Number(index)]?.() : node
    }
    const entries = await Promise.all(Object.entries(node).map(async ([k, v]) => [k, await this.#settle(v)] as const))
    return entries.every(([k, v]) => v === (node as Record<string, unknown>)[k]) ? node : Object.fromEntries(entries)
  }
}
