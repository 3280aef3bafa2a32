/**
 * What the driver sends to each executor once per stage attempt: SQL, inputs, output, and where the map outputs lie. It travels as bytes in `StagePart`s.
 * Block locations ride inside it and not in messages of their own, which could arrive out of order. Rows held by the driver ride inside it too: a plan has
 * no size limit, a launch message has.
 */
import { decodeBody, encodeBody, type Static, Type } from './wire.js'

const DataTypeJson = Type.Unsafe<import('../core/types.js').StructType>(Type.Object({ kind: Type.Literal('struct'), fields: Type.Array(Type.Any()) }))
const SortKeySchema = Type.Object({ column: Type.String(), ascending: Type.Boolean(), nullsFirst: Type.Boolean() })

/** Where map outputs lie. File names are `shuffleFileName(stage, map, attempt)` below the worker's `blocksDir`. */
export const MapOutputs = Type.Object({
  stage: Type.Integer(),
  partitions: Type.Integer(),
  workers: Type.Array(Type.Object({ workerId: Type.String(), hostId: Type.String(), blockUrl: Type.String(), blocksDir: Type.String() })),
  /** One per map task, in map order: index into `workers`, the accepted attempt, total bytes and rows. */
  maps: Type.Array(Type.Object({ worker: Type.Integer(), attempt: Type.Integer(), bytes: Type.Number(), rows: Type.Number() })),
})
export type MapOutputs = Static<typeof MapOutputs>

export const PlanInput = Type.Union([
  Type.Object({
    kind: Type.Literal('scan'),
    name: Type.String(),
    format: Type.Union([Type.Literal('parquet'), Type.Literal('csv'), Type.Literal('json')]),
    options: Type.Record(Type.String(), Type.String()),
    schema: DataTypeJson,
    fileSchema: DataTypeJson,
    fields: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
  }),
  Type.Object({ kind: Type.Literal('shuffle'), name: Type.String(), schema: DataTypeJson, outputs: MapOutputs }),
  Type.Object({ kind: Type.Literal('broadcast'), name: Type.String(), schema: DataTypeJson, outputs: MapOutputs }),
  /** Task inputs say which partition (an Arrow IPC stream) they read. */
  Type.Object({ kind: Type.Literal('rows'), name: Type.String(), schema: DataTypeJson, partitions: Type.Array(Type.Uint8Array()) }),
  Type.Object({ kind: Type.Literal('range'), name: Type.String(), schema: DataTypeJson }),
])
export type PlanInput = Static<typeof PlanInput>

export const PlanOutput = Type.Union([
  Type.Object({ kind: Type.Literal('hash'), keys: Type.Array(Type.String()), partitions: Type.Integer() }),
  /** `bounds`: partitions − 1 ascending memory-comparable sort keys. */
  Type.Object({ kind: Type.Literal('range'), keys: Type.Array(SortKeySchema), partitions: Type.Integer(), bounds: Type.Array(Type.Uint8Array()) }),
  Type.Object({ kind: Type.Literal('single'), sample: Type.Optional(Type.Object({ keys: Type.Array(SortKeySchema), size: Type.Integer() })) }),
  Type.Object({ kind: Type.Literal('roundRobin'), partitions: Type.Integer() }),
  Type.Object({ kind: Type.Literal('broadcast') }),
  Type.Object({ kind: Type.Literal('result') }),
  Type.Object({
    kind: Type.Literal('write'),
    write: Type.Object({
      format: Type.Union([Type.Literal('parquet'), Type.Literal('csv'), Type.Literal('json')]),
      path: Type.String(),
      options: Type.Record(Type.String(), Type.String()),
    }),
    temporary: Type.String(),
  }),
  Type.Object({ kind: Type.Literal('noop') }),
])
export type PlanOutput = Static<typeof PlanOutput>

export const StagePlan = Type.Object({
  job: Type.Integer(),
  stage: Type.Integer(),
  stageAttempt: Type.Integer(),
  fragments: Type.Array(
    Type.Object({
      sql: Type.String(),
      settings: Type.Record(Type.String(), Type.String()),
      inputs: Type.Array(PlanInput),
      /** It gives no more rows than its inputs have. */
      bounded: Type.Optional(Type.Boolean()),
    }),
  ),
  schema: DataTypeJson,
  output: PlanOutput,
  /** Session conf that tasks need (time zone, compression, ANSI …). */
  conf: Type.Record(Type.String(), Type.String()),
})
export type StagePlan = Static<typeof StagePlan>

/** Most bytes of a plan in one `StagePart`. */
export const STAGE_PART_BYTES = 200 * 1024

export function encodeStagePlan(plan: StagePlan): Uint8Array {
  return encodeBody(StagePlan, plan)
}

/** Decodes and validates the bytes of all parts, joined. Throws `SPK_BAD_MESSAGE` or `SPK_PROTOCOL_VERSION`. */
export function decodeStagePlan(bytes: Uint8Array): StagePlan {
  return decodeBody(StagePlan, bytes, 'stage plan')
}

/** Cuts an encoded plan into parts of at most `STAGE_PART_BYTES`; at least one. */
export function stageParts(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length || parts.length === 0; at += STAGE_PART_BYTES) parts.push(bytes.subarray(at, at + STAGE_PART_BYTES))
  return parts
}
