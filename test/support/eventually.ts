/** Waits for a condition instead of a time: asks every few milliseconds, and fails with what was last seen when it never becomes true. */

export async function eventually<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, limitMs = 10_000): Promise<T> {
  const end = performance.now() + limitMs
  let last: unknown
  while (performance.now() < end) {
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen
      last = seen
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`never happened within ${limitMs} ms: ${what} (last seen: ${String(last)})`)
}
