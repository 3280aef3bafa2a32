/**
 * Random queries in the SQL that Spark and DuckDB share: what means the same to both, so that any difference is a defect. A query is a tree of parts that
 * can be taken out, for reduction.
 */
import { columnsOf, Scope, type ScopeColumn } from './expressions.js'
import type { Random } from './random.js'
import { allKinds, type Column, type Kind, literalOf, type Table } from './tables.js'

export type Source =
  | { readonly kind: 'text'; readonly text: string; readonly columns: readonly Column[] }
  | { readonly kind: 'query'; readonly query: Query; readonly columns: readonly Column[] }

interface Joined {
  /** `JOIN`, `LEFT JOIN LATERAL`, … */
  readonly type: string
  readonly source: Source
  readonly alias: string
  /** `ON …`, `USING (…)` or nothing. */
  readonly on: string
}

interface Item {
  readonly sql: string
  readonly kind: Kind
}

export interface Query {
  /** Queries with names, before the outermost SELECT. */
  readonly named?: readonly { readonly name: string; readonly query: Query }[]
  readonly hint?: string
  readonly from: Source
  readonly joins: readonly Joined[]
  readonly where: readonly string[]
  readonly groups: readonly string[]
  /** How the groups are written. */
  readonly grouping?: 'ROLLUP' | 'CUBE' | 'SETS'
  readonly items: readonly Item[]
  readonly having?: string
  readonly qualify?: string
  readonly distinct: boolean
  readonly tails: readonly { readonly operator: string; readonly query: Query }[]
  readonly order?: { readonly descending: readonly boolean[]; readonly limit?: number; readonly offset?: number }
  /** The number of rows that a limit leaves. */
  readonly counted?: number
}

export function queryText(q: Query): string {
  const named = q.named?.map(({ name, query }) => `${name} AS (${queryText(query)})`).join(', ')
  const text = [body(q), ...q.tails.map(t => `${t.operator} ${body(t.query)}`)].join('\n')
  const start = named === undefined ? '' : `WITH ${named}\n`
  if (q.counted !== undefined) return `${start}SELECT count(*) AS o0 FROM (${text} LIMIT ${q.counted}) z`
  if (q.order === undefined) return `${start}${text}`
  // Ordered by every column, the rows and a limit have one answer.
  const { descending, limit, offset } = q.order
  const keys = q.items.map((_, i) => `o${i}${descending[i] ? ' DESC' : ''}`).join(', ')
  return `${start}SELECT * FROM (${text}) z ORDER BY ${keys}${limit === undefined ? '' : ` LIMIT ${limit}`}${offset === undefined ? '' : ` OFFSET ${offset}`}`
}

function body(q: Query): string {
  const list = q.items.map((item, i) => `${item.sql} AS o${i}`).join(', ')
  const parts = [`SELECT${q.hint ?? ''} ${q.distinct ? 'DISTINCT ' : ''}${list}`, `FROM ${sourceText(q.from)} a0`]
  for (const { type, source, alias, on } of q.joins) parts.push(`${type} ${sourceText(source)} ${alias} ${on}`.trim())
  if (q.where.length > 0) parts.push(`WHERE ${q.where.join(' AND ')}`)
  if (q.groups.length > 0) {
    const keys = q.groups.join(', ')
    if (q.grouping === 'SETS') parts.push(`GROUP BY GROUPING SETS ((${keys}), (${q.groups[0]}), ())`)
    else parts.push(q.grouping === undefined ? `GROUP BY ${keys}` : `GROUP BY ${q.grouping}(${keys})`)
  }
  // The grand total of no rows is a row to DuckDB, and none to Spark.
  const having = [...(q.groups.length > 0 && q.grouping !== undefined ? ['count(*) > 0'] : []), ...(q.having === undefined ? [] : [q.having])]
  if (having.length > 0) parts.push(`HAVING ${having.join(' AND ')}`)
  if (q.qualify !== undefined) parts.push(`QUALIFY ${q.qualify}`)
  return parts.join('\n')
}

function sourceText(source: Source): string {
  return source.kind === 'text' ? source.text : `(${queryText(source.query)})`
}

/** The query with one part less, each in turn. */
export function* smaller(q: Query): Generator<Query> {
  const without = <T>(list: readonly T[], i: number) => list.filter((_, j) => j !== i)
  const at = <T>(list: readonly T[], i: number, item: T) => list.map((old, j) => (j === i ? item : old))
  for (const part of ['order', 'counted', 'hint', 'having', 'qualify', 'grouping', 'named'] as const) {
    if (q[part] === undefined) continue
    const { [part]: _, ...rest } = q
    yield rest
  }
  if (q.order?.offset !== undefined)
    yield { ...q, order: { descending: q.order.descending, ...(q.order.limit === undefined ? {} : { limit: q.order.limit }) } }
  for (let i = 0; i < q.tails.length; i++) yield { ...q, tails: without(q.tails, i) }
  if (q.tails.length > 0 && q.order === undefined) yield { ...(q.tails[0]?.query ?? q), ...(q.named === undefined ? {} : { named: q.named }) }
  for (let i = q.joins.length - 1; i >= 0; i--) yield { ...q, joins: without(q.joins, i) }
  for (let i = 0; i < q.where.length; i++) yield { ...q, where: without(q.where, i) }
  if (q.items.length > 1)
    for (let i = 0; i < q.items.length; i++) {
      const tails = q.tails.map(t => ({ ...t, query: { ...t.query, items: without(t.query.items, i) } }))
      const order = q.order === undefined ? {} : { order: { ...q.order, descending: without(q.order.descending, i) } }
      yield { ...q, items: without(q.items, i), tails, ...order }
    }
  for (let i = 0; i < q.groups.length; i++) yield { ...q, groups: without(q.groups, i) }
  if (q.distinct) yield { ...q, distinct: false }
  for (const [i, t] of q.tails.entries()) for (const query of smaller(t.query)) yield { ...q, tails: at(q.tails, i, { ...t, query }) }
  if (q.from.kind === 'query') for (const query of smaller(q.from.query)) yield { ...q, from: { ...q.from, query } }
  for (const [i, join] of q.joins.entries()) {
    if (join.source.kind !== 'query') continue
    for (const query of smaller(join.source.query)) yield { ...q, joins: at(q.joins, i, { ...join, source: { ...join.source, query } }) }
  }
  for (const [i, { name, query: old }] of (q.named ?? []).entries())
    for (const query of smaller(old)) yield { ...q, named: at(q.named ?? [], i, { name, query }) }
}

const hints = [
  'BROADCAST(a0)',
  'BROADCAST(a1)',
  'MERGE(a1)',
  'MERGE(a0, a1)',
  'SHUFFLE_HASH(a0)',
  'SHUFFLE_HASH(a1)',
  'SHUFFLE_REPLICATE_NL(a1)',
  'REPARTITION(3)',
  'COALESCE(1)',
  'REBALANCE',
]

export function randomQuery(tables: readonly Table[], r: Random): Query {
  const maker = new QueryMaker(tables, r)
  if (!r.chance(0.15)) return maker.query(2)
  const inner = maker.query(1)
  const source: Source = { kind: 'text', text: 'n0', columns: outputOf(inner) }
  return { ...new QueryMaker(tables, r, source).query(1), named: [{ name: 'n0', query: inner }] }
}

function outputOf(q: Query): Column[] {
  return q.items
    .map((item, i) => ({ name: `o${i}`, kind: q.counted === undefined ? item.kind : 'bigint' }))
    .slice(0, q.counted === undefined ? undefined : 1)
}

class QueryMaker {
  readonly #tables: readonly Table[]
  readonly #r: Random
  /** A query with a name, which is then used often. */
  readonly #named: Source | undefined

  constructor(tables: readonly Table[], r: Random, named?: Source) {
    this.#tables = tables
    this.#r = r
    this.#named = named
  }

  /** `depth`: how many queries may stand inside each other. */
  query(depth: number): Query {
    const r = this.#r
    const base = this.#select(depth)
    if (r.chance(0.04)) return { ...base, counted: r.below(12) }
    if (!r.chance(0.25)) return base
    const descending = base.items.map(() => r.chance(0.3))
    if (r.chance(0.3)) return { ...base, order: { descending } }
    return { ...base, order: { descending, limit: r.below(12), ...(r.chance(0.25) ? { offset: r.below(6) } : {}) } }
  }

  #source(depth: number): Source {
    const r = this.#r
    if (this.#named !== undefined && r.chance(0.7)) return this.#named
    if (depth > 0 && r.chance(0.2)) {
      const query = this.query(depth - 1)
      return { kind: 'query', query, columns: outputOf(query) }
    }
    if (r.chance(0.05)) return this.#values()
    const { name, columns } = r.one(this.#tables)
    return { kind: 'text', text: name, columns }
  }

  #values(): Source {
    const r = this.#r
    const columns = [{ name: 'v_k', kind: 'int' as Kind }, ...r.some(1, 2, i => ({ name: `v_${i}`, kind: r.one(allKinds) }))]
    const rows = r.some(1, 4, () => `(${columns.map(c => literalOf(c.kind, r)).join(', ')})`)
    return { kind: 'text', text: `(SELECT * FROM (VALUES ${rows.join(', ')}) v(${columns.map(c => c.name).join(', ')}))`, columns }
  }

  #select(depth: number): Query {
    const r = this.#r
    const from = this.#source(depth)
    let visible = columnsOf('a0', from.columns)
    const joins: Joined[] = []
    for (let i = 1; i <= r.below(3); i++) {
      const joined = this.#join(`a${i}`, visible, depth)
      joins.push(joined)
      if (!/SEMI|ANTI/.test(joined.type)) visible = [...visible, ...columnsOf(joined.alias, joined.source.columns)]
    }
    const scope = new Scope(visible, r, this.#tables)
    const where = r.some(0, 2, () => (r.chance(0.3) ? scope.subqueryTest() : scope.test(1)))
    const hint = joins.length > 0 ? r.chance(0.5) : r.chance(0.1)
    const base = { from, joins, where, tails: [], ...(hint ? { hint: ` /*+ ${r.one(hints)} */` } : {}) }
    if (r.chance(0.45)) return { ...base, ...this.#grouped(scope) }
    return { ...base, ...this.#plain(scope, depth) }
  }

  #join(alias: string, visible: readonly ScopeColumn[], depth: number): Joined {
    const r = this.#r
    if (r.chance(0.06)) return this.#lateral(alias, visible)
    const type = r.one(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'CROSS JOIN', 'LEFT SEMI JOIN', 'LEFT ANTI JOIN'])
    const source = this.#source(depth)
    if (type === 'CROSS JOIN') {
      const { name, columns } = r.one(this.#tables)
      return { type, alias, source: { kind: 'text', text: `(SELECT * FROM ${name} WHERE ${name}_k < 2)`, columns }, on: '' }
    }
    const own = columnsOf(alias, source.columns)
    const pair = () => {
      const right = r.chance(0.7) ? own.find(c => c.kind === 'int') : r.one(own)
      const left = right === undefined ? undefined : visible.filter(c => c.kind === right.kind)
      if (right === undefined || left === undefined || left.length === 0) return undefined
      const operator = r.chance(0.1) ? 'IS NOT DISTINCT FROM' : '='
      const one = r.chance(0.6) ? left[0]?.sql : r.one(left).sql
      return right.kind === 'int' && r.chance(0.1) ? `${one} % 5 ${operator} ${right.sql} % 5` : `${one} ${operator} ${right.sql}`
    }
    const keys = r.some(1, r.chance(0.25) ? 2 : 1, pair).filter(k => k !== undefined)
    if (keys.length === 0) keys.push(`${r.one(visible).sql} IS NULL`)
    if (r.chance(0.3)) keys.push(new Scope([...visible, ...own], r).test(0))
    // Without an equality, now and then.
    const on = r.chance(0.05) ? [new Scope([...visible, ...own], r).test(0)] : keys
    return { type, source, alias, on: `ON ${on.join(' AND ')}` }
  }

  #lateral(alias: string, visible: readonly ScopeColumn[]): Joined {
    const r = this.#r
    const { name, columns } = r.one(this.#tables)
    const scope = new Scope(visible, r)
    const column = r.one(columns)
    const text = `(SELECT ${r.one(['min', 'max'])}(s.${column.name}) AS m, count(*) AS n FROM ${name} s WHERE s.${name}_k = ${scope.column('int')})`
    const outer: readonly Column[] = [
      { name: 'm', kind: column.kind },
      { name: 'n', kind: 'bigint' },
    ]
    return { type: `${r.one(['', 'LEFT '])}JOIN LATERAL`, alias, source: { kind: 'text', text, columns: outer }, on: 'ON true' }
  }

  #plain(scope: Scope, depth: number): Pick<Query, 'groups' | 'items' | 'distinct' | 'tails' | 'qualify'> {
    const r = this.#r
    const windows = r.chance(0.25)
    // Which of two equal rows comes first is free in every window: one of them may tell.
    let placed = false
    const items = r.some(1, 4, (): Item => {
      if (windows && r.chance(0.6)) {
        const window = this.#window(scope, placed)
        placed ||= window.sql.includes(`ORDER BY ${this.#total(scope)}`)
        return window
      }
      const kind = r.one(allKinds)
      return { kind, sql: r.chance(0.07) ? scope.scalar(kind) : scope.value(kind, 2) }
    })
    if (windows) return { groups: [], items, distinct: r.chance(0.1), tails: [], ...(r.chance(0.2) ? { qualify: `${this.#rank(scope)} <= 2` } : {}) }
    const tails = r.chance(0.2) ? r.some(1, 2, () => this.#tail(items, depth)) : []
    return { groups: [], items, distinct: r.chance(0.2), tails }
  }

  #tail(items: readonly Item[], depth: number): Query['tails'][number] {
    const r = this.#r
    const from = this.#source(depth - 1)
    const scope = new Scope(columnsOf('a0', from.columns), r)
    const operator = r.one(['UNION', 'UNION ALL', 'UNION ALL', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT', 'INTERSECT ALL'])
    const own = items.map(({ kind }) => ({ kind, sql: scope.value(kind, 1) }))
    const where = r.chance(0.3) ? [scope.test(0)] : []
    return { operator, query: { from, joins: [], where, groups: [], items: own, distinct: r.chance(0.1), tails: [] } }
  }

  /** Ordered by all columns, equal rows are equal in everything that can be asked of them. */
  #total(scope: Scope): string {
    return scope.columns.map(c => c.sql).join(', ')
  }

  #rank(scope: Scope): string {
    const r = this.#r
    const by = r.chance(0.7) ? `PARTITION BY ${scope.any().sql} ` : ''
    return `${r.one(['rank', 'dense_rank'])}() OVER (${by}ORDER BY ${scope.any().sql}${r.one(['', ' DESC'])})`
  }

  /** `peers`: only what equal rows have in common. */
  #window(scope: Scope, peers: boolean): Item {
    const r = this.#r
    const by = r.chance(0.7) ? `PARTITION BY ${r.some(1, 2, () => scope.any().sql).join(', ')} ` : ''
    const total = this.#total(scope)
    const column = scope.any()
    const some = `ORDER BY ${scope.any().sql}${r.one(['', ' DESC'])}`
    const frame = r.one([
      'ROWS BETWEEN 2 PRECEDING AND CURRENT ROW',
      'ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
      'ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING',
      'ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
    ])
    const same: readonly (() => Item)[] = [
      () => ({ kind: 'int', sql: this.#rank(scope) }),
      () => ({ kind: 'double', sql: `${r.one(['percent_rank', 'cume_dist'])}() OVER (${by}${some})` }),
      () => ({ kind: 'bigint', sql: `sum(${scope.column('int')} % 100) OVER (${by}${some})` }),
      () => ({ kind: 'bigint', sql: `count(${r.one(['*', column.sql])}) OVER (${by.trim()})` }),
      () => ({ kind: 'bigint', sql: `count(${r.one(['*', column.sql])}) OVER (${by}${some})` }),
    ]
    if (peers) return r.one(same)()
    const choices: readonly (() => Item)[] = [
      ...same,
      () => ({ kind: 'int', sql: `row_number() OVER (${by}ORDER BY ${total})` }),
      () => ({ kind: 'int', sql: `ntile(3) OVER (${by}ORDER BY ${total})` }),
      () => ({ kind: column.kind, sql: `${r.one(['lag', 'lead'])}(${column.sql}, ${1 + r.below(2)}) OVER (${by}ORDER BY ${total})` }),
      () => ({
        kind: column.kind,
        sql: `${r.one(['min', 'max', 'first_value', 'last_value'])}(${column.sql}) OVER (${by}ORDER BY ${total} ${frame})`,
      }),
      () => ({ kind: 'bigint', sql: `sum(${scope.column('smallint')}) OVER (${by}ORDER BY ${total} ${frame})` }),
    ]
    return r.one(choices)()
  }

  #grouped(scope: Scope): Pick<Query, 'groups' | 'grouping' | 'items' | 'distinct' | 'having'> {
    const r = this.#r
    const keys = r.some(0, 3, (): Item => {
      const column = scope.any()
      if (!r.chance(0.15)) return column
      const sql = scope.value('int', 1)
      return /\b[as]\d?\./.test(sql) && !sql.includes('SELECT') ? { kind: 'int', sql } : column
    })
    const unique = keys.filter((k, i) => keys.findIndex(o => o.sql === k.sql) === i)
    const groups = unique.map(k => k.sql)
    const grouping = groups.length > 0 && r.chance(0.25) ? { grouping: r.one(['ROLLUP', 'CUBE', 'SETS'] as const) } : {}
    const calls = r.some(1, 3, () => this.#aggregate(scope))
    if ('grouping' in grouping && r.chance(0.5)) calls.push({ kind: 'int', sql: `CAST(grouping(${r.one(groups)}) AS INT)` })
    if (groups.length > 0 && r.chance(0.1)) calls.push({ kind: 'int', sql: 'rank() OVER (ORDER BY count(*) DESC)' })
    if (groups.length > 0 && r.chance(0.1)) calls.push({ kind: 'bigint', sql: `sum(count(*)) OVER (PARTITION BY ${r.one(groups)})` })
    const having = r.chance(0.2) ? { having: `count(*) ${r.one(['>', '<=', '='])} ${r.below(4)}` } : {}
    return { groups, items: [...unique, ...calls], distinct: r.chance(0.05), ...grouping, ...having }
  }

  #aggregate(scope: Scope): Item {
    const r = this.#r
    const column = scope.any()
    const filter = r.chance(0.15) ? ` FILTER (WHERE ${scope.test(0)})` : ''
    const calls: readonly (() => Item)[] = [
      () => ({ kind: 'bigint', sql: `count(*)${filter}` }),
      () => ({ kind: 'bigint', sql: `count(${column.sql})${filter}` }),
      () => ({ kind: 'bigint', sql: `count(DISTINCT ${column.sql})${filter}` }),
      () => ({ kind: 'bigint', sql: `sum(${scope.column('int')} % 100)${filter}` }),
      () => ({ kind: 'wide', sql: `CAST(sum(${scope.column('decimal')})${filter} AS DECIMAL(30,5))` }),
      () => ({ kind: column.kind, sql: `${r.one(['min', 'max'])}(${column.sql})${filter}` }),
      () => ({ kind: 'double', sql: `avg(${scope.column('int')} % 100)${filter}` }),
      () => ({ kind: 'bigint', sql: `sum(DISTINCT ${scope.column('int')} % 100)${filter}` }),
      () => ({ kind: 'double', sql: `round(${r.one(['stddev_samp', 'var_pop', 'stddev_pop', 'var_samp'])}(${scope.column('int')} % 100), 6)` }),
      () => ({ kind: 'boolean', sql: `${r.one(['bool_and', 'bool_or'])}(${scope.test(0)})${filter}` }),
      () => ({ kind: 'bigint', sql: `sum(CASE WHEN ${scope.test(1)} THEN 1 ELSE 0 END)` }),
    ]
    return r.one(calls)()
  }
}
