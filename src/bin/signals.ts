/** SIGTERM and SIGINT: the first asks for an orderly end, the second ends the process at once. */

/** Calls `stop` on the first signal; on the next the process exits with 128 + the signal's number. */
export function onSignals(stop: (reason: string) => void): void {
  let asked = false
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(name, () => {
      if (asked) process.exit(128 + number)
      asked = true
      stop(name)
    })
  }
}
