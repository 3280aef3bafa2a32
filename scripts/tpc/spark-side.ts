/** Spark `local[N]` as a child process, for benches, where `pyspark` can be imported (`SPK_PYTHON` names the Python, else python3). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../paths.js'

export class SparkSide {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly version: string

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.#child = child
    this.#lines = lines
    this.version = version
  }

  /** Undefined when there is no pyspark. */
  static async start(data: string, threads: number): Promise<SparkSide | undefined> {
    const python = process.env['SPK_PYTHON'] ?? 'python3'
    if (spawnSync(python, ['-c', 'import pyspark']).status !== 0) return undefined
    const child = spawn(python, [join(root, 'scripts', 'tpc', 'spark-side.py')], { stdio: ['pipe', 'pipe', 'ignore'] })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stdin.write(`${JSON.stringify({ data, threads })}\n`)
    const first = await lines.next()
    if (first.done) return undefined
    return new SparkSide(child, lines, (JSON.parse(first.value) as { version: string }).version)
  }

  /** Milliseconds until all rows are there, or undefined when Spark fails. */
  async time(text: string): Promise<number | undefined> {
    this.#child.stdin?.write(`${JSON.stringify(text)}\n`)
    const { value } = await this.#lines.next()
    return (JSON.parse(String(value)) as { ms?: number }).ms
  }

  stop(): void {
    this.#child.stdin?.end()
    this.#child.kill()
  }
}
