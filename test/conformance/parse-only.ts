/** Reads every statement without running it: the parser must take what Spark takes and refuse what Spark calls a syntax error. */
import { SpkError } from '#src/core/errors.js'
import { parseStatement } from '#src/planner/parse/parse.js'
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

export function parseOnly(files: readonly { readonly file: string; readonly statements: readonly GoldenStatement[] }[]): ParseResult {
  const started = performance.now()
  const failures: { file: string; sql: string; message: string }[] = []
  let [accepted, taken, wrong, refused] = [0, 0, 0, 0]
  for (const { file, statements } of files) {
    for (const { sql, expected } of statements) {
      const mustFail = expected.kind === 'error' && expected.condition === 'PARSE_SYNTAX_ERROR'
      if (!mustFail && (expected.kind === 'error' || /^\s*set\b/i.test(sql))) continue
      let message: string | undefined
      try {
        // Reserved words are refused only in the files that ask for it.
        parseStatement(sql, { reservedKeywords: file === 'keywords-enforced', doubleQuotedIdentifiers: file === 'double-quoted-identifiers-enabled' })
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
