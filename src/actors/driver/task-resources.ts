/**
 * Named resources of tasks (`spark.task.resource.gpu.amount`): which addresses of its executor each task may use, never the same for two at a time. They
 * also bound how many tasks an executor runs. Without such settings tasks get none, as in Spark.
 */
import { SpkError } from '../../core/errors.js'
import type { Resources } from '../../protocol/common.js'

export class TaskResources {
  readonly #amounts: readonly (readonly [name: string, amount: number])[]
  /** Per task: its executor and what it holds. */
  readonly #lent = new Map<number, { readonly executorId: string; readonly resources: Resources }>()

  /** `settings` are the keys below `spark.task.resource.`. Amounts are whole numbers: an address belongs to one task. */
  constructor(settings: Readonly<Record<string, string>>) {
    this.#amounts = Object.entries(settings)
      .filter(([key]) => key.endsWith('.amount'))
      .map(([key, text]) => {
        const amount = Number(text)
        if (!Number.isInteger(amount) || amount < 1) {
          throw new SpkError('SPK_BAD_CONFIG_VALUE', `spark.task.resource.${key}: "${text}" is not a whole number of at least 1.`)
        }
        return [key.slice(0, -'.amount'.length), amount] as const
      })
  }

  /** How many more tasks the executor's resources allow. */
  room(executorId: string, all: Resources): number {
    let room = Number.POSITIVE_INFINITY
    for (const [name, amount] of this.#amounts) room = Math.min(room, Math.floor(this.#free(executorId, name, all).length / amount))
    return room
  }

  lend(executorId: string, taskId: number, all: Resources): Resources {
    if (this.#amounts.length === 0) return {}
    const resources = Object.fromEntries(this.#amounts.map(([name, amount]) => [name, this.#free(executorId, name, all).slice(0, amount)]))
    this.#lent.set(taskId, { executorId, resources })
    return resources
  }

  giveBack(taskId: number): void {
    this.#lent.delete(taskId)
  }

  #free(executorId: string, name: string, all: Resources): string[] {
    const held = new Set<string>()
    for (const one of this.#lent.values()) if (one.executorId === executorId) for (const address of one.resources[name] ?? []) held.add(address)
    return (all[name] ?? []).filter(address => !held.has(address))
  }
}
