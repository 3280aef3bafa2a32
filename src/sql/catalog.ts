/** `spark.catalog`: the temp views of the session. */
import type { TempViews } from './temp-views.js'

/** A table as `listTables` tells it; at present always a temp view. */
export interface TableInfo {
  readonly name: string
  readonly catalog: string | null
  readonly namespace: readonly string[]
  readonly description: string | null
  readonly tableType: 'TEMPORARY'
  readonly isTemporary: boolean
}

export class Catalog {
  readonly #views: TempViews
  constructor(views: TempViews) {
    this.#views = views
  }

  /** Temp views by name. */
  listTables(): TableInfo[] {
    return this.#views
      .names()
      .sort()
      .map(name => ({ name, catalog: null, namespace: [], description: null, tableType: 'TEMPORARY', isTemporary: true }))
  }
  tableExists(name: string): boolean {
    return this.#views.get([name]) !== undefined
  }
  /** Drops a temp view; whether there was one. */
  dropTempView(name: string): boolean {
    return this.#views.drop(name)
  }
}
