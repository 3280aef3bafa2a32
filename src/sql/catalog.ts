/** `spark.catalog`: the tables and views of the session. */
import type { CatalogEntry, SessionTables } from './session-tables.js'
import { catalogName } from './session-tables.js'
import type { TempViews } from './temp-views.js'

/** A table or view as `listTables` tells it. */
export interface TableInfo {
  readonly name: string
  readonly catalog: string | null
  readonly namespace: readonly string[]
  readonly description: string | null
  readonly tableType: 'MANAGED' | 'EXTERNAL' | 'VIEW' | 'TEMPORARY'
  readonly isTemporary: boolean
}

export class Catalog {
  readonly #views: TempViews
  readonly #tables: SessionTables
  constructor(views: TempViews, tables: SessionTables) {
    this.#views = views
    this.#tables = tables
  }

  /** Tables and views of a schema, the current one when none is given, and temp views, by name. Error: `SCHEMA_NOT_FOUND`. */
  listTables(schema: string = this.#tables.currentSchema): TableInfo[] {
    const own = this.#tables.entries(schema).map(entry => described(entry, schema))
    const temporary = this.#views
      .names()
      .map(name => ({ name, catalog: null, namespace: [], description: null, tableType: 'TEMPORARY' as const, isTemporary: true }))
    return [...own, ...temporary].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  /** Whether a table or view of this name is there, also as `schema.name`. */
  tableExists(name: string): boolean {
    const parts = name.split('.')
    return this.#views.get(parts) !== undefined || this.#tables.get(parts) !== undefined
  }
  /** Drops a temp view; whether there was one. */
  dropTempView(name: string): boolean {
    return this.#views.drop(name)
  }
}

function described(entry: CatalogEntry, schema: string): TableInfo {
  const tableType = entry.kind === 'view' ? 'VIEW' : entry.managed ? 'MANAGED' : 'EXTERNAL'
  return { name: entry.name, catalog: catalogName, namespace: [schema], description: entry.comment ?? null, tableType, isTemporary: false }
}
