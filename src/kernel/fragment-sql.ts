/** Puts a task's statement together: its inputs as common table expressions under the names the fragment uses, and the extra columns that the output needs. */
import type { StructType } from '../core/types.js'
import { type LogicalType, quoteName } from './duckdb.js'
import { duckdbTypeName, readsAs } from './spark-types.js'

export interface Relation {
  readonly name: string
  readonly sql: string
  /** The same for a statement that is planned once for several tasks: what differs between them are parameters, numbered from `first`. */
  readonly shared?: {
    readonly parameters: readonly bigint[]
    readonly sql: (first: number) => string
  }
}

/** The relations with parameters in place of what differs between tasks; undefined when one of them has no such form, or there are none. */
export function sharedInputs(
  inputs: readonly Relation[],
): { readonly relations: readonly Relation[]; readonly parameters: readonly bigint[] } | undefined {
  const relations: Relation[] = []
  const parameters: bigint[] = []
  for (const { name, shared } of inputs) {
    if (shared === undefined) return undefined
    relations.push({ name, sql: shared.sql(parameters.length + 1) })
    parameters.push(...shared.parameters)
  }
  return inputs.length === 0 ? undefined : { relations, parameters }
}

/** `WITH "in0" AS (…), …` or nothing. Never materialised: filters and projections must reach the readers. */
export function withInputs(inputs: readonly Relation[]): string {
  if (inputs.length === 0) return ''
  return `WITH ${inputs.map(i => `${quoteName(i.name)} AS NOT MATERIALIZED (${i.sql})`).join(', ')} `
}

/** The fragment's columns, in the schema's order, then `extra` expressions over them. `casts` names columns whose type must be forced. */
export function outputSql(
  inputs: readonly Relation[],
  fragment: string,
  schema: StructType,
  extra: readonly string[],
  casts: ReadonlySet<string>,
): string {
  const columns = schema.fields.map(f =>
    casts.has(f.name) ? `CAST(${quoteName(f.name)} AS ${duckdbTypeName(f.type)}) AS ${quoteName(f.name)}` : quoteName(f.name),
  )
  const all = [...columns, ...extra.map((sql, i) => `${sql} AS "__spk_${i}"`)]
  return `${withInputs(inputs)}SELECT ${all.length === 0 ? '1' : all.join(', ')} FROM (${fragment}) AS "__spk"`
}

/** Columns whose DuckDB type is not the declared one. */
export function mismatched(actual: readonly LogicalType[], schema: StructType): ReadonlySet<string> {
  return new Set(schema.fields.filter((f, i) => !readsAs(actual[i] as LogicalType, f.type)).map(f => f.name))
}
