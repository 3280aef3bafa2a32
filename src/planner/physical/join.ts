/**
 * Joins: which strategy, which side is built, which exchanges. The build side is always the right input of the SQL join, so a join that builds its left
 * side is turned round.
 */

import { formatSize } from '../../core/bytes.js'
import { conf } from '../../core/config-table.js'
import { SpkError } from '../../core/errors.js'
import { sameType } from '../../core/types.js'
import type { Attribute, BoundExpr } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { conjunctsOf } from '../conjuncts.js'
import { mergeKey } from '../merge-join.js'
import { type Partitioning, partitioningOf } from '../partitioning.js'
import type { Estimate, Physical, PhysicalJoin } from '../physical-plan.js'
import { type JoinPlan, outputOf, type Plan } from '../plan.js'
import { exprText } from '../print.js'
import { isLikelyUnder, likelyBytes } from '../size-bounds.js'
import { references } from '../tree.js'
import { byBuckets } from './bucketed-scan.js'
import { hashPartitions, type PhysicalContext } from './context.js'
import { asColumns, ensureSingle, exchange } from './distribution.js'
import { cutAlike } from './file-order.js'
import { sharedExchange } from './recluster.js'

type Type = JoinPlan['type']

/** A side of up to this many bytes costs nothing to broadcast. */
const smallBroadcastBytes = 256 * 1024
/** No side larger than this is broadcast, whatever is asked: Spark's own limit. */
const broadcastLimit = 8 * 2 ** 30

interface Keys {
  readonly left: readonly BoundExpr[]
  readonly right: readonly BoundExpr[]
}

export function planJoin(plan: JoinPlan, context: PhysicalContext): Physical {
  const left = context.plan(plan.left)
  const right = context.plan(plan.right)
  const keys = equalities(plan)
  const output = outputOf(plan)
  const sizes = sizesOf(plan, context)
  const make = (strategy: PhysicalJoin['strategy'], probe: Physical, build: Physical, turned: boolean): Physical => ({
    kind: 'Join',
    strategy,
    type: seenFromProbe(plan.type, turned),
    probe,
    build,
    probeKeys: turned ? keys.right : keys.left,
    buildKeys: turned ? keys.left : keys.right,
    ...(plan.condition === undefined ? {} : { condition: plan.condition }),
    output,
  })
  const broadcast = (side: Physical) => exchange(side, { kind: 'broadcast' })
  // Everything is in one task on both sides: nothing to move.
  if (partitioningOf(left).partitions === 1 && partitioningOf(right).partitions === 1) {
    const turned = turnsBySize(plan, sizes)
    return make(keys.left.length > 0 ? shuffledStrategy(plan, context) : 'NestedLoopJoin', turned ? right : left, turned ? left : right, turned)
  }
  if (isProduct(plan, keys, sizes, context)) {
    return make('CartesianProduct', spread(left, sizes.left), spread(right, sizes.right), false)
  }
  const inPlace = joinInPlace(plan, left, right, keys, sizes, context)
  if (inPlace !== undefined) return inPlace
  const side = keys.left.length > 0 ? broadcastSide(plan, sizes, context) : nestedLoopSide(plan, sizes)
  const strategy = keys.left.length > 0 ? 'BroadcastHashJoin' : 'BroadcastNestedLoopJoin'
  if (side === undefined || (keys.left.length > 0 && !isSmall(plan, side, sizes))) {
    const cut = joinByBuckets(plan, left, right, keys, sizes, context) ?? cutJoin(plan, left, right, keys, sizes, context)
    if (cut !== undefined) return cut
  }
  const sent = onceEach(plan, right, keys)
  if (side === 'right') return make(strategy, left, broadcast(sent), false)
  if (side === 'left') return make(strategy, right, broadcast(left), true)
  if (keys.left.length === 0) return make('NestedLoopJoin', ensureSingle(left), ensureSingle(right), false)
  return shuffledJoin(plan, left, sent, keys, sizes, context)
}

const hints = (plan: JoinPlan) => [plan.leftHint, plan.rightHint]

/** Of sides that lie alike by their keys: a hash table, which finishes on disk unless one key's rows fill the memory; or sorted sides, as was asked for. */
function shuffledStrategy(plan: JoinPlan, context: PhysicalContext): 'ShuffledHashJoin' | 'SortMergeJoin' {
  const wanted = hints(plan).includes('merge') || (!hints(plan).includes('shuffle_hash') && context.conf.optional(conf.preferSortMergeJoin) === true)
  const ids = (side: Plan) => new Set(outputOf(side).map(a => a.id))
  return wanted && mergeKey(plan.type, plan.condition, ids(plan.left), ids(plan.right)) !== undefined ? 'SortMergeJoin' : 'ShuffledHashJoin'
}

/** Whether an inner join is made pair by pair of partitions: by SHUFFLE_REPLICATE_NL, or because without equal keys neither side may be broadcast. */
function isProduct(plan: JoinPlan, keys: Keys, sizes: Sizes, context: PhysicalContext): boolean {
  if (plan.type !== 'inner' && plan.type !== 'cross') return false
  const asked = hints(plan)
  if (asked.includes('broadcast')) return false
  if (keys.left.length > 0) return asked.includes('shuffle_replicate_nl') && !asked.includes('merge') && !asked.includes('shuffle_hash')
  const smaller = Math.min(sizes.left.bytes, sizes.right.bytes)
  return asked.includes('shuffle_replicate_nl') || smaller > Math.max(productBytes, context.conf.get(conf.autoBroadcastJoinThreshold))
}

/** Up to so many bytes are sent everywhere rather than in pieces, whatever the threshold: the pairs of pieces would be many. */
const productBytes = 64 * 2 ** 20
const mostPieces = 200

/** Rows in even pieces of a good size. */
function spread(side: Physical, size: Estimate): Physical {
  const partitions = Math.min(mostPieces, Math.max(1, Math.ceil(size.bytes / productBytes)))
  return exchange(side, { kind: 'roundRobin', partitions })
}

/** Fewer rows than this part are worth a look at all of them. */
const worthOnceEach = 0.5

/** Of a semi or anti join by equal keys alone, what matters of the right side is which keys there are: each task sends each of them once. */
function onceEach(plan: JoinPlan, right: Physical, keys: Keys): Physical {
  if ((plan.type !== 'semi' && plan.type !== 'anti') || keys.right.length !== conjunctsOf(plan.condition).length) return right
  const columns = keys.right.filter(k => k.kind === 'Attribute')
  const output = outputOf(plan.right)
  const [rows, distinct] = [cardinality(plan.right)?.rows, cardinality({ kind: 'Distinct', input: plan.right })?.rows]
  if (columns.length !== output.length || output.some(a => !columns.some(c => c.id === a.id))) return right
  if (rows === undefined || distinct === undefined || distinct > rows * worthOnceEach) return right
  return { kind: 'HashAggregate', mode: 'partial', input: right, grouping: output, results: output }
}

/** The type with the probe side on the left. Right joins always turn, semi, anti and left joins, which keep their left side, never. */
function seenFromProbe(type: Type, turned: boolean): PhysicalJoin['type'] {
  if (type === 'right' && turned) return 'left'
  if (type === 'right' || (turned && type !== 'inner' && type !== 'cross' && type !== 'full')) {
    throw new Error(`bug in spk: a ${type} join must ${turned ? 'not ' : ''}be turned round`)
  }
  return type
}

/** The pairs of equal expressions in a join's condition, one of each side. */
function equalities(plan: JoinPlan): Keys {
  const leftIds = new Set(outputOf(plan.left).map(a => a.id))
  const rightIds = new Set(outputOf(plan.right).map(a => a.id))
  const only = (e: BoundExpr, ids: ReadonlySet<number>) => {
    const read = references(e)
    return read.size > 0 && [...read].every(id => ids.has(id))
  }
  const left: BoundExpr[] = []
  const right: BoundExpr[] = []
  for (const c of conjunctsOf(plan.condition)) {
    const [a, b] = c.kind === 'Call' && (c.fn === '=' || c.fn === '<=>') ? c.args : []
    if (a === undefined || b === undefined || !sameType(a.type, b.type)) continue
    if (only(a, leftIds) && only(b, rightIds)) {
      left.push(a)
      right.push(b)
    } else if (only(b, leftIds) && only(a, rightIds)) {
      left.push(b)
      right.push(a)
    }
  }
  return { left, right }
}

const buildsRight: ReadonlySet<Type> = new Set<Type>(['inner', 'cross', 'left', 'semi', 'anti'])
const buildsLeft: ReadonlySet<Type> = new Set<Type>(['inner', 'cross', 'right'])

interface Sizes {
  /** Upper bounds: what may be broadcast. */
  readonly left: Estimate
  readonly right: Estimate
  /** Likely bytes: which side is built. The bounds where nothing better is known. */
  readonly likely: { readonly left: number; readonly right: number }
}

function sizesOf(plan: JoinPlan, context: PhysicalContext): Sizes {
  const [left, right] = [context.estimate(plan.left), context.estimate(plan.right)]
  const likely = { left: likelyBytes(plan.left), right: likelyBytes(plan.right) }
  return { left, right, likely }
}

/** Whether the left side should be built, where the type leaves the choice. */
function turnsBySize(plan: JoinPlan, sizes: Sizes): boolean {
  const free = plan.type === 'inner' || plan.type === 'full'
  if (free && (plan.leftHint === 'shuffle_hash') !== (plan.rightHint === 'shuffle_hash')) return plan.leftHint === 'shuffle_hash'
  if (plan.type === 'right' || isLong(plan, 'right')) return true
  if (isLong(plan, 'left')) return false
  return (plan.type === 'inner' || plan.type === 'cross' || plan.type === 'full') && sizes.likely.left < sizes.likely.right
}

/** The side to broadcast in an equi-join: hints first, then the smaller side that is surely under the threshold, or most likely. */
function broadcastSide(plan: JoinPlan, sizes: Sizes, context: PhysicalContext): 'left' | 'right' | undefined {
  const fits = { left: buildsLeft.has(plan.type), right: buildsRight.has(plan.type) }
  const smaller = sizes.likely.left < sizes.likely.right ? 'left' : 'right'
  const hinted = { left: fits.left && plan.leftHint === 'broadcast', right: fits.right && plan.rightHint === 'broadcast' }
  if (hinted.left && hinted.right) return smaller
  if (hinted.left) return 'left'
  if (hinted.right) return 'right'
  if (plan.leftHint !== undefined && plan.leftHint !== 'broadcast') return undefined
  if (plan.rightHint !== undefined && plan.rightHint !== 'broadcast') return undefined
  const threshold = context.conf.get(conf.autoBroadcastJoinThreshold)
  const adaptive = context.conf.get(conf.adaptiveEnabled)
  const among = (is: (side: 'left' | 'right') => boolean) => {
    const under = { left: fits.left && is('left'), right: fits.right && is('right') }
    return under.left && under.right ? smaller : under.left ? 'left' : under.right ? 'right' : undefined
  }
  return among(side => sizes[side].bytes <= threshold && !(adaptive && isLong(plan, side))) ?? among(side => isLikelyUnder(plan[side], threshold))
}

/** From so many rows on, and so many times the rows of the other side, a side had better not be sent everywhere if adaptive execution may send the other. */
const manyRows = 200_000
const manyTimes = 8

/** Whether a side of an inner join is long (and as narrow as it likes), and the other one, of which less may be certain, likely much shorter. */
function isLong(plan: JoinPlan, side: 'left' | 'right'): boolean {
  const [own, other] = [cardinality(plan[side])?.rows, cardinality(plan[side === 'left' ? 'right' : 'left'])?.rows]
  return plan.type === 'inner' && own !== undefined && other !== undefined && own >= manyRows && own >= manyTimes * other
}

/** Without equal keys one side is everywhere; a full join, which must see both sides whole, runs in one task. */
function nestedLoopSide(plan: JoinPlan, sizes: Sizes): 'left' | 'right' | undefined {
  const fits = { left: buildsLeft.has(plan.type), right: buildsRight.has(plan.type) }
  if (!fits.left && !fits.right) return undefined
  const hintedLeft = fits.left && plan.leftHint === 'broadcast' && plan.rightHint !== 'broadcast'
  const side =
    fits.left && fits.right
      ? hintedLeft || (plan.rightHint !== 'broadcast' && sizes.left.bytes < sizes.right.bytes)
        ? 'left'
        : 'right'
      : fits.left
        ? 'left'
        : 'right'
  if (sizes[side].bytes > broadcastLimit) {
    throw new SpkError(
      'SPK_JOIN_TOO_LARGE',
      `A join without equal keys${plan.condition === undefined ? '' : ` (${exprText(plan.condition)})`} would send its ${side} side, about ${formatSize(sizes[side].bytes)}, to every executor; ` +
        `${formatSize(broadcastLimit)} is the most. Add an equality between columns of both sides to the condition, or make one side smaller first.`,
    )
  }
  return side
}

/** Rather broadcast than cut by file order, which gives its scans other tasks: because it was asked for, or costs nothing. */
function isSmall(plan: JoinPlan, side: 'left' | 'right', sizes: Sizes): boolean {
  return plan.leftHint === 'broadcast' || plan.rightHint === 'broadcast' || sizes[side].bytes <= smallBroadcastBytes
}

/** Both sides by ranges of a key that the files lie in order of: no exchange. */
function cutJoin(plan: JoinPlan, left: Physical, right: Physical, keys: Keys, sizes: Sizes, context: PhysicalContext): Physical | undefined {
  const columns = (list: readonly BoundExpr[]) => list.map(k => (k.kind === 'Attribute' ? k : undefined)).filter(k => k !== undefined)
  const [l, r] = [columns(keys.left), columns(keys.right)]
  if (l.length !== keys.left.length || r.length !== keys.right.length) return undefined
  const cut = cutAlike({ plan: left, columns: l }, { plan: right, columns: r }, context)
  return cut && joinAlike(plan, { plan: cut[0], columns: l }, { plan: cut[1], columns: r }, sizes, context)
}

/** Both sides as the buckets of their tables lie: no exchange. */
function joinByBuckets(plan: JoinPlan, left: Physical, right: Physical, keys: Keys, sizes: Sizes, context: PhysicalContext): Physical | undefined {
  const columns = (list: readonly BoundExpr[]) => list.filter(k => k.kind === 'Attribute')
  const [l, r] = [columns(keys.left), columns(keys.right)]
  if (l.length < keys.left.length || r.length < keys.right.length) return undefined
  const [a, b] = [placed({ plan: left, columns: l }, context), placed({ plan: right, columns: r }, context)]
  const isAlike = a.plan !== left && b.plan !== right && liesLike(a, b)
  return isAlike ? joinAlike(plan, a, b, sizes, context) : undefined
}

/** A side read by its buckets, where these go by keys of the join. */
function placed(side: Side, context: PhysicalContext): Side {
  const plan = byBuckets(side.plan, context)
  return plan === undefined || keyOrder(partitioningOf(plan), side.columns) === undefined ? side : { ...side, plan }
}

/** Whether rows with equal keys are in partitions of one number. */
function liesLike(left: Side, right: Side): boolean {
  const [l, r] = [keyOrder(partitioningOf(left.plan), left.columns), keyOrder(partitioningOf(right.plan), right.columns)]
  return l !== undefined && r !== undefined && l.partitions === r.partitions && l.order.join() === r.order.join()
}

/** Both sides as exchanges below lay them out, or can: undefined where a side needs one of its own. */
function joinInPlace(plan: JoinPlan, left: Physical, right: Physical, keys: Keys, sizes: Sizes, context: PhysicalContext): Physical | undefined {
  if (plan.leftHint !== undefined || plan.rightHint !== undefined) return undefined
  const columns = (list: readonly BoundExpr[]) => list.filter(k => k.kind === 'Attribute')
  const [ofLeft, ofRight] = [columns(keys.left), columns(keys.right)]
  if (ofLeft.length === 0 || ofLeft.length < keys.left.length || ofRight.length < keys.right.length) return undefined
  const [l, r] = [keyOrder(partitioningOf(left), ofLeft), keyOrder(partitioningOf(right), ofRight)]
  const order = l?.order ?? r?.order ?? ofLeft.map((_, i) => i)
  const by = (all: readonly Attribute[]) => order.map(i => all[i] as Attribute)
  const newLeft = l === undefined ? sharedExchange(plan.left, left, by(ofLeft), context) : left
  const newRight = newLeft === undefined || r !== undefined ? right : sharedExchange(plan.right, right, by(ofRight), context)
  if (newLeft === undefined || newRight === undefined) return undefined
  const [nowLeft, nowRight] = [keyOrder(partitioningOf(newLeft), ofLeft), keyOrder(partitioningOf(newRight), ofRight)]
  const alike = nowLeft?.partitions === nowRight?.partitions && nowLeft?.order.join() === nowRight?.order.join()
  if (!alike) return undefined
  return joinAlike(plan, { plan: newLeft, columns: ofLeft }, { plan: newRight, columns: ofRight }, sizes, context)
}

/** Both sides by hash of their keys, unless one lies right already. */
function shuffledJoin(plan: JoinPlan, left: Physical, right: Physical, keys: Keys, sizes: Sizes, context: PhysicalContext): Physical {
  const leftReady = asColumns(left, keys.left, () => context.nextId())
  const rightReady = asColumns(right, keys.right, () => context.nextId())
  const partitions = hashPartitions(context, sizes.likely.left > sizes.likely.right ? plan.left : plan.right)
  const [byLeft, byRight] = [placed(leftReady, context), placed(rightReady, context)]
  const brought = coPartitioned(byLeft, byRight, partitions)
  // What moves anyway is read in even tasks.
  const even = (plan: Physical, side: Side, ready: Side) =>
    plan.kind === 'Exchange' && plan.input === side.plan ? { ...plan, input: ready.plan } : plan
  const [l, r] = [even(brought[0], byLeft, leftReady), even(brought[1], byRight, rightReady)]
  return joinAlike(plan, { plan: l, columns: leftReady.columns }, { plan: r, columns: rightReady.columns }, sizes, context)
}

function likelyRows(probe: Plan, build: Plan): Pick<PhysicalJoin, 'probeRows' | 'buildRows'> {
  const [probeRows, buildRows] = [cardinality(probe)?.rows, cardinality(build)?.rows]
  return { ...(probeRows === undefined ? {} : { probeRows }), ...(buildRows === undefined ? {} : { buildRows }) }
}

/** Of sides that lie alike. */
function joinAlike(plan: JoinPlan, left: Side, right: Side, sizes: Sizes, context: PhysicalContext): Physical {
  const turned = turnsBySize(plan, sizes)
  const [probe, build] = turned ? [right, left] : [left, right]
  return {
    kind: 'Join',
    strategy: shuffledStrategy(plan, context),
    ...(hints(plan).some(hint => hint === 'merge' || hint === 'shuffle_hash') ? { hinted: true } : {}),
    type: seenFromProbe(plan.type, turned),
    probe: probe.plan,
    build: build.plan,
    probeKeys: probe.columns,
    buildKeys: build.columns,
    ...(plan.condition === undefined ? {} : { condition: plan.condition }),
    output: outputOf(plan),
    buildBytes: turned ? sizes.likely.left : sizes.likely.right,
    ...likelyRows(turned ? plan.right : plan.left, turned ? plan.left : plan.right),
  }
}

interface Side {
  readonly plan: Physical
  readonly columns: readonly Attribute[]
}

/** An exchange costs more than partitions that are up to this many times larger than wished. */
const fewerPartitionsAllowed = 4

/** Brings both sides to one partitioning: a side that is partitioned on (some of) its keys decides, the other follows. */
export function coPartitioned(left: Side, right: Side, partitions: number): readonly [Physical, Physical] {
  const l = keyOrder(partitioningOf(left.plan), left.columns)
  const r = keyOrder(partitioningOf(right.plan), right.columns)
  if (liesLike(left, right)) return [left.plan, right.plan]
  const by = (side: Side, order: readonly number[], n: number) =>
    exchange(side.plan, { kind: 'hash', keys: order.map(i => side.columns[i] as Attribute), partitions: n })
  const enough = (n: number) => n * fewerPartitionsAllowed >= partitions
  if (l !== undefined && (r === undefined || l.partitions >= r.partitions) && enough(l.partitions))
    return [left.plan, by(right, l.order, l.partitions)]
  if (r !== undefined && enough(r.partitions)) return [by(left, r.order, r.partitions), right.plan]
  const all = left.columns.map((_, i) => i)
  return [by(left, all, partitions), by(right, all, partitions)]
}

/** Which join keys a hash partitioning goes by, in its order; undefined when it goes by anything else. */
function keyOrder(
  partitioning: Partitioning,
  columns: readonly Attribute[],
): { readonly order: readonly number[]; readonly partitions: number } | undefined {
  if (partitioning.kind !== 'hash') return undefined
  const order = partitioning.keys.map(key => columns.findIndex(c => key.has(c.id)))
  return order.every(i => i >= 0) ? { order, partitions: partitioning.partitions } : undefined
}
