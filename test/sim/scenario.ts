/** What a seed stands for: how big the cluster is, what runs on it, what goes wrong and when. Drawn whole before anything runs. */
import { type Fault, pickScript, planFaults } from './faults.js'
import type { Seed } from './seed.js'
import type { TaskFaults } from './tasks.js'

export interface Scenario {
  readonly script: string
  /** The network is to leave the script's own danger room. */
  readonly gently: boolean
  readonly masters: number
  readonly workers: readonly { readonly cores: number; readonly memory: number }[]
  readonly conf: Readonly<Record<string, string>>
  readonly applications: readonly ApplicationPlan[]
  readonly faults: readonly Fault[]
  readonly tasks: TaskFaults
  /** When the last fault ends, and everything that is to live lives again. */
  readonly healAt: number
}

export interface ApplicationPlan {
  /** Of the driver in client mode; of whoever submits in cluster mode. */
  readonly node: string
  /** Absent: client mode. Else a worker runs it. */
  readonly cluster?: {
    readonly supervise: boolean
    /** So many runs end half-way with exit code 1. */
    readonly failures: number
  }
  readonly startAt: number
  readonly coresMax: number | undefined
  readonly executorCores: number | undefined
  /** One after the other, or all at once. */
  readonly jobs: number
  /** Until this virtual time more jobs follow, with pauses between them. */
  readonly busyUntil: number
  readonly together: boolean
}

const FIRST_FAULT_MS = 300

export function drawScenario(seed: Seed): Scenario {
  const shape = seed.fork('shape')
  const script = pickScript(seed.fork('script'))
  const masters = shape.int(2, 3)
  const workers = Array.from({ length: shape.int(1, 4) }, () => ({ cores: shape.int(1, 4), memory: shape.int(2, 6) }))
  const healAt = shape.between(script.gently ? 14_000 : 4000, 30_000)
  const count = shape.pick([1, 1, 2, 3])
  // A driver on a worker takes a core, and must leave one for executors when all of them run.
  const room = workers.reduce((sum, { cores, memory }) => sum + Math.min(cores, memory), 0)
  const byCluster = script.submitted === true || shape.chance(0.35)
  const applications = Array.from({ length: count }, (_, i): ApplicationPlan => {
    const submitted = byCluster && room > count && shape.chance(0.7)
    const supervise = shape.chance(0.7)
    return {
      node: submitted ? `s${i}` : `d${i}`,
      ...(submitted ? { cluster: { supervise, failures: supervise ? shape.pick([0, 0, 1, 2]) : 0 } } : {}),
      startAt: shape.between(0, script.busy || shape.chance(0.5) ? 3000 : healAt),
      coresMax: script.spare ? shape.int(1, 2) : shape.chance(0.5) ? shape.int(1, 8) : undefined,
      executorCores: shape.chance(0.5) ? 1 : undefined,
      jobs: shape.int(1, 6),
      busyUntil: script.busy ? healAt : shape.chance(0.4) ? healAt * shape.between(0.3, 1) : 0,
      together: shape.chance(0.3),
    }
  })
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
  const nodes = [...names('m', masters), ...names('w', workers.length)]
  // From jobs that are over before anything happens to ones that see several faults.
  const longest = shape.pick(script.longest)
  return {
    script: script.name,
    gently: script.gently,
    masters,
    workers,
    // Of an executor that has gone silent the driver may learn late, or by other means long before.
    conf: shape.chance(0.7) ? { 'spark.network.timeout': '20s' } : {},
    applications,
    tasks: {
      exception: shape.chance(0.3) ? 0.05 : 0,
      bigResult: shape.chance(0.4) ? 0.5 : 0,
      shortest: 5,
      longest,
      hurryAt: healAt,
    },
    faults: planFaults(script, seed.fork('faults'), {
      nodes,
      executors: true,
      hosts: [...nodes, ...applications.filter(a => a.cluster === undefined).map(a => a.node)],
      drivers: applications.filter(a => a.cluster === undefined).map(a => a.node),
      submitted: applications.some(a => a.cluster !== undefined),
      from: FIRST_FAULT_MS,
      healAt,
      most: shape.pick([3, 10, 25]),
    }),
    healAt,
  }
}
