/** Parquet files of one table whose structs differ in their fields, at any depth: the rows Spark 4.2 gives, read whole and by field, with the first file's schema and with `mergeSchema`. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { typeString } from '#src/core/types.js'
import { failure } from '../support/failure.js'

const test = suite('sdk/differing-structs')
const folder = mkdtempSync(join(tmpdir(), 'spk-differing-'))
let spark: SparkSession

/** Columns of the first file and of the second one, which are called `s`. */
const tables: Readonly<Record<string, readonly [first: string, second: string]>> = {
  more: ["{'a': 1, 'b': 'x'}", "unnest([{'b': 'y', 'a': 2, 'c': 2.5::DOUBLE}, NULL])"],
  fewer: ["{'a': 1, 'b': 'x'}", "unnest([{'a': 2}, NULL])"],
  none: ["{'a': 1}", "unnest([{'z': 2}, NULL])"],
  cased: ["{'a': 1, 'Bee': 'x'}", "{'A': 2, 'bEE': 'y'}"],
  narrower: ["{'a': 1::BIGINT, 'f': 1.5::DOUBLE, 'd': 1.25::DECIMAL(12,2)}", "{'a': 2::SMALLINT, 'f': 2.5::FLOAT, 'd': 3}"],
  deep: ["{'p': {'x': 1, 'y': 'o'}, 'q': 1}", "unnest([{'p': {'x': 2}}, {'p': NULL}, NULL])"],
  inner: ["{'p': {'x': 1}, 'q': 1}", "unnest([{'p': {'w': 7}}, {'p': NULL}])"],
  gone: ["{'p': {'x': 1}, 'q': 1}", "{'q': 2}"],
  lists: ["[{'a': 1, 'b': 'x'}]", "unnest([[{'a': 2}, NULL], NULL])"],
  listed: ["[[{'a': 1}]]", "[[{'z': 2}], NULL]"],
  maps: ["MAP {'k': {'a': 1, 'b': 'x'}}", "MAP {'k': {'a': 2}, 'l': NULL}"],
  keys: ["MAP {{'a': 1, 'b': 'x'}: 1}", "MAP {{'a': 2}: 2}"],
  within: ["{'l': [{'a': 1, 'b': 'x'}]}", "{'l': [{'a': 2}], 'm': 1}"],
  wider: ["{'a': 1}", "{'a': 2::BIGINT}"],
  other: ["[{'a': 1}]", "[{'a': 'q'}]"],
  flat: ["{'a': 1}", '5'],
}

test.before(async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  for (const [name, files] of Object.entries(tables)) {
    mkdirSync(join(folder, name))
    for (const [i, sql] of files.entries()) await connection.run(`COPY (SELECT ${sql} AS s) TO '${join(folder, name, `${i}.parquet`)}'`)
  }
  connection.closeSync()
  instance.closeSync()
  spark = await SparkSession.builder().master('local[1]').create()
})
test.after(async () => {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
})

const files = (table: string, merge: boolean) => spark.read.option('mergeSchema', merge).parquet(join(folder, table))

const cases: readonly (readonly [table: string, merge: boolean, type: string, expression: string, rows: readonly string[]])[] = [
  ['more', false, 'struct<a:int,b:string>', 's', ['{1, x}', '{2, y}', 'NULL']],
  ['more', true, 'struct<a:int,b:string,c:double>', 's', ['{1, x, NULL}', '{2, y, 2.5}', 'NULL']],
  ['more', true, 'struct<a:int,b:string,c:double>', 's.c', ['NULL', '2.5', 'NULL']],
  ['fewer', false, 'struct<a:int,b:string>', 's', ['{1, x}', '{2, NULL}', 'NULL']],
  ['fewer', false, 'struct<a:int,b:string>', 's.b', ['x', 'NULL', 'NULL']],
  ['fewer', true, 'struct<a:int,b:string>', 's', ['{1, x}', '{2, NULL}', 'NULL']],
  ['none', false, 'struct<a:int>', 's', ['{1}', '{NULL}', 'NULL']],
  ['none', false, 'struct<a:int>', 's.a', ['1', 'NULL', 'NULL']],
  ['none', false, 'struct<a:int>', 's IS NULL', ['false', 'false', 'true']],
  ['none', true, 'struct<a:int,z:int>', 's.z', ['NULL', '2', 'NULL']],
  ['cased', false, 'struct<a:int,Bee:string>', 's', ['{1, x}', '{2, y}']],
  ['cased', false, 'struct<a:int,Bee:string>', 's.bee', ['x', 'y']],
  ['narrower', false, 'struct<a:bigint,f:double,d:decimal(12,2)>', 's', ['{1, 1.5, 1.25}', '{2, 2.5, 3.00}']],
  ['deep', false, 'struct<p:struct<x:int,y:string>,q:int>', 's', ['{{1, o}, 1}', '{{2, NULL}, NULL}', '{NULL, NULL}', 'NULL']],
  ['deep', false, 'struct<p:struct<x:int,y:string>,q:int>', 's.p.y', ['o', 'NULL', 'NULL', 'NULL']],
  ['inner', false, 'struct<p:struct<x:int>,q:int>', 's.p', ['{1}', '{NULL}', 'NULL']],
  ['inner', true, 'struct<p:struct<x:int,w:int>,q:int>', 's', ['{{1, NULL}, 1}', '{{NULL, 7}, NULL}', '{NULL, NULL}']],
  ['gone', false, 'struct<p:struct<x:int>,q:int>', 's', ['{{1}, 1}', '{NULL, 2}']],
  ['gone', false, 'struct<p:struct<x:int>,q:int>', 's.p.x', ['1', 'NULL']],
  ['lists', false, 'array<struct<a:int,b:string>>', 's', ['[{1, x}]', '[{2, NULL}, NULL]', 'NULL']],
  ['lists', false, 'array<struct<a:int,b:string>>', 's.b', ['[x]', '[NULL, NULL]', 'NULL']],
  ['listed', false, 'array<array<struct<a:int>>>', 's', ['[[{1}]]', '[[{NULL}], NULL]']],
  ['listed', true, 'array<array<struct<a:int,z:int>>>', 's', ['[[{1, NULL}]]', '[[{NULL, 2}], NULL]']],
  ['maps', false, 'map<string,struct<a:int,b:string>>', 's', ['{k -> {1, x}}', '{k -> {2, NULL}, l -> NULL}']],
  ['keys', false, 'map<struct<a:int,b:string>,int>', 's', ['{{1, x} -> 1}', '{{2, NULL} -> 2}']],
  ['within', false, 'struct<l:array<struct<a:int,b:string>>>', 's', ['{[{1, x}]}', '{[{2, NULL}]}']],
  ['within', true, 'struct<l:array<struct<a:int,b:string>>,m:int>', 's', ['{[{1, x}], NULL}', '{[{2, NULL}], 1}']],
]
for (const [table, merge, type, expression, rows] of cases) {
  test(`${table}${merge ? ', merged' : ''}: ${expression}`, async () => {
    const source = files(table, merge)
    assert.is(typeString(await source.schema()), `struct<s:${type}>`)
    await source.createOrReplaceTempView('t')
    const found = await spark.sql(`SELECT coalesce(CAST(${expression} AS STRING), 'NULL') AS text FROM t`).collect()
    assert.equal(found.map(row => String(row.text).replaceAll('null', 'NULL')).sort(), [...rows].sort())
  })
}

for (const [table, column] of [
  ['wider', 's.a is int in'],
  ['other', 's.element.a is int in'],
  ['flat', 's is struct<a:int> in'],
] as const) {
  test(`${table}: types that do not fit are named`, async () => {
    const error = await failure(files(table, false).schema())
    assert.is(error.code, 'FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH')
    assert.match(error.message, column)
    if (table !== 'wider') assert.is((await failure(files(table, true).schema())).code, 'CANNOT_MERGE_SCHEMAS')
  })
}

test('a declared struct does not fit what is none', async () => {
  const declared = spark.read.schema('s STRUCT<a: INT>').parquet(join(folder, 'flat'))
  await failure(declared.select('s.a').collect())
})

test.run()
