/**
 * The part of a physical plan between exchanges, as fragments: one DuckDB SELECT each, over named inputs. UNION ALL gives several fragments of one
 * stage, with the operators above it repeated in each.
 */
import { unreachable } from '../../core/errors.js'
import type { Fragment, ShuffleCut, StageInput } from '../../core/stage.js'
import { field, type StructType, struct } from '../../core/types.js'
import type { Attribute, BoundExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { plainName, quoteName } from '../duck-type.js'
import { mergeKey } from '../merge-join.js'
import {
  type Exchange,
  type ExchangeTarget,
  type Physical,
  type PhysicalJoin,
  type PhysicalUnion,
  physicalChildren,
  physicalOutput,
} from '../physical-plan.js'
import { type Splittable, splittable } from '../splittable.js'
import { type Columns, conditionSql, expressionSql } from './expression-sql.js'
import { firstOfGroups } from './first-of-groups.js'
import { groupingSets } from './grouping-sets.js'
import { joinCondition } from './join-condition.js'
import { expanded, generated } from './multiply.js'
import { lastRound, recursion } from './recursion.js'
import { isReduced, reducedJoin } from './reduced-join.js'
import {
  type Aliases,
  aggregatedBy,
  asTable,
  columnName,
  filtered,
  fromSource,
  indent,
  limited,
  ordered,
  projected,
  render,
  type SelectBlock,
  withoutParentheses,
  withWindows,
} from './select-block.js'
import { hasCounts, isBounded } from './stage-facts.js'

/** Says how the rows of an exchange are read: the stage that wrote them. */
export type ReadExchange = (exchange: Exchange) => {
  readonly stage: number
  readonly read: 'partition' | 'all' | 'forward' | 'broadcast'
  readonly cut?: ShuffleCut
}

/**
 * Planner's join order and build side stand: DuckDB must not undo them with estimates that split scans spoil. Fragments without a join have the same, which
 * means nothing to them: a slot whose settings stay keeps its prepared statements.
 */
const disabledOptimizers = 'join_order,build_side_probe_side'

/** A sort-merge join stays one where DuckDB takes an input to be small. */
const mergeSettings = { merge_join_threshold: '0', nested_loop_join_threshold: '0' } as const

/** The columns of a plan's output as a stage's schema, under their internal names. */
export function stageSchema(output: readonly Attribute[]): StructType {
  return struct(output.map(a => field(columnName(a), a.type, a.nullable)))
}

/** Lowers a stage. `names` are the output columns' names, default the internal ones. */
export function lowerFragments(plan: Physical, read: ReadExchange, names?: readonly string[]): Fragment[] {
  const aliases = counter()
  const output = physicalOutput(plan)
  const settings = {
    // What a join learns while it runs is no reason to read fewer rows where they are counted.
    disabled_optimizers: hasCounts(plan) ? `${disabledOptimizers},join_filter_pushdown` : disabledOptimizers,
    ...(hasMerge(plan) && !hasOuterLoop(plan) ? mergeSettings : {}),
  }
  const bounded = isBounded(plan) ? { bounded: true } : {}
  const split = splittable(plan)
  const cut: ReadExchange = exchange => {
    const from = read(exchange)
    const how = from.read === 'partition' ? cutOf(exchange.target, exchange, split) : undefined
    return how === undefined ? from : { ...from, cut: how }
  }
  return lower(plan, cut, aliases).map(block => ({
    inputs: block.inputs,
    sql: render(block, output, names?.map(quoteName)),
    settings,
    ...bounded,
  }))
}

/** How tasks may share the partitions of an exchange. */
function cutOf(target: ExchangeTarget, exchange: Exchange, { joined, plain, product }: Splittable): ShuffleCut | undefined {
  const origin = 'origin' in target ? target.origin : undefined
  if (origin === 'REPARTITION_BY_NUM') return 'each'
  if (product.has(exchange)) return 'product'
  if (joined.has(exchange)) return 'split'
  return origin?.startsWith('REBALANCE') && plain.has(exchange) ? 'rebalance' : undefined
}

function counter(): Aliases {
  const counts = new Map<string, number>()
  return {
    next(prefix) {
      const n = (counts.get(prefix) ?? 0) + 1
      counts.set(prefix, n)
      return `${prefix}_${n}`
    },
  }
}

function lower(plan: Physical, read: ReadExchange, aliases: Aliases): readonly SelectBlock[] {
  const output = physicalOutput(plan)
  switch (plan.kind) {
    case 'FileScan':
    case 'RowsScan':
    case 'RangeScan':
    case 'ValuesScan':
      return [lowerLeaf(plan, aliases)]
    case 'Exchange':
      return [lowerRead(plan, read, aliases)]
    case 'Project':
      return lower(plan.input, read, aliases).map(b => projected(b, physicalOutput(plan.input), plan.expressions, output, aliases))
    case 'Filter':
      return lower(plan.input, read, aliases).map(b => filtered(b, physicalOutput(plan.input), plan.condition, aliases))
    case 'HashAggregate':
      return lower(plan.input, read, aliases).map(b => aggregatedBy(b, physicalOutput(plan.input), plan.grouping, plan.results, output, aliases))
    case 'Sort':
      return lower(plan.input, read, aliases).map(b => ordered(b, output, plan.order, aliases))
    case 'TopN':
      return lower(plan.input, read, aliases).map(b => limited(ordered(b, output, plan.order, aliases), output, plan.limit, plan.offset, aliases))
    case 'Limit':
      return lower(plan.input, read, aliases).map(b => limited(b, output, plan.limit, plan.offset, aliases))
    case 'CollectLimit':
      return lower(plan.input, read, aliases)
    case 'Union':
      if (plan.inOneTask) return [lowerWholeUnion(plan, read, aliases)]
      return plan.inputs.flatMap(input => lower(input, read, aliases).map(b => renamed(b, physicalOutput(input), output, aliases)))
    case 'Join':
      return lowerJoin(plan, read, aliases)
    case 'Window':
      return lower(plan.input, read, aliases).map(b => withWindows(b, physicalOutput(plan.input), plan.windows, output, aliases))
    case 'WindowGroupLimit':
      return lower(plan.input, read, aliases).map(b => firstOfGroups(b, plan, aliases))
    case 'Expand':
      return lower(plan.input, read, aliases).map(b => expanded(b, physicalOutput(plan.input), plan.projections, output, aliases))
    case 'GroupingSets':
      return lower(plan.input, read, aliases).map(b => groupingSets(b, plan, aliases))
    case 'Generate':
      return lower(plan.input, read, aliases).map(b => generated(b, plan, aliases))
    case 'RecursiveCte': {
      const left = one(lower(plan.left, read, aliases))
      const right = one(lower(plan.right, read, aliases))
      return [recursion(plan, left, right, aliases)]
    }
    case 'RecursiveRef':
      return [lastRound(plan, aliases)]
    case 'SetOperation': {
      const left = one(lower(plan.left, read, aliases))
      const right = one(lower(plan.right, read, aliases))
      const words = plan.operation === 'intersect' ? 'INTERSECT ALL' : 'EXCEPT ALL'
      const sql = `(\n  (\n${indent(indent(render(left, output)))}\n  ) ${words} (\n${indent(indent(render(right, physicalOutput(plan.right))))}\n  )\n) AS ${aliases.next('q')}`
      return [fromSource(sql, internalNames(output), [...left.inputs, ...right.inputs])]
    }
    default:
      return unreachable(plan)
  }
}

/** All inputs of a union in one statement. */
function lowerWholeUnion(plan: PhysicalUnion, read: ReadExchange, aliases: Aliases): SelectBlock {
  const blocks = plan.inputs.flatMap(input => lower(input, read, aliases).map(b => renamed(b, physicalOutput(input), plan.output, aliases)))
  const parts = blocks.map(b => `  (\n${indent(indent(render(b, plan.output)))}\n  )`)
  return fromSource(
    `(\n${parts.join(' UNION ALL ')}\n) AS ${aliases.next('q')}`,
    internalNames(plan.output),
    blocks.flatMap(b => b.inputs),
  )
}

/** A union's inputs see their columns under the union's ids. */
function renamed(block: SelectBlock, from: readonly Attribute[], to: readonly Attribute[], aliases: Aliases): SelectBlock {
  const list = to.map((a, i) => ({ kind: 'Alias', id: a.id, name: a.name, child: from[i] as Attribute, qualifier: [] }) as const)
  if (block.items === undefined) {
    // Only names change: what is written for the columns stays.
    const columns = new Map(to.map((a, i) => [a.id, block.columns.get(from[i]?.id ?? -1) ?? '']))
    return block.orderBy.length > 0 ? projected(block, from, list, to, aliases) : { ...block, columns }
  }
  // The select list stays, under other names.
  const items = new Map(to.map((a, i) => [a.id, block.items?.get(from[i]?.id ?? -1) ?? block.columns.get(from[i]?.id ?? -1) ?? '']))
  if (block.orderBy.length > 0) return projected(block, from, list, to, aliases)
  return { ...block, items, columns: internalNames(to) }
}

function internalNames(output: readonly Attribute[]): Columns {
  return new Map(output.map(a => [a.id, plainName(columnName(a))]))
}

function one(blocks: readonly SelectBlock[]): SelectBlock {
  const [block, ...rest] = blocks
  if (block === undefined || rest.length > 0) throw new Error('bug in spk: a side that must be one fragment is several')
  return block
}

function lowerRead(exchange: Exchange, read: ReadExchange, aliases: Aliases): SelectBlock {
  const output = physicalOutput(exchange)
  const from = read(exchange)
  const schema = stageSchema(output)
  const name = aliases.next(from.read === 'broadcast' ? 'broadcast' : 'shuffle')
  const input: StageInput =
    from.read === 'broadcast'
      ? { kind: 'broadcast', name, stage: from.stage, schema }
      : { kind: 'shuffle', name, stage: from.stage, schema, read: from.read, ...(from.cut === undefined ? {} : { cut: from.cut }) }
  return fromSource(name, internalNames(output), [input])
}

function lowerLeaf(plan: Extract<Physical, { kind: 'FileScan' | 'RowsScan' | 'RangeScan' | 'ValuesScan' }>, aliases: Aliases): SelectBlock {
  switch (plan.kind) {
    case 'FileScan': {
      const name = aliases.next(tableName(plan.paths[0] ?? 'files'))
      const schema = struct(plan.output.map(a => field(a.name, a.type, a.nullable)))
      const fields = plan.output.flatMap(({ name }) => (plan.fields?.[name] === undefined ? [] : [[name, plan.fields[name]] as const]))
      const input: StageInput = {
        kind: 'scan',
        name,
        format: plan.format,
        options: plan.options,
        schema,
        fileSchema: plan.fileSchema,
        ...(fields.length === 0 ? {} : { fields: Object.fromEntries(fields) }),
        tasks: plan.tasks,
        ...(plan.everyTask ? { everyTask: true } : {}),
      }
      return fromSource(name, qualified(name, plan.output), [input])
    }
    case 'RowsScan': {
      const name = aliases.next('rows')
      return fromSource(name, qualified(name, plan.output), [{ kind: 'rows', name, schema: plan.schema, partitions: plan.partitions }])
    }
    case 'RangeScan': {
      const name = aliases.next('range')
      const { start, end, step, partitions } = plan
      const input: StageInput = { kind: 'range', name, start: String(start), end: String(end), step: String(step), partitions }
      return fromSource(name, new Map([[plan.output[0].id, `${name}.id`]]), [input])
    }
    case 'ValuesScan':
      return lowerValues(plan, aliases)
    default:
      return unreachable(plan)
  }
}

function lowerValues(plan: Extract<Physical, { kind: 'ValuesScan' }>, aliases: Aliases): SelectBlock {
  const nothing: Columns = new Map()
  const [first] = plan.rows
  if (first === undefined) {
    const items = plan.output.map(a => `${expressionSql({ kind: 'Literal', value: null, type: a.type }, nothing)} AS ${plainName(columnName(a))}`)
    const sql = `(SELECT ${items.length === 0 ? 'NULL AS nothing' : items.join(', ')} WHERE false) AS ${aliases.next('empty')}`
    return fromSource(sql, internalNames(plan.output), [])
  }
  if (plan.output.length === 0) {
    if (plan.rows.length === 1) return fromSource(undefined, nothing, [])
    return fromSource(`range(${plan.rows.length}) AS ${aliases.next('rows')}`, nothing, [])
  }
  const names = plan.output.map(a => plainName(columnName(a)))
  const rows = plan.rows.map(row => `(${row.map(e => expressionSql(e, nothing)).join(', ')})`)
  const list = rows.join(', ').length <= 100 ? rows.join(', ') : `\n  ${rows.join(',\n  ')}`
  return fromSource(`(VALUES ${list}) AS ${aliases.next('values')}(${names.join(', ')})`, internalNames(plan.output), [])
}

function qualified(table: string, output: readonly Attribute[]): Columns {
  return new Map(output.map(a => [a.id, `${table}.${quoteUnlessPlain(a.name)}`]))
}

/** After a table name keywords are fine, so only odd characters and capitals need quotes. */
function quoteUnlessPlain(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteName(name)
}

/** `customers` from `/data/customers.parquet` or `/data/customers/*.parquet`. */
function tableName(path: string): string {
  const parts = path.split('/').filter(p => p !== '' && !/[*?[{]/.test(p))
  const base = (parts[parts.length - 1] ?? 'files').replace(/\.[A-Za-z0-9.]+$/, '').toLowerCase()
  const name = base
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 30)
  return /^[a-z]/.test(name) ? name : `t_${name}`
}

const joinWords = {
  inner: 'JOIN',
  cross: 'CROSS JOIN',
  left: 'LEFT JOIN',
  full: 'FULL JOIN',
  semi: 'SEMI JOIN',
  anti: 'ANTI JOIN',
} as const

/** The columns of both sides. */
function idsOf({ probe, build }: PhysicalJoin): [Set<number>, Set<number>] {
  return [new Set(physicalOutput(probe).map(a => a.id)), new Set(physicalOutput(build).map(a => a.id))]
}

/** The condition of a sort-merge join, with ranges in place of equalities, by which DuckDB would hash; those it goes by first. */
function merged(plan: PhysicalJoin): BoundExpr | undefined {
  const { type, condition } = plan
  const conjuncts = conjunctsOf(condition)
  const key = conjuncts[mergeKey(type, condition, ...idsOf(plan)) ?? -1]
  if (key === undefined) throw new Error('bug in spk: a sort-merge join without a key to merge by')
  const ranges = (c: BoundExpr): BoundExpr[] => (c.kind === 'Call' && c.fn === '=' ? ['<=', '>='].map(fn => ({ ...c, fn })) : [c])
  return conjunction([...ranges(key), ...conjuncts.filter(c => c !== key).flatMap(ranges)])
}

/** A join that DuckDB must not merge, which it would on the same terms (see `merge-join.ts`). */
function hasOuterLoop(plan: Physical): boolean {
  if (plan.kind === 'Exchange') return false
  const own = plan.kind === 'Join' && plan.probeKeys.length === 0 && plan.type !== 'inner' && plan.type !== 'cross'
  return own || physicalChildren(plan).some(hasOuterLoop)
}

function hasMerge(plan: Physical): boolean {
  if (plan.kind === 'Exchange') return false
  return (plan.kind === 'Join' && plan.strategy === 'SortMergeJoin') || physicalChildren(plan).some(hasMerge)
}

function lowerJoin(plan: PhysicalJoin, read: ReadExchange, aliases: Aliases): readonly SelectBlock[] {
  const probes = lower(plan.probe, read, aliases)
  const build = one(lower(plan.build, read, aliases))
  const on = plan.condition && joinCondition(plan.type, plan.condition, ...idsOf(plan))
  if (isReduced(plan)) return probes.map(probe => reducedJoin(plan, on, probe, build, aliases))
  const right = asTable(build, physicalOutput(plan.build), aliases, 'right')
  return probes.map(probe => {
    const left = asTable(probe, physicalOutput(plan.probe), aliases)
    const columns = new Map([...left.columns, ...right.columns])
    const wanted = plan.strategy === 'SortMergeJoin' ? merged(plan) : on
    const condition = wanted === undefined ? undefined : conditionSql(wanted, columns)
    const type = condition === undefined && plan.type === 'inner' ? 'cross' : plan.type
    const words = type === 'cross' ? '' : ` ON ${condition === undefined ? 'true' : withoutParentheses(condition)}`
    return fromSource(`${left.sql}\n${joinWords[type]} ${right.sql}${words}`, columns, [...probe.inputs, ...build.inputs], true)
  })
}
