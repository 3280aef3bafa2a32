/**
 * Which subscriptions hear a subject, by the rules of NATS: tokens parted by `.`, `*` stands for one token, a final `>` for one or more. Answers are
 * remembered per subject until a subscription changes, because a running job uses few subjects many times.
 */

/** True when `subject` (no wildcards) is covered by `pattern`. */
export function subjectMatches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true
  const want = pattern.split('.')
  const have = subject.split('.')
  for (const [i, token] of want.entries()) {
    if (token === '>') return have.length > i
    if (i >= have.length || (token !== '*' && token !== have[i])) return false
  }
  return want.length === have.length
}

const MAX_REMEMBERED = 4096

export class SubjectIndex<T> {
  readonly #items = new Map<T, string>()
  readonly #found = new Map<string, readonly T[]>()

  add(pattern: string, item: T): void {
    this.#items.set(item, pattern)
    this.#found.clear()
  }

  remove(item: T): void {
    if (this.#items.delete(item)) this.#found.clear()
  }

  /** In the order they were added. */
  matching(subject: string): readonly T[] {
    const known = this.#found.get(subject)
    if (known !== undefined) return known
    const found: T[] = []
    for (const [item, pattern] of this.#items) if (subjectMatches(pattern, subject)) found.push(item)
    if (this.#found.size >= MAX_REMEMBERED) this.#found.clear()
    this.#found.set(subject, found)
    return found
  }
}
