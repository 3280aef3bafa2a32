/** 500 fixed statements of Spark's golden suite, when it is in the cache folder: what answers as Spark must go on to. Else the test is skipped. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { goldenFolder, readGolden } from './golden.js'
import { runFile, type StatementResult } from './run-file.js'

const test = suite('conformance/sample')

/** Files, and how many of their statements answer as Spark: raise a number when more do, never lower one. */
const sample: Readonly<Record<string, number>> = {
  literals: 59,
  'null-handling': 31,
  'conditional-functions': 18,
  'group-by-ordinal': 32,
  'natural-join': 26,
  bitwise: 46,
  'predicate-functions': 91,
  ilike: 26,
  except: 15,
  union: 23,
  'inline-table': 24,
  'subquery/in-subquery/simple-in': 14,
  'subquery/exists-subquery/exists-basic': 13,
  map: 10,
  comparator: 10,
  struct: 10,
  'like-any': 14,
  'postgreSQL/limit': 13,
}

const folder = goldenFolder()
if (folder === undefined) {
  test('the golden suite is not in the cache folder: skipped', () => {})
} else {
  test('the sample has 500 statements', () => {
    const count = Object.keys(sample).reduce((sum, file) => sum + readGolden(folder, file).length, 0)
    assert.is(count, 500)
  })
  for (const [file, wanted] of Object.entries(sample)) {
    test(`${file}: at least ${wanted} as Spark`, async () => {
      const results = await runFile(file, { folder, timeoutMs: 30_000 })
      const passed = results.filter(r => r.verdict === 'pass').length
      assert.ok(
        passed >= wanted,
        `${passed} of ${results.length} as Spark\n${results
          .filter(r => r.verdict !== 'pass')
          .map(failure)
          .join('\n')}`,
      )
    })
  }
}

function failure({ sql, verdict, detail }: StatementResult): string {
  return `${verdict}: ${sql}\n  ${detail?.split('\n')[0] ?? ''}`
}

test.run()
