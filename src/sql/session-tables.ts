/**
 * The tables and views that a session has beside its temp views: schemas, names, and where rows are kept. Session-local: another session does not see
 * them, and managed tables end with the session. Pure bookkeeping but for the folders of managed tables; `table-commands.ts` fills it.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SpkError } from '../core/errors.js'
import type { FileFormat } from '../core/stage.js'
import { type StructType, struct } from '../core/types.js'
import type { BucketSpec } from '../planner/bucket-spec.js'
import type { Expr } from '../planner/expr.js'
import type { Relation } from '../planner/logical.js'
import type { TableStatistics } from '../planner/table-statistics.js'
import { noRows } from './local-relation.js'

export const catalogName = 'spark_catalog'

export interface TableEntry {
  readonly kind: 'table'
  readonly name: string
  readonly schema: StructType
  readonly format: FileFormat
  readonly options: Readonly<Record<string, string>>
  readonly location: string
  /** Its files go with it. */
  readonly managed: boolean
  readonly partitionedBy: readonly string[]
  readonly buckets?: BucketSpec
  /** By column, lower case. */
  readonly defaults: ReadonlyMap<string, Expr>
  readonly comment?: string
  /** What ANALYZE TABLE has found; gone when rows change. */
  readonly statistics?: TableStatistics
}

export interface ViewEntry {
  readonly kind: 'view'
  readonly name: string
  /** Names in it mean what they mean when it is read. */
  readonly plan: Relation
  readonly comment?: string
}

export type CatalogEntry = TableEntry | ViewEntry

/** Where a name points: its schema and the name itself, and all parts as messages show them. */
export interface Place {
  readonly schema: string
  readonly name: string
  readonly shown: string
}

export class SessionTables {
  readonly #warehouse: () => string
  readonly #caseSensitive: () => boolean
  readonly #schemas = new Map<string, Map<string, CatalogEntry>>([['default', new Map()]])
  #current = 'default'
  #folders = 0

  /** @param warehouse - folder below which managed tables are kept; asked when the first one is made */
  constructor(warehouse: () => string, caseSensitive: () => boolean) {
    this.#warehouse = warehouse
    this.#caseSensitive = caseSensitive
  }

  get currentSchema(): string {
    return this.#current
  }

  schemas(): string[] {
    return [...this.#schemas.keys()]
  }

  #key(name: string): string {
    return this.#caseSensitive() ? name : name.toLowerCase()
  }

  /** Error: `REQUIRES_SINGLE_PART_NAMESPACE` (42K05). */
  place(nameParts: readonly string[]): Place {
    const parts = nameParts.length === 3 && nameParts[0]?.toLowerCase() === catalogName ? nameParts.slice(1) : nameParts
    if (parts.length > 2) {
      throw new SpkError(
        'REQUIRES_SINGLE_PART_NAMESPACE',
        `${catalogName} requires a single-part namespace, but got ${quoted(nameParts.slice(0, -1))}.`,
        {
          sqlState: '42K05',
        },
      )
    }
    const name = parts[parts.length - 1] ?? ''
    const schema = parts.length === 2 ? this.#key(parts[0] ?? '') : this.#current
    return { schema, name, shown: quoted([catalogName, schema, name]) }
  }

  /** The entry of a name, or undefined; never fails. */
  get(nameParts: readonly string[]): CatalogEntry | undefined {
    if (nameParts.length > 3 || (nameParts.length === 3 && nameParts[0]?.toLowerCase() !== catalogName)) return undefined
    const { schema, name } = this.place(nameParts)
    return this.#schemas.get(schema)?.get(this.#key(name))
  }

  /** The rows of a table, or a view's plan, under its full name. */
  relation(nameParts: readonly string[]): Relation | undefined {
    const entry = this.get(nameParts)
    if (entry === undefined) return undefined
    const { schema } = this.place(nameParts)
    const input = entry.kind === 'view' ? entry.plan : rowsOf(entry)
    return { kind: 'SubqueryAlias', input, alias: entry.name, qualifier: [catalogName, schema, entry.name] }
  }

  /** All entries of a schema. Error: `SCHEMA_NOT_FOUND`. */
  entries(schema: string = this.#current): CatalogEntry[] {
    return [...this.#schema(schema).values()]
  }

  /** Names of all entries, for messages. */
  names(): string[] {
    return [...this.#schemas].flatMap(([schema, entries]) =>
      [...entries.values()].map(e => (schema === this.#current ? e.name : `${schema}.${e.name}`)),
    )
  }

  #schema(name: string): Map<string, CatalogEntry> {
    const found = this.#schemas.get(this.#key(name))
    if (found !== undefined) return found
    throw new SpkError(
      'SCHEMA_NOT_FOUND',
      `The schema ${quoted([catalogName, name])} cannot be found. Schemas are: ${this.schemas().join(', ')}. To tolerate the error on drop use DROP SCHEMA IF EXISTS.`,
      { sqlState: '42704' },
    )
  }

  /** Error: `TABLE_OR_VIEW_ALREADY_EXISTS` (42P07). */
  put(nameParts: readonly string[], entry: CatalogEntry, replace: boolean): void {
    const { schema, name, shown } = this.place(nameParts)
    const entries = this.#schema(schema)
    if (!replace && entries.has(this.#key(name))) throw alreadyExists(shown)
    entries.set(this.#key(name), entry)
  }

  /** Takes the entry out, and with it the files of a managed table. */
  remove(nameParts: readonly string[]): void {
    const { schema, name } = this.place(nameParts)
    const entry = this.get(nameParts)
    this.#schemas.get(schema)?.delete(this.#key(name))
    if (entry?.kind === 'table' && entry.managed) rmSync(entry.location, { recursive: true, force: true })
  }

  /** A new empty folder for a managed table. */
  newFolder({ schema, name }: Place): string {
    const folder = join(this.#warehouse(), schema, `${name.replace(/[^\w-]/g, '_').toLowerCase()}-${++this.#folders}`)
    mkdirSync(folder, { recursive: true })
    return resolve(folder)
  }

  use(schema: string): void {
    this.#schema(schema)
    this.#current = this.#key(schema)
  }

  /** Error: `SCHEMA_ALREADY_EXISTS` (42P06). */
  createSchema(name: string, ifNotExists: boolean): void {
    const key = this.#key(name)
    if (!this.#schemas.has(key)) this.#schemas.set(key, new Map())
    else if (!ifNotExists) {
      throw new SpkError(
        'SCHEMA_ALREADY_EXISTS',
        `Cannot create schema ${quoted([name])} because it already exists. Choose a different name, drop the existing schema, or add IF NOT EXISTS.`,
        { sqlState: '42P06' },
      )
    }
  }

  /** Error: `SCHEMA_NOT_EMPTY` (2BP01) unless `cascade`. */
  dropSchema(name: string, ifExists: boolean, cascade: boolean): void {
    const key = this.#key(name)
    if (ifExists && !this.#schemas.has(key)) return
    const entries = this.#schema(name)
    if (key === 'default') {
      throw new SpkError('UNSUPPORTED_FEATURE.DROP_DATABASE', 'The feature is not supported: Drop the default schema.', { sqlState: '0A000' })
    }
    if (entries.size > 0 && !cascade) {
      throw new SpkError(
        'SCHEMA_NOT_EMPTY',
        `Cannot drop a schema ${quoted([name])} because it contains objects. Use DROP SCHEMA ... CASCADE to drop the schema and all its objects.`,
        { sqlState: '2BP01' },
      )
    }
    for (const entry of entries.values()) this.remove([key, entry.name])
    this.#schemas.delete(key)
    if (this.#current === key) this.#current = 'default'
  }
}

export function alreadyExists(shown: string): SpkError {
  return new SpkError(
    'TABLE_OR_VIEW_ALREADY_EXISTS',
    `Cannot create table or view ${shown} because it already exists. Choose a different name, drop the existing object, add the IF NOT EXISTS clause, or add the OR REPLACE clause.`,
    { sqlState: '42P07' },
  )
}

export function quoted(parts: readonly string[]): string {
  return parts.map(p => `\`${p.replaceAll('`', '``')}\``).join('.')
}

/** Its files, or no rows while it has none. Only where nobody else writes are files sure to be the table's buckets. */
export function rowsOf(table: TableEntry): Relation {
  const { format, options, location, schema, statistics, managed, buckets } = table
  if (!hasFiles(location)) return { ...noRows(), schema }
  return {
    kind: 'ReadFiles',
    format,
    paths: [location],
    options,
    schema: struct(schema.fields),
    ...(managed && buckets !== undefined ? { buckets } : {}),
    ...(statistics === undefined ? {} : { statistics }),
  }
}

function hasFiles(folder: string): boolean {
  try {
    return readdirSync(folder).some(name => !name.startsWith('_') && !name.startsWith('.'))
  } catch {
    return false
  }
}
