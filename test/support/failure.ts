/** What a promise rejects with, for tests of errors. */
import { SpkError } from '#src/core/errors.js'

/** Throws when nothing was rejected, or with what was rejected when that is not a typed error. */
export async function failure(work: Promise<unknown>): Promise<SpkError> {
  let done: unknown
  try {
    done = await work
  } catch (error) {
    if (error instanceof SpkError) return error
    throw error
  }
  throw new Error(`It did not fail but gave ${String(done)}`)
}
