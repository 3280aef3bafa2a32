/** Spark's names for join types. */
import { SpkError } from '../core/errors.js'
import type { JoinType } from '../planner/logical.js'

const names = {
  inner: 'inner',
  cross: 'cross',
  outer: 'full',
  full: 'full',
  fullouter: 'full',
  full_outer: 'full',
  left: 'left',
  leftouter: 'left',
  left_outer: 'left',
  right: 'right',
  rightouter: 'right',
  right_outer: 'right',
  semi: 'semi',
  leftsemi: 'semi',
  left_semi: 'semi',
  anti: 'anti',
  leftanti: 'anti',
  left_anti: 'anti',
} as const satisfies Record<string, JoinType>

/** How two DataFrames are joined, in any of Spark's spellings. */
export type JoinTypeName = keyof typeof names

/** Error: `UNSUPPORTED_JOIN_TYPE` (0A000). */
export function joinTypeOf(name: string): JoinType {
  const type = (names as Readonly<Record<string, JoinType>>)[name.toLowerCase()]
  if (type !== undefined) return type
  const valid = Object.keys(names).join(', ')
  throw new SpkError('UNSUPPORTED_JOIN_TYPE', `Unsupported join type '${name}'. Supported join types include: ${valid}.`, { sqlState: '0A000' })
}
