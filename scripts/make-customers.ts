/** Makes the quickstart's Parquet data set: customers with id, age, country, income and sales, the same rows for the same arguments. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

const countries = [
  'Argentina',
  'Brazil',
  'Canada',
  'Denmark',
  'Egypt',
  'France',
  'Germany',
  'India',
  'Japan',
  'Kenya',
  'Mexico',
  'Norway',
  'Peru',
  'Spain',
  'Türkiye',
  'Vietnam',
]

/** Writes `files` Parquet files of together `rows` rows into `folder`, unless they are there already. Ages are 18…90, a few incomes are NULL. */
export async function makeCustomers(folder: string, rows: number, files: number): Promise<void> {
  if (existsSync(folder)) return
  const building = `${folder}.building`
  rmSync(building, { recursive: true, force: true })
  mkdirSync(building, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const names = `[${countries.map(c => `'${c}'`).join(', ')}]`
    for (let file = 0; file < files; file++) {
      const from = Math.floor((rows * file) / files)
      const to = Math.floor((rows * (file + 1)) / files)
      const path = join(building, `customers-${file}.parquet`)
      await connection.run(`
        COPY (
          SELECT i AS id,
            (18 + hash(i, 'age') % 73)::INTEGER AS age,
            ${names}[(1 + least((hash(i, 'c1') % 1000003) % ${countries.length}, (hash(i, 'c2') % 1000003) % ${countries.length}))::INTEGER] AS country,
            CASE WHEN hash(i, 'null') % 50 = 0 THEN NULL ELSE round(12000 + (hash(i, 'income') % 9000000) / 100.0, 2)::DOUBLE END AS income,
            ((hash(i, 'sales') % 250000) / 100.0)::DECIMAL(10, 2) AS sales
          FROM range(${from}, ${to}) t(i)
        ) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`)
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
  renameSync(building, folder)
}
