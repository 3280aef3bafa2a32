/**
 * What Parquet footers said, kept for the next query: by name, size and modification time of a file, so that one that was written again is read again.
 * Reading them is most of what planning costs. Called by `sources.ts`.
 */
import type { RowGroupInfo } from '../core/sources.js'
import type { FileVersion } from '../core/stage.js'
import type { StructType } from '../core/types.js'
import type { Connection } from './duckdb.js'
import { parquetRowGroups, parquetSchema } from './parquet-source.js'

/** Row groups kept, over all files: about 100 MB at twenty columns. The files asked for longest ago are forgotten first. */
const mostGroups = 50_000
const mostSchemas = 200

export class ParquetFooters {
  readonly #groups = new Map<string, readonly RowGroupInfo[]>()
  readonly #schemas = new Map<string, StructType>()
  #kept = 0

  /** Row groups per file, in the order of `files`. */
  async rowGroups(connection: Connection, files: readonly FileVersion[]): Promise<(readonly RowGroupInfo[])[]> {
    const missing = files.filter(f => !this.#groups.has(keyOf(f)))
    const read = await parquetRowGroups(
      connection,
      missing.map(f => f.uri),
    )
    const found = new Map(missing.map((f, i) => [keyOf(f), read[i] ?? []]))
    const all = files.map(f => found.get(keyOf(f)) ?? this.#groups.get(keyOf(f)) ?? [])
    for (const [i, f] of files.entries()) this.#keep(keyOf(f), all[i] ?? [])
    return all
  }

  /** The schema of the files together, see `parquetSchema`. */
  async schema(connection: Connection, files: readonly FileVersion[], merge: boolean): Promise<StructType> {
    const key = [String(merge), ...files.map(keyOf)].join('\n')
    const schema =
      this.#schemas.get(key) ??
      (await parquetSchema(
        connection,
        files.map(f => f.uri),
        merge,
      ))
    this.#schemas.delete(key)
    this.#schemas.set(key, schema)
    for (const oldest of this.#schemas.keys()) {
      if (this.#schemas.size <= mostSchemas) break
      this.#schemas.delete(oldest)
    }
    return schema
  }

  /** As the newest. */
  #keep(key: string, groups: readonly RowGroupInfo[]): void {
    this.#forget(key)
    this.#groups.set(key, groups)
    this.#kept += groups.length
    for (const oldest of this.#groups.keys()) {
      if (this.#kept <= mostGroups) break
      this.#forget(oldest)
    }
  }

  #forget(key: string): void {
    this.#kept -= this.#groups.get(key)?.length ?? 0
    this.#groups.delete(key)
  }
}

function keyOf({ uri, size, mtimeMs }: FileVersion): string {
  return `${uri}\0${size}\0${mtimeMs}`
}
