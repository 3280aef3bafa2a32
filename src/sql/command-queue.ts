/**
 * Statements that take time (INSERT, CREATE TABLE AS …). They start at once, one after the other in the order of `spark.sql`, and every action of the
 * session waits for those before it. What a command itself asks of the session does not wait.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export class CommandQueue {
  readonly #inside = new AsyncLocalStorage<true>()
  readonly #unheard: (error: unknown) => void
  #last: Promise<unknown> = Promise.resolve()

  /** @param unheard - told of a failure that nobody waits for */
  constructor(unheard: (error: unknown) => void) {
    this.#unheard = unheard
  }

  /** Starts `run` when all before it have ended. Gives what asks for its result. */
  add<T>(run: () => Promise<T>): () => Promise<T> {
    let asked = this.#inside.getStore() === true
    const result = asked ? run() : this.#last.then(() => this.#inside.run(true, run))
    const settled = result.catch((error: unknown) => {
      // Who awaits the result asks for it in this very turn.
      setImmediate(() => {
        if (!asked) this.#unheard(error)
      })
    })
    if (!asked) this.#last = settled
    return () => {
      asked = true
      return result
    }
  }

  /** Resolves when all commands so far have ended, whatever became of them; at once for a command itself. */
  async idle(): Promise<void> {
    if (this.#inside.getStore() !== true) await this.#last
  }
}
