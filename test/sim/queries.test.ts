/** The simulator's own right answers, checked without a cluster: a graph run task by task on one runner gives what the whole-dataset definition says. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { must } from '#src/core/errors.js'
import type { StageSpec } from '#src/core/stage.js'
import type { PlanInput, StagePlan } from '#src/protocol/stage-plan.js'
import type { TaskInput, TaskOutput } from '#src/protocol/tasks.js'
import { Disks, Outputs } from './files.js'
import { randomQuery, type SimQuery } from './graphs.js'
import { type Row, rightAnswer, unpackRows } from './rows.js'
import { Seed } from './seed.js'
import { simTaskRunner } from './tasks.js'
import { newWorld } from './world.js'

const test = suite('sim/queries')
const sorted = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => a - b)

/** A driver without any trouble: stage after stage, task after task. */
async function runPlainly(seed: number, query: SimQuery): Promise<Row[]> {
  const world = newWorld(seed, { calm: true })
  const node = world.node('w')
  const life = node.start()
  const [disks, outputs] = [new Disks(world.net), new Outputs()]
  disks.open('w', node)
  disks.admit('w', 'app')
  const faults = { exception: 0, bigResult: 0, shortest: 1, longest: 1, hurryAt: Number.POSITIVE_INFINITY }
  const runner = simTaskRunner({ node, life, launch: { appId: 'app', workerId: 'w' }, disks, outputs, seed: new Seed(seed), faults })
  const done = new Map<number, TaskOutput[]>()
  const rows: Row[] = []
  const temporary = query.path === undefined ? '' : outputs.prepare(query.path, 0)
  for (const stage of query.graph.stages) {
    const ends: TaskOutput[] = []
    const plan = planOf(stage, done, temporary)
    for (const task of tasksOf(stage, done)) {
      const key = { job: 0, stage: stage.id, stageAttempt: 0, partition: ends.length, attempt: 0 }
      const ending = runner.run(plan, { key, fragment: task.fragment, inputs: task.inputs, resources: {} })
      await world.scheduler.run(world.scheduler.time + 20)
      const end = await ending
      assert.is(end.kind, 'finished', JSON.stringify(end))
      if (end.kind === 'finished') ends.push(end.output)
    }
    done.set(stage.id, ends)
    for (const end of ends) if (end.kind === 'result') rows.push(...unpackRows(end.ipc))
  }
  if (query.path === undefined) return rows
  const files = (done.get(query.graph.stages.length - 1) ?? []).flatMap(o => (o.kind === 'files' ? o.files.map(f => f.path) : []))
  outputs.commit(query.path, temporary, files)
  assert.is(outputs.temporary.size, 0)
  return [...must(outputs.visible.get(query.path), 'what was written').values()].flat()
}

function planOf(stage: StageSpec, done: ReadonlyMap<number, TaskOutput[]>, temporary: string): StagePlan {
  const located = (of: number) => {
    const maps = must(done.get(of), 'producer')
    const workers = [{ workerId: 'w', hostId: 'w', blockUrl: '', blocksDir: '' }]
    return { stage: of, partitions: partitionsOf(maps), workers, maps: maps.map(() => ({ worker: 0, attempt: 0, bytes: 0, rows: 0 })) }
  }
  const inputs = (stageInputs: StageSpec['fragments'][number]['inputs']) =>
    stageInputs.map((input): PlanInput => {
      const { name } = input
      const { schema } = stage
      if (input.kind === 'shuffle' || input.kind === 'broadcast') return { kind: input.kind, name, schema, outputs: located(input.stage) }
      if (input.kind === 'rows') return { kind: 'rows', name, schema, partitions: [...input.partitions] }
      return { kind: 'range', name, schema }
    })
  const output = stage.output
  return {
    job: 0,
    stage: stage.id,
    stageAttempt: 0,
    fragments: stage.fragments.map(f => ({ sql: f.sql, settings: {}, inputs: inputs(f.inputs) })),
    schema: stage.schema,
    output:
      output.kind === 'range'
        ? { kind: 'range', keys: [], partitions: output.partitions, bounds: boundsOf(must(done.get(output.sampleFrom), 'sample'), output.partitions) }
        : output.kind === 'write'
          ? { kind: 'write', write: { ...output.write, options: {} }, temporary }
          : (output as StagePlan['output']),
    conf: {},
  } as StagePlan
}

function boundsOf(sample: readonly TaskOutput[], partitions: number): Uint8Array[] {
  const keys = sample.flatMap(o => (o.kind === 'shuffle' ? (o.sample ?? []) : [])).sort((a, b) => Buffer.compare(a, b))
  return keys.filter((_, i) => i > 0 && i % Math.max(1, Math.ceil(keys.length / partitions)) === 0).slice(0, partitions - 1)
}

function partitionsOf(outputs: readonly TaskOutput[]): number {
  const [first] = outputs
  return first?.kind === 'shuffle' ? first.bytes.length : 1
}

function tasksOf(stage: StageSpec, done: ReadonlyMap<number, TaskOutput[]>): { fragment: number; inputs: TaskInput[] }[] {
  return stage.fragments.flatMap((fragment, index) => {
    const counts = fragment.inputs.flatMap(input => {
      if (input.kind === 'range') return [input.partitions]
      if (input.kind === 'rows') return [input.partitions.length]
      if (input.kind !== 'shuffle') return []
      if (input.read === 'all') return [1]
      const outputs = must(done.get(input.stage), 'producer')
      return [input.read === 'forward' ? outputs.length : partitionsOf(outputs)]
    })
    assert.is(new Set(counts).size, 1, 'inputs agree on the number of tasks')
    return Array.from({ length: counts[0] ?? 0 }, (_, task) => ({
      fragment: index,
      inputs: fragment.inputs.map((input): TaskInput => {
        if (input.kind === 'rows') return { kind: 'rows', partition: task }
        if (input.kind === 'broadcast') return { kind: 'broadcast' }
        if (input.kind === 'range') {
          const [start, end] = [Number(input.start), Number(input.end)]
          const cut = (part: number) => String(start + Math.floor(((end - start) * part) / input.partitions))
          return { kind: 'range', start: cut(task), end: cut(task + 1), step: '1' }
        }
        if (input.kind === 'scan') throw new Error('no files')
        if (input.read === 'forward') return { kind: 'forward', map: task }
        return input.read === 'all'
          ? { kind: 'shuffle', from: 0, to: partitionsOf(must(done.get(input.stage), 'producer')) }
          : { kind: 'shuffle', from: task, to: task + 1 }
      }),
    }))
  })
}

test('300 random queries give the right answer task by task, whatever their shape', async () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 300; seed++) {
    const query = randomQuery(new Seed(seed), `/out/${seed}`)
    const [rows, right] = [await runPlainly(seed, query), rightAnswer(query.graph)]
    if (query.ordered) assert.equal(rows, right, `seed ${seed}`)
    else assert.equal(sorted(rows), sorted(right), `seed ${seed}`)
    for (const stage of query.graph.stages) {
      seen.add(stage.output.kind)
      for (const input of stage.fragments.flatMap(f => f.inputs)) seen.add(input.kind === 'shuffle' ? `read ${input.read}` : `input ${input.kind}`)
      if (stage.fragments.length > 1) seen.add('union')
      if (stage.rowLimit !== undefined) seen.add('limit')
    }
    assert.ok(query.graph.stages.length >= 1 && query.graph.stages.length <= 10)
  }
  const kinds = [
    'hash',
    'roundRobin',
    'single',
    'broadcast',
    'range',
    'result',
    'write',
    'read partition',
    'read all',
    'read forward',
    'union',
    'limit',
  ]
  for (const kind of [...kinds, 'input range', 'input rows', 'input broadcast']) assert.ok(seen.has(kind), kind)
})

test.run()
