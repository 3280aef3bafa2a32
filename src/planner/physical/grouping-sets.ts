/**
 * The order in which groupings are made of each other: the ones with most keys first, each of the smallest before it that has its keys. A ROLLUP is a chain
 * then, of which each step reads what the one before has left, where Spark reads every row once per grouping. Called by `aggregate.ts`.
 */

export interface Step {
  /** Place in the given list. */
  readonly set: number
  /** The step that it is made of; absent: none before has all its keys. */
  readonly from?: number
}

export function groupingSteps(sets: readonly ReadonlySet<number>[]): Step[] {
  const order = sets.map((_, set) => set).sort((a, b) => sizeOf(sets, b) - sizeOf(sets, a) || a - b)
  return order.map((set, at) => {
    let from: number | undefined
    for (let before = 0; before < at; before++) {
      const source = sets[order[before] as number] as ReadonlySet<number>
      // What comes later is no larger.
      if ([...(sets[set] as ReadonlySet<number>)].every(key => source.has(key))) from = before
    }
    return from === undefined ? { set } : { set, from }
  })
}

function sizeOf(sets: readonly ReadonlySet<number>[], set: number): number {
  return sets[set]?.size ?? 0
}
