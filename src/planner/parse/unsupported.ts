/** What Spark's dialect has and spk's planner does not plan yet: refused by the parser with one code, naming the construct. */
import type { Cursor } from './cursor.js'

export function unsupported(c: Cursor, what: string): Error {
  return c.error('SPK_UNSUPPORTED_SQL', `${what} is not supported yet.`, c.token, { feature: what }, '0A000')
}
