/** Reads every statement without running it: the parser must take what Spark takes and refuse what Spark calls a syntax error. */
import { Conf } from '#src/core/config.js'
import { SpkError } from '#src/core/errors.js'
import { parseStatement } from '#src/planner/parse/parse.js'
import { parseOptions } from '#src/sql/parse-options.js'
import type { GoldenStatement } from './golden.js'
import { percent } from './report.js'

export interface ParseResult {
  /** Statements that Spark accepts, SET aside. */
  readonly accepted: number
  readonly taken: number
  /** Statements that Spark calls PARSE_SYNTAX_ERROR. */
  readonly wrong: number
  readonly refused: number
  readonly milliseconds: number
  readonly failures: readonly { readonly file: string; readonly sql: string; readonly message: string }[]
}

export interface ParsedFile {
  readonly file: string
  readonly settings: Readonly<Record<string, string>>
  readonly statements: readonly GoldenStatement[]
}

/** The statements of each file under its settings, those that it changes itself included. */
export function parseOnly(files: readonly ParsedFile[]): ParseResult {
  const started = performance.now()
  const failures: { file: string; sql: string; message: string }[] = []
  let [accepted, taken, wrong, refused] = [0, 0, 0, 0]
  for (const { file, settings, statements } of files) {
    const conf: Record<string, string> = { ...settings }
    for (const { sql, expected } of statements) {
      const set = /^\s*set\s+([\w.]+)\s*=\s*(\S+)\s*$/i.exec(sql)
      if (set !== null) conf[set[1] as string] = set[2] as string
      const mustFail = expected.kind === 'error' && expected.condition === 'PARSE_SYNTAX_ERROR'
      if (!mustFail && (expected.kind === 'error' || /^\s*set\b/i.test(sql))) continue
      let message: string | undefined
      try {
        parseStatement(sql, parseOptions(new Conf(conf)))
      } catch (error) {
        if (!(error instanceof SpkError)) throw error
        message = error.message
      }
      if (mustFail) {
        wrong++
        if (message === undefined) failures.push({ file, sql, message: 'taken, although Spark refuses it' })
        else refused++
      } else {
        accepted++
        if (message === undefined) taken++
        else failures.push({ file, sql, message })
      }
    }
  }
  return { accepted, taken, wrong, refused, milliseconds: performance.now() - started, failures }
}

export function parseReport(result: ParseResult, details: boolean): string {
  const { accepted, taken, wrong, refused, milliseconds, failures } = result
  const list = details ? failures.map(f => `-- ${f.file}\n${f.sql}\n   ${f.message.split('\n')[0]}\n\n`).join('') : ''
  return (
    `${list}taken of those that Spark accepts: ${taken} of ${accepted} (${percent(taken, accepted)})\n` +
    `refused of those that Spark calls PARSE_SYNTAX_ERROR: ${refused} of ${wrong} (${percent(refused, wrong)})\n` +
    `${(milliseconds / 1000).toFixed(1)} s\n`
  )
}
