/**
 * From a relation to stages: the only file that knows all phases, and the only place where the order of rules is written. The SDK calls `planQuery`,
 * `planWrite` and `analyzeOnly`; each waits only for the description of files.
 */
import type { Conf } from '../core/config.js'
import { conf } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import type { Adapt, LaidOut, StageGraph, StageSpec, WriteTarget } from '../core/stage.js'
import { type StructType, typeString } from '../core/types.js'
import { type Replanner, replanner, waitingStages } from './adaptive/replan.js'
import { analyze } from './analyze/analyzer.js'
import { cardinality } from './cardinality.js'
import { codegenText, logicalText, parsedText, physicalText, statisticsText } from './explain.js'
import { formattedText } from './explain-formatted.js'
import type { Expr } from './expr.js'
import type { Relation } from './logical.js'
import { lowerFragments, stageSchema } from './lower/fragment.js'
import { columnName } from './lower/select-block.js'
import { isDeterministicStage, stageName } from './lower/stage-facts.js'
import { attachJoinHints } from './optimize/attach-join-hints.js'
import { collapseProjects } from './optimize/collapse-projects.js'
import { combineFilters } from './optimize/combine-filters.js'
import { combineUnions } from './optimize/combine-unions.js'
import { eliminateLimits } from './optimize/eliminate-limits.js'
import { eliminateOuterJoins } from './optimize/eliminate-outer-joins.js'
import { eliminateSorts } from './optimize/eliminate-sorts.js'
import { eliminateSubqueryAliases } from './optimize/eliminate-subquery-aliases.js'
import { foldConstants } from './optimize/fold-constants.js'
import { inferFiltersFromConstraints } from './optimize/infer-filters-from-constraints.js'
import { inferFiltersFromDisjunctions } from './optimize/infer-filters-from-disjunctions.js'
import { inferWindowGroupLimit } from './optimize/infer-window-group-limit.js'
import { injectFiltersBeforeExchanges, injectRuntimeFilters } from './optimize/inject-runtime-filters.js'
import { mergeGroupings } from './optimize/merge-groupings.js'
import { mergeScalarSubqueries } from './optimize/merge-scalar-subqueries.js'
import { narrowDecimals } from './optimize/narrow-decimals.js'
import { propagateConstants } from './optimize/propagate-constants.js'
import { propagateEmptyRelations } from './optimize/propagate-empty-relations.js'
import { propagateFoldables } from './optimize/propagate-foldables.js'
import { propagateNulls } from './optimize/propagate-nulls.js'
import { pruneColumns } from './optimize/prune-columns.js'
import { pruneFiles } from './optimize/prune-files.js'
import { pruneFilters } from './optimize/prune-filters.js'
import { pruneNestedColumns } from './optimize/prune-nested-columns.js'
import { pullOutJoinKeys } from './optimize/pull-out-join-keys.js'
import { pushFilterThroughAggregate } from './optimize/push-filter-through-aggregate.js'
import { pushFilterThroughGenerate } from './optimize/push-filter-through-generate.js'
import { pushFilterThroughJoin } from './optimize/push-filter-through-join.js'
import { pushFilterThroughProject } from './optimize/push-filter-through-project.js'
import { pushFilterThroughSort } from './optimize/push-filter-through-sort.js'
import { pushFilterThroughUnion } from './optimize/push-filter-through-union.js'
import { pushFilterThroughWindow } from './optimize/push-filter-through-window.js'
import { pushLimitDown } from './optimize/push-limit-down.js'
import { pushOffsetBelowProject } from './optimize/push-offset-below-project.js'
import { pushPartialAggregation } from './optimize/push-partial-aggregation.js'
import { pushSemiJoins } from './optimize/push-semi-joins.js'
import { removeLiteralGroups } from './optimize/remove-literal-groups.js'
import { removeRepeatedGroups } from './optimize/remove-repeated-groups.js'
import { reorderJoins } from './optimize/reorder-joins.js'
import { replaceConstantAggregates } from './optimize/replace-constant-aggregates.js'
import { replaceDistinctWithAggregate } from './optimize/replace-distinct-with-aggregate.js'
import { replaceSetOperations } from './optimize/replace-set-operations.js'
import { rewriteSubqueries } from './optimize/rewrite-subqueries.js'
import { type Batch, optimize, type Rule } from './optimize/rule.js'
import { simplifyBooleans } from './optimize/simplify-booleans.js'
import { simplifyCasts } from './optimize/simplify-casts.js'
import { updateNullability } from './optimize/update-nullability.js'
import { toPhysical } from './physical/planner.js'
import { type Physical, physicalOutput } from './physical-plan.js'
import type { Plan } from './plan.js'
import { planChangeText, type TraceEntry } from './plan-changes.js'
import type { SessionNames, SourcePort } from './ports.js'
import { estimate } from './size-bounds.js'
import { type CutPlan, cutStages } from './stages/cut.js'

/** Run to a fixpoint, and once more when filters were inferred. */
const operatorRules: readonly Rule[] = [
  // Filters go down as far as they can before they are combined: a combined filter moves through joins and aggregates by its conjuncts anyway.
  pushFilterThroughProject,
  pushFilterThroughAggregate,
  pushFilterThroughUnion,
  pushFilterThroughSort,
  pushFilterThroughWindow,
  pushFilterThroughGenerate,
  // Before filters pass joins: an inner join lets more of them through.
  eliminateOuterJoins,
  updateNullability,
  pushFilterThroughJoin,
  combineFilters,
  pushOffsetBelowProject,
  pushLimitDown,
  eliminateLimits,
  // A limit between two sorts keeps both: after limits have moved.
  eliminateSorts,
  propagateConstants,
  // Casts before constants: a folded literal needs no cast around it.
  simplifyCasts,
  propagateFoldables,
  foldConstants,
  propagateNulls,
  simplifyBooleans,
  removeLiteralGroups,
  removeRepeatedGroups,
  replaceConstantAggregates,
  // After folding, which is what makes a condition a literal.
  pruneFilters,
  propagateEmptyRelations,
  combineUnions,
  collapseProjects,
]

/** All optimizer rules, in order. */
export const optimizerBatches: readonly Batch[] = [
  {
    name: 'Finish Analysis',
    repeat: 'once',
    rules: [
      // Before everything: the other rules know nothing of plans inside expressions.
      rewriteSubqueries,
      // Hints early: they are looked for below aliases, and no other rule knows them.
      attachJoinHints,
      eliminateSubqueryAliases,
      combineUnions,
      // Before distinct is replaced, because it makes distincts.
      replaceSetOperations,
      replaceDistinctWithAggregate,
    ],
  },
  {
    name: 'Operator Optimization',
    repeat: 'fixpoint',
    rules: operatorRules,
  },
  // When conditions have found their joins, and constants are folded.
  { name: 'Infer Filters', repeat: 'once', rules: [inferFiltersFromDisjunctions, inferFiltersFromConstraints] },
  // When conditions lie on their relations, so that what differs between subqueries shows; before operators are optimized again, as conditions on what they give
  // must find their joins.
  { name: 'Merge Subqueries', repeat: 'once', rules: [mergeScalarSubqueries] },
  { name: 'Operator Optimization after Inferring Filters', repeat: 'fixpoint', rules: operatorRules },
  // After subqueries were merged, which widens what a scan gives by its files' columns; before what counts bytes and looks at footers by a column's name.
  { name: 'Nested Columns', repeat: 'once', rules: [pruneNestedColumns] },
  // When filters lie on scans.
  { name: 'Prune Files', repeat: 'fixpoint', rules: [pruneFiles, propagateEmptyRelations] },
  // When filters are below, which make a side small; before semi joins are pushed, which brings the new ones to their place.
  { name: 'Runtime Filters', repeat: 'once', rules: [injectRuntimeFilters] },
  // When filters are below, and before the search for a join order: a side that a semi join has made small is joined early.
  { name: 'Semi Joins', repeat: 'fixpoint', rules: [pushSemiJoins] },
  // Before the search for a join order, which counts the bytes of rows.
  { name: 'Early Column Pruning', repeat: 'once', rules: [pruneColumns] },
  // When every condition has found its join, and filters are below: what is left on the joins is what connects their inputs.
  { name: 'Join Reorder', repeat: 'once', rules: [reorderJoins] },
  // Only then it is known which sides of joins move.
  { name: 'Runtime Filters before Exchanges', repeat: 'once', rules: [injectFiltersBeforeExchanges] },
  // Before pruning, which then drops the columns that the keys were made of; after filters, which would move below the new columns and back.
  { name: 'Join Keys', repeat: 'once', rules: [pullOutJoinKeys] },
  // Once, after filters have found their place: it puts narrow projections above them, which pushing filters would move again.
  { name: 'Column Pruning', repeat: 'once', rules: [pruneColumns] },
  // When filters have found their place, and nothing comes between a window and what is below it any more.
  { name: 'Window Group Limits', repeat: 'once', rules: [inferWindowGroupLimit] },
  // When plans have their final form: it looks for the same one in several places.
  { name: 'Merge Groupings', repeat: 'once', rules: [mergeGroupings] },
  // When joins have their order and columns are pruned: partial groups are made of every column that is read above. After groupings are merged, as the merged
  // one is split for all.
  { name: 'Partial Aggregation', repeat: 'once', rules: [pushPartialAggregation] },
  // Pruning may have taken the only aggregate function from a list.
  { name: 'Clean Up', repeat: 'fixpoint', rules: [replaceConstantAggregates, collapseProjects] },
  // Last: other rules compare and move expressions by their declared types.
  { name: 'Decimals', repeat: 'once', rules: [narrowDecimals] },
]

/** What planning asks of its caller. */
export interface PlannerEnvironment {
  readonly sources: SourcePort
  /** A temp view by name (any case). */
  view(nameParts: readonly string[]): Relation | undefined
  /** Names of all temp views, for messages. */
  viewNames(): readonly string[]
  parseExpression(text: string): Expr
  readonly conf: Conf
  readonly session?: SessionNames
  /** Slots that the query can count on. */
  readonly parallelism: number
  /** Milliseconds since the epoch: the one current time of the query. */
  readonly now: number
  /** The SQL text that spans point into, when the relation came from one. */
  readonly text?: string
  /** Where `spark.sql.planChangeLog.level` writes. */
  log?(text: string): void
}

export type ExplainMode = 'simple' | 'extended' | 'formatted' | 'cost' | 'codegen'

export interface PlannedQuery {
  readonly schema: StructType
  readonly graph: StageGraph
  readonly analyzed: Plan
  readonly optimized: Plan
  readonly physical: Physical
  /** Every rule that changed the plan, in order. */
  readonly trace: readonly TraceEntry[]
  /** With adaptive execution: plans stages that have not started again, by the sizes of those that are complete. */
  readonly adapt?: Adapt
  /** With adaptive execution: to be told how stages share what they read, for `finalPlan`. */
  readonly laidOut?: LaidOut
  explain(mode?: ExplainMode): string
  /** The physical plan after what `adapt` has changed so far. */
  finalPlan(): string
}

/** The schema of a relation, without planning it. */
export async function analyzeOnly(
  relation: Relation,
  environment: PlannerEnvironment,
): Promise<{ readonly plan: Plan; readonly schema: StructType }> {
  return analyzed(relation, environment, idSource())
}

/** Plans a query whose last stage gives its rows to the driver. */
export function planQuery(relation: Relation, environment: PlannerEnvironment): Promise<PlannedQuery> {
  return plan(relation, environment, undefined)
}

/** Plans a query whose last stage writes. In files column names must be unique: `COLUMN_ALREADY_EXISTS`. */
export function planWrite(relation: Relation, write: WriteTarget, environment: PlannerEnvironment): Promise<PlannedQuery> {
  return plan(relation, environment, write)
}

function idSource(): () => number {
  let last = 0
  return () => ++last
}

function analyzed(relation: Relation, environment: PlannerEnvironment, nextId: () => number) {
  return analyze(relation, {
    sources: environment.sources,
    view: name => environment.view(name),
    viewNames: () => environment.viewNames(),
    parseExpression: text => environment.parseExpression(text),
    conf: environment.conf,
    now: environment.now,
    text: environment.text,
    session: environment.session ?? { schema: 'default', user: 'unknown', version: 'unknown' },
    nextId,
  })
}

async function plan(relation: Relation, environment: PlannerEnvironment, write: WriteTarget | undefined): Promise<PlannedQuery> {
  const nextId = idSource()
  const { plan: start, schema } = await analyzed(relation, environment, nextId)
  if (write?.kind === 'write') checkUniqueNames(schema, write.write.path)
  const trace: TraceEntry[] = []
  const optimized = optimize(start, optimizerBatches, { nextId, conf: environment.conf, parallelism: environment.parallelism }, entry =>
    trace.push(entry),
  )
  logChanges(trace, environment)
  const physical = toPhysical(optimized, { conf: environment.conf, parallelism: environment.parallelism, nextId }, write === undefined)
  const names = schema.fields.map(f => f.name)
  const cut = cutStages(
    physical,
    names,
    {
      fragments: lowerFragments,
      schema: below => stageSchema(physicalOutput(below)),
      columnName,
      passOn: (input, columns) => ({ inputs: [input], sql: `SELECT ${columns.fields.map(f => f.name).join(', ')}\nFROM ${input.name}` }),
      isDeterministic: isDeterministicStage,
      stageName,
    },
    write,
  )
  const { graph, adaptive } = adaptivePlan(physical, cut, environment.conf)
  return {
    schema,
    graph,
    analyzed: start,
    optimized,
    physical,
    trace,
    ...(adaptive === undefined ? {} : { laidOut: adaptive.laidOut }),
    ...(adaptive === undefined || (cut.graph.stages.length < 3 && !cut.graph.stages.some(reportsEnds)) ? {} : { adapt: adaptive.adapt }),
    explain: mode => explain(mode ?? 'simple', relation, start, optimized, physical, graph, schema),
    finalPlan: () => physicalText(adaptive?.plan() ?? physical),
  }
}

/** Whether what a stage finds prunes others, were it the only one below. */
function reportsEnds({ output }: StageSpec): boolean {
  return output.kind === 'broadcast' && output.ends !== undefined
}

/** `trace`, the default, is below what is ever shown. */
function logChanges(trace: readonly TraceEntry[], { conf: settings, log }: PlannerEnvironment): void {
  if (log === undefined || settings.get(conf.planChangeLevel).toLowerCase() === 'trace') return
  const names = (list: string | undefined) => list?.split(',').map(name => name.trim().replace(/^.*\./, ''))
  const [rules, batches] = [
    names(settings.optional(conf.planChangeRules)),
    settings
      .optional(conf.planChangeBatches)
      ?.split(',')
      .map(name => name.trim()),
  ]
  log(planChangeText(trace, { ...(rules === undefined ? {} : { rules }), ...(batches === undefined ? {} : { batches }) }))
}

/** One task reads so many times what is worth a task sooner than two stages do, one after the other. */
const oneTaskFactor = 2

/** With adaptive execution: what re-plans the stages, and which of them had better wait. */
function adaptivePlan(physical: Physical, cut: CutPlan, settings: Conf): { readonly graph: StageGraph; readonly adaptive?: Replanner } {
  if (!settings.get(conf.adaptiveEnabled) || cut.graph.stages.length < 2) return cut
  const broadcastBytes = settings.optional(conf.adaptiveBroadcastThreshold) ?? settings.get(conf.autoBroadcastJoinThreshold)
  const localRead = settings.get(conf.localShuffleReader)
  const gatherBytes = settings.get(conf.adaptiveCoalesce) ? settings.get(conf.adaptiveMinSize) * oneTaskFactor : -1
  const options = {
    ...cut,
    broadcastBytes,
    gatherBytes,
    localRead,
    keyFilterRows: settings.get(conf.adaptiveKeyFilterRows),
    skewLimit: { factor: settings.get(conf.skewedPartitionFactor), threshold: settings.get(conf.skewedPartitionThreshold) },
    nonEmptyRatio: settings.get(conf.nonEmptyPartitionRatio),
    localMapBytes: settings.get(conf.maxShuffledHashJoinLocalMapThreshold),
  }
  const after = waitingStages(options, id => cut.graph.stages[id]?.parents ?? [])
  const stages = cut.graph.stages.map(stage => {
    const first = after.get(stage.id)
    return first === undefined ? stage : { ...stage, after: first }
  })
  return { graph: { ...cut.graph, stages }, adaptive: replanner(physical, options) }
}

function checkUniqueNames(schema: StructType, path: string): void {
  const seen = new Set<string>()
  for (const { name } of schema.fields) {
    if (seen.has(name.toLowerCase())) {
      throw new SpkError(
        'COLUMN_ALREADY_EXISTS',
        `The column \`${name}\` already exists. Choose another name or rename the existing column before writing to ${path}.`,
        {
          sqlState: '42711',
        },
      )
    }
    seen.add(name.toLowerCase())
  }
}

function explain(
  mode: ExplainMode,
  relation: Relation,
  start: Plan,
  optimized: Plan,
  physical: Physical,
  graph: StageGraph,
  schema: StructType,
): string {
  const section = (title: string, text: string) => `== ${title} ==\n${text}`
  const statistics = (p: Plan) => statisticsText(estimate(p), cardinality(p)?.rows)
  const physicalSection = section('Physical Plan', physicalText(physical))
  switch (mode) {
    case 'simple':
      return physicalSection
    case 'extended':
      return [
        section('Parsed Logical Plan', parsedText(relation)),
        section('Analyzed Logical Plan', `${schema.fields.map(f => `${f.name}: ${typeString(f.type)}`).join(', ')}\n${logicalText(start)}`),
        section('Optimized Logical Plan', logicalText(optimized)),
        physicalSection,
      ].join('\n\n')
    case 'cost':
      return [section('Optimized Logical Plan', logicalText(optimized, statistics)), physicalSection].join('\n\n')
    case 'formatted':
      return section('Physical Plan', formattedText(physical, graph))
    case 'codegen':
      return codegenText(graph)
  }
}
