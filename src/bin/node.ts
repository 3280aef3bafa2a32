/** `spk node`: runs one role in the foreground until a signal ends it. What is asked for is decided in `node-plan.ts`. */
import { resolve } from 'node:path'
import { formatSize } from '../core/bytes.js'
import type { Parsed } from './arguments.js'
import { nodeLogger } from './command-log.js'
import { exitCodes } from './exit-codes.js'
import { hostCores, hostMemory } from './host.js'
import { EXIT_WITH_PARENT, type NodeStarted } from './local-process.js'
import type { NodeOptions, RunningNode } from './node-options.js'
import { type NodePlan, nodePlan } from './node-plan.js'
import { onSignals } from './signals.js'

/** Runs until the role ends; resolves with the process's exit code. */
export async function node(flags: Parsed): Promise<number> {
  const plan = nodePlan(flags, process.env, process.cwd(), { cores: hostCores(), memory: hostMemory() })
  const log = nodeLogger()
  for (const warning of plan.conf.warnings()) log.warn(warning)

  const withParent = process.env[EXIT_WITH_PARENT] === '1'
  delete process.env[EXIT_WITH_PARENT]
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
  if (process.connected) {
    if (withParent) process.once('disconnect', () => void running?.stop('its parent is gone'))
    const facts = { id: running.id, ...running.facts }
    const started: NodeStarted = { kind: 'started', facts: Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, String(value)])) }
    process.send?.(started)
  } else if (withParent) void running.stop('its parent is gone')
  if (stopReason !== undefined) void running.stop(stopReason)
  const { reason, failed } = await running.ended
  log[failed ? 'error' : 'info']({ reason }, `${plan.role} stopped`)
  // An open channel would keep the process alive.
  if (process.connected) process.disconnect()
  return failed ? exitCodes.failed : exitCodes.done
}

async function start(plan: NodePlan, options: NodeOptions): Promise<RunningNode> {
  if (plan.role === 'master') return (await import('./master.js')).runMaster(options)
  const { runWorker } = await import('./worker.js')
  return runWorker({ ...plan, ...options, workDir: resolve(plan.workDir) })
}
