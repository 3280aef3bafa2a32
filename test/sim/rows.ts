/**
 * What a simulated task computes. A row is a 32-bit number; its last four bits are its key. Every operation is defined on the whole dataset, not on its
 * partitions, so that the right answer of a graph can be computed without tasks, however the driver cuts, coalesces or repeats them.
 */
import { assert, must } from '#src/core/errors.js'
import type { Fragment, StageGraph, StageInput } from '#src/core/stage.js'
import { mix } from './seed.js'

export type Row = number

/** The "SQL" of a simulated fragment, as JSON. `map`: row by row. `group`: one row per key, from the sum of its rows. `sort`: as they are, in order. */
export interface Operation {
  readonly op: 'map' | 'group' | 'sort'
  readonly salt: number
}

export function keyOf(row: Row): number {
  return row & 15
}

/** `inputs[i]` are the rows of input i; `broadcast` tells which inputs are read whole by every task. */
export function apply({ op, salt }: Operation, inputs: readonly { readonly rows: readonly Row[]; readonly broadcast: boolean }[]): Row[] {
  const whole = inputs
    .filter(i => i.broadcast)
    .reduce((sum, i) => (sum + i.rows.reduce((s, row) => (s + mix(row, salt)) >>> 0, i.rows.length)) >>> 0, 0)
  const rows = inputs.flatMap((input, at) => (input.broadcast ? [] : input.rows.map(row => mixRow(row, salt + at, whole))))
  switch (op) {
    case 'map':
      return rows
    case 'sort':
      return inputs.flatMap(i => (i.broadcast ? [] : i.rows)).sort((a, b) => a - b)
    case 'group': {
      const sums = new Map<number, number>()
      for (const input of inputs) {
        if (input.broadcast) continue
        for (const row of input.rows) sums.set(keyOf(row), ((sums.get(keyOf(row)) ?? whole) + mix(row, salt)) >>> 0)
      }
      return [...sums].sort((a, b) => a[0] - b[0]).map(([key, sum]) => withKey(mix(sum, salt), key))
    }
  }
}

function mixRow(row: Row, salt: number, whole: number): Row {
  return mix(mix(row, salt), whole)
}

function withKey(row: Row, key: number): Row {
  return ((row & ~15) | key) >>> 0
}

export type Partitioning =
  | { readonly kind: 'hash' | 'roundRobin'; readonly partitions: number }
  | { readonly kind: 'range'; readonly partitions: number; readonly bounds: readonly Uint8Array[] }
  | { readonly kind: 'single' | 'broadcast' }

/** Where each row goes. `bounds` are memory-comparable keys (`rowKey`), ascending. */
export function partitionRows(rows: readonly Row[], output: Partitioning): Row[][] {
  const parts: Row[][] = Array.from({ length: 'partitions' in output ? output.partitions : 1 }, () => [])
  rows.forEach((row, i) => void parts[partitionOf(row, i, output)]?.push(row))
  return parts
}

function partitionOf(row: Row, i: number, output: Partitioning): number {
  switch (output.kind) {
    case 'hash':
      return keyOf(row) % output.partitions
    case 'roundRobin':
      return i % output.partitions
    case 'range':
      return output.bounds.filter(bound => keyRow(bound) < row).length
    default:
      return 0
  }
}

export function rowKey(row: Row): Uint8Array {
  return new Uint8Array([row >>> 24, (row >>> 16) & 255, (row >>> 8) & 255, row & 255])
}

function keyRow(key: Uint8Array): Row {
  return new DataView(key.buffer, key.byteOffset, key.byteLength).getUint32(0)
}

/** Rows as the "Arrow" bytes of the simulation. */
export function packRows(rows: readonly Row[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(rows).buffer)
}

export function unpackRows(bytes: Uint8Array): Row[] {
  assert(bytes.length % 4 === 0, 'simulated rows are four bytes each')
  return [...new Uint32Array(bytes.slice().buffer)]
}

/** Rows of a range input, given as decimal text. */
export function rangeRows(start: string, end: string, step: string): Row[] {
  const rows: Row[] = []
  for (let v = Number(start); Number(step) > 0 ? v < Number(end) : v > Number(end); v += Number(step)) rows.push(v >>> 0)
  return rows
}

export function operationOf(fragment: { readonly sql: string }): Operation {
  return JSON.parse(fragment.sql) as Operation
}

/** The right answer: the rows of the last stage. Their order counts only after a `sort`. */
export function rightAnswer(graph: StageGraph): Row[] {
  const outputs = new Map<number, Row[]>()
  for (const stage of graph.stages)
    outputs.set(
      stage.id,
      stage.fragments.flatMap(fragment => evaluate(fragment, outputs)),
    )
  return outputs.get(must(graph.stages.at(-1), 'a last stage').id) ?? []
}

function evaluate(fragment: Fragment, outputs: ReadonlyMap<number, Row[]>): Row[] {
  const inputs = fragment.inputs.map(input => ({ rows: inputRows(input, outputs), broadcast: input.kind === 'broadcast' }))
  return apply(operationOf(fragment), inputs)
}

function inputRows(input: StageInput, outputs: ReadonlyMap<number, Row[]>): Row[] {
  switch (input.kind) {
    case 'range':
      return rangeRows(input.start, input.end, input.step)
    case 'rows':
      return input.partitions.flatMap(unpackRows)
    case 'shuffle':
    case 'broadcast':
      return must(outputs.get(input.stage), `stage ${input.stage} before its readers`)
    case 'scan':
      throw new Error('the simulation has no files to scan')
  }
}
