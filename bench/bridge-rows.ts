/** The rows of `bench:bridge` and `bench:shuffle`: a key, three decimals, a date, strings of 4, of 26 and of 10 to 43 bytes, like TPC-H's lineitem. */
import { decimal, field, types } from '#src/core/types.js'
import type { Connection } from '#src/kernel/duckdb.js'

const money = decimal(15, 2)
export const bridgeRows = [
  field('k', types.long),
  field('price', money),
  field('discount', money),
  field('quantity', money),
  field('day', types.date),
  field('mode', types.string),
  field('instruction', types.string),
  field('comment', types.string),
]

/** Writes them to a Parquet file, the same for the same number. */
export async function makeBridgeRows(connection: Connection, file: string, rows: number): Promise<void> {
  await connection.run(`COPY (
    SELECT (hash(range) % ${rows})::BIGINT AS k, (hash(range, 1) % 10000000 / 100.0)::DECIMAL(15,2) AS price, (range % 11 / 100.0)::DECIMAL(15,2) AS discount,
           (hash(range, 2) % 50)::DECIMAL(15,2) AS quantity, (DATE '1992-01-01' + (hash(range, 3) % 2500)::INTEGER)::DATE AS day,
           ['RAIL', 'SHIP', 'FOB ', 'MAIL'][1 + range % 4] AS mode,
           ['DELIVER IN PERSON - NO COD', 'COLLECT COD BY THE COURIER', 'TAKE BACK RETURN UNOPENED ', 'NONE OF THE ABOVE, PLEASE '][(1 + hash(range, 4) % 4)::BIGINT] AS instruction,
           substr('carefully final deposits detect slyly agai ' || range, 1, (10 + hash(range, 5) % 34)::INTEGER) AS comment
    FROM range(${rows})) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`)
}
