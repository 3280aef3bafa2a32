/** The versions that all parts of a cluster must share, read without loading DuckDB. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Versions } from '../protocol/common.js'
import { PROTOCOL_VERSION, SPK_VERSION } from '../protocol/version.js'

/** DuckDB's is that of its installed bindings, which are made for one DuckDB each. */
export function ownVersions(): Versions {
  const file = createRequire(import.meta.url).resolve('@duckdb/node-bindings/package.json')
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return { spk: SPK_VERSION, duckdb: version, protocol: PROTOCOL_VERSION }
}
