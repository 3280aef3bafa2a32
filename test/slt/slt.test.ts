/** Runs every table of cases end to end in local mode. Values of a table are computed by one query, errors one by one. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { SparkSession, SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeStream, streamSchema } from '#src/core/arrow/decode.js'
import { type StructType, typeString } from '#src/core/types.js'
import { decodeArrays } from '#src/sql/decode.js'
import { root } from '../../scripts/paths.js'
import { hiveText } from '../conformance/hive-text.js'
import { parseSlt, readSlt, type SltCase, type SltTable } from './slt.js'

const test = suite('slt/slt')
const folder = join(root, 'test', 'slt')
const files = readdirSync(folder).filter(name => name.endsWith('.slt'))
let spark: SparkSession

test.before(async () => {
  spark = await SparkSession.builder().master('local[1]').config('spark.ui.showConsoleProgress', false).create()
})
test.after(() => spark.stop())

/** Type and value of each expression. */
async function evaluate(table: SltTable, cases: readonly SltCase[]): Promise<{ type: string; value: string }[]> {
  const list = cases.map((c, i) => `${c.sql} AS v${i}`).join(', ')
  const bytes = await spark.sql(`SELECT ${list}${table.from === undefined ? '' : ` FROM ${table.from}`}`).toArrowIPC()
  const schema = streamSchema(bytes)
  const rows = [...decodeStream(bytes)].flatMap(b => decodeArrays(b, { longAsBigInt: true }))
  assert.is(rows.length, 1)
  return schema.fields.map(({ type }: StructType['fields'][number], i) => ({
    type: typeString(type),
    value: hiveText(rows[0]?.[i] ?? null, type, { timeZone: spark.timeZone }),
  }))
}

function close(a: string, b: string, type: string): boolean {
  if (a === b) return true
  return /double|float/.test(type) && Math.abs(Number(a) - Number(b)) <= 1e-12 * Math.max(Math.abs(Number(a)), Math.abs(Number(b)))
}

async function conditionOf(table: SltTable, c: SltCase): Promise<string> {
  try {
    const [found] = await evaluate(table, [c])
    return `${found?.type}: ${found?.value}`
  } catch (error) {
    let current: unknown = error
    while (current instanceof SpkError && current.code.startsWith('SPK_') && current.cause instanceof SpkError) current = current.cause
    return current instanceof SpkError ? current.code : String(current)
  }
}

for (const name of files) {
  test(basename(name, '.slt'), async () => {
    const table = readSlt(join(folder, name))
    spark.conf.reset()
    spark.conf.set('spark.sql.session.timeZone', 'UTC')
    for (const [key, value] of Object.entries(table.settings)) spark.conf.set(key, value)
    const wrong: string[] = []
    const values = table.cases.filter(c => c.expected.kind === 'value')
    // One query for all; when it fails, each by itself, so that the message names the case.
    const found = values.length === 0 ? [] : await evaluate(table, values).catch(() => undefined)
    for (const [i, c] of values.entries()) {
      if (c.expected.kind !== 'value') continue
      const got = found?.[i]
      const shown = got === undefined ? await conditionOf(table, c) : `${got.type}: ${got.value}`
      const same =
        got === undefined
          ? shown === `${c.expected.type}: ${c.expected.value}`
          : got.type === c.expected.type && close(got.value, c.expected.value, got.type)
      if (!same) wrong.push(`${name}:${c.line} ${c.sql}\n  expected ${c.expected.type}: ${c.expected.value}\n  got      ${shown}`)
    }
    for (const c of table.cases) {
      if (c.expected.kind !== 'error') continue
      const shown = await conditionOf(table, c)
      if (shown !== c.expected.condition) wrong.push(`${name}:${c.line} ${c.sql}\n  expected ${c.expected.condition}\n  got      ${shown}`)
    }
    assert.is(wrong.length, 0, `\n${wrong.join('\n')}\n`)
  })
}

test('the reader', () => {
  const table = parseSlt(
    '# a\nset k.l = v w\nfrom t AS u\n\n1 + 1\n  int: 2\n\'x\'\n  struct<a:int,b:string>: {"a":1}\n1 / 0\n  error: DIVIDE_BY_ZERO\n',
  )
  assert.equal(table, {
    settings: { 'k.l': 'v w' },
    from: 't AS u',
    cases: [
      { sql: '1 + 1', line: 5, expected: { kind: 'value', type: 'int', value: '2' } },
      { sql: "'x'", line: 7, expected: { kind: 'value', type: 'struct<a:int,b:string>', value: '{"a":1}' } },
      { sql: '1 / 0', line: 9, expected: { kind: 'error', condition: 'DIVIDE_BY_ZERO' } },
    ],
  })
  assert.throws(() => parseSlt('1 + 1\n2 + 2\n  int: 4\n'), /no result/)
})

test.run()
