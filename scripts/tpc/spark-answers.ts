/**
 * What Spark itself answers over a suite's files, kept in the user's cache folder (`~/.cache/spk/spark-answers`, never in the repository) by query text,
 * data and version of Spark: a second run needs no Spark. Spark is started for the first query that is not there. Called by `test:tpc`.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Result } from './compare.js'
import { type PySpark, type SparkRows, SparkSide, sparkResult } from './spark-side.js'
import { tablesOf } from './suites.js'

/** Part of every key: what is kept in another form is not read. */
const form = 1

export class SparkAnswers {
  readonly #pyspark: PySpark
  readonly #data: string
  readonly #fingerprint: string
  readonly #folder: string
  #side: SparkSide | undefined

  constructor(pyspark: PySpark, data: string) {
    this.#pyspark = pyspark
    this.#data = data
    this.#fingerprint = fingerprint(data)
    this.#folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'spk', 'spark-answers')
  }

  /** Spark's rows for a query. Throws Spark's message when it refuses the query or does not start. */
  async rows(text: string): Promise<Result> {
    const key = createHash('sha256')
      .update(JSON.stringify([form, this.#pyspark.version, this.#fingerprint, text]))
      .digest('hex')
    const file = join(this.#folder, `${key}.json`)
    if (existsSync(file)) return sparkResult(JSON.parse(readFileSync(file, 'utf8')) as SparkRows)
    this.#side ??= await SparkSide.start(this.#data, 2, this.#pyspark)
    if (this.#side === undefined) throw new Error(`pyspark ${this.#pyspark.version} of ${this.#pyspark.python} does not start; does it find Java?`)
    const answer = await this.#side.rows(text)
    mkdirSync(this.#folder, { recursive: true })
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(answer))
    renameSync(`${file}.${process.pid}`, file)
    return sparkResult(answer)
  }

  stop(): void {
    this.#side?.stop()
    this.#side = undefined
  }
}

/** Names, sizes and times of change of all files of a folder's tables. */
function fingerprint(data: string): string {
  return JSON.stringify(
    tablesOf(data).map(({ name, path }) => {
      const files = path.endsWith('.parquet') ? [path] : readdirSync(path).map(file => join(path, file))
      return [
        name,
        ...files.map(file => {
          const { size, mtimeMs } = statSync(file)
          return [file, size, mtimeMs]
        }),
      ]
    }),
  )
}
