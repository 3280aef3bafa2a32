/**
 * Which subscriptions hear a subject, by the rules of NATS: tokens parted by `.`, `*` stands for one token, a final `>` for one or more. Answers are
 * remembered per subject until a subscription changes, because a running job uses few subjects many times.
 */

/** True when `subject` (no wildcards) is covered by `pattern`. */
export function subjectMatches(pattern: string, subject: string): boolean {
  let p = 0
  let s = 0
  while (p < pattern.length && s < subject.length) {
    const at = pattern[p]
    const tokenStarts = p === 0 || pattern[p - 1] === '.'
    if (tokenStarts && at === '>' && p === pattern.length - 1) return true
    if (tokenStarts && at === '*' && (p === pattern.length - 1 || pattern[p + 1] === '.')) {
      const end = subject.indexOf('.', s)
      s = end < 0 ? subject.length : end
    } else if (at !== subject[s]) return false
    else s++
    p++
  }
  return p === pattern.length && s === subject.length
}

const MAX_REMEMBERED = 4096

interface Placed<T> {
  readonly item: T
  readonly place: number
}

export class SubjectIndex<T> {
  /** Most subscriptions are to one subject: found by name. The few with wildcards are compared. */
  readonly #exact = new Map<string, Placed<T>[]>()
  readonly #wild = new Map<T, { readonly pattern: string; readonly place: number }>()
  readonly #patterns = new Map<T, string>()
  readonly #found = new Map<string, readonly T[]>()
  #places = 0

  add(pattern: string, item: T): void {
    this.remove(item)
    const place = this.#places++
    this.#patterns.set(item, pattern)
    if (pattern.includes('*') || pattern.endsWith('>')) {
      this.#wild.set(item, { pattern, place })
      this.#found.clear()
      return
    }
    const same = this.#exact.get(pattern)
    if (same === undefined) this.#exact.set(pattern, [{ item, place }])
    else same.push({ item, place })
    this.#found.delete(pattern)
  }

  remove(item: T): void {
    const pattern = this.#patterns.get(item)
    if (pattern === undefined) return
    this.#patterns.delete(item)
    if (this.#wild.delete(item)) {
      this.#found.clear()
      return
    }
    const left = (this.#exact.get(pattern) ?? []).filter(placed => placed.item !== item)
    if (left.length === 0) this.#exact.delete(pattern)
    else this.#exact.set(pattern, left)
    this.#found.delete(pattern)
  }

  /** In the order they were added. */
  matching(subject: string): readonly T[] {
    const known = this.#found.get(subject)
    if (known !== undefined) return known
    const placed: Placed<T>[] = [...(this.#exact.get(subject) ?? [])]
    for (const [item, { pattern, place }] of this.#wild) if (subjectMatches(pattern, subject)) placed.push({ item, place })
    const found = placed.sort((a, b) => a.place - b.place).map(p => p.item)
    if (this.#found.size >= MAX_REMEMBERED) this.#found.clear()
    this.#found.set(subject, found)
    return found
  }
}
