/** Regular expressions: DuckDB's engine knows no look-around and no references, so patterns that have them, or are computed, go through JavaScript. */
import { array, types } from '../../core/types.js'
import { type BoundExpr, type Call, literal } from '../bound.js'
import { quoteText } from '../duck-type.js'
import { call, custom, type ScalarFunction, takeArgs } from './define.js'

const { int, string } = types

/** A literal pattern that DuckDB's engine reads as Java's does: no look-around, references, possessive quantifiers or named classes. */
function shared(arg: BoundExpr | undefined): string | undefined {
  if (arg?.kind !== 'Literal' || typeof arg.value !== 'string') return undefined
  return /\(\?[=!<]|\\[1-9pPkQEGXhHvVRzZ]|[*+?}]\+|&&|\[[^\]]*\[/.test(arg.value) || !isRegExp(arg.value) ? undefined : arg.value
}

function isRegExp(pattern: string): boolean {
  try {
    return new RegExp(pattern) !== undefined
  } catch {
    return false
  }
}

/** Groups that a pattern captures. */
function groups(pattern: string): number {
  return (pattern.replace(/\\./g, '').match(/\((?!\?)/g) ?? []).length
}

/** `$1` as DuckDB writes it; undefined for what only Java knows. */
function replacementOf(arg: BoundExpr | undefined): string | undefined {
  if (arg?.kind !== 'Literal' || typeof arg.value !== 'string' || /[\\{]|\$(?!\d)|\$\d\d/.test(arg.value)) return undefined
  return quoteText(arg.value.replace(/\$(\d)/g, '\\$1'))
}

/** `rlike` and `regexp`. */
export function likeRegExpSql([x, p]: readonly string[], c: Call): string {
  return shared(c.args[1]) === undefined ? `(spk_regexp_like(${x}, ${p}) = 'true')` : `regexp_matches(${x}, ${p})`
}

const js = (name: string, args: readonly string[]) => `${name}(${args.join(', ')})`
const number = (sql: string | undefined) => `CAST(${sql} AS VARCHAR)`

export const regexps: readonly ScalarFunction[] = [
  custom(
    'regexp_replace',
    [3, 4],
    (args, context) => {
      const taken = takeArgs(args, [string, string, string, int], context)
      const position = taken[3]
      if (position !== undefined && (position.kind !== 'Literal' || Number(position.value) < 1)) {
        throw context.fail(
          'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE',
          '42K09',
          `Cannot resolve "${context.callText}" due to data type mismatch: The \`position\` must be between (0, 2147483647] (current value = ${context.argText(3)}).`,
        )
      }
      return call('regexp_replace', [...taken.slice(0, 3), position ?? literal(1, int)], string)
    },
    ([x, p, by, at], c) => {
      const plain = replacementOf(c.args[2])
      if (at === '1' && plain !== undefined && shared(c.args[1]) !== undefined) return `regexp_replace(${x}, ${p}, ${plain}, 'g')`
      return js('spk_regexp_replace', [x ?? '', p ?? '', by ?? '', number(at)])
    },
  ),
  ...(['regexp_extract', 'regexp_extract_all'] as const).map(name =>
    custom(
      name,
      [2, 3],
      (args, context) => {
        const taken = takeArgs(args, [string, string, int], context)
        return call(
          name,
          [taken[0] as BoundExpr, taken[1] as BoundExpr, taken[2] ?? literal(1, int)],
          name === 'regexp_extract' ? string : array(string),
        )
      },
      ([x, p, group], c) => {
        const [pattern, index] = [shared(c.args[1]), c.args[2]?.kind === 'Literal' ? Number(c.args[2].value) : -1]
        if (name === 'regexp_extract' && pattern !== undefined && index >= 0 && index <= groups(pattern)) return `${name}(${x}, ${p}, ${index})`
        const called = js(`spk_${name}`, [x ?? '', p ?? '', number(group)])
        return name === 'regexp_extract' ? called : `CAST(CAST(${called} AS JSON) AS VARCHAR[])`
      },
    ),
  ),
  ...(['regexp_count', 'regexp_instr', 'regexp_substr'] as const).map(name =>
    custom(
      name,
      name === 'regexp_instr' ? [2, 3] : 2,
      (args, context) => call(name, takeArgs(args, [string, string, int], context), name === 'regexp_substr' ? string : int, true),
      ([x, p]) => {
        const called = js(`spk_${name}`, [x ?? '', p ?? ''])
        return name === 'regexp_substr' ? called : `CAST(${called} AS INTEGER)`
      },
    ),
  ),
]
