/**
 * Random queries as SQL that means the same to Spark and to DuckDB: whole numbers, texts, dates and NULLs, through filters, projections, joins, groups,
 * set operations, DISTINCT and ordered limits. Shapes are fast-check values, so that a failing query shrinks.
 */
import fc from 'fast-check'

type Kind = 'int' | 'text' | 'date'
interface Column {
  readonly name: string
  readonly kind: Kind
}
interface Rendered {
  readonly sql: string
  readonly columns: readonly Column[]
}

/** `pick` numbers choose columns, operators and constants, modulo what there is. */
type Shape =
  | { readonly op: 'table'; readonly pick: number }
  | { readonly op: 'filter'; readonly input: Shape; readonly pick: readonly number[] }
  | { readonly op: 'project'; readonly input: Shape; readonly pick: readonly number[] }
  | { readonly op: 'group'; readonly input: Shape; readonly keys: readonly number[]; readonly aggregates: readonly number[] }
  | { readonly op: 'join'; readonly left: Shape; readonly right: Shape; readonly type: number; readonly pick: readonly number[] }
  | { readonly op: 'set'; readonly left: Shape; readonly right: Shape; readonly kind: number }
  | { readonly op: 'distinct'; readonly input: Shape }
  | { readonly op: 'top'; readonly input: Shape; readonly limit: number; readonly offset: number; readonly descending: boolean }

export const randomTables: Readonly<Record<string, { readonly sql: string; readonly columns: readonly Column[] }>> = {
  r: {
    sql: `SELECT (i * 7919 % 23)::INTEGER AS a, CASE WHEN i % 7 = 0 THEN NULL ELSE (i * 31 % 11)::INTEGER END AS b, (i * 17 % 101)::BIGINT AS n,
      ['x', 'y', 'zebra', '', NULL, 'ünï'][(i * 13 % 6) + 1] AS s, DATE '2024-01-01' + (i % 40)::INTEGER AS d FROM range(240) t(i)`,
    columns: [col('a', 'int'), col('b', 'int'), col('n', 'int'), col('s', 'text'), col('d', 'date')],
  },
  q: {
    sql: `SELECT (i % 13)::INTEGER AS a, CASE WHEN i % 5 = 0 THEN NULL ELSE (i * 3 % 17)::BIGINT END AS k, ['x', 'yy', NULL, 'zebra'][(i % 4) + 1] AS s FROM range(60) t(i)`,
    columns: [col('a', 'int'), col('k', 'int'), col('s', 'text')],
  },
  z: { sql: 'SELECT i::INTEGER AS a, (i * 2)::INTEGER AS b FROM range(0) t(i)', columns: [col('a', 'int'), col('b', 'int')] },
}

function col(name: string, kind: Kind): Column {
  return { name, kind }
}

const numbers = (n: number) => fc.array(fc.nat(1000), { minLength: 1, maxLength: n })

export const randomShape: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>(tie => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ op: fc.constant('table' as const), pick: fc.nat(20) }),
    fc.record({ op: fc.constant('filter' as const), input: tie('shape'), pick: numbers(4) }),
    fc.record({ op: fc.constant('project' as const), input: tie('shape'), pick: numbers(4) }),
    fc.record({ op: fc.constant('group' as const), input: tie('shape'), keys: fc.array(fc.nat(50), { maxLength: 2 }), aggregates: numbers(3) }),
    fc.record({ op: fc.constant('join' as const), left: tie('shape'), right: tie('shape'), type: fc.nat(50), pick: numbers(4) }),
    fc.record({ op: fc.constant('set' as const), left: tie('shape'), right: tie('shape'), kind: fc.nat(50) }),
    fc.record({ op: fc.constant('distinct' as const), input: tie('shape') }),
    fc.record({ op: fc.constant('top' as const), input: tie('shape'), limit: fc.nat(12), offset: fc.nat(4), descending: fc.boolean() }),
  ),
})).shape

/** The SQL of a shape for Spark's dialect and for DuckDB's; they differ in the words for semi and anti joins only. */
export function renderShape(shape: Shape): { readonly spark: string; readonly duck: string } {
  let names = 0
  const fresh = () => `c${++names}`
  let aliases = 0
  const alias = () => `t${++aliases}`
  const render = (s: Shape): Rendered => {
    switch (s.op) {
      case 'table': {
        const [name, table] = at(Object.entries(randomTables), s.pick)
        const columns = table.columns.map(c => ({ from: c.name, name: fresh(), kind: c.kind }))
        return { sql: `SELECT ${columns.map(c => `${c.from} AS ${c.name}`).join(', ')} FROM ${name}`, columns }
      }
      case 'filter': {
        const input = render(s.input)
        return { ...input, sql: `SELECT * FROM (${input.sql}) AS ${alias()} WHERE ${s.pick.map(p => predicate(input.columns, p)).join(' AND ')}` }
      }
      case 'project': {
        const input = render(s.input)
        const items = s.pick.map(p => expression(input.columns, p, fresh()))
        return { sql: `SELECT ${items.map(i => `${i.sql} AS ${i.name}`).join(', ')} FROM (${input.sql}) AS ${alias()}`, columns: items }
      }
      case 'group': {
        const input = render(s.input)
        const keys = s.keys.map(k => ({ ...expression(input.columns, k, fresh()) }))
        const aggregates = s.aggregates.map(p => aggregate(input.columns, p, fresh()))
        const items = [...keys, ...aggregates]
        const by = keys.length === 0 ? '' : ` GROUP BY ${keys.map(k => k.sql).join(', ')}`
        return { sql: `SELECT ${items.map(i => `${i.sql} AS ${i.name}`).join(', ')} FROM (${input.sql}) AS ${alias()}${by}`, columns: items }
      }
      case 'join':
        return join(s, render(s.left), render(s.right), alias())
      case 'set': {
        const left = render(s.left)
        const right = render(s.right)
        const columns: Column[] = []
        for (const c of left.columns) {
          if (right.columns.filter(o => o.kind === c.kind).length > columns.filter(o => o.kind === c.kind).length) columns.push(c)
        }
        if (columns.length === 0) return left
        const used = new Map<Kind, number>()
        const others = columns.map(c => {
          const n = used.get(c.kind) ?? 0
          used.set(c.kind, n + 1)
          return right.columns.filter(o => o.kind === c.kind)[n]?.name ?? ''
        })
        const word = at(['UNION ALL', 'UNION', 'INTERSECT', 'EXCEPT', 'INTERSECT ALL', 'EXCEPT ALL'], s.kind)
        const list = (names: readonly string[], r: Rendered) => `SELECT ${names.join(', ')} FROM (${r.sql}) AS ${alias()}`
        const sql = `(${list(
          columns.map(c => c.name),
          left,
        )}) ${word} (${list(others, right)})`
        return { sql: `SELECT * FROM (${sql}) AS ${alias()}`, columns }
      }
      case 'distinct': {
        const input = render(s.input)
        return { ...input, sql: `SELECT DISTINCT * FROM (${input.sql}) AS ${alias()}` }
      }
      case 'top': {
        const input = render(s.input)
        const order = input.columns.map(c => `${c.name} ${s.descending ? 'DESC' : 'ASC'}`).join(', ')
        return {
          ...input,
          sql: `SELECT * FROM (${input.sql}) AS ${alias()} ORDER BY ${order} LIMIT ${s.limit + 1}${s.offset > 0 ? ` OFFSET ${s.offset}` : ''}`,
        }
      }
    }
  }
  const { sql } = render(shape)
  return {
    spark: sql.replaceAll('@semi', 'LEFT SEMI').replaceAll('@anti', 'LEFT ANTI'),
    duck: sql.replaceAll('@semi', 'SEMI').replaceAll('@anti', 'ANTI'),
  }
}

function at<T>(list: readonly T[], pick: number): T {
  return list[pick % list.length] as T
}

function ofKind(columns: readonly Column[], kind: Kind, pick: number): string | undefined {
  const all = columns.filter(c => c.kind === kind)
  return all.length === 0 ? undefined : at(all, pick).name
}

function predicate(columns: readonly Column[], pick: number): string {
  const c = at(columns, pick)
  const n = Math.floor(pick / 7)
  if (n % 5 === 0) return `${c.name} IS ${n % 2 === 0 ? 'NOT ' : ''}NULL`
  switch (c.kind) {
    case 'int':
      return `(${at([`${c.name} > ${n % 20}`, `${c.name} + 1 <= ${n % 15}`, `${c.name} IN (1, 5, ${n % 30})`, `NOT ${c.name} = ${n % 9}`, `coalesce(${c.name}, 0) % 3 = ${n % 3}`], n)})`
    case 'text':
      return `(${at([`${c.name} = 'x'`, `${c.name} LIKE 'z%'`, `${c.name} < 'y'`, `coalesce(${c.name}, '') <> ''`], n)})`
    case 'date':
      return `(${at([`${c.name} >= DATE '2024-01-20'`, `${c.name} BETWEEN DATE '2024-01-05' AND DATE '2024-01-25'`], n)})`
  }
}

function expression(columns: readonly Column[], pick: number, name: string): Column & { readonly sql: string } {
  const c = at(columns, pick)
  const n = Math.floor(pick / 5)
  switch (c.kind) {
    case 'int':
      return {
        name,
        kind: 'int',
        sql: at([c.name, c.name, `${c.name} + ${n % 4}`, `${c.name} % 5`, `CASE WHEN ${c.name} > 5 THEN 1 ELSE 0 END`, `coalesce(${c.name}, -1)`], n),
      }
    case 'text':
      return n % 3 === 0 ? { name, kind: 'text', sql: `upper(${c.name})` } : { name, kind: 'text', sql: c.name }
    case 'date':
      return { name, kind: 'date', sql: n % 3 === 0 ? `${c.name} + 1` : c.name }
  }
}

function aggregate(columns: readonly Column[], pick: number, name: string): Column & { readonly sql: string } {
  const n = Math.floor(pick / 3)
  const c = at(columns, pick)
  const number = ofKind(columns, 'int', pick)
  const filter = n % 7 === 0 ? ` FILTER (WHERE ${predicate(columns, pick + 1)})` : ''
  if (number === undefined || n % 6 === 0) return { name, kind: 'int', sql: `count(*)${filter}` }
  switch (n % 6) {
    case 1:
      return { name, kind: 'int', sql: `sum(${number})${filter}` }
    case 2:
      return { name, kind: 'int', sql: `count(DISTINCT ${c.name})${filter}` }
    case 3:
      return { name, kind: c.kind, sql: `max(${c.name})${filter}` }
    case 4:
      return { name, kind: 'int', sql: `sum(DISTINCT ${number})` }
    default:
      return { name, kind: c.kind, sql: `min(${c.name})` }
  }
}

function join(s: Extract<Shape, { op: 'join' }>, left: Rendered, right: Rendered, alias: string): Rendered {
  const word = at(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', '@semi JOIN', '@anti JOIN', 'JOIN', 'CROSS JOIN'], s.type)
  const conditions: string[] = []
  for (const [i, p] of s.pick.entries()) {
    const l = at(left.columns, p)
    const r = ofKind(right.columns, l.kind, Math.floor(p / 11))
    if (r === undefined) continue
    // Mostly equalities: products of products take too long.
    const operator = i === 0 || p % 4 !== 0 ? '=' : at(['<', '>='], p)
    conditions.push(l.kind === 'int' && p % 9 === 0 ? `${l.name} + 1 ${operator} ${r}` : `${l.name} ${operator} ${r}`)
  }
  const columns = word.startsWith('@') ? left.columns : [...left.columns, ...right.columns]
  const cross = word === 'CROSS JOIN' || conditions.length === 0
  const limited = (r: Rendered) =>
    cross ? `SELECT * FROM (${r.sql}) AS ${alias}x${r === left ? 'l' : 'r'} ORDER BY ${r.columns.map(c => c.name).join(', ')} LIMIT 9` : r.sql
  const on = cross ? (word === 'CROSS JOIN' ? '' : ' ON true') : ` ON ${conditions.join(' AND ')}`
  return {
    sql: `SELECT ${columns.map(c => c.name).join(', ')} FROM (${limited(left)}) AS ${alias}l ${word} (${limited(right)}) AS ${alias}r${on}`,
    columns,
  }
}
