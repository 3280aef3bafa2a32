/**
 * DuckDB's structured errors (`errors_as_json`) as `SpkError`s: Spark's condition and SQLSTATE where Spark has the error, `SPK_*` where only spk can fail.
 * A fragment raises Spark's own conditions with `error('[CONDITION] message SQLSTATE: xxxxx')`; such a message becomes that very condition. Pure.
 */
import { SpkError } from '../core/errors.js'

interface DuckError {
  readonly exception_type: string
  readonly exception_message: string
  readonly candidates?: string
  readonly name?: string
  readonly error_subtype?: string
  readonly [key: string]: string | undefined
}

interface Rule {
  readonly type: string
  readonly pattern: RegExp
  readonly code: string
  readonly sqlState?: string
  readonly retryable?: boolean
  /** Text after DuckDB's own message: what to do. */
  readonly advice?: string
}

const ansiOff = 'Use `try_cast` to tolerate such values and get NULL instead.'
const memoryAdvice =
  'Raise spark.executor.memory, lower spark.executor.cores (fewer tasks share the memory), or raise spark.sql.shuffle.partitions so that each task handles less.'

const damaged = 'The file is damaged or not what its name says: write it again.'
const zoneAdvice = 'Set spark.sql.session.timeZone to the id of a region, such as Europe/Paris, or to an offset of whole hours, such as +02:00.'

/** First match wins; `type` is DuckDB's exception type. */
const rules: readonly Rule[] = [
  { type: 'Out of Memory', pattern: /temp_directory|max_temp_directory_size/i, code: 'SPK_SPILL_FULL', advice: 'Free space in the spill folder.' },
  { type: 'Out of Memory', pattern: /./, code: 'SPK_OUT_OF_MEMORY', advice: memoryAdvice },
  {
    type: 'Conversion',
    pattern: /to type DECIMAL|to DECIMAL|to decimal/i,
    code: 'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION',
    sqlState: '22003',
    advice: ansiOff,
  },
  {
    type: 'Conversion',
    pattern: /out of range for the destination type|Failed to cast decimal value/,
    code: 'CAST_OVERFLOW',
    sqlState: '22003',
    advice: ansiOff,
  },
  { type: 'Conversion', pattern: /./, code: 'CAST_INVALID_INPUT', sqlState: '22018', advice: ansiOff },
  {
    type: 'Out of Range',
    pattern: /^date .*out of range|timestamp .*out of range|out of range in (date|timestamp)/i,
    code: 'DATETIME_OVERFLOW',
    sqlState: '22008',
  },
  { type: 'Out of Range', pattern: /division by zero/i, code: 'DIVIDE_BY_ZERO', sqlState: '22012' },
  {
    type: 'Out of Range',
    pattern: /overflow in \w+ of INT(8|16)\b/i,
    code: 'BINARY_ARITHMETIC_OVERFLOW',
    sqlState: '22003',
    advice: 'Cast to a wider type, or use `try_add` and its kin.',
  },
  {
    type: 'Out of Range',
    pattern: /overflow in \w+ of DECIMAL/i,
    code: 'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION',
    sqlState: '22003',
    advice: ansiOff,
  },
  {
    type: 'Out of Range',
    pattern: /overflow/i,
    code: 'ARITHMETIC_OVERFLOW',
    sqlState: '22003',
    advice: 'Cast to a wider type, or use `try_add` and its kin.',
  },
  { type: 'Invalid Input', pattern: /More than one row returned by a subquery/, code: 'SCALAR_SUBQUERY_TOO_MANY_ROWS', sqlState: '21000' },
  { type: 'Invalid Input', pattern: /Map keys must be unique/, code: 'DUPLICATED_MAP_KEY', sqlState: '23505' },
  { type: 'Invalid Input', pattern: /Map keys can not be NULL/i, code: 'NULL_MAP_KEY', sqlState: '2200E' },
  {
    type: 'Invalid Input',
    pattern: /No magic bytes|too small to be a Parquet|Footer length/i,
    code: 'FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER',
    sqlState: 'KD001',
    advice: 'Please ensure that the file is in Parquet format and complete.',
  },
  { type: 'Invalid Input', pattern: /Failed to read file|parquet/i, code: 'FAILED_READ_FILE.NO_HINT', sqlState: 'KD001', advice: damaged },
  // What the Parquet reader's own decoder throws.
  { type: 'Invalid', pattern: /./, code: 'FAILED_READ_FILE.NO_HINT', sqlState: 'KD001', advice: damaged },
  { type: 'Not implemented', pattern: /Unknown TimeZone/, code: 'INVALID_CONF_VALUE.TIME_ZONE', sqlState: '22022', advice: zoneAdvice },
  { type: 'IO', pattern: /No space left on device/i, code: 'SPK_DISK_FULL', advice: 'Free space on that disk, or point the folder elsewhere.' },
  { type: 'IO', pattern: /No files found|No such file/i, code: 'PATH_NOT_FOUND', sqlState: '42K03' },
  { type: 'IO', pattern: /./, code: 'FAILED_READ_FILE.NO_HINT', sqlState: 'KD001' },
  { type: 'Interrupt', pattern: /./, code: 'SPK_TASK_CANCELLED' },
  { type: 'INTERRUPT', pattern: /./, code: 'SPK_TASK_CANCELLED' },
]

const sparkShaped = /^\[([A-Z][A-Z0-9_.]*)\] ([\s\S]*?)(?: SQLSTATE: ([0-9A-Z]{5}))?$/

/** Errors of JavaScript callbacks reach DuckDB as text only; they are kept here under a number that the text carries. */
const originals = new Map<number, unknown>()
let nextOriginal = 0
const keptOriginals = 64

/** Keeps the error of a callback and gives the text to report to DuckDB in its place. */
export function keepOriginal(error: unknown): string {
  const number = nextOriginal++
  originals.set(number, error)
  // DuckDB may drop a failure (an interrupt came first, or TRY took it): it must not stay for good.
  originals.delete(number - keptOriginals)
  return `spk callback failure #${number}`
}

/** Turns what the bindings threw into an `SpkError` (or gives back the very error that a callback of ours threw). */
export function duckdbError(thrown: unknown, sql?: string): unknown {
  if (thrown instanceof SpkError || !(thrown instanceof Error)) return thrown
  const kept = /spk callback failure #(\d+)/.exec(thrown.message)
  if (kept !== null) {
    const original = originals.get(Number(kept[1]))
    originals.delete(Number(kept[1]))
    return original ?? thrown
  }
  const error = parse(thrown.message)
  const message = error.exception_message
  const spark = sparkShaped.exec(message)
  if (spark !== null) {
    return new SpkError(spark[1] ?? '', spark[2] ?? '', { cause: thrown, ...(spark[3] === undefined ? {} : { sqlState: spark[3] }) })
  }
  const malformed = malformedRecord(message, thrown)
  if (malformed !== undefined) return malformed
  const rule = rules.find(r => r.type === error.exception_type && r.pattern.test(message))
  if (rule !== undefined) {
    const text = firstParagraph(message)
    return new SpkError(rule.code, `${text}${/[.!?]$/.test(text) ? '' : '.'}${rule.advice === undefined ? '' : ` ${rule.advice}`}`, {
      cause: thrown,
      ...(rule.sqlState === undefined ? {} : { sqlState: rule.sqlState }),
      ...(rule.retryable === undefined ? {} : { retryable: rule.retryable }),
    })
  }
  return new SpkError(
    'SPK_DUCKDB',
    `DuckDB (${error.exception_type} error): ${message}${sql === undefined ? '' : `\nStatement: ${sql.length > 2000 ? `${sql.slice(0, 2000)} …` : sql}`}`,
    {
      cause: thrown,
      params: {
        type: error.exception_type,
        ...(error.error_subtype === undefined ? {} : { subtype: error.error_subtype }),
        ...(error.name === undefined ? {} : { name: error.name }),
        ...(error.candidates === undefined ? {} : { candidates: error.candidates }),
      },
    },
  )
}

/** A csv or json record that cannot be read: where it is and what is wrong, without DuckDB's advice on its own options. */
function malformedRecord(message: string, cause: unknown): SpkError | undefined {
  const csv = /^CSV Error on Line: (\d+)\n(?:Original Line: (.*)\n)?(.*)/.exec(message)
  const file = /file = (.*)/.exec(message)?.[1]
  const json = /^Malformed JSON in file "(.*)", at byte (\d+) in (?:line|record\/value) (\d+): (.*)/.exec(message)
  const what =
    csv !== null
      ? `line ${csv[1]} of ${file}: ${csv[2] ?? ''} (${csv[3]})`
      : json !== null
        ? // DuckDB counts one too many.
          `record ${Number(json[3]) - 1} of ${json[1]}, byte ${json[2]}: ${json[4]?.trim()}`
        : undefined
  if (what === undefined) return undefined
  return new SpkError(
    'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION',
    `Malformed records are detected in record parsing: ${what}. To read what cannot be read as NULL, set the option 'mode' to 'PERMISSIVE'; to drop such records, to 'DROPMALFORMED'.`,
    { sqlState: '22023', cause },
  )
}

/** The JSON may follow a plain prefix (`Parser Error: {…}`), and a few errors come as plain text (`IO Error: …`). */
function parse(text: string): DuckError {
  const start = text.indexOf('{"exception_type"')
  if (start >= 0) {
    try {
      return JSON.parse(text.slice(start)) as DuckError
    } catch {
      // Not JSON after all: plain text below.
    }
  }
  const plain = /^([A-Za-z ]+?) Error: ([\s\S]*)$/.exec(text)
  return { exception_type: plain?.[1] ?? 'Unknown', exception_message: plain?.[2] ?? text }
}

/** DuckDB appends suggestions about its own settings after an empty line; users of spk have other ones. */
function firstParagraph(text: string): string {
  return (text.split(/\n\n(?:Possible solutions|Use "SET)/)[0] ?? text).trim()
}
