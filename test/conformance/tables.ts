/** The tables that Spark's suite has from the start. Only those that a file names are made. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SparkSession } from '#src/sdk/index.js'

const tenk =
  'unique1 int, unique2 int, two int, four int, ten int, twenty int, hundred int, thousand int, twothousand int, fivethous int, tenthous int, ' +
  'odd int, even int, stringu1 string, stringu2 string, string4 string'

const letters = 'abcde'

interface Table {
  readonly schema: string
  /** Rows, or a tab-separated file of the suite. */
  readonly rows?: () => readonly (readonly unknown[])[]
  readonly file?: string
}

const tables: Readonly<Record<string, Table>> = {
  testdata: { schema: 'key int, value string', rows: () => Array.from({ length: 100 }, (_, i) => [i + 1, String(i + 1)]) },
  arraydata: {
    schema: 'arraycol array<int>, nestedarraycol array<array<int>>',
    rows: () => [
      [[1, 2, 3], [[1, 2, 3]]],
      [[2, 3, 4], [[2, 3, 4]]],
    ],
  },
  mapdata: {
    schema: 'mapcol map<int, string>',
    rows: () => Array.from({ length: 5 }, (_, r) => [new Map([...letters.slice(0, 5 - r)].map((letter, i) => [i + 1, `${letter}${r + 1}`]))]),
  },
  aggtest: { schema: 'a int, b float', file: 'agg.data' },
  onek: { schema: tenk, file: 'onek.data' },
  tenk1: { schema: tenk, file: 'tenk.data' },
}

/** Makes the tables whose names occur in `text`. */
export async function makeTables(spark: SparkSession, folder: string, text: string): Promise<void> {
  for (const [name, table] of Object.entries(tables)) {
    if (!new RegExp(`\\b${name}\\b`, 'i').test(text)) continue
    const path = join(folder, 'test-data', 'postgresql', table.file ?? '')
    if (table.file !== undefined && !existsSync(path)) continue
    const df =
      table.rows === undefined
        ? spark.read.schema(table.schema).option('sep', '\t').csv(path)
        : spark.createDataFrame(table.rows() as readonly unknown[][], table.schema)
    df.createOrReplaceTempView(name)
  }
}
