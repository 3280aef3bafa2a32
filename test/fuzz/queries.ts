/**
 * Random queries in the SQL that Spark and DuckDB share: what means the same to both, so that any difference is a defect. A query is a tree of parts that
 * can be taken out, for reduction.
 */
import type { Random } from './random.js'
import { type Column, type Kind, literalOf, type Table } from './tables.js'

export interface Query {
  readonly from: string
  readonly joins: readonly string[]
  readonly where: readonly string[]
  readonly groups: readonly string[]
  readonly items: readonly string[]
  readonly having?: string
  readonly distinct: boolean
  /** ` UNION ALL SELECT …` */
  readonly tail?: string
  readonly limit?: number
}

export function queryText(q: Query): string {
  const named = q.items.map((item, i) => `${item} AS o${i}`).join(', ')
  const parts = [`SELECT ${q.distinct ? 'DISTINCT ' : ''}${named}`, `FROM ${q.from}`, ...q.joins]
  if (q.where.length > 0) parts.push(`WHERE ${q.where.join(' AND ')}`)
  if (q.groups.length > 0) parts.push(`GROUP BY ${q.groups.join(', ')}`)
  if (q.having !== undefined) parts.push(`HAVING ${q.having}`)
  if (q.tail !== undefined) parts.push(q.tail)
  const text = parts.join('\n')
  if (q.limit === undefined) return text
  // Ordered by every column, a limit has one answer.
  return `SELECT * FROM (${text}) z ORDER BY ${q.items.map((_, i) => `o${i} NULLS FIRST`).join(', ')} LIMIT ${q.limit}`
}

/** The query with one part less, each in turn. */
export function* smaller(q: Query): Generator<Query> {
  const without = <T>(list: readonly T[], i: number) => list.filter((_, j) => j !== i)
  if (q.limit !== undefined) {
    const { limit: _, ...rest } = q
    yield rest
  }
  if (q.tail !== undefined) {
    const { tail: _, ...rest } = q
    yield rest
  }
  if (q.having !== undefined) {
    const { having: _, ...rest } = q
    yield rest
  }
  for (let i = 0; i < q.where.length; i++) yield { ...q, where: without(q.where, i) }
  if (q.items.length > 1 && q.tail === undefined) for (let i = 0; i < q.items.length; i++) yield { ...q, items: without(q.items, i) }
  for (let i = q.joins.length - 1; i >= 0; i--) yield { ...q, joins: without(q.joins, i) }
  if (q.distinct) yield { ...q, distinct: false }
}

class Scope {
  readonly columns: readonly { readonly sql: string; readonly kind: Kind }[]
  readonly #r: Random
  constructor(columns: readonly { readonly sql: string; readonly kind: Kind }[], r: Random) {
    this.columns = columns
    this.#r = r
  }

  column(kind: Kind): string {
    const fitting = this.columns.filter(c => c.kind === kind)
    return fitting.length === 0 || this.#r.chance(0.1) ? this.literal(kind) : this.#r.one(fitting).sql
  }

  literal(kind: Kind): string {
    return this.#r.chance(0.1)
      ? `CAST(NULL AS ${kind === 'decimal' ? 'DECIMAL(12,2)' : kind === 'string' ? 'STRING' : kind.toUpperCase()})`
      : literalOf(kind, this.#r)
  }

  /** An expression of a kind that cannot overflow. */
  value(kind: Kind, depth: number): string {
    const r = this.#r
    if (depth <= 0 || r.chance(0.4)) return this.column(kind)
    const more = (k: Kind) => this.value(k, depth - 1)
    const general = [
      () => `CASE WHEN ${this.test(depth - 1)} THEN ${more(kind)} ELSE ${more(kind)} END`,
      () => `coalesce(${more(kind)}, ${more(kind)})`,
      () => `nullif(${more(kind)}, ${more(kind)})`,
    ]
    const own: Readonly<Partial<Record<Kind, readonly (() => string)[]>>> = {
      int: [() => `length(${more('string')})`, () => `(${more('int')} % 7)`, () => `CAST(year(${more('date')}) AS INT)`],
      bigint: [
        () => `CAST(${more('int')} AS BIGINT)`,
        () => `(${more('bigint')} % 10)`,
        () => `(CAST(${more('int')} AS BIGINT) + CAST(${more('int')} AS BIGINT))`,
      ],
      double: [() => `CAST(${more('int')} AS DOUBLE)`, () => `(${more('double')} * 2e0)`, () => `abs(${more('double')})`],
      decimal: [() => `CAST(${more('decimal')} AS DECIMAL(12,2))`],
      string: [
        () => `upper(${this.column('string')})`,
        () => `(${more('string')} || ${more('string')})`,
        () => `substring(${more('string')}, 1, 2)`,
        () => `trim(${more('string')})`,
      ],
      boolean: [() => this.test(depth - 1)],
    }
    return r.one([...general, ...(own[kind] ?? [])])()
  }

  test(depth: number): string {
    const r = this.#r
    const kind = r.one<Kind>(['int', 'bigint', 'double', 'decimal', 'string', 'date'])
    const choices = [
      () => `${this.value(kind, depth)} ${r.one(['=', '<>', '<', '<=', '>', '>='])} ${this.value(kind, depth)}`,
      () => `${this.column(kind)} IS ${r.one(['', 'NOT '])}NULL`,
      () => `${this.column(kind)} IN (${r.some(1, 3, () => this.literal(kind)).join(', ')})`,
      () => `${this.column('int')} BETWEEN ${this.literal('int')} AND ${this.literal('int')}`,
      () => `${this.column('string')} LIKE ${r.one(["'a%'", "'%b'", "'_'", "'%'"])}`,
      () => `${this.column(kind)} IS NOT DISTINCT FROM ${this.column(kind)}`,
    ]
    if (depth <= 0) return `(${r.one(choices)()})`
    return `(${r.one([...choices, () => `NOT ${this.test(depth - 1)}`, () => `(${this.test(depth - 1)} ${r.one(['AND', 'OR'])} ${this.test(depth - 1)})`])()})`
  }
}

const columnsOf = (alias: string, columns: readonly Column[]) => columns.map(c => ({ sql: `${alias}.${c.name}`, kind: c.kind }))
const allKinds: readonly Kind[] = ['int', 'bigint', 'double', 'decimal', 'string', 'date', 'boolean']

export function randomQuery(tables: readonly Table[], r: Random): Query {
  const first = r.one(tables)
  let visible = columnsOf('a0', first.columns)
  const joins: string[] = []
  for (let i = 1; i <= r.below(3); i++) {
    const other = r.one(tables)
    const type = r.one(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'CROSS JOIN', 'LEFT SEMI JOIN', 'LEFT ANTI JOIN'])
    const own = columnsOf(`a${i}`, other.columns)
    const keys = [`a0.${first.name}_k = a${i}.${other.name}_k`]
    if (r.chance(0.3)) keys.push(new Scope([...visible, ...own], r).test(0))
    if (type === 'CROSS JOIN') joins.push(`CROSS JOIN (SELECT * FROM ${other.name} WHERE ${other.name}_k < 2) a${i}`)
    else
      joins.push(
        `${type} ${other.name} a${i} ON ${type === 'FULL JOIN' || type === 'RIGHT JOIN' || type === 'LEFT JOIN' ? keys[0] : keys.join(' AND ')}`,
      )
    if (!type.includes('SEMI') && !type.includes('ANTI')) visible = [...visible, ...own]
  }
  const scope = new Scope(visible, r)
  const where = r.some(0, 2, () => subqueryTest(tables, first, r) ?? scope.test(1))
  const base = { from: `${first.name} a0`, joins, where }
  const limit = r.chance(0.2) ? { limit: 1 + r.below(10) } : {}
  if (r.chance(0.45)) return { ...base, ...grouped(scope, r), ...limit }
  const kinds = r.some(1, 4, () => r.one(allKinds))
  const items = kinds.map(kind => scope.value(kind, 2))
  const other = r.one(tables)
  const second = new Scope(columnsOf('b', other.columns), r)
  const tail = r.chance(0.2)
    ? { tail: `${r.one(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'])} SELECT ${kinds.map(k => second.value(k, 1)).join(', ')} FROM ${other.name} b` }
    : {}
  return { ...base, groups: [], items, distinct: r.chance(0.2), ...tail, ...limit }
}

/** EXISTS and IN over another table, sometimes correlated. */
function subqueryTest(tables: readonly Table[], first: Table, r: Random): string | undefined {
  if (!r.chance(0.25)) return undefined
  const other = r.one(tables)
  const filter = new Scope(columnsOf('s', other.columns), r).test(0)
  const not = r.one(['', 'NOT '])
  if (r.chance(0.5)) return `${not}EXISTS (SELECT 1 FROM ${other.name} s WHERE s.${other.name}_k = a0.${first.name}_k AND ${filter})`
  return `a0.${first.name}_k ${not}IN (SELECT s.${other.name}_k FROM ${other.name} s WHERE ${filter})`
}

function grouped(scope: Scope, r: Random): Pick<Query, 'groups' | 'items' | 'distinct' | 'having'> {
  const keys = r.some(0, 2, () => r.one(scope.columns).sql)
  const groups = [...new Set(keys)]
  const calls = [
    () => 'count(*)',
    () => `count(${r.one(scope.columns).sql})`,
    () => `count(DISTINCT ${r.one(scope.columns).sql})`,
    () => `sum(${scope.column('int')} % 100)`,
    () => `sum(${scope.column('decimal')})`,
    () => `min(${r.one(scope.columns.filter(c => c.kind !== 'boolean').concat(scope.columns)).sql})`,
    () => `max(${r.one(scope.columns).sql})`,
    () => `avg(${scope.column('int')} % 100)`,
    () => `sum(DISTINCT ${scope.column('int')} % 100)`,
    () => `count(*) FILTER (WHERE ${scope.test(0)})`,
  ]
  const items = [...groups, ...r.some(1, 3, () => r.one(calls)())]
  return { groups, items, distinct: false, ...(r.chance(0.2) ? { having: `count(*) ${r.one(['>', '<=', '='])} ${r.below(4)}` } : {}) }
}
