/** The planner as a session sees it: the pipeline with the session's settings, views and clock. */

import type { Clock } from '../core/clock.js'
import { Conf } from '../core/config.js'
import type { WriteTarget } from '../core/stage.js'
import type { Relation } from '../planner/logical.js'
import { parseExpression } from '../planner/parse/parse.js'
import { analyzeOnly, type PlannerEnvironment, planQuery, planWrite } from '../planner/pipeline.js'
import type { Plan } from '../planner/plan.js'
import type { SourcePort } from '../planner/ports.js'
import { planChildren } from '../planner/tree.js'
import type { PlanContext, PlannedQuery, QueryPlanner } from './services.js'
import { withoutSpans } from './without-spans.js'

function fileBytes(plan: Plan): number {
  const own = plan.kind === 'Scan' ? plan.files.reduce((sum, f) => sum + f.file.size, 0) : 0
  return planChildren(plan).reduce((sum, child) => sum + fileBytes(child), own)
}

export function queryPlanner(sources: SourcePort, clock: Clock): QueryPlanner {
  const environment = (context: PlanContext): PlannerEnvironment => ({
    sources,
    view: nameParts => context.view(nameParts),
    viewNames: () => context.viewNames(),
    parseExpression: text => withoutSpans(parseExpression(text, context.parseOptions)),
    conf: new Conf(context.conf),
    session: context.session,
    parallelism: context.parallelism,
    now: clock.now(),
    ...(context.text === undefined ? {} : { text: context.text }),
    log: text => context.log?.(text),
  })
  const plan = (relation: Relation, context: PlanContext, write?: WriteTarget) =>
    write === undefined ? planQuery(relation, environment(context)) : planWrite(relation, write, environment(context))
  return {
    schemaOf: async (relation, context) => (await analyzeOnly(relation, environment(context))).schema,
    measured: async (relation, context) => {
      const { plan: bound, schema } = await analyzeOnly(relation, environment(context))
      return { schema, bytes: fileBytes(bound) }
    },
    plan: async (relation, context, write): Promise<PlannedQuery> => {
      const planned = await plan(relation, context, write)
      const { graph, adapt, laidOut } = planned
      const first = planned.finalPlan()
      return {
        graph,
        physical: planned.explain('simple'),
        ...(adapt === undefined ? {} : { adapt }),
        ...(laidOut === undefined ? {} : { laidOut }),
        finalPlan() {
          const final = planned.finalPlan()
          return final === first ? undefined : final
        },
      }
    },
    explain: async (relation, context, mode) => (await planQuery(relation, environment(context))).explain(mode),
  }
}
