/** The names that Spark gives to columns without an alias, where they are more than the text: windows, WITHIN GROUP, defaults that are added. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../support/planner-tables.js'

const test = suite<TestTables>('planner/names')

test.before(async context => {
  Object.assign(context, await testTables())
})
test.after(context => context.close())

const range = 'RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
const rows = 'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
const byId = 'ORDER BY id ASC NULLS FIRST'

/** Expected by Spark. */
const cases: readonly (readonly [string, string])[] = [
  ['sum(id) over (order by id rows between 3 preceding and 2 preceding)', `sum(id) OVER (${byId} ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING)`],
  ['sum(id) over (order by id rows 2 preceding)', `sum(id) OVER (${byId} ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)`],
  ['sum(id) over (order by id rows between 1 following and 2 following)', `sum(id) OVER (${byId} ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)`],
  [
    "count(*) over (order by date'2020-01-01' range between interval '1' day preceding and current row)",
    "count(1) OVER (ORDER BY DATE '2020-01-01' ASC NULLS FIRST RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW)",
  ],
  [
    "count(*) over (order by date'2020-01-01' range between interval '1' month preceding and current row)",
    "count(1) OVER (ORDER BY DATE '2020-01-01' ASC NULLS FIRST RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND CURRENT ROW)",
  ],
  ['rank() over (order by id)', `RANK() OVER (${byId} ${rows})`],
  ['dense_rank() over (order by id)', `DENSE_RANK() OVER (${byId} ${rows})`],
  ['percent_rank() over (order by id)', `PERCENT_RANK() OVER (${byId} ${rows})`],
  ['row_number() over (order by id)', `row_number() OVER (${byId} ${rows})`],
  ['cume_dist() over (order by id)', `cume_dist() OVER (${byId} ${range})`],
  ['lag(id) over (order by id)', `lag(id, 1, NULL) OVER (${byId} ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING)`],
  ['lead(id, 2) over (order by id)', `lead(id, 2, NULL) OVER (${byId} ROWS BETWEEN 2 FOLLOWING AND 2 FOLLOWING)`],
  ['percentile_cont(0.5) within group (order by id)', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY id)'],
  ['percentile_disc(0.25) within group (order by id desc)', 'percentile_disc(0.25) WITHIN GROUP (ORDER BY id DESC)'],
  ["listagg(distinct string(id), ',') within group (order by string(id) desc)", 'listagg(DISTINCT id, ,) WITHIN GROUP (ORDER BY id DESC NULLS LAST)'],
  ['1 << 3', '(1 << 3)'],
  ['-8 >>> 60', '(-8 >>> 60)'],
  ['1e20D + 0.00001D', '(1.0E20 + 1.0E-5)'],
  ['spark_partition_id()', 'SPARK_PARTITION_ID()'],
  ['rand(5)', 'rand(5)'],
]
for (const [sql, name] of cases) {
  test(sql, async ({ plan }) => {
    assert.equal(
      (await plan(`SELECT ${sql} FROM range(3)`)).schema.fields.map(f => f.name),
      [name],
    )
  })
}

test.run()
