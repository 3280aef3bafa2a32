/**
 * A program in cluster mode, seen by whoever submits it: the driver is submitted until a master has taken it, and, once all faults are over, watched to its
 * end. A supervised one must come to a good end, however often it failed or its worker was lost.
 */

import { delay } from '#src/core/clock.js'
import { RequestDriverStatus, RequestSubmitDriver } from '#src/protocol/submission.js'
import { decodeReply, encode, type Message, type Static, type TSchema } from '#src/protocol/wire.js'
import type { Life, SimNode } from './node.js'
import type { Program, Stage } from './program.js'
import type { ApplicationPlan } from './scenario.js'

const ASK_MS = 1000
const AGAIN_MS = 400
const WATCH_MS = 1000
/** Longer than a lost store takes to be rebuilt: a driver that runs is known again by then. */
const FORGOTTEN_MS = 15_000

export class Submission {
  readonly plan: ApplicationPlan
  readonly driverId: string
  /** One per launch by a worker. */
  readonly runs: Program[] = []
  ended = false
  readonly #stage: Stage

  constructor(stage: Stage, plan: ApplicationPlan) {
    this.#stage = stage
    this.plan = plan
    this.driverId = `driver-${plan.node}`
  }

  /** From submission to the end. */
  async follow(node: SimNode): Promise<void> {
    const { world, scenario } = this.#stage
    const life = node.start()
    const supervise = this.plan.cluster?.supervise === true
    const ask = this.#asker(node, life)
    const description = { script: '/program.js', args: [], env: {}, conf: {}, cores: 1, memory: 1, supervise, name: this.plan.node }
    await ask(RequestSubmitDriver, { driverId: this.driverId, description })
    await delay(life.clock, Math.max(0, scenario.healAt - world.scheduler.time))
    for (let unknown = 0; ; ) {
      const { found, state } = await ask(RequestDriverStatus, { driverId: this.driverId })
      unknown = found ? 0 : unknown + WATCH_MS
      if (unknown > FORGOTTEN_MS || state === 'FINISHED' || state === 'FAILED' || state === 'ERROR' || state === 'KILLED') {
        this.#judge(found ? String(state) : 'forgotten')
        this.ended = true
        return
      }
      await delay(life.clock, WATCH_MS)
    }
  }

  waiting(): string[] {
    return this.ended ? [] : [`driver ${this.driverId}`, ...this.runs.flatMap(run => (run.node.alive ? run.waiting() : []))]
  }

  #judge(end: string): void {
    const { world, scenario } = this.#stage
    world.counts.add(`submitted drivers ended: ${end}`)
    if (end === 'FINISHED') {
      if (!this.runs.some(run => run.ended))
        world.violate('driver finished early', `${this.driverId} is FINISHED, and no run of it has ended its jobs`)
      return
    }
    // A lost store may take a driver along that no worker runs yet, and what a supervised one was when it lay there.
    if (scenario.faults.some(fault => fault.kind === 'storeLost')) return
    if (end === 'forgotten' || this.plan.cluster?.supervise === true || (scenario.faults.length === 0 && world.endurable))
      world.violate('driver given up', `${this.driverId} ${this.plan.cluster?.supervise ? '(supervised) ' : ''}ended as ${end}`)
  }

  /** Asks the leading master until it answers. */
  #asker(node: SimNode, life: Life) {
    const { world, cluster } = this.#stage
    const transport = world.net.connect(node, life)
    return async <S extends TSchema, R extends TSchema>(message: Message<S, R>, body: Static<S>): Promise<Static<R>> => {
      for (;;) {
        try {
          const answer = await transport.request(cluster.names.master(message.name), encode(message, body), { timeoutMs: ASK_MS })
          return decodeReply(message, answer)
        } catch {
          await delay(life.clock, AGAIN_MS)
        }
      }
    }
  }
}
