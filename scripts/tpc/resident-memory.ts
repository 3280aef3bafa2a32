/** Resident memory of executor processes, as the operating system counts it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The most that each child process of these workers has held so far, MB. Empty where there is no `/proc`. */
export function executorPeaks(processes: readonly { readonly name: string; readonly pid: number }[]): number[] {
  if (!existsSync('/proc')) return []
  const workers = processes.filter(p => p.name.startsWith('worker')).map(p => p.pid)
  return readdirSync('/proc').flatMap(pid => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const number = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN)
      return workers.includes(number('PPid')) ? [number('VmHWM') / 1024] : []
    } catch {
      // Not a process, or one that has ended.
      return []
    }
  })
}
