/**
 * The analyzer: from an unresolved relation to a plan in which every name is an attribute and every type is known, or to one error that names the node
 * and the candidates. Files are described first (the only waiting there is), all else is pure.
 */
import type { Conf } from '../../core/config.js'
import { conf } from '../../core/config-table.js'
import { processTimeZone } from '../../core/datetime.js'
import { unreachable } from '../../core/errors.js'
import type { StructType } from '../../core/types.js'
import type { Expr } from '../expr.js'
import type { Relation } from '../logical.js'
import type { Plan } from '../plan.js'
import type { SessionNames, SourcePort } from '../ports.js'
import { bindAggregate, filterAbove } from './aggregate.js'
import { bindDeduplicate, bindDrop, bindProject, bindRenamed, bindSubqueryAlias, bindToDF, bindWithColumns } from './columns.js'
import { type AnalyzerContext, unsupported } from './context.js'
import { bindLateralView } from './generators.js'
import { bindHint } from './hint.js'
import { bindJoin } from './join.js'
import { bindInlineTable, bindLocalRelation, bindNamedRelation, bindRange, bindReadFiles, bindTableFunction, schemaOf } from './leaves.js'
import { bindPivot, bindUnpivot } from './pivot.js'
import { bindLimit, bindOffset, bindRepartition, bindWithCte } from './query-parts.js'
import { bindSample } from './sample.js'
import { type Scoped, scoped, trimmed } from './scope.js'
import { bindSetOperation } from './set-operation.js'
import { bindQualify, bindSort } from './sort.js'
import { describeSources } from './sources.js'
import { withDefinitions } from './window.js'

/** What the analyzer asks of its caller. */
export interface AnalyzerEnvironment {
  readonly sources: SourcePort
  view(nameParts: readonly string[]): Relation | undefined
  viewNames(): readonly string[]
  parseExpression(text: string): Expr
  readonly conf: Conf
  /** The query's one current time, milliseconds since the epoch. */
  readonly now: number
  readonly text: string | undefined
  readonly session: SessionNames
  /** Fresh ids, shared with the later phases. */
  nextId(): number
}

export interface Analyzed {
  /** Its output is exactly the result's columns. */
  readonly plan: Plan
  readonly schema: StructType
}

/** Session time zone: the option, else the process's. */
export function sessionTimeZone(settings: Conf): string {
  return settings.optional(conf.sessionTimeZone) ?? processTimeZone()
}

/** Resolves a relation. Errors are `SpkError`s with Spark's conditions. */
export async function analyze(relation: Relation, environment: AnalyzerEnvironment): Promise<Analyzed> {
  const source = await describeSources(relation, environment)
  const ansi = environment.conf.get(conf.ansiEnabled)
  const context: AnalyzerContext = {
    caseSensitive: environment.conf.get(conf.caseSensitive),
    ansi,
    precisionLoss: environment.conf.get(conf.decimalPrecisionLoss),
    castMode: ansi ? 'ansi' : 'legacy',
    now: BigInt(Math.floor(environment.now * 1000)),
    timeZone: sessionTimeZone(environment.conf),
    timestampNtz: environment.conf.get(conf.timestampType).toUpperCase() === 'TIMESTAMP_NTZ',
    text: environment.text,
    session: environment.session,
    ctes: new Map(),
    windows: new Map(),
    outer: [],
    openViews: new Set(),
    dataFrames: new Map(),
    depth: 0,
    nextId: () => environment.nextId(),
    view: nameParts => environment.view(nameParts),
    viewNames: () => environment.viewNames(),
    parseExpression: text => environment.parseExpression(text),
    source,
    resolve: resolveAndRemember,
  }
  const result = resolveAndRemember(relation, context)
  return { plan: trimmed(result), schema: schemaOf(result) }
}

function resolveAndRemember(relation: Relation, context: AnalyzerContext): Scoped {
  const result = resolveRelation(relation, { ...context, depth: context.depth + 1 })
  if (relation.planId !== undefined) {
    const ids = context.dataFrames.get(relation.planId) ?? new Map<number, number>()
    for (const a of result.visible) ids.set(a.id, Math.min(context.depth, ids.get(a.id) ?? context.depth))
    context.dataFrames.set(relation.planId, ids)
  }
  return result
}

function resolveRelation(relation: Relation, context: AnalyzerContext): Scoped {
  switch (relation.kind) {
    case 'ReadFiles':
      return bindReadFiles(relation, context)
    case 'UnresolvedRelation':
      return bindNamedRelation(relation, context)
    case 'LocalRelation':
      return bindLocalRelation(relation, context)
    case 'InlineTable':
      return bindInlineTable(relation, context)
    case 'OneRowRelation':
      return scoped({ kind: 'Values', rows: [[]], output: [] })
    case 'Range':
      return bindRange(relation.start, relation.end, relation.step, relation.numPartitions, context)
    case 'UnresolvedTableValuedFunction':
      return bindTableFunction(relation, context)
    case 'Project':
      return bindProject(relation, context)
    case 'Filter':
      return filterAbove(context.resolve(relation.input, context), relation.condition, context)
    case 'Join':
      return bindJoin(relation, context)
    case 'Aggregate':
      return bindAggregate(relation, context)
    case 'Sort':
      return bindSort(relation, context)
    case 'Limit':
      return bindLimit(relation, context)
    case 'Offset':
      return bindOffset(relation, context)
    case 'Deduplicate':
      return bindDeduplicate(relation, context)
    case 'SetOperation':
      return bindSetOperation(relation, context)
    case 'SubqueryAlias':
      return bindSubqueryAlias(relation, context)
    case 'WithColumns':
      return bindWithColumns(relation, context)
    case 'WithColumnsRenamed':
      return bindRenamed(relation, context)
    case 'Drop':
      return bindDrop(relation, context)
    case 'ToDF':
      return bindToDF(relation, context)
    case 'Repartition':
      return bindRepartition(relation, context)
    case 'WithCTE':
      return bindWithCte(relation, context)
    case 'Hint':
      return bindHint(relation, context)
    case 'Generate':
      return bindLateralView(relation, context)
    case 'WithWindowDefinition':
      return context.resolve(relation.input, withDefinitions(relation, context))
    case 'Qualify':
      return bindQualify(relation, context)
    case 'Pivot':
      return bindPivot(relation, context)
    case 'Unpivot':
      return bindUnpivot(relation, context)
    case 'ScriptTransform':
      throw unsupported(context, relation, 'TRANSFORM', 'SELECT TRANSFORM')
    case 'Sample':
      return bindSample(relation, context)
    default:
      return unreachable(relation)
  }
}
