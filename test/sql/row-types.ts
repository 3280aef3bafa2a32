/** What TypeScript knows about rows. Nothing of this runs: the assertions are types, and the build fails where one does not hold. */
import { col } from '#src/sql/column.js'
import type { DataFrame } from '#src/sql/dataframe.js'
import type { Row } from '#src/sql/row.js'
import { testSession } from './sessions.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type RowOf<D> = D extends DataFrame<infer R> ? { [K in keyof R]: R[K] } : never
function is<A, B>(..._: Same<A, B> extends true ? [] : ['types differ', A, B]): void {}

/** Row types follow the transformations that keep, pick, add or drop columns. */
export function rowTypes(): void {
  const { spark } = testSession()
  const people = spark.createDataFrame([{ id: 1, name: 'Ada' }])
  is<RowOf<typeof people>, { id: number; name: string }>()
  const kept = people.filter(col('id').gt(0)).orderBy('id').limit(3).distinct().alias('p')
  is<RowOf<typeof kept>, { id: number; name: string }>()
  const picked = people.select('id')
  is<RowOf<typeof picked>, { id: number }>()
  const added = people.withColumn('x', col('id'))
  // biome-ignore lint/suspicious/noExplicitAny: it is what the type says
  is<RowOf<typeof added>, { id: number; name: string; x: any }>()
  const dropped = people.drop('name')
  is<RowOf<typeof dropped>, { id: number }>()
  const computed = people.select(col('id').plus(1))
  is<RowOf<typeof computed>, RowOf<DataFrame<Row>>>()
  const named = people.select<{ next: number }>(col('id').plus(1).as('next'))
  is<RowOf<typeof named>, { next: number }>()
  const untyped = spark.table('t').select('a').withColumn('b', col('a')).drop('a')
  is<RowOf<typeof untyped>['anything'], RowOf<DataFrame<Row>>['anything']>()
  const star = people.select('*')
  is<RowOf<typeof star>, RowOf<DataFrame<Row>>>()
  const sql = spark.sql<{ n: number }>('SELECT 1 AS n')
  is<RowOf<typeof sql>, { n: number }>()
  const ids = spark.range(3)
  is<RowOf<typeof ids>, { id: number }>()
}
