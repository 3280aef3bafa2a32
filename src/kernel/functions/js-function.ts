/**
 * A function of SQL that is JavaScript: it takes texts and gives a text, so that one binding serves all of them; who calls it casts. Failures are
 * `SpkError`s with Spark's conditions. Called only for rows whose arguments are all there, unless `nullable`.
 */
import { SpkError } from '../../core/errors.js'

export interface JsFunction {
  /** Name in SQL; all begin with `spk_`. */
  readonly name: string
  /** Also called with NULL arguments. */
  readonly nullable?: boolean
  /** Gives another value at every call. */
  readonly volatile?: boolean
  call(args: readonly (string | null)[]): string | null
}

export function strict(name: string, call: (...args: string[]) => string | null): JsFunction {
  return { name, call: args => call(...(args as string[])) }
}

export function problem(code: string, sqlState: string, message: string): SpkError {
  return new SpkError(code, message, { sqlState })
}
