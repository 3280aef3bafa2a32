/** Whether a process lives, and how to send it a signal: neither throws. Imports nothing, so that it costs nothing at the start of a process. */

/** True also for a process of another user. Not for an id that no process can have. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** To a process, or with a negative number to its group; true when somebody got it. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
