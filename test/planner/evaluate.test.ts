/** What constant folding computes without DuckDB is what DuckDB computes. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decimal, types } from '#src/core/types.js'
import { type BoundExpr, literal } from '#src/planner/bound.js'
import { evaluate } from '#src/planner/evaluate.js'

const test = suite<{ instance: DuckDBInstance; connection: DuckDBConnection }>('planner/evaluate')

test.before(async context => {
  context.instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  context.connection = await context.instance.connect()
})
test.after(({ instance, connection }) => {
  connection.closeSync()
  instance.closeSync()
})

const months = { kind: 'yearmonth_interval' } as const
const dayTime = { kind: 'daytime_interval' } as const
/** From the year 1 to 9999. */
const days = fc.oneof(fc.integer({ min: -719_162, max: 2_932_896 }), fc.integer({ min: -1000, max: 30_000 }))

function call(fn: string, ...args: BoundExpr[]): BoundExpr {
  return { kind: 'Call', fn, args, type: types.date, nullable: false }
}

/** Days since 1970 of a DuckDB expression; undefined where it has no date of four digits. */
async function asked(connection: DuckDBConnection, sql: string): Promise<number | undefined> {
  const rows = (
    await connection.runAndReadAll(
      `SELECT CASE WHEN year(d) BETWEEN 1 AND 9999 THEN date_diff('day', DATE '1970-01-01', d)::INTEGER END FROM (SELECT ${sql} AS d)`,
    )
  ).getRows()
  return (rows[0]?.[0] as number | null) ?? undefined
}

test('a date and months', async ({ connection }) => {
  await fc.assert(
    fc.asyncProperty(days, fc.integer({ min: -3000, max: 3000 }), async (day, n) => {
      const folded = evaluate(call('add_months_to_date', literal(day, types.date), literal(n, months)))
      assert.is(folded?.value, await asked(connection, `CAST(DATE '1970-01-01' + (${day}) + to_months(${n}) AS DATE)`))
    }),
  )
})

test('a date and days', async ({ connection }) => {
  await fc.assert(
    fc.asyncProperty(days, fc.integer({ min: -400_000, max: 400_000 }), async (day, n) => {
      const micros = literal(BigInt(n) * 86_400_000_000n, dayTime)
      const expected = await asked(connection, `DATE '1970-01-01' + (${day}) + (${n})`)
      assert.is(evaluate(call('add_days_to_date', literal(day, types.date), micros))?.value, expected)
      assert.is(evaluate(call('date_add', literal(day, types.date), literal(n, types.int)))?.value, expected)
      assert.is(evaluate(call('date_sub', literal(day, types.date), literal(-n, types.int)))?.value, expected)
    }),
  )
})

test('parts of days, NULL and what is out of range', () => {
  const day = literal(0, types.date)
  assert.is(evaluate(call('add_days_to_date', day, literal(1n, dayTime))), undefined)
  assert.is(evaluate(call('add_days_to_date', day, literal(null, dayTime)))?.value, null)
  assert.is(evaluate(call('add_months_to_date', literal(null, types.date), literal(1, months)))?.value, null)
  assert.is(evaluate(call('add_days_to_date', literal(2_932_896, types.date), literal(86_400_000_000n, dayTime))), undefined)
  const negative = (value: bigint | number) =>
    evaluate({
      kind: 'Call',
      fn: 'interval_negative',
      args: [literal(value, typeof value === 'bigint' ? dayTime : months)],
      type: dayTime,
      nullable: false,
    })
  assert.is(negative(5n)?.value, -5n)
  assert.is(negative(0)?.value, 0)
  assert.is(negative(-(2n ** 63n)), undefined)
})

test('a decimal with more digits', () => {
  const widened = (text: string, precision: number, scale: number, from = decimal(10, 3)) => {
    const found = evaluate({ kind: 'Cast', child: literal(text, from), type: decimal(precision, scale), mode: 'ansi', nullable: false })
    return found?.value
  }
  assert.is(widened('0.125', 12, 3), '0.125')
  assert.is(widened('-7.5', 12, 4, decimal(3, 1)), '-7.5000')
  assert.is(widened('12', 4, 0, decimal(2, 0)), '12')
  assert.is(widened('.5', 4, 2, decimal(2, 1)), '0.50')
  // What may be rounded, or not fit, is left to DuckDB.
  assert.is(widened('0.125', 12, 2), undefined)
  assert.is(widened('123.000', 5, 3), undefined)
})

test.run()
