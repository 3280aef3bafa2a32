/**
 * Reads Spark's golden files: what `results/**\/X.sql.out` expects of each statement, and the settings that `inputs/**\/X.sql` asks for. Knows where the
 * suite is kept (never in the repository). Pure but for reading files.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'

/** Version of Spark whose suite is meant. */
export const sparkVersion = process.env['SPARK_GOLDEN_VERSION'] ?? '4.2.0'

/** What a statement must give. `condition` is absent for the few old exceptions that are a bare message. */
export type Expected =
  | { readonly kind: 'rows'; readonly schema: string; readonly output: string }
  | { readonly kind: 'error'; readonly condition?: string; readonly sqlState?: string; readonly start?: number; readonly stop?: number }

export interface GoldenStatement {
  readonly sql: string
  readonly expected: Expected
}

/** The folder that holds `sql-tests/` and `test-data/`, or undefined when it was never fetched. */
export function goldenFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const cache = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = env['SPARK_GOLDEN_DIR'] ?? join(cache, 'spk', `spark-${sparkVersion}-golden`)
  return existsSync(join(folder, 'sql-tests', 'results')) ? folder : undefined
}

/** Names of all files (`subquery/in-subquery/in-basic`), sorted. */
export function goldenFiles(folder: string): string[] {
  const results = join(folder, 'sql-tests', 'results')
  return readdirSync(results, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.sql.out'))
    .map(name => relative('.', name).replaceAll('\\', '/').slice(0, -'.sql.out'.length))
    .sort()
}

/** The statements of a file, in order. */
export function readGolden(folder: string, file: string): GoldenStatement[] {
  return parseGolden(readFileSync(join(folder, 'sql-tests', 'results', `${file}.sql.out`), 'utf8'))
}

/** The text of a golden file as statements with what they must give. */
export function parseGolden(text: string): GoldenStatement[] {
  const blocks = text.split(/^-- !query\n/m).slice(1)
  return blocks.map(block => {
    const [sql = '', rest = ''] = splitAt(block, '-- !query schema\n')
    const [schema = '', output = ''] = splitAt(rest, '-- !query output\n')
    return { sql: trimmedEnd(sql), expected: expectation(schema.trim(), trimmedEnd(output)) }
  })
}

function splitAt(text: string, mark: string): readonly [string, string] {
  const at = text.startsWith(mark) ? 0 : text.indexOf(`\n${mark}`) + 1
  return at === 0 && !text.startsWith(mark) ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)]
}

function trimmedEnd(text: string): string {
  return text.replace(/\s+$/, '')
}

function expectation(schema: string, output: string): Expected {
  const lines = output.split('\n')
  if (schema !== 'struct<>' || !/^(org\.apache|java|scala)\.[\w.$]+$/.test(lines[0] ?? '')) return { kind: 'rows', schema, output }
  const body = lines.slice(1).join('\n')
  try {
    const error = JSON.parse(body) as {
      errorClass?: string
      condition?: string
      sqlState?: string
      queryContext?: readonly { startIndex?: number; stopIndex?: number }[]
    }
    const condition = error.condition ?? error.errorClass
    const where = error.queryContext?.[0]
    return {
      kind: 'error',
      ...(condition === undefined || condition.startsWith('_LEGACY_') ? {} : { condition }),
      ...(error.sqlState === undefined ? {} : { sqlState: error.sqlState }),
      // Spark counts from 1, both ends inclusive.
      ...(where?.startIndex === undefined || where.stopIndex === undefined ? {} : { start: where.startIndex - 1, stop: where.stopIndex }),
    }
  } catch {
    return { kind: 'error' }
  }
}

/** Settings under which a file runs: the suite's own, those of its folder, and the file's `--SET` and first `--CONFIG_DIM` values. */
export function settingsOf(folder: string, file: string): Record<string, string> {
  const inputs = join(folder, 'sql-tests', 'inputs')
  const path = join(inputs, `${file}.sql`)
  const own = existsSync(path) ? inputSettings(readFileSync(path, 'utf8'), name => readFileSync(join(inputs, name), 'utf8')) : {}
  return {
    'spark.sql.session.timeZone': 'America/Los_Angeles',
    'spark.sql.ansi.enabled': file.startsWith('nonansi/') ? 'false' : 'true',
    ...(dirname(file) === 'timestampNTZ' ? { 'spark.sql.timestampType': 'TIMESTAMP_NTZ' } : {}),
    ...own,
  }
}

/** `--SET k=v,…` and the first of each `--CONFIG_DIMn k=v,…`; an imported file's settings count too. */
export function inputSettings(text: string, imported: (name: string) => string): Record<string, string> {
  const settings: Record<string, string> = {}
  const seen = new Set<string>()
  for (const line of text.split('\n')) {
    const found = /^--(SET|CONFIG_DIM\d*|IMPORT)\s+(.*)$/.exec(line.trim())
    if (found === null) continue
    const [, what = '', value = ''] = found
    if (what === 'IMPORT') Object.assign(settings, inputSettings(imported(value.trim()), imported))
    else if (what === 'SET' || !seen.has(what)) {
      seen.add(what)
      for (const pair of value.split(',')) {
        const at = pair.indexOf('=')
        if (at > 0) settings[pair.slice(0, at).trim()] = pair.slice(at + 1).trim()
      }
    }
  }
  return settings
}
