/**
 * Which common parts of tasks a slot's thread has, so that SQL, schema and settings of a stage cross to it once. Parts are told apart by reference: whoever
 * makes the tasks of a stage hands over the same objects.
 */
import type { CommonPart, ToSlot } from './slot-protocol.js'
import type { KernelTask } from './task.js'

/** Several stages may take turns. */
const MOST = 8

export class CommonParts {
  readonly #parts: CommonPart[] = []
  #next = 0

  /** The number of a task's common part; `post` sends it when the thread does not have it. */
  numberOf(task: KernelTask, post: (message: ToSlot) => void): number {
    const known = this.#parts.findIndex(part => isSame(part, task))
    if (known >= 0) return known
    const { sql, settings, bounded, schema, conf, output } = task
    const number = this.#next
    this.#next = (number + 1) % MOST
    const part: CommonPart = { sql, settings, schema, conf, output, ...(bounded === undefined ? {} : { bounded }) }
    this.#parts[number] = part
    post({ kind: 'common', number, part })
    return number
  }
}

function isSame(a: CommonPart, b: CommonPart): boolean {
  return (
    a.sql === b.sql && a.schema === b.schema && a.settings === b.settings && a.bounded === b.bounded && a.conf === b.conf && a.output === b.output
  )
}
