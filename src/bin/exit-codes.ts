/** How `spk` ends, and the errors that lead there. */
import { SpkError } from '../core/errors.js'

export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const

/** The command line is wrong: said in one sentence, with the nearest right word. Ends with code 2. */
export class UsageError extends Error {
  /** The command whose help is pointed at. */
  readonly command: string | undefined
  constructor(message: string, command?: string) {
    super(message)
    this.name = 'UsageError'
    this.command = command
  }
}

const UNREACHABLE = [
  'SPK_CLUSTER_UNREACHABLE',
  'SPK_NATS_UNREACHABLE',
  'SPK_NATS_AUTHORIZATION',
  'SPK_NO_LEADER',
  'SPK_NO_RESPONDERS',
  'SPK_DISCONNECTED',
]
const USAGE = [
  'SPK_NATS_URL',
  'SPK_BAD_CONFIG_VALUE',
  'SPK_MISSING_CONFIG',
  'SPK_MEMORY_EXCEEDS_HOST',
  'INVALID_EXECUTOR_MEMORY',
  'SPK_BAD_MASTER_URL',
]

/** The exit code that an uncaught error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage
  if (error instanceof SpkError && UNREACHABLE.includes(error.code)) return exitCodes.unreachable
  if (error instanceof SpkError && USAGE.includes(error.code)) return exitCodes.usage
  return exitCodes.failed
}
