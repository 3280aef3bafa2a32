/** A session over no cluster: what it plans and runs is kept for the test to look at. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterHandle, JobResult, RunOptions, StageSummary } from '#src/actors/driver/handle.js'
import type { Batch } from '#src/core/batch.js'
import type { StageGraph, WriteTarget } from '#src/core/stage.js'
import { type StructType, struct } from '#src/core/types.js'
import type { Relation } from '#src/planner/logical.js'
import type { PlanContext, QueryPlanner, Terminal } from '#src/sql/services.js'
import { SparkSession } from '#src/sql/session.js'

export class TestTerminal implements Terminal {
  printed = ''
  errors = ''
  errIsTerminal = false
  errColumns = 80
  out(text: string): void {
    this.printed += text
  }
  err(text: string): void {
    this.errors += text
  }
}

export interface TestSession {
  readonly spark: SparkSession
  readonly terminal: TestTerminal
  /** Plans given to the planner, newest last. */
  readonly plans: { readonly plan: Relation; readonly context: PlanContext; readonly write?: WriteTarget }[]
  readonly runs: RunOptions[]
  /** Called for each run: gives its batches, or fails. */
  onRun: (options: RunOptions) => Batch[]
  schema: StructType
}

export function testSession(settings: Readonly<Record<string, string>> = {}): TestSession {
  const terminal = new TestTerminal()
  const plans: TestSession['plans'] = []
  const runs: RunOptions[] = []
  const planner: QueryPlanner = {
    schemaOf: async () => state.schema,
    measured: async () => ({ schema: state.schema, bytes: 0 }),
    plan: async (plan, context, write) => {
      plans.push(write === undefined ? { plan, context } : { plan, context, write })
      const graph: StageGraph = { stages: [], schema: state.schema }
      return { graph, physical: 'the plan', finalPlan: () => undefined }
    },
    explain: async (plan, _, mode) => `${mode} ${plan.kind}`,
  }
  const cluster: ClusterHandle = {
    appId: 'app-1',
    defaultParallelism: () => 2,
    run: async (_, options): Promise<JobResult> => {
      runs.push(options)
      const batches = state.onRun(options)
      const stages: StageSummary[] = []
      return { job: 0, stages, ipc: [], batches: () => batches, files: [] }
    },
    stop: async () => {},
  }
  const spark = new SparkSession(
    { cluster, planner, terminal, version: '0.0.0', warehouse: () => mkdtempSync(join(tmpdir(), 'spk-warehouse-test-')) },
    settings,
  )
  const state: TestSession = { spark, terminal, plans, runs, onRun: () => [], schema: struct([]) }
  return state
}
