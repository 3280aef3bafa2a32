/**
 * Ctrl-C in a program that handles no SIGINT of its own: open sessions end in order (jobs are cancelled, writes taken back, executors freed), then the
 * process exits with 130. A second Ctrl-C ends it at once. Used by `open-session.ts`.
 */

/** How long an orderly end may take. */
const END_MS = 5000
const CODE = 130

const ends = new Set<() => Promise<void>>()

function interrupted(): void {
  // The listener has removed itself: what is left is the program's own, and its business.
  if (process.listenerCount('SIGINT') > 0) return
  const exit = (): never => process.exit(CODE)
  setTimeout(exit, END_MS)
  void Promise.allSettled([...ends].map(end => end())).then(exit)
}

/** Calls `end` on Ctrl-C, until the function that is returned is called. */
export function onInterrupt(end: () => Promise<void>): () => void {
  if (ends.size === 0) process.once('SIGINT', interrupted)
  ends.add(end)
  return () => {
    ends.delete(end)
    if (ends.size === 0) process.removeListener('SIGINT', interrupted)
  }
}
