/** Random small queries: one to six stages, every kind of exchange, unions, broadcasts, a limit, a write, a global sort. */
import type { Fragment, StageGraph, StageInput, StageOutput, StageSpec } from '#src/core/stage.js'
import { field, struct, types } from '#src/core/types.js'
import { type Operation, packRows } from './rows.js'
import type { Seed } from './seed.js'

const schema = struct([field('v', types.long)])

export interface SimQuery {
  readonly graph: StageGraph
  /** The rows come in order. */
  readonly ordered: boolean
  /** LIMIT without order: any so many rows of the right ones. */
  readonly limit?: number
  /** Where it writes; undefined when it returns rows. */
  readonly path?: string
}

interface Made {
  readonly id: number
  readonly output: StageOutput
}

class GraphMaker {
  readonly stages: StageSpec[] = []
  readonly #seed: Seed

  constructor(seed: Seed) {
    this.#seed = seed
  }

  stage(name: string, fragments: readonly Fragment[], output: StageOutput, more: Partial<StageSpec> = {}): Made {
    const id = this.stages.length
    const parents = new Set(fragments.flatMap(f => f.inputs.flatMap(i => (i.kind === 'shuffle' || i.kind === 'broadcast' ? [i.stage] : []))))
    this.stages.push({ id, name, fragments, schema, output, parents: [...parents], deterministic: true, ...more })
    return { id, output }
  }

  fragment(op: Operation['op'], inputs: readonly StageInput[]): Fragment {
    const operation: Operation = { op, salt: this.#seed.int(1, 1_000_000) }
    return { inputs, sql: JSON.stringify(operation) }
  }

  leaf(name: string): StageInput {
    const seed = this.#seed
    const partitions = seed.int(1, 5)
    if (seed.chance(0.2)) {
      const rows = () => packRows(Array.from({ length: seed.int(0, 6) }, () => seed.uint32()))
      return { kind: 'rows', name, schema, partitions: Array.from({ length: partitions }, rows) }
    }
    const start = seed.int(0, 1000)
    return { kind: 'range', name, start: String(start), end: String(start + seed.int(0, 40)), step: '1', partitions }
  }

  /** An output that others can read partition by partition. */
  exchange(): StageOutput {
    const seed = this.#seed
    const partitions = seed.int(1, 6)
    const kind = seed.pick(['hash', 'hash', 'hash', 'roundRobin', 'single'] as const)
    if (kind === 'hash') return { kind, keys: ['v'], partitions }
    return kind === 'single' ? { kind } : { kind, partitions }
  }

  /** A fragment that reads what was made before, or a leaf. */
  reader(before: readonly Made[], broadcasts: readonly Made[]): Fragment {
    const seed = this.#seed
    const inputs: StageInput[] = []
    const source = before.length > 0 && seed.chance(0.85) ? seed.pick(before) : undefined
    if (source === undefined) inputs.push(this.leaf('t0'))
    else {
      const read = source.output.kind === 'single' ? 'all' : seed.pick(['partition', 'partition', 'partition', 'forward', 'all'] as const)
      inputs.push({ kind: 'shuffle', name: 't0', stage: source.id, schema, read })
      const alike = before.filter(
        b => b.id !== source.id && partitionsOf(b.output) === partitionsOf(source.output) && b.output.kind === source.output.kind,
      )
      if (read === 'partition' && alike.length > 0 && seed.chance(0.6))
        inputs.push({ kind: 'shuffle', name: 't1', stage: seed.pick(alike).id, schema, read })
    }
    if (broadcasts.length > 0 && seed.chance(0.6)) inputs.push({ kind: 'broadcast', name: 'b', stage: seed.pick(broadcasts).id, schema })
    return this.fragment(seed.chance(0.5) && this.#whole(inputs, before) ? 'group' : 'map', inputs)
  }

  /** What the last stage needs, numbered anew. */
  graph(): StageGraph {
    const needed = new Set([this.stages.length - 1])
    for (const stage of [...this.stages].reverse()) if (needed.has(stage.id)) for (const id of needs(stage)) needed.add(id)
    const kept = this.stages.filter(s => needed.has(s.id))
    const number = (id: number): number => kept.findIndex(s => s.id === id)
    const input = (i: StageInput): StageInput => (i.kind === 'shuffle' || i.kind === 'broadcast' ? { ...i, stage: number(i.stage) } : i)
    const stages = kept.map(stage => ({
      ...stage,
      id: number(stage.id),
      parents: stage.parents.map(number),
      fragments: stage.fragments.map(f => ({ ...f, inputs: f.inputs.map(input) })),
      output: stage.output.kind === 'range' ? { ...stage.output, sampleFrom: number(stage.output.sampleFrom) } : stage.output,
    }))
    return { stages, schema }
  }

  /** True when all rows of a key meet in one task. */
  #whole(inputs: readonly StageInput[], before: readonly Made[]): boolean {
    return inputs.every(input => {
      if (input.kind === 'broadcast') return true
      if (input.kind !== 'shuffle') return false
      return input.read === 'all' || (input.read === 'partition' && before.find(b => b.id === input.stage)?.output.kind === 'hash')
    })
  }
}

function needs(stage: StageSpec): readonly number[] {
  return stage.output.kind === 'range' ? [...stage.parents, stage.output.sampleFrom] : stage.parents
}

function partitionsOf(output: StageOutput): number {
  return output.kind === 'hash' || output.kind === 'roundRobin' ? output.partitions : 1
}

export function randomQuery(seed: Seed, path: string): SimQuery {
  const maker = new GraphMaker(seed)
  const made: Made[] = []
  const broadcasts: Made[] = []
  for (let n = seed.int(0, 4); n > 0; n--) {
    const fragments = [maker.reader(made, broadcasts)]
    if (seed.chance(0.15)) fragments.push(maker.reader(made, broadcasts))
    if (seed.chance(0.2)) broadcasts.push(maker.stage('broadcast', fragments, { kind: 'broadcast' }))
    else made.push(maker.stage('exchange', fragments, maker.exchange()))
  }
  if (seed.chance(0.2)) return sorted(maker, made, broadcasts)
  const fragments = [maker.reader(made, broadcasts)]
  if (seed.chance(0.2)) {
    maker.stage('write', fragments, { kind: 'write', write: { format: 'parquet', path, options: {} } })
    return { graph: maker.graph(), ordered: false, path }
  }
  const limit = seed.chance(0.15) ? seed.int(0, 20) : undefined
  maker.stage('result', fragments, { kind: 'result' }, limit === undefined ? {} : { rowLimit: limit })
  return { graph: maker.graph(), ordered: false, ...(limit === undefined ? {} : { limit }) }
}

/** A global ORDER BY: what is sorted is made, sampled, cut into ranges, and each range sorted. */
function sorted(maker: GraphMaker, made: Made[], broadcasts: readonly Made[]): SimQuery {
  const keys = [{ column: 'v', ascending: true, nullsFirst: true }]
  const source = maker.stage('to sort', [maker.reader(made, broadcasts)], { kind: 'roundRobin', partitions: 2 })
  const read = (): StageInput => ({ kind: 'shuffle', name: 't0', stage: source.id, schema, read: 'forward' })
  const sample = maker.stage('sample', [maker.fragment('map', [read()])], { kind: 'single', sample: { keys, size: 8 } })
  const ranges = maker.stage('ranges', [maker.fragment('sort', [read()])], { kind: 'range', keys, partitions: 3, sampleFrom: sample.id })
  maker.stage('sorted', [maker.fragment('sort', [{ kind: 'shuffle', name: 't0', stage: ranges.id, schema, read: 'partition' }])], { kind: 'result' })
  return { graph: maker.graph(), ordered: true }
}
