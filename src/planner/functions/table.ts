/** The one table of functions: look-up by name for the analyzer, by canonical name for everybody after it, and what follows from its entries. */
import { editDistance } from '../../core/config.js'
import { must } from '../../core/errors.js'
import type { AggregateCall, BoundExpr } from '../bound.js'
import { someExpr } from '../tree.js'
import { averageFinish, splitAggregates } from './aggregates.js'
import { arithmetic } from './arithmetic.js'
import { arrayOrder } from './array-order.js'
import { arrays } from './arrays.js'
import { bitFunctions } from './bits.js'
import { casts } from './casts.js'
import { collections } from './collections.js'
import { conditional } from './conditional.js'
import { datetimes } from './datetime.js'
import { datetimeParts } from './datetime-parts.js'
import { datetimeTexts } from './datetime-text.js'
import type { AggregateFunction, AggregateSplit, FunctionEntry, ScalarFunction } from './define.js'
import { encodings } from './encoding.js'
import { grouping } from './grouping.js'
import { higherOrder } from './higher-order.js'
import { intervals } from './intervals.js'
import { jsons } from './json.js'
import { math } from './math.js'
import { moreAggregates } from './more-aggregates.js'
import { moreMath } from './more-math.js'
import { numberFormats } from './number-format.js'
import { predicates } from './predicates.js'
import { random } from './random.js'
import { regexps } from './regexp.js'
import { singleValue } from './single-value.js'
import { sketchFunctions } from './sketch.js'
import { momentFinishers, statistical } from './statistical.js'
import { strings } from './string.js'
import { wholeAggregates } from './whole-aggregates.js'

const entries: readonly FunctionEntry[] = [
  ...arithmetic,
  ...predicates,
  ...conditional,
  ...math,
  ...strings,
  ...datetimes,
  ...datetimeTexts,
  ...datetimeParts,
  ...casts,
  ...encodings,
  ...arrays,
  ...arrayOrder,
  ...intervals,
  ...moreMath,
  ...regexps,
  ...jsons,
  ...numberFormats,
  ...bitFunctions,
  ...collections,
  averageFinish,
  ...momentFinishers,
  ...splitAggregates,
  ...statistical,
  ...wholeAggregates,
  ...moreAggregates,
  singleValue,
  ...grouping,
  ...higherOrder,
  ...sketchFunctions,
  ...random,
]

const byName = new Map<string, FunctionEntry>()
for (const entry of entries) {
  for (const name of [entry.name, ...entry.aliases]) {
    if (byName.has(name)) throw new Error(`bug in spk: function ${name} is defined twice`)
    byName.set(name, entry)
  }
}

/** All entries, for tests and documentation. */
export function functionEntries(): readonly FunctionEntry[] {
  return entries
}

/** The function a user means by `name` (any case), or undefined. `internal`: spk itself means it, and those that users do not see are found too. */
export function findFunction(name: string, internal = false): FunctionEntry | undefined {
  const entry = byName.get(name.toLowerCase())
  return entry?.internal && !internal ? undefined : entry
}

/** Operators that are written as words. */
const wordOperators = new Set(['and', 'or', 'not', 'in', 'div', 'when', 'between'])

/** Up to five names of functions, the nearest first, none that has hardly a letter in common. `others`: functions that are not in the table. */
export function similarFunctions(name: string, others: readonly string[] = []): string[] {
  const wanted = name.toLowerCase()
  const names = [...byName].filter(([n, e]) => !e.internal && /^[a-z]/.test(n) && !wordOperators.has(n)).map(([n]) => n)
  return [...names, ...others]
    .map(n => ({ n, d: editDistance(wanted, n) }))
    .filter(({ n, d }) => d <= Math.max(2, Math.min(n.length, wanted.length) / 2))
    .sort((a, b) => a.d - b.d)
    .slice(0, 5)
    .map(c => c.n)
}

export function scalarFunction(fn: string): ScalarFunction {
  const entry = must(byName.get(fn), `no function ${fn}`)
  return must(entry.kind === 'scalar' ? entry : undefined, `${fn} is not a scalar function`)
}

export function aggregateFunction(fn: string): AggregateFunction {
  const entry = must(byName.get(fn), `no function ${fn}`)
  return must(entry.kind === 'aggregate' ? entry : undefined, `${fn} is not an aggregate function`)
}

/** How an aggregate is computed in two steps; undefined when it needs all rows of a group at once. */
export function splitOf(call: AggregateCall): AggregateSplit | undefined {
  return call.distinct ? undefined : aggregateFunction(call.fn).split?.(call)
}

/** Same arguments, same value. */
export function isDeterministic(expr: BoundExpr): boolean {
  return !someExpr(expr, e => e.kind === 'Call' && !scalarFunction(e.fn).deterministic)
}

/** Whether what an expression gives for a row depends on how many rows came before: numbers by a seed, ids. */
export function countsRows(expr: BoundExpr): boolean {
  return someExpr(expr, e => e.kind === 'Call' && e.args.length > 0 && !scalarFunction(e.fn).deterministic)
}

export function hasAggregate(expr: BoundExpr): boolean {
  return someExpr(expr, e => e.kind === 'AggregateCall')
}
