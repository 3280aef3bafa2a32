/**
 * The three kinds of failure: `must`/`unreachable` for our own bugs, `SpkError` for expected failures, and a remote cause for what another process
 * reported. A code is stable: Spark's condition name where Spark has the error, `SPK_*` where only spk can fail. Everybody uses this file.
 */

/** Where in a SQL text an error points: offsets are UTF-16 code units, line and column are 1-based. */
export interface QueryContext {
  readonly fragment: string
  readonly start: number
  readonly end: number
  readonly line: number
  readonly column: number
}

export interface SpkErrorOptions {
  /** The SQLSTATE, where Spark gives one. */
  readonly sqlState?: string
  /** True when doing the same thing again may succeed (a lost peer, a changed file). Default false. */
  readonly retryable?: boolean
  readonly cause?: unknown
  /** Values named in the message, for programs. */
  readonly params?: Readonly<Record<string, string>>
  readonly context?: QueryContext
}

/** An expected failure: what happened, where, what would have been valid, what to do. */
export class SpkError extends Error {
  readonly code: string
  /** What an uncaught error shows is its message and its code: the rest is there for programs, and kept out of sight. */
  readonly #facts: SpkErrorOptions
  constructor(code: string, message: string, options: SpkErrorOptions = {}) {
    super(
      `[${code}] ${message}${options.sqlState ? ` SQLSTATE: ${options.sqlState}` : ''}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.#facts = options
  }
  get sqlState(): string | undefined {
    return this.#facts.sqlState
  }
  get retryable(): boolean {
    return this.#facts.retryable ?? false
  }
  get params(): Readonly<Record<string, string>> {
    return this.#facts.params ?? {}
  }
  get context(): QueryContext | undefined {
    return this.#facts.context
  }
}

/** An error as plain data, as it crosses processes (status reports, KV records, thread messages). */
export interface ErrorData {
  readonly code: string
  readonly message: string
  readonly sqlState?: string
  readonly retryable?: boolean
  readonly params?: Record<string, string>
  readonly stack?: string
  readonly cause?: ErrorData
}

SpkError.prototype.name = 'SpkError'

/** Characters of a message or a stack that cross processes, and of one of its parameters: an error with its causes fits into one message of the bus. */
const LONGEST_TEXT = 8192
const LONGEST_PARAM = 1024
/** What is kept of the end of a text that is too long: there stands the SQLSTATE. */
const TAIL = 512

function short(text: string, longest = LONGEST_TEXT): string {
  if (text.length <= longest) return text
  const tail = Math.min(TAIL, longest / 4)
  return `${text.slice(0, longest - tail)} … (${text.length - longest} characters left out) … ${text.slice(-tail)}`
}

/**
 * Turns anything thrown into plain data; an error that is not ours gets the code `INTERNAL_ERROR`. Texts are cut to a length that the bus takes: a message
 * may quote a value of any size.
 */
export function toErrorData(error: unknown, depth = 4): ErrorData {
  if (!(error instanceof Error)) return { code: 'INTERNAL_ERROR', message: short(String(error)) }
  const { stack, cause } = error
  const rest = {
    ...(stack === undefined ? {} : { stack: short(stack) }),
    ...(cause === undefined || depth === 0 ? {} : { cause: toErrorData(cause, depth - 1) }),
  }
  if (!(error instanceof SpkError)) return { code: 'INTERNAL_ERROR', message: short(error.message), ...rest }
  const params = Object.entries(error.params).map(([name, value]) => [name, short(value, LONGEST_PARAM)])
  return {
    code: error.code,
    message: short(error.message),
    ...(error.sqlState === undefined ? {} : { sqlState: error.sqlState }),
    ...(error.retryable ? { retryable: true } : {}),
    ...(params.length === 0 ? {} : { params: Object.fromEntries(params) as Record<string, string> }),
    ...rest,
  }
}

/** The same without any stack: for records that others read, where the paths of this machine say nothing. */
export function toErrorSummary(error: unknown): ErrorData {
  return withoutStack(toErrorData(error))
}

function withoutStack({ stack: _stack, cause, ...data }: ErrorData): ErrorData {
  return cause === undefined ? data : { ...data, cause: withoutStack(cause) }
}

/** Rebuilds an error that another process reported. Its message already carries code and SQLSTATE, so it is kept as it is. */
export function fromErrorData(data: ErrorData): SpkError {
  const error = new SpkError(data.code, '', {
    ...(data.sqlState === undefined ? {} : { sqlState: data.sqlState }),
    ...(data.retryable === undefined ? {} : { retryable: data.retryable }),
    ...(data.params === undefined ? {} : { params: data.params }),
    ...(data.cause === undefined ? {} : { cause: fromErrorData(data.cause) }),
  })
  error.message = data.message
  if (data.stack !== undefined) error.stack = data.stack
  return error
}

/** Returns the value, or fails as a bug of ours when it is null or undefined. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`bug in spk: ${what}`)
  return value
}

/** Fails as a bug of ours when the condition does not hold. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`bug in spk: ${what}`)
}

/** Closes a `switch` over a closed union. */
export function unreachable(value: never): never {
  throw new Error(`bug in spk: unexpected value ${JSON.stringify(value)}`)
}
