/**
 * Runs a StageGraph as the driver would on a bad day: stages start in any order that their parents allow, end while others run, and lose what they wrote at
 * any moment, once or twice, after which it is made again when something still needs it. Adaptive execution is asked after each end, as by the driver's job
 * machine (`job-decide.ts`): what has started keeps its plan; what nobody needs any more is dropped, and must never be needed again.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Adapt, StageGraph, StageSize } from '#src/core/stage.js'
import type { Random } from '../fuzz/random.js'
import { type GraphOptions, needs, runStage, stageTable } from './run-graph.js'

export interface LosingRun {
  readonly rows: readonly (readonly string[])[]
  /** What happened, in order: `start 1`, `end 1`, `lose 1`, `drop 2`, `replan 3`. */
  readonly log: readonly string[]
}

type State = 'idle' | 'running' | 'paused' | 'complete' | 'dropped'

export async function runGraphLosing(
  connection: DuckDBConnection,
  graph: StageGraph,
  random: Random,
  losses: number,
  { adapt, cut }: { readonly adapt?: Adapt } & Pick<GraphOptions, 'cut'>,
): Promise<LosingRun> {
  const specs = [...graph.stages]
  const last = specs.length - 1
  const states: State[] = specs.map(() => 'idle')
  const sizes = new Map<number, StageSize>()
  const maps: number[] = []
  const log: string[] = []
  let left = losses
  const wanted = (): Set<number> => {
    const found = new Set<number>()
    const want = (id: number): void => {
      const spec = specs[id]
      if (spec === undefined || states[id] === 'complete' || found.has(id)) return
      if (states[id] === 'dropped') throw new Error(`stage ${id} is needed, which was dropped: ${log.join(', ')}`)
      found.add(id)
      for (const parent of needs(spec)) want(parent)
    }
    want(last)
    return found
  }
  for (;;) {
    const now = wanted()
    const ready = (id: number) => needs(specs[id] as (typeof specs)[number]).every(parent => states[parent] === 'complete')
    const starts = [...now].filter(id => states[id] === 'idle' && ready(id) && !(specs[id]?.after ?? []).some(first => now.has(first)))
    const ends = [...now].filter(id => (states[id] === 'running' || states[id] === 'paused') && ready(id))
    const losable = left > 0 ? specs.flatMap((_, id) => (states[id] === 'complete' && id !== last ? [id] : [])) : []
    const moves = [
      ...starts.map(id => ({ kind: 'start' as const, id })),
      ...ends.map(id => ({ kind: 'end' as const, id })),
      ...(random.chance(0.5) ? losable.map(id => ({ kind: 'lose' as const, id })) : []),
    ]
    if (moves.length === 0) throw new Error(`stages ${[...now].join(', ')} wait for each other: ${log.join(', ')}`)
    const move = random.one(moves)
    log.push(`${move.kind} ${move.id}`)
    if (move.kind === 'start') states[move.id] = 'running'
    if (move.kind === 'lose') {
      left--
      states[move.id] = 'paused'
      sizes.delete(move.id)
      // Who reads it all the same gets nothing.
      await connection.run(`DELETE FROM ${stageTable(move.id)}`)
    }
    if (move.kind !== 'end') continue
    const { rows, tasks, size } = await runStage(connection, specs[move.id] as (typeof specs)[number], specs, maps, cut === undefined ? {} : { cut })
    maps[move.id] = tasks
    sizes.set(move.id, size)
    states[move.id] = 'complete'
    if (move.id === last) return { rows, log }
    const before = wanted()
    for (const spec of adapt?.(sizes, new Set(states.flatMap((state, id) => (state === 'idle' ? [] : [id])))) ?? []) {
      if (states[spec.id] !== 'idle') throw new Error(`stage ${spec.id} has another plan, and has started: ${log.join(', ')}`)
      log.push(`replan ${spec.id}`)
      specs[spec.id] = { ...spec, after: specs[spec.id]?.after ?? [] }
    }
    const after = wanted()
    for (const id of before) {
      if (after.has(id) || (states[id] !== 'running' && states[id] !== 'paused')) continue
      states[id] = 'dropped'
      log.push(`drop ${id}`)
    }
  }
}
