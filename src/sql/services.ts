/** What a session needs of the rest of spk. The SDK makes it; tests give their own. */
import type { ClusterHandle } from '../actors/driver/handle.js'
import type { Adapt, LaidOut, StageGraph, WriteTarget } from '../core/stage.js'
import type { StructType } from '../core/types.js'
import type { Relation } from '../planner/logical.js'
import type { ParseOptions } from '../planner/parse/options.js'
import type { SessionNames } from '../planner/ports.js'

/** What a plan's meaning depends on besides the plan. */
export interface PlanContext {
  readonly conf: Readonly<Record<string, string>>
  /** Temp views: the plan of a name, or undefined. */
  view(nameParts: readonly string[]): Relation | undefined
  viewNames(): readonly string[]
  readonly session: SessionNames
  /** Slots that the query can count on. */
  readonly parallelism: number
  /** How SQL texts within the plan are read. */
  readonly parseOptions: ParseOptions
  /** The SQL text that spans in the plan point into. */
  readonly text?: string
  /** Takes what the planner has to say besides. */
  log?(text: string): void
}

export interface PlannedQuery {
  readonly graph: StageGraph
  /** The physical plan as text. */
  readonly physical: string
  readonly adapt?: Adapt
  readonly laidOut?: LaidOut
  /** The plan that was run, as text, when it was changed on the way. */
  finalPlan(): string | undefined
}

/** What planning alone can explain. */
export type PlanExplainMode = 'simple' | 'extended' | 'formatted' | 'cost' | 'codegen'
/** `analyze`: runs the query, too, and says what it took. */
export type ExplainMode = PlanExplainMode | 'analyze'

export interface QueryPlanner {
  /** Output columns of a plan. */
  schemaOf(plan: Relation, context: PlanContext): Promise<StructType>
  /** Output columns of a plan, and the bytes of all files that it reads. */
  measured(plan: Relation, context: PlanContext): Promise<{ readonly schema: StructType; readonly bytes: number }>
  /** Stages of a plan; with `write`, its rows go there. */
  plan(plan: Relation, context: PlanContext, write?: WriteTarget): Promise<PlannedQuery>
  explain(plan: Relation, context: PlanContext, mode: PlanExplainMode): Promise<string>
}

/** Where text of `show()`, `printSchema()` and `explain()` goes, and where progress bars are drawn. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  readonly errIsTerminal: boolean
  readonly errColumns: number
}

export interface SessionServices {
  readonly cluster: ClusterHandle
  readonly planner: QueryPlanner
  readonly terminal: Terminal
  /** Folder for the files of this session's managed tables; made when first asked for, gone when the session stops. */
  warehouse(): string
  readonly version: string
}
