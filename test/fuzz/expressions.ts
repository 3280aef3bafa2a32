/**
 * Random expressions over the columns in scope, in the SQL that Spark and DuckDB share, with the same meaning: none can fail for a value, so that neither
 * the order of evaluation nor what is pushed down can be told from outside.
 */
import type { Random } from './random.js'
import { type Column, type Kind, literalOf, type Table, typeNames } from './tables.js'

export interface ScopeColumn {
  readonly sql: string
  readonly kind: Kind
}

const numbers: readonly Kind[] = ['smallint', 'int', 'bigint', 'decimal', 'wide', 'double']
const compared: readonly Kind[] = [...numbers, 'string', 'date', 'timestamp']

export function columnsOf(alias: string, columns: readonly Column[]): ScopeColumn[] {
  return columns.map(c => ({ sql: `${alias}.${c.name}`, kind: c.kind }))
}

export class Scope {
  readonly columns: readonly ScopeColumn[]
  readonly #r: Random
  /** Of subqueries. None: no subqueries. */
  readonly #tables: readonly Table[]

  constructor(columns: readonly ScopeColumn[], r: Random, tables: readonly Table[] = []) {
    this.columns = columns
    this.#r = r
    this.#tables = tables
  }

  any(): ScopeColumn {
    return this.#r.one(this.columns)
  }

  column(kind: Kind): string {
    const fitting = this.columns.filter(c => c.kind === kind)
    return fitting.length === 0 || this.#r.chance(0.1) ? this.literal(kind) : this.#r.one(fitting).sql
  }

  literal(kind: Kind): string {
    return this.#r.chance(0.1) ? `CAST(NULL AS ${typeNames[kind]})` : literalOf(kind, this.#r)
  }

  value(kind: Kind, depth: number): string {
    const r = this.#r
    if (depth <= 0 || r.chance(0.4)) return this.column(kind)
    const more = (k: Kind) => this.value(k, depth - 1)
    const general = [
      () => `CASE WHEN ${this.test(depth - 1)} THEN ${more(kind)} ELSE ${more(kind)} END`,
      () => `CASE WHEN ${this.test(0)} THEN ${more(kind)} WHEN ${this.test(0)} THEN ${this.column(kind)} END`,
      () => `coalesce(${more(kind)}, ${more(kind)})`,
      () => `nullif(${more(kind)}, ${more(kind)})`,
      () => `${r.one(['greatest', 'least'])}(${more(kind)}, ${this.column(kind)})`,
    ]
    const own: Readonly<Partial<Record<Kind, readonly (() => string)[]>>> = {
      int: [
        () => `length(${more('string')})`,
        () => `(${more('int')} % 7)`,
        () => `CAST(${r.one(['year', 'month', 'day', 'quarter'])}(${more('date')}) AS INT)`,
        () => `CAST(${more('smallint')} AS INT)`,
        () => `(${more('int')} ${r.one(['&', '|'])} ${this.column('int')})`,
      ],
      bigint: [
        () => `CAST(${more('int')} AS BIGINT)`,
        () => `(${more('bigint')} % 10)`,
        () => `(CAST(${more('int')} AS BIGINT) ${r.one(['+', '-', '*'])} CAST(${more('int')} AS BIGINT))`,
      ],
      double: [() => `CAST(${more('int')} AS DOUBLE)`, () => `(${more('double')} * 2e0)`, () => `abs(${more('double')})`],
      decimal: [
        () => `CAST(${more('decimal')} AS DECIMAL(12,2))`,
        () => `CAST(${more('smallint')} AS DECIMAL(12,2))`,
        () => `abs(${more('decimal')})`,
      ],
      wide: [() => `CAST(${more('decimal')} AS DECIMAL(30,5))`, () => `CAST(${more('bigint')} AS DECIMAL(30,5))`],
      string: [
        () => `${r.one(['upper', 'lower', 'trim', 'ltrim'])}(${more('string')})`,
        () => `(${more('string')} || ${more('string')})`,
        () => `substring(${more('string')}, 1, 2)`,
        () => `replace(${more('string')}, 'a', 'xy')`,
        () => `lpad(${more('string')}, 3, '*')`,
        () => `CAST(${more(r.one(['int', 'bigint', 'date', 'boolean']))} AS STRING)`,
      ],
      date: [() => `CAST(${more('timestamp')} AS DATE)`],
      timestamp: [() => `CAST(${more('date')} AS TIMESTAMP_NTZ)`],
      boolean: [() => this.test(depth - 1)],
    }
    return r.one([...general, ...(own[kind] ?? [])])()
  }

  test(depth: number): string {
    const r = this.#r
    const kind = r.one(compared)
    const operator = r.one(['=', '<>', '<', '<=', '>', '>='])
    const choices = [
      () => `${this.value(kind, depth)} ${operator} ${this.value(kind, depth)}`,
      () => `${this.value(r.one(numbers), depth)} ${operator} ${this.column(r.one(numbers))}`,
      () => `${this.column(kind)} IS ${r.one(['', 'NOT '])}NULL`,
      () => `${this.column(kind)} ${r.one(['', 'NOT '])}IN (${r.some(1, 3, () => this.literal(kind)).join(', ')})`,
      () => `${this.column(kind)} ${r.one(['', 'NOT '])}BETWEEN ${this.literal(kind)} AND ${this.literal(kind)}`,
      () => `${this.column('string')} ${r.one(['', 'NOT '])}LIKE ${r.one(["'a%'", "'%b'", "'_'", "'%'", "'%a%'"])}`,
      () => `${this.column(kind)} IS ${r.one(['', 'NOT '])}DISTINCT FROM ${this.column(kind)}`,
      () => `${this.column('boolean')} IS ${r.one(['TRUE', 'NOT TRUE', 'FALSE', 'NOT FALSE'])}`,
    ]
    if (depth <= 0) return `(${r.one(choices)()})`
    const deep = [...choices, () => `NOT ${this.test(depth - 1)}`, () => `(${this.test(depth - 1)} ${r.one(['AND', 'OR'])} ${this.test(depth - 1)})`]
    return `(${r.one(deep)()})`
  }

  /** EXISTS, IN or a comparison with a subquery, sometimes correlated, sometimes below OR. */
  subqueryTest(): string {
    const r = this.#r
    const other = r.one(this.#tables)
    const inner = new Scope(columnsOf('s', other.columns), r)
    const outer = this.column('int')
    const filter = r.chance(0.8) ? ` AND ${inner.test(0)}` : ''
    const not = r.one(['', 'NOT '])
    const kind = r.one(other.columns).kind
    const tests = [
      () => `${not}EXISTS (SELECT 1 FROM ${other.name} s WHERE s.${other.name}_k = ${outer}${filter})`,
      () => `${not}EXISTS (SELECT 1 FROM ${other.name} s WHERE s.${other.name}_k = ${outer} AND ${inner.column(kind)} <> ${this.column(kind)})`,
      () => `${outer} ${not}IN (SELECT s.${other.name}_k FROM ${other.name} s WHERE true${filter})`,
      () => `${this.column(kind)} ${not}IN (SELECT ${inner.column(kind)} FROM ${other.name} s WHERE s.${other.name}_k = ${outer}${filter})`,
      () => `${this.value('bigint', 1)} ${r.one(['<', '>=', '='])} ${this.scalar('bigint')}`,
    ]
    const test = r.one(tests)()
    return r.chance(0.2) ? `(${test} OR ${this.test(0)})` : test
  }

  /** A subquery with one row, sometimes correlated. */
  scalar(kind: Kind): string {
    const r = this.#r
    const other = r.one(this.#tables)
    const inner = new Scope(columnsOf('s', other.columns), r)
    const call =
      kind === 'bigint' && r.chance(0.7) ? r.one(['count(*)', `count(${inner.any().sql})`]) : `${r.one(['min', 'max'])}(${inner.column(kind)})`
    const where = r.chance(0.7) ? `s.${other.name}_k = ${this.column('int')}` : 'true'
    return `(SELECT ${call} FROM ${other.name} s WHERE ${where}${r.chance(0.5) ? ` AND ${inner.test(0)}` : ''})`
  }
}
