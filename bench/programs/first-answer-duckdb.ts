/** The same with DuckDB alone. */
import { DuckDBInstance } from '@duckdb/node-api'

const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect()
const rows = await (await connection.runAndReadAll('SELECT count(*), sum(range) FROM range(1000)')).getRows()
process.stdout.write(`${rows[0]?.join(' ')}\n`)
connection.closeSync()
