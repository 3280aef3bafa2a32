/**
 * What each operator of a fragment did, as counted while its tasks ran: DuckDB's own operators, in the order of its plan, the top one first. Kernel tasks
 * report it when they are asked to (`spk.sql.profile`), tasks of a stage are added up, `explain('analyze')` prints it.
 */

export interface OperatorProfile {
  /** 0 for the top operator; children are one deeper and follow their parent. */
  readonly depth: number
  /** DuckDB's name, e.g. `HASH_JOIN`. */
  readonly name: string
  /** Conditions, groups, files: what tells it from others of its name. */
  readonly detail: string
  /** Rows it gave to its parent. */
  readonly rows: number
  /** Bytes of these. */
  readonly bytes: number
  /** Milliseconds in it, over all tasks, without its children. */
  readonly ms: number
  /** Tasks that these numbers are of. */
  readonly tasks: number
}

/**
 * The sum of two tasks' (or stages') profiles. DuckDB plans each task anew, so shapes may differ: then the one of more tasks stays, and its `tasks` shows
 * that it is not all of them.
 */
export function addOperators(
  a: readonly OperatorProfile[] | undefined,
  b: readonly OperatorProfile[] | undefined,
): readonly OperatorProfile[] | undefined {
  if (a === undefined || a.length === 0) return b
  if (b === undefined || b.length === 0) return a
  if (a.length !== b.length || !a.every((x, i) => x.name === b[i]?.name && x.depth === b[i]?.depth)) {
    return (b[0]?.tasks ?? 0) > (a[0]?.tasks ?? 0) ? b : a
  }
  return a.map((x, i) => {
    const y = b[i] as OperatorProfile
    return { ...x, rows: x.rows + y.rows, bytes: x.bytes + y.bytes, ms: x.ms + y.ms, tasks: x.tasks + y.tasks }
  })
}
