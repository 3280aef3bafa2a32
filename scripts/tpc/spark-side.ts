/**
 * Spark `local[N]` as a child process, where `pyspark` can be imported (`SPK_PYTHON` names the Python, else python3): for the times of the benches and the
 * answers of `test:tpc`. One query at a time. Whoever starts it stops it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../paths.js'
import { type Cell, exact, type Result } from './compare.js'

/** A Python that can import pyspark. */
export interface PySpark {
  readonly python: string
  readonly version: string
}

/** What Spark answers to a query: names, types as `simpleString`, rows as text. */
export interface SparkRows {
  readonly columns: readonly (readonly [name: string, type: string])[]
  readonly rows: readonly (readonly (string | null)[])[]
}

interface Answer extends Partial<SparkRows> {
  readonly ms?: number
  readonly error?: string
}

/** The pyspark that this Python imports; undefined when it has none. */
export function findPySpark(python = process.env['SPK_PYTHON'] ?? 'python3'): PySpark | undefined {
  const { status, stdout } = spawnSync(python, ['-c', 'import pyspark; print(pyspark.__version__)'], { encoding: 'utf8' })
  return status === 0 ? { python, version: stdout.trim() } : undefined
}

export class SparkSide {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly version: string

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.#child = child
    this.#lines = lines
    this.version = version
  }

  /** Undefined when there is no pyspark, or when it does not start (no Java). */
  static async start(data: string, threads: number, pyspark = findPySpark()): Promise<SparkSide | undefined> {
    if (pyspark === undefined) return undefined
    const child = spawn(pyspark.python, [join(root, 'scripts', 'tpc', 'spark-side.py')], { stdio: ['pipe', 'pipe', 'ignore'] })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stdin.write(`${JSON.stringify({ data, threads })}\n`)
    const first = await lines.next()
    if (first.done) return undefined
    return new SparkSide(child, lines, (JSON.parse(first.value) as { version: string }).version)
  }

  /** Milliseconds until all rows are there, or undefined when Spark fails. */
  async time(text: string): Promise<number | undefined> {
    return (await this.#ask(text, false)).ms
  }

  /** All rows of a query. Throws Spark's message when Spark refuses it. */
  async rows(text: string): Promise<SparkRows> {
    const { columns, rows, error } = await this.#ask(text, true)
    if (columns === undefined || rows === undefined) throw new Error(error ?? 'Spark gave no rows')
    return { columns, rows }
  }

  async #ask(sql: string, rows: boolean): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify({ sql, rows })}\n`)
    const { value, done } = await this.#lines.next()
    return done ? { error: 'the process of Spark has ended' } : (JSON.parse(String(value)) as Answer)
  }

  stop(): void {
    this.#child.stdin?.end()
    this.#child.kill()
  }
}

/** Spark's answer in the form that `difference` compares. */
export function sparkResult({ columns, rows }: SparkRows): Result {
  return {
    columns: columns.map(([name]) => name),
    types: columns.map(([, type]) => type),
    rows: rows.map(row => row.map((text, i) => sparkCell(text, columns[i]?.[1] ?? 'string'))),
  }
}

function sparkCell(text: string | null, type: string): Cell {
  if (text === null) return null
  if (type === 'double' || type === 'float') return { double: Number(text) }
  return /^(tinyint|smallint|int|bigint|decimal)/.test(type) ? exact(text) : text
}
