/**
 * A side of a join that is written already, and has few rows, filters the other side before that is written: rows without a partner need not move. What
 * lies there is read everywhere, so nothing is computed twice; how the rows lie over the tasks stays as it was planned, so whatever relies on it may. The
 * large side's stage waits for the small one's (`waiting`). Used by `replan.ts`.
 */
import type { StageSize } from '../../core/stage.js'
import type { Attribute, BoundExpr, NamedExpr } from '../bound.js'
import { conjunction, equatesColumns } from '../conjuncts.js'
import {
  type Exchange,
  type HashAggregate,
  isShuffled,
  type Physical,
  type PhysicalJoin,
  physicalChildren,
  physicalOutput,
} from '../physical-plan.js'

/** The filter has at least so many times fewer rows than the side it filters. */
const fewerTimes = 8
/** Most bytes of it: every task makes a hash table of its keys. */
const mostBytes = 96 * 2 ** 20

/** The large side's exchange, one whose keys are a superset of the other side's, and which columns are equal. */
export interface KeyFilter {
  readonly large: Exchange
  readonly small: Exchange
  readonly keys: readonly { readonly large: Attribute; readonly small: Attribute }[]
  /** Rows of the large side, by estimate. */
  readonly rows: number
  /** Of the other one. */
  readonly smallRows: number | undefined
}

/** All that the joins of a stage allow, of sides with at least `least` rows: fewer are moved faster than anybody waits for a filter. Negative: none. */
export function keyFilters(stage: Physical, least: number): KeyFilter[] {
  if (stage.kind === 'Exchange' || least < 0) return []
  const below = physicalChildren(stage).flatMap(child => keyFilters(child, least))
  return stage.kind === 'Join' && isShuffled(stage) ? [...ofJoin(stage).filter(filter => filter.rows >= least), ...below] : below
}

function ofJoin(join: PhysicalJoin): KeyFilter[] {
  const pairs = join.probeKeys.flatMap((probe, i) => {
    const build = join.buildKeys[i]
    return probe.kind === 'Attribute' && build?.kind === 'Attribute' && equatesColumns(join.condition, probe.id, build.id) ? [{ probe, build }] : []
  })
  if (pairs.length === 0 || join.type === 'full') return []
  // Rows of the build side without a partner are in no result; those of the probe side are in that of a left or anti join.
  const ofBuild = filtersOf(
    join.build,
    join.probe,
    pairs.map(({ probe, build }) => ({ large: build, small: probe })),
    join.buildRows,
    join.probeRows,
  )
  const dropsProbe = join.type === 'inner' || join.type === 'semi'
  const ofProbe = dropsProbe
    ? filtersOf(
        join.probe,
        join.build,
        pairs.map(({ probe, build }) => ({ large: probe, small: build })),
        join.probeRows,
        join.buildRows,
      )
    : []
  return [...ofBuild, ...ofProbe]
}

function filtersOf(large: Physical, other: Physical, keys: KeyFilter['keys'], rows: number | undefined, smallRows: number | undefined): KeyFilter[] {
  const exchange = exchangeUnder(large)
  if (exchange === undefined || rows === undefined) return []
  const written = new Set(physicalOutput(exchange).map(a => a.id))
  return exchangesIn(other).flatMap(small => {
    const has = new Set(physicalOutput(small).map(a => a.id))
    const own = keys.filter(key => written.has(key.large.id) && has.has(key.small.id) && !written.has(key.small.id))
    return own.length === 0 || small === exchange ? [] : [{ large: exchange, small, keys: own, rows, smallRows }]
  })
}

function exchangeUnder(plan: Physical): Exchange | undefined {
  if (plan.kind === 'Project' || plan.kind === 'Filter') return exchangeUnder(plan.input)
  return plan.kind === 'Exchange' && plan.target.kind === 'hash' && plan.target.origin === undefined && plan.reading === undefined ? plan : undefined
}

/** Every row of a side has the columns of one of these as that exchange wrote them, or NULL. */
function exchangesIn(plan: Physical): Exchange[] {
  if (plan.kind === 'Exchange') return plan.target.kind === 'hash' ? [plan] : []
  return physicalChildren(plan).flatMap(exchangesIn)
}

/** Whether what lies there is worth filtering by. */
export function isWorthFiltering({ rows }: KeyFilter, small: StageSize): boolean {
  return small.bytes <= mostBytes && small.rows * fewerTimes <= rows
}

/** Whether the large side had better wait for the small one's size. */
export function isWorthWaiting({ rows, smallRows }: KeyFilter): boolean {
  return smallRows !== undefined && smallRows * fewerTimes <= rows
}

/**
 * The large side's part of the plan, without the rows that find no partner: before they are grouped, where they are grouped by what is looked for.
 * `everywhere`: the small exchange, as every task reads it.
 */
export function filteredBy(filter: KeyFilter, plan: Physical, everywhere: Exchange): Physical {
  const passes = (list: readonly NamedExpr[]) => filter.keys.every(({ large }) => list.some(e => e.kind === 'Attribute' && e.id === large.id))
  const groups = (aggregate: HashAggregate) =>
    filter.keys.every(({ large }) => aggregate.grouping.some(g => g.kind === 'Attribute' && g.id === large.id)) && passes(aggregate.results)
  const isBelow = (plan.kind === 'Project' && passes(plan.expressions)) || (plan.kind === 'HashAggregate' && plan.mode === 'partial' && groups(plan))
  return isBelow ? { ...plan, input: filteredBy(filter, plan.input, everywhere) } : semiJoin(filter, plan, everywhere)
}

function semiJoin({ keys }: KeyFilter, plan: Physical, everywhere: Exchange): Physical {
  return {
    kind: 'Join',
    strategy: 'BroadcastHashJoin',
    type: 'semi',
    probe: plan,
    build: { kind: 'Project', input: everywhere, expressions: keys.map(key => key.small) },
    probeKeys: keys.map(key => key.large),
    buildKeys: keys.map(key => key.small),
    condition: conjunction(
      keys.map(key => ({ kind: 'Call', fn: '=', args: [key.large, key.small], type: { kind: 'boolean' }, nullable: true })),
    ) as BoundExpr,
    output: physicalOutput(plan),
  }
}
