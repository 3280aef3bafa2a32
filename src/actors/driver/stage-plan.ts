/** Makes the plan that executors get for one stage attempt, out of the graph's stage and where its inputs lie now. Pure. */
import { must, unreachable } from '../../core/errors.js'
import type { StageInput, StageOutput, StageSpec } from '../../core/stage.js'
import { field, struct, types } from '../../core/types.js'
import type { MapOutputs, PlanInput, PlanOutput, StagePlan } from '../../protocol/stage-plan.js'

export interface PlanOptions {
  readonly job: number
  readonly stage: number
  readonly stageAttempt: number
  /** Locations of a parent's output, by its number in the graph. */
  readonly outputs: (stage: number) => MapOutputs
  /** Of a range output. */
  readonly bounds?: readonly Uint8Array[]
  /** Folder of a write output. */
  readonly temporary?: string
  readonly conf: Readonly<Record<string, string>>
}

export function planStage(spec: StageSpec, options: PlanOptions): StagePlan {
  const { job, stage, stageAttempt } = options
  return {
    job,
    stage,
    stageAttempt,
    fragments: spec.fragments.map(fragment => ({
      sql: fragment.sql,
      settings: { ...fragment.settings },
      ...(fragment.bounded ? { bounded: true } : {}),
      inputs: fragment.inputs.map(input => planInput(input, options)),
    })),
    schema: spec.schema,
    output: planOutput(spec.output, options),
    conf: taskConf(options.conf),
  }
}

/** Partitions of the shuffle that an output writes. */
export function partitionsOf(output: StageOutput, bounds: readonly Uint8Array[] | undefined): number {
  switch (output.kind) {
    case 'hash':
    case 'roundRobin':
      return output.partitions
    case 'range':
      return must(bounds, 'bounds of a range output').length + 1
    default:
      return 1
  }
}

function planInput(input: StageInput, options: PlanOptions): PlanInput {
  switch (input.kind) {
    case 'scan': {
      const { kind, name, format, schema, fileSchema, fields } = input
      const inner = fields === undefined ? {} : { fields: Object.fromEntries(Object.entries(fields).map(([column, path]) => [column, [...path]])) }
      return { kind, name, format, options: { ...input.options }, schema, fileSchema, ...inner }
    }
    case 'shuffle':
    case 'broadcast':
      return { kind: input.kind, name: input.name, schema: input.schema, outputs: options.outputs(input.stage) }
    case 'rows':
      return { kind: 'rows', name: input.name, schema: input.schema, partitions: [...input.partitions] }
    case 'range':
      return { kind: 'range', name: input.name, schema: struct([field('id', types.long, false)]) }
    default:
      return unreachable(input)
  }
}

function planOutput(output: StageOutput, options: PlanOptions): PlanOutput {
  switch (output.kind) {
    case 'hash':
      return { kind: 'hash', keys: [...output.keys], partitions: output.partitions }
    case 'range': {
      const bounds = must(options.bounds, 'bounds of a range output')
      return { kind: 'range', keys: output.keys.map(key => ({ ...key })), partitions: bounds.length + 1, bounds: [...bounds] }
    }
    case 'single': {
      const { sample } = output
      return sample === undefined ? { kind: 'single' } : { kind: 'single', sample: { keys: sample.keys.map(key => ({ ...key })), size: sample.size } }
    }
    case 'roundRobin':
      return { kind: 'roundRobin', partitions: output.partitions }
    case 'broadcast':
      // For the tasks it is one partition either way; a sample of no keys is its ends.
      if (output.ends === undefined) return { kind: 'broadcast' }
      return { kind: 'single', sample: { keys: [{ column: output.ends, ascending: true, nullsFirst: false }], size: 0 } }
    case 'result':
    case 'noop':
      return { kind: output.kind }
    case 'write': {
      const { format, path } = output.write
      // The save mode is the committer's, not the writer's.
      const { mode: _mode, ...options_ } = output.write.options
      return { kind: 'write', write: { format, path, options: options_ }, temporary: must(options.temporary, 'folder of a write') }
    }
    default:
      return unreachable(output)
  }
}

const TASK_PREFIXES = ['spark.sql.', 'spark.io.', 'spark.shuffle.', 'spark.reducer.', 'spk.']

/** What tasks may depend on; the rest, secrets included, stays with the driver. */
function taskConf(conf: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(conf).filter(([key]) => TASK_PREFIXES.some(prefix => key.startsWith(prefix))))
}
