/** Log lines for people: what pino writes as JSON becomes `12:00:01 INFO  worker  text  key=value`. Used when standard error is a terminal. */

const LEVELS: Readonly<Record<number, readonly [string, number]>> = {
  10: ['TRACE', 90],
  20: ['DEBUG', 90],
  30: ['INFO', 32],
  40: ['WARN', 33],
  50: ['ERROR', 31],
  60: ['FATAL', 31],
}
/** Fields that are shown elsewhere in the line, or say nothing to a person. */
const HIDDEN = new Set(['level', 'time', 'msg', 'actor', 'err', 'pid', 'hostname', 'workerId', 'masterId'])

/** One line (more for an error with its stack) from one JSON record; what is not JSON is passed on as it is. */
export function prettyLine(json: string, colour: boolean, hidden: ReadonlySet<string> = HIDDEN): string {
  let record: Record<string, unknown>
  try {
    record = JSON.parse(json) as Record<string, unknown>
  } catch {
    return json
  }
  const paint = (text: string, code: number): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const [level, code] = LEVELS[Number(record['level'])] ?? ['?', 90]
  const fields = Object.entries(record).filter(([key]) => !hidden.has(key))
  const shown = fields.map(([key, value]) => paint(`${key}=`, 90) + (typeof value === 'string' ? value : JSON.stringify(value)))
  const err = record['err'] as { readonly message?: string; readonly stack?: string } | undefined
  const line = [
    paint(String(record['time']).slice(11, 19), 90),
    paint(level.padEnd(5), code),
    ...(record['actor'] === undefined ? [] : [paint(String(record['actor']), 36)]),
    String(record['msg'] ?? ''),
    ...shown,
  ].join(' ')
  return err === undefined ? `${line}\n` : `${line}\n  ${(err.stack ?? err.message ?? '').replaceAll('\n', '\n  ')}\n`
}

/** A destination for `rootLogger`. `hidden` names more fields that are left out. */
export function prettyDestination(write: (text: string) => void, colour: boolean, hidden: readonly string[] = []): { write(line: string): void } {
  const left = new Set([...HIDDEN, ...hidden])
  return { write: line => write(prettyLine(line, colour, left)) }
}
