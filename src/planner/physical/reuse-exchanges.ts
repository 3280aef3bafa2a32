/**
 * An exchange that does the same as another one is not run twice (Spark's `ReuseExchange`): self joins, a common table expression read in several places,
 * a subquery over the tables of its outer query. Two exchanges are the same when they differ in the ids of their columns only. What may give other rows
 * when run again is left alone. Called by `planner.ts`, last.
 */
import type { Attribute, NamedExpr } from '../bound.js'
import { scalarFunction } from '../functions/table.js'
import { type Exchange, mapPhysicalChildren, type Physical, physicalChildren, physicalOutput } from '../physical-plan.js'

export function reuseExchanges(plan: Physical): Physical {
  const sketches = sketchesOf(plan)
  const first = new Map<string, Exchange>()
  const rewrite = (node: Physical): Physical => {
    if (node.kind !== 'Exchange') return mapPhysicalChildren(node, rewrite)
    const key = sketches.repeated(node) ? new Shape().of(node) : undefined
    const same = key === undefined ? undefined : first.get(key)
    if (same !== undefined) return renamed(same, physicalOutput(node))
    const kept: Exchange = { ...node, input: rewrite(node.input) }
    if (key !== undefined) first.set(key, kept)
    return kept
  }
  return rewrite(plan)
}

/** Whether running a plan again gives the same rows. */
export function isRepeatable(plan: Physical): boolean {
  return new Shape().of(plan) !== undefined
}

/**
 * The operators and files of every exchange in short: only those of which two look alike are compared in full, which costs as much as the rest of
 * physical planning.
 */
function sketchesOf(plan: Physical): { repeated(exchange: Exchange): boolean } {
  const texts = new Map<Physical, string>()
  const counts = new Map<string, number>()
  const visit = (node: Physical): string => {
    const below = physicalChildren(node).map(visit).join()
    const own = node.kind === 'FileScan' ? node.paths.join() : node.kind === 'Exchange' ? node.target.kind : ''
    const text = `${node.kind} ${own}(${below})`
    if (node.kind === 'Exchange') {
      texts.set(node, text)
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    return text
  }
  visit(plan)
  return { repeated: exchange => (counts.get(texts.get(exchange) ?? '') ?? 0) > 1 }
}

/** The columns of an exchange under the ids of another one's, place by place. */
function renamed(from: Exchange, output: readonly Attribute[]): Physical {
  const expressions = physicalOutput(from).map((a, i): NamedExpr => {
    const { id, name, qualifier } = output[i] ?? a
    return { kind: 'Alias', id, name, child: a, qualifier }
  })
  return { kind: 'Project', input: from, expressions }
}

/** Of rows that the driver holds: the same object, the same rows. */
const numbers = new WeakMap<object, number>()
let lastNumber = 0

function identity(value: object): number {
  const known = numbers.get(value)
  if (known !== undefined) return known
  numbers.set(value, ++lastNumber)
  return lastNumber
}

/** A plan as text in which columns are numbered by their first appearance; undefined when running it again may give other rows. */
class Shape {
  readonly #ids = new Map<number, number>()
  #repeatable = true

  of(plan: Physical): string | undefined {
    const text = this.#text(plan)
    return this.#repeatable ? text : undefined
  }

  #id(id: number): string {
    let number = this.#ids.get(id)
    if (number === undefined) {
      number = this.#ids.size
      this.#ids.set(id, number)
    }
    return `#${number}`
  }

  #text(value: unknown): string {
    if (typeof value === 'bigint') return `${value}n`
    // As JSON both infinities and NaN are null, and -0 is 0.
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
    if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
    if (Array.isArray(value)) return `[${value.map(item => this.#text(item)).join()}]`
    if (value instanceof Uint8Array) return `bytes ${identity(value)}`
    return this.#node(value as { readonly kind?: unknown })
  }

  #node(value: object & { readonly kind?: unknown }): string {
    const node = value as Physical | NamedExpr | { readonly kind: 'Call'; readonly fn: string }
    switch (node.kind) {
      case 'Attribute':
        // Where it first appears, its type is part of what a leaf without rows is.
        return this.#ids.has(node.id) ? this.#id(node.id) : `${this.#id(node.id)} ${this.#text(node.type)}`
      case 'Alias':
        return `${this.#text(node.child)} as ${this.#id(node.id)}`
      case 'Call':
        if (!scalarFunction(node.fn).deterministic) this.#repeatable = false
        return this.#fields(node)
      case 'Limit':
        // Takes whatever comes first.
        this.#repeatable = false
        return ''
      case 'FileScan': {
        const { format, paths, options, fileSchema, fields, files, output, tasks, ranges, byBucket = false } = node
        // In files, columns are known by name, fields by their path. The same versions of the same files, cut into as many tasks at the same bounds, are cut alike.
        const columns = output.map(a => `${a.name} ${this.#text(a.type)} ${this.#id(a.id)}`)
        const cut = ranges && [this.#id(ranges.key), ...ranges.bounds.map(String)]
        const declared = format === 'parquet' ? [] : fileSchema
        return this.#text(['FileScan', format, paths, options, declared, columns, fields, files.map(f => f.file), tasks.length, cut, byBucket])
      }
      default:
        return this.#fields(value)
    }
  }

  #fields(value: object): string {
    return `{${Object.entries(value)
      .map(([key, field]) => `${key}:${this.#text(field)}`)
      .join()}}`
  }
}
