/**
 * Bad input, line by line: one error with a stable code (Spark's condition where it has one), the file or expression and what would have been right, no
 * file and no scratch left, and a session that goes on. Conditions and SQLSTATEs are those of Spark 4.2 for the same call, where Spark refuses it too.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { col, functions, lit, SparkSession, SpkError } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/bad-input')
const folder = mkdtempSync(join(tmpdir(), 'spk-bad-input-'))
const at = (name: string): string => join(folder, name)
const spark = await SparkSession.builder()
  .master('local[2]')
  .config({ 'spark.local.dir': at('scratch'), 'spark.ui.showConsoleProgress': false })
  .create()

test.after(async () => {
  await spark.stop()
  const left = readdirSync(at('scratch'))
  rmSync(folder, { recursive: true, force: true })
  assert.equal(left, [])
})

mkdirSync(at('empty'))
writeFileSync(at('text.parquet'), 'no parquet at all')
writeFileSync(at('zero.parquet'), '')
writeFileSync(at('many.csv'), 'a,b\n1,2\n3,4,5\n')
writeFileSync(at('words.csv'), 'a\n1\ntwo\n')
await spark.range(0, 100_000, 1, 1).write.parquet(at('good'))
const good = join(at('good'), readdirSync(at('good')).find(f => f.endsWith('.parquet')) ?? '')
const bytes = readFileSync(good)
writeFileSync(at('short.parquet'), bytes.subarray(0, bytes.length / 2))
writeFileSync(at('damaged.parquet'), Buffer.from(bytes).fill(0x55, 100, 5000))
const people = spark.createDataFrame([{ id: 1, name: 'Ada' }], 'id INT, name STRING')
people.createTempView('people')

const csv = (mode: string) => spark.read.schema('a INT, b INT').option('header', true).option('mode', mode)
const fails = spark.sql('SELECT id, 1 / (id - 900) AS x FROM range(0, 1000, 1, 4)')

interface Case {
  readonly what: string
  readonly run: () => Promise<unknown>
  readonly code: string
  readonly sqlState?: string
  /** All of them stand in the message. */
  readonly says: readonly (string | RegExp)[]
  /** Place in the SQL text: line and column, 1-based. */
  readonly place?: readonly [line: number, column: number]
}

const cases: readonly Case[] = [
  // files
  {
    what: 'a missing file',
    run: () => spark.read.parquet(at('none')).collect(),
    code: 'PATH_NOT_FOUND',
    sqlState: '42K03',
    says: [at('none')],
  },
  {
    what: 'a glob that matches nothing',
    run: () => spark.read.json(at('none-*/x')).collect(),
    code: 'PATH_NOT_FOUND',
    sqlState: '42K03',
    says: [at('none-*/x')],
  },
  {
    what: 'a missing file in SQL',
    run: () => spark.sql(`SELECT * FROM csv.\`${at('none')}\``).collect(),
    code: 'PATH_NOT_FOUND',
    sqlState: '42K03',
    says: [at('none')],
  },
  {
    what: 'an empty path',
    run: async () => spark.read.parquet('').collect(),
    code: 'INVALID_EMPTY_LOCATION',
    sqlState: '42K05',
    says: ['cannot be empty', 'load()'],
  },
  {
    what: 'no path',
    run: async () => spark.read.csv().collect(),
    code: 'INVALID_EMPTY_LOCATION',
    sqlState: '42K05',
    says: ['load()'],
  },
  ...(['parquet', 'csv', 'json'] as const).map(format => ({
    what: `an empty folder as ${format}`,
    run: () => spark.read.format(format).load(at('empty')).collect(),
    code: 'UNABLE_TO_INFER_SCHEMA',
    sqlState: '42KD9',
    says: [at('empty'), format, 'specified manually'],
  })),
  ...['text', 'zero', 'short'].map(name => ({
    what: `${name}.parquet, which is none`,
    run: () =>
      spark.read
        .parquet(at(`${name}.parquet`))
        .agg(functions.count('*'))
        .collect(),
    code: 'FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER',
    sqlState: 'KD001',
    says: [at(`${name}.parquet`), 'Parquet format'],
  })),
  {
    what: 'a Parquet file with a damaged page',
    run: () => spark.read.parquet(at('damaged.parquet')).agg(functions.sum('id')).collect(),
    code: 'FAILED_READ_FILE.NO_HINT',
    sqlState: 'KD001',
    says: [at('damaged.parquet'), 'damaged', /Scan parquet/],
  },
  {
    what: 'a CSV row with too many fields',
    run: () => csv('FAILFAST').csv(at('many.csv')).collect(),
    code: 'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION',
    sqlState: '22023',
    says: [at('many.csv'), 'line 3', '3,4,5', 'DROPMALFORMED'],
  },
  {
    what: 'a CSV value of another type',
    run: () => spark.read.schema('a INT').option('header', true).option('mode', 'FAILFAST').csv(at('words.csv')).collect(),
    code: 'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION',
    sqlState: '22023',
    says: ['words.csv', 'column a holds two'],
  },
  {
    what: 'an unknown format',
    run: async () => spark.read.format('avro').load(at('good')).collect(),
    code: 'DATA_SOURCE_NOT_FOUND',
    sqlState: '42K02',
    says: ['avro', 'parquet, csv, json'],
  },
  // names
  {
    what: 'an unknown column in SQL',
    run: () => spark.sql('SELECT\n  nme FROM people').collect(),
    code: 'UNRESOLVED_COLUMN.WITH_SUGGESTION',
    sqlState: '42703',
    says: ['`nme`', '`name`', 'line 2 pos 2', '\n  nme FROM people\n  ^^^'],
    place: [2, 3],
  },
  {
    what: 'an unknown column of a DataFrame',
    run: () => people.filter(col('nme').isNull()).collect(),
    code: 'UNRESOLVED_COLUMN.WITH_SUGGESTION',
    sqlState: '42703',
    says: ['`nme`', '`name`, `id`'],
  },
  {
    what: 'an unknown column to group by',
    run: () => people.groupBy('country').count().collect(),
    code: 'UNRESOLVED_COLUMN.WITH_SUGGESTION',
    sqlState: '42703',
    says: ['`country`', '`id`'],
  },
  {
    what: 'an unknown function',
    run: () => spark.sql("SELECT lenght('a')").collect(),
    code: 'UNRESOLVED_ROUTINE',
    sqlState: '42883',
    says: ['`lenght`', '`length`', 'line 1 pos 7'],
    place: [1, 8],
  },
  {
    what: 'an unknown table',
    run: () => spark.sql('SELECT * FROM peopel').collect(),
    code: 'TABLE_OR_VIEW_NOT_FOUND',
    sqlState: '42P01',
    says: ['`peopel`', '`people`'],
    place: [1, 15],
  },
  {
    what: 'an ambiguous column',
    run: () => spark.sql('SELECT id FROM people a JOIN people b').collect(),
    code: 'AMBIGUOUS_REFERENCE',
    sqlState: '42704',
    says: ['`a`.`id`, `b`.`id`', 'line 1 pos 7'],
    place: [1, 8],
  },
  // types
  {
    what: 'operands of two kinds',
    run: () => spark.sql('SELECT 1 + true').collect(),
    code: 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES',
    sqlState: '42K09',
    says: ['"(1 + true)"', '"INT" and "BOOLEAN"'],
    place: [1, 8],
  },
  {
    what: 'operands of two kinds in a DataFrame',
    run: () => people.select(col('id').plus(lit(true))).collect(),
    code: 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES',
    sqlState: '42K09',
    says: ['"(id + true)"', '"INT" and "BOOLEAN"'],
  },
  {
    what: 'an argument of a wrong type',
    run: () => spark.sql('SELECT substr(true, array(1))').collect(),
    code: 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE',
    sqlState: '42K09',
    says: ['second parameter requires the "INT" type', '"ARRAY<INT>"'],
    place: [1, 8],
  },
  {
    what: 'a condition that is none',
    run: () => people.filter('id').collect(),
    code: 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN',
    sqlState: '42K09',
    says: ['"id"', 'not a boolean'],
  },
  {
    what: 'a text that is no number',
    run: () => spark.sql("SELECT 'a' + 1").collect(),
    code: 'CAST_INVALID_INPUT',
    sqlState: '22018',
    says: ["'a'", '"BIGINT"', 'try_cast'],
  },
  // syntax
  {
    what: 'a syntax error',
    run: async () => spark.sql('SELECT *\nFORM people').collect(),
    code: 'PARSE_SYNTAX_ERROR',
    sqlState: '42601',
    says: ['FROM and not FORM', 'line 2, pos 5', '\nFORM people\n-----^^^'],
    place: [2, 6],
  },
  {
    what: 'a string that does not end',
    run: async () => spark.sql("SELECT 'abc").collect(),
    code: 'PARSE_SYNTAX_ERROR',
    sqlState: '42601',
    says: ['quote is not closed', '-------^^^'],
    place: [1, 8],
  },
  // writing
  {
    what: 'an existing target',
    run: () => people.write.parquet(at('good')),
    code: 'PATH_ALREADY_EXISTS',
    sqlState: '42K04',
    says: [at('good'), 'overwrite'],
  },
  {
    what: 'an empty target',
    run: () => people.write.parquet(' '),
    code: 'INVALID_EMPTY_LOCATION',
    sqlState: '42K05',
    says: ['save()'],
  },
  {
    what: 'a target below a file',
    run: () => people.write.parquet(at('many.csv/x')),
    code: 'SPK_CANNOT_WRITE',
    says: [at('many.csv/x'), 'not a directory'],
  },
  {
    what: 'a target that is a file',
    run: () => people.write.mode('overwrite').parquet(at('many.csv')),
    code: 'SPK_CANNOT_WRITE',
    says: [at('many.csv'), 'not a directory'],
  },
  ...(existsSync('/proc/self')
    ? [
        {
          what: 'a target that cannot be made',
          run: () => people.write.csv('/proc/spk/x'),
          code: 'SPK_CANNOT_WRITE',
          says: ['/proc/spk/x', 'no such file'],
        },
      ]
    : []),
  {
    what: 'a write whose last task fails',
    run: () => fails.write.mode('overwrite').parquet(at('good')),
    code: 'DIVIDE_BY_ZERO',
    sqlState: '22012',
    says: ['try_divide', /Task 3 in stage \d+\.0 failed 1 time/],
  },
  // settings
  {
    what: 'a setting of the wrong type',
    run: async () => spark.conf.set('spark.sql.shuffle.partitions', 'many'),
    code: 'SPK_BAD_CONFIG_VALUE',
    says: ['spark.sql.shuffle.partitions', 'many', 'whole number'],
  },
  {
    what: 'more memory than the host has',
    run: () => SparkSession.builder().master('local').config('spark.executor.memory', '500t').create(),
    code: 'SPK_MEMORY_EXCEEDS_HOST',
    says: ['spark.executor.memory 500.0 TiB', 'this host has'],
  },
  {
    what: 'less memory than an executor needs',
    run: () => SparkSession.builder().master('local').config('spark.executor.memory', '10m').create(),
    code: 'INVALID_EXECUTOR_MEMORY',
    sqlState: 'F0000',
    says: ['10.0 MiB', 'at least 450.0 MiB', 'spark.executor.memory'],
  },
  {
    what: 'a master of another kind',
    run: () => SparkSession.builder().master('spark://host:7077').create(),
    code: 'SPK_BAD_MASTER_URL',
    says: ['spark://host:7077', 'nats://host:4222'],
  },
  {
    what: 'a bus that does not answer',
    run: () => SparkSession.builder().master('nats://user:secret@127.0.0.1:1').create(),
    code: 'SPK_NATS_UNREACHABLE',
    says: ['nats://127.0.0.1:1', 'connection refused', 'Check that nats-server runs there'],
  },
]

/** Every file below the folder but scratch, with its size. */
function files(): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter(name => !name.startsWith('scratch'))
    .sort()
}
const before = files()

for (const { what, run, code, sqlState, says, place } of cases) {
  test(what, async () => {
    const error = await run().then(
      () => assert.unreachable('it was taken') as never,
      (e: unknown) => e,
    )
    assert.instance(error, SpkError)
    const { code: found, message, sqlState: state, context } = error as SpkError
    assert.is(found, code, message)
    assert.is(state, sqlState, message)
    assert.ok(message.startsWith(`[${code}] `), message)
    for (const part of says) assert.ok(typeof part === 'string' ? message.includes(part) : part.test(message), `${part} in: ${message}`)
    assert.equal(context === undefined ? undefined : [context.line, context.column], place, message)
    assert.not.match(message, /^\s+at |undefined|\[object|secret/m)
    assert.equal(files(), before, 'files appeared or went')
  })
}

test('what Spark reads in its permissive mode is read: surplus fields are dropped, and the session has survived all of it', async () => {
  assert.equal(await csv('PERMISSIVE').csv(at('many.csv')).collect(), [
    { a: 1, b: 2 },
    { a: 3, b: 4 },
  ])
  assert.equal(await csv('DROPMALFORMED').csv(at('many.csv')).collect(), [{ a: 1, b: 2 }])
  assert.is(await spark.read.parquet(at('good')).count(), 100_000)
})

test.run()
