/** `spk node`: runs one role in the foreground until a signal ends it. What is asked for is decided in `node-plan.ts`. */
import { resolve } from 'node:path'
import { formatSize } from '../core/bytes.js'
import type { Parsed } from './arguments.js'
import { nodeLogger } from './command-log.js'
import { exitCodes } from './exit-codes.js'
import { hostCores, hostMemory } from './host.js'
import type { NodeOptions, RunningNode } from './node-options.js'
import { type NodePlan, nodePlan } from './node-plan.js'
import { onSignals } from './signals.js'

/** Runs until the role ends; resolves with the process's exit code. */
export async function node(flags: Parsed): Promise<number> {
  const plan = nodePlan(flags, process.env, process.cwd(), { cores: hostCores(), memory: hostMemory() })
  const log = nodeLogger()
  for (const warning of plan.conf.warnings()) log.warn(warning)

  // The signal may come while the role still starts.
  let stopReason: string | undefined
  let running: RunningNode | undefined
  onSignals(reason => {
    stopReason = reason
    void running?.stop(reason)
  })
  running = await start(plan, { ...plan, log })
  const { memory, ...facts } = running.facts
  log.info(
    { role: plan.role, id: running.id, ...facts, ...(typeof memory === 'number' ? { memory: formatSize(memory) } : {}), cluster: plan.cluster },
    `${plan.role} started`,
  )
  if (stopReason !== undefined) void running.stop(stopReason)
  const { reason, failed } = await running.ended
  log[failed ? 'error' : 'info']({ reason }, `${plan.role} stopped`)
  return failed ? exitCodes.failed : exitCodes.done
}

async function start(plan: NodePlan, options: NodeOptions): Promise<RunningNode> {
  if (plan.role === 'master') return (await import('./master.js')).runMaster(options)
  const { runWorker } = await import('./worker.js')
  return runWorker({ ...plan, ...options, workDir: resolve(plan.workDir) })
}
