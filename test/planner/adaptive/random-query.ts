/** Random queries over tables of columns `k` and `v`, in Spark's words and in DuckDB's: joins of every type over joins, groups, windows and subqueries. */
import type { Random } from '../../fuzz/random.js'

export type Dialect = 'spark' | 'duck'
export type Query = (dialect: Dialect) => string

const filters = ['k > 200', 'v < 20', 'k IS NOT NULL', 'k % 3 = 1', 'v IS NULL OR k < 500', 'k < 300 OR k > 600 AND v > 3', 'v > 1000']
const aggregates = ['sum(v)', 'count(*)', 'max(v)', 'count(DISTINCT v)']
const windows = ['count(*) OVER (PARTITION BY k)', 'max(v) OVER (PARTITION BY k, v)', 'rank() OVER (PARTITION BY k ORDER BY v NULLS FIRST)']
const predicates = [
  'a.k IN (SELECT k FROM B b)',
  'a.k NOT IN (SELECT k FROM B b WHERE k IS NOT NULL)',
  'EXISTS (SELECT 1 FROM B b WHERE b.k = a.k AND b.v > 5)',
  'NOT EXISTS (SELECT 1 FROM B b WHERE b.k = a.k AND b.v <> a.v)',
  'a.v >= (SELECT max(b.v) FROM B b WHERE b.k = a.k)',
  'a.v > 20 OR a.k IN (SELECT k FROM B b)',
]

/** A relation of columns `k` and `v`, at most `depth` operators deep. */
function relation(r: Random, tables: readonly string[], depth: number): Query {
  const below = () => relation(r, tables, depth - 1)
  const kind = depth <= 0 ? 0 : r.below(10)
  if (kind === 0) {
    const table = r.one(tables)
    return () => `(SELECT k, v FROM ${table})`
  }
  const a = below()
  switch (kind) {
    case 1: {
      const filter = r.one(filters)
      return d => `(SELECT k, v FROM ${a(d)} q WHERE ${filter})`
    }
    case 2: {
      const aggregate = r.one(aggregates)
      return d => `(SELECT k, CAST(${aggregate} AS BIGINT) AS v FROM ${a(d)} q GROUP BY k)`
    }
    case 3: {
      const window = r.one(windows)
      return d => `(SELECT k, CAST(${window} AS BIGINT) AS v FROM ${a(d)} q)`
    }
    case 4: {
      const [b, operation] = [below(), r.one(['UNION ALL', 'INTERSECT', 'EXCEPT'])]
      return d => `(SELECT k, v FROM ${a(d)} q ${operation} SELECT k, v FROM ${b(d)} q)`
    }
    case 5: {
      const [b, predicate] = [below(), r.one(predicates)]
      return d => `(SELECT a.k, a.v FROM ${a(d)} a WHERE ${predicate.replace('B', () => b(d))})`
    }
    default:
      return join(r, a, r.chance(0.15) ? a : below())
  }
}

function join(r: Random, a: Query, b: Query): Query {
  const type = r.one(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'SEMI JOIN', 'ANTI JOIN'])
  const more = r.one(['', '', '', ' AND a.v < 15', ' AND b.v < 15', ' AND a.v <= b.v'])
  const semi = type === 'SEMI JOIN' || type === 'ANTI JOIN'
  const k = semi ? 'a.k' : r.one(['a.k', 'b.k', 'coalesce(a.k, b.k)'])
  const v = semi ? 'a.v' : r.one(['a.v', 'b.v', 'a.v + b.v', 'a.k'])
  const hint = r.one(['', '', '', '/*+ MERGE(a) */ ', '/*+ SHUFFLE_HASH(b) */ '])
  return d => {
    const [own, word] = d === 'spark' ? [hint, semi ? 'LEFT ' : ''] : ['', '']
    return `(SELECT ${own}${k} AS k, ${v} AS v FROM ${a(d)} a ${word}${type} ${b(d)} b ON a.k = b.k${more})`
  }
}

/** A query that gives few rows, whatever it reads. */
export function randomQuery(r: Random, tables: readonly string[]): { readonly query: Query; readonly inner: Query } {
  const inner = relation(r, tables, r.one([2, 3, 3]))
  const top = r.one<(q: string) => string>([
    q => `SELECT count(*) AS c, count(k) AS n, CAST(sum(k) AS BIGINT) AS sk, CAST(sum(v % 1000) AS BIGINT) AS sv FROM ${q} z`,
    q => `SELECT k % 7 AS m, count(*) AS c, CAST(sum(v % 1000) AS BIGINT) AS sv FROM ${q} z GROUP BY k % 7`,
    q => `SELECT k, v FROM ${q} z WHERE k IS NOT NULL AND v IS NOT NULL ORDER BY k, v LIMIT 20 OFFSET 3`,
  ])
  return { query: d => top(inner(d)), inner }
}
