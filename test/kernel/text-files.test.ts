import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { FileFormat } from '#src/core/stage.js'
import { array, type DataType, decimal, field, map, type StructType, struct, types } from '#src/core/types.js'
import type { KernelInput, KernelResult } from '#src/kernel/task.js'
import { failure } from '../support/failure.js'
import { makeBatch, rowsOf, type Value } from './batches.js'
import { Collected, type TestSlot, task, testSlot } from './slots.js'

const test = suite('kernel/text-files')

let slot: TestSlot
test.before(async () => {
  slot = await testSlot()
})
test.after(() => slot.close())

let next = 0
function fileOf(content: string | Buffer, extension: string): string {
  const path = join(slot.dir, `f${next++}.${extension}`)
  writeFileSync(path, content)
  return path
}

async function read(
  format: FileFormat,
  paths: readonly string[],
  options: Record<string, string>,
  fileSchema: StructType,
  schema = fileSchema,
): Promise<Value[][]> {
  const splits = paths.map(uri => {
    const { size, mtimeMs } = statSync(uri)
    return { file: { uri, size, mtimeMs }, bytes: size }
  })
  const input: KernelInput = { kind: 'scan', name: 't', format, options, schema, fileSchema, splits }
  const sink = new Collected()
  await slot.slot.run(task({ sql: 'SELECT * FROM t', schema, inputs: [input], conf: { 'spark.sql.session.timeZone': 'UTC' } }), sink)
  return rowsOf(sink.all())
}

const abc = struct([field('a', types.int), field('b', types.string), field('c', types.double)])
const f64 = (value: number) => {
  const b = Buffer.alloc(8)
  b.writeDoubleLE(value)
  return b.toString('hex')
}
const micros = (iso: string) => BigInt(Date.parse(iso)) * 1000n

/** [what, content, options, schema, rows] */
const csvCases: [string, string, Record<string, string>, StructType, Value[][]][] = [
  [
    'plain',
    '1,x,2.5\n2,y,\n',
    {},
    abc,
    [
      [1, 'x', f64(2.5)],
      [2, 'y', null],
    ],
  ],
  ['a header is skipped, columns go by position', 'q,r,s\n1,x,2\n', { header: 'true' }, abc, [[1, 'x', f64(2)]]],
  [
    'quotes, separators inside them, escaped and doubled quotes',
    '1,"x,y",1\n2,"q\\"z",1\n',
    {},
    abc,
    [
      [1, 'x,y', f64(1)],
      [2, 'q"z', f64(1)],
    ],
  ],
  ['other separator and quote', "1;'a;b';2\n", { sep: ';', quote: "'" }, abc, [[1, 'a;b', f64(2)]]],
  ['tab by its escape', '1\tx\t2\n', { delimiter: '\\t' }, abc, [[1, 'x', f64(2)]]],
  ['quoted line break', '1,"two\nlines",2\n', { multiLine: 'true' }, abc, [[1, 'two\nlines', f64(2)]]],
  ['comment lines', '# no\n1,x,2\n', { comment: '#' }, abc, [[1, 'x', f64(2)]]],
  [
    'empty is NULL, quoted too',
    '1,,\n2,"",1\n',
    {},
    abc,
    [
      [1, null, null],
      [2, null, f64(1)],
    ],
  ],
  [
    'nullValue, and a quoted empty text is empty then',
    '1,NA,NA\n2,"",1\n3,,\n',
    { nullValue: 'NA' },
    abc,
    [
      [1, null, null],
      [2, '', f64(1)],
      [3, null, null],
    ],
  ],
  ['emptyValue', '1,"",1\n', { nullValue: 'NA', emptyValue: '-' }, abc, [[1, '-', f64(1)]]],
  ['white space stays, or goes', ' 1, x ,2\n', {}, abc, [[null, ' x ', f64(2)]]],
  ['white space goes when asked', ' 1 , x , 2\n', { ignoreLeadingWhiteSpace: 'true', ignoreTrailingWhiteSpace: 'true' }, abc, [[1, 'x', f64(2)]]],
  [
    'permissive: what is no value is NULL, missing fields too, more are ignored',
    'no,x,1\n2.5,y\n3,z,1,more\n',
    {},
    abc,
    [
      [null, 'x', f64(1)],
      [null, 'y', null],
      [3, 'z', f64(1)],
    ],
  ],
  [
    'dropmalformed: such rows go',
    'no,x,1\n2,y\n3,z,1,more\n4,ok,1\n5,ok,\n',
    { mode: 'DROPMALFORMED' },
    abc,
    [
      [4, 'ok', f64(1)],
      [5, 'ok', null],
    ],
  ],
  [
    'special numbers',
    '1,x,NaN\n2,x,nix\n3,x,Inf\n',
    { nanValue: 'nix', positiveInf: 'Inf' },
    abc,
    [
      [1, 'x', f64(Number.NaN)],
      [2, 'x', f64(Number.NaN)],
      [3, 'x', f64(Number.POSITIVE_INFINITY)],
    ],
  ],
  ['empty lines are no records', '\n1,x,2\n\n\n', {}, abc, [[1, 'x', f64(2)]]],
  ['one column: an empty line is none, quotes are', 'a\n\n""\n', {}, struct([field('s', types.string)]), [['a'], [null]]],
  [
    'booleans and integers as Spark takes them',
    'true,1\nTRUE,+7\n1,1e3\n',
    {},
    struct([field('b', types.boolean), field('i', types.long)]),
    [
      [true, 1n],
      [true, 7n],
      [null, null],
    ],
  ],
  ['decimals round half up', '1.005\n-2.5\n', {}, struct([field('d', decimal(5, 2))]), [[101n], [-250n]]],
  [
    'dates and timestamps, ISO',
    '2024-02-29,2024-02-29T12:00:00.5Z,2024-02-29 12:00:00\n2024-2-1,2024-02-29 12:00:00+02:00,\n2023-02-29,x,x\n',
    {},
    struct([field('d', types.date), field('t', types.timestamp), field('n', types.timestampNtz)]),
    [
      [19782, micros('2024-02-29T12:00:00.5Z'), micros('2024-02-29T12:00:00Z')],
      [19754, micros('2024-02-29T10:00:00Z'), null],
      [null, null, null],
    ],
  ],
  [
    'dates and timestamps by pattern',
    '29/02/2024,2024.02.29 at 03:04 PM,5 Mar 2024 7h\n2024-02-29,x,x\n',
    { dateFormat: 'dd/MM/yyyy', timestampFormat: "yyyy.MM.dd 'at' hh:mm a", timestampNTZFormat: "d MMM yyyy H'h'" },
    struct([field('d', types.date), field('t', types.timestamp), field('n', types.timestampNtz)]),
    [
      [19782, micros('2024-02-29T15:04:00Z'), micros('2024-03-05T07:00:00Z')],
      [null, null, null],
    ],
  ],
  [
    'a pattern with optional parts',
    '2024-02-29T12:00:00Z\n2024-02-29T12:00:00.250+01:00\n2024-02-29T12:00:00\n',
    { timestampFormat: "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]" },
    struct([field('t', types.timestamp)]),
    [[micros('2024-02-29T12:00:00Z')], [micros('2024-02-29T11:00:00.25Z')], [micros('2024-02-29T12:00:00Z')]],
  ],
]

for (const [what, content, options, schema, rows] of csvCases) {
  test(`csv: ${what}`, async () => {
    assert.equal(await read('csv', [fileOf(content, 'csv')], options, schema), rows)
  })
}

test('csv: several files with headers, gzip by extension, other columns than those wanted', async () => {
  const one = fileOf('a,b,c\n1,x,2\n', 'csv')
  const two = fileOf(gzipSync('a,b,c\n3,y,4\n'), 'csv.gz')
  const c = struct([field('c', types.double), field('a', types.int)])
  assert.equal(await read('csv', [one, two], { header: 'true' }, abc, c), [
    [f64(2), 1],
    [f64(4), 3],
  ])
})

test('csv and json: rows and bytes read are counted', async () => {
  const t = struct([field('a', types.int)])
  const cases: [FileFormat, string][] = [
    ['csv', '1\n2\n3\n'],
    ['json', '{"a":1}\n{"a":2}\n{"a":3}\n'],
  ]
  for (const [format, content] of cases) {
    const splits = [fileOf(content, format), fileOf(content, format)].map(uri => ({
      file: { uri, size: content.length, mtimeMs: statSync(uri).mtimeMs },
      bytes: content.length,
    }))
    const input: KernelInput = { kind: 'scan', name: 't', format, options: {}, schema: t, fileSchema: t, splits }
    const result = await slot.slot.run(task({ sql: 'SELECT * FROM t WHERE a > 2', schema: t, inputs: [input] }), new Collected())
    assert.equal([result.rowsRead, result.bytesRead, result.rowsOut], [6, content.length * 2, 2])
  }
})

test('csv and json: fail fast names the record, the file and what to do', async () => {
  const cases: [FileFormat, string, RegExp][] = [
    ['csv', '1,x,2\n2,y,3,more\n', /line 2 of .*2,y,3,more.*Expected Number of Columns: 3/],
    ['csv', '1,x,2\nbad,y,3\n', /column a holds bad\. Parse Mode: FAILFAST/],
    ['json', '{"a":1}\n{"a":\n', /record 2 of .*json, byte/],
  ]
  for (const [format, content, message] of cases) {
    const error = await failure(read(format, [fileOf(content, format)], { mode: 'failfast' }, abc))
    assert.is(error.code, 'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION', error.message)
    assert.is(error.sqlState, '22023')
    assert.match(error.message, message)
  }
})

test('an unknown option is refused with the valid ones; so is a bad value', async () => {
  const unknown = await failure(read('csv', [fileOf('', 'csv')], { seperator: ';' }, abc))
  assert.is(unknown.code, 'SPK_UNKNOWN_OPTION')
  assert.match(unknown.message, /"seperator".*reading csv.*sep, delimiter/)
  const cases: [Record<string, string>, string][] = [
    [{ header: 'yes' }, 'true or false'],
    [{ mode: 'LAX' }, 'PERMISSIVE, DROPMALFORMED, FAILFAST'],
    [{ quote: '""' }, 'one character'],
    [{ compression: 'rar' }, 'gzip'],
    [{ encoding: 'EBCDIC' }, 'UTF-8'],
  ]
  for (const [options, valid] of cases) {
    const error = await failure(read('csv', [fileOf('', 'csv')], options, abc))
    assert.is(error.code, 'SPK_BAD_OPTION_VALUE')
    assert.match(error.message, valid)
  }
})

const nested = struct([
  field('a', types.int),
  field('s', struct([field('x', types.double), field('y', array(types.string))])),
  field('m', map(types.string, types.int)),
])

const jsonCases: [string, string, Record<string, string>, StructType, Value[][]][] = [
  [
    'by name, missing is NULL, more is ignored',
    '{"b":"x","a":1,"z":0}\n{"c":2}\n\n',
    {},
    abc,
    [
      [1, 'x', null],
      [null, null, f64(2)],
    ],
  ],
  [
    'permissive: a record that is none is all NULL, a value that is none is NULL',
    'oops\n{"a":"z","b":7}\n[1]\n',
    {},
    abc,
    [
      [null, null, null],
      [null, '7', null],
      [null, null, null],
    ],
  ],
  [
    'dropmalformed',
    'oops\n{"a":"z","b":"q"}\n{"a":null,"b":"r"}\n{}\n',
    { mode: 'DROPMALFORMED' },
    abc,
    [
      [null, 'r', null],
      [null, null, null],
    ],
  ],
  [
    'nested',
    '{"a":1,"s":{"x":1.5,"y":["p",null]},"m":{"k":1}}\n{"s":{},"m":{}}\n',
    {},
    nested,
    [
      [1, [f64(1.5), ['p', null]], [['k', 1]]],
      [null, [null, null], []],
    ],
  ],
  ['documents over several lines', '[{"a":1,\n"b":"x"},\n{"a":2}]', { multiLine: 'true' }, struct([field('a', types.int)]), [[1], [2]]],
  [
    'times and binary',
    '{"d":"2024-02-29","t":"2024-02-29T12:00:00.000Z","x":"aGk="}\n{"d":"x","x":"%"}\n',
    {},
    struct([field('d', types.date), field('t', types.timestamp), field('x', types.binary)]),
    [
      [19782, micros('2024-02-29T12:00:00Z'), '6869'],
      [null, null, null],
    ],
  ],
  ['dates by pattern', '{"d":"29/02/2024"}\n', { dateFormat: 'dd/MM/yyyy' }, struct([field('d', types.date)]), [[19782]]],
]

for (const [what, content, options, schema, rows] of jsonCases) {
  test(`json: ${what}`, async () => {
    assert.equal(await read('json', [fileOf(content, 'json')], options, schema), rows)
  })
}

const everything = struct([
  field('i', types.int),
  field('s', types.string),
  field('d', decimal(30, 4)),
  field('f', types.double),
  field('date', types.date),
  field('t', types.timestamp),
  field('n', types.timestampNtz),
  field('b', types.boolean),
])
const rowsToWrite: Value[][] = [
  [1, 'plain', 123456789012345678901234567n, f64(0.1), 19782, micros('2024-02-29T12:00:00.5Z'), micros('2024-02-29T12:00:00Z'), true],
  [null, 'with, "quotes" \\ and\nbreaks', null, null, null, null, null, null],
  [-3, 'ünïcödé', -1n, f64(-2.5e100), -1, micros('1969-12-31T23:59:59Z'), micros('1969-12-31T23:59:59Z'), false],
]

async function write(
  format: FileFormat,
  options: Record<string, string>,
  schema: StructType,
  rows: readonly Value[][],
  zone = 'UTC',
  seed = 0,
): Promise<KernelResult> {
  const batch = makeBatch(
    schema,
    schema.fields.map((_, i) => rows.map(r => r[i] as Value)),
    rows.length,
  )
  return slot.slot.run(
    task({
      sql: 'SELECT * FROM t',
      schema,
      inputs: [slot.input('t', schema, [batch])],
      conf: { 'spark.sql.session.timeZone': zone },
      output: { kind: 'files', write: { format, path: '/unused', options }, directory: join(slot.dir, `out${next++}`), prefix: 'part-00000' },
      seed,
    }),
    new Collected(),
  )
}

test('what is written in each format reads back', async () => {
  const formats: [FileFormat, Record<string, string>, Record<string, string>, RegExp][] = [
    ['parquet', {}, {}, /part-00000-c000\.snappy\.parquet$/],
    ['parquet', { compression: 'zstd', rowGroupSize: '2048' }, {}, /-c000\.zstd\.parquet$/],
    ['csv', { header: 'true' }, { header: 'true', multiLine: 'true' }, /-c000\.csv$/],
    ['csv', { sep: ';', nullValue: 'NA', compression: 'gzip' }, { sep: ';', nullValue: 'NA', multiLine: 'true' }, /-c000\.csv\.gz$/],
    ['json', {}, {}, /-c000\.json$/],
    ['json', { compression: 'gzip' }, {}, /-c000\.json\.gz$/],
  ]
  for (const [format, options, readOptions, name] of formats) {
    const result = await write(format, options, everything, rowsToWrite, 'Europe/Paris')
    assert.is(result.rowsOut, 3)
    const file = result.files[0]
    assert.match(file?.path ?? '', name)
    assert.is(file?.bytes, statSync(file?.path ?? '').size)
    // JSON numbers are read as doubles: 15 digits.
    const expected =
      format === 'json'
        ? rowsToWrite.map(r => r.map((v, i) => (i === 2 && v === 123456789012345678901234567n ? 123456789012345678152597504n : v)))
        : rowsToWrite
    assert.equal(await read(format, [file?.path ?? ''], readOptions, everything), expected, `${format} ${JSON.stringify(options)}`)
  }
})

test('texts as Spark writes them', async () => {
  const schema = struct([
    field('t', types.timestamp),
    field('n', types.timestampNtz),
    field('s', struct([field('x', types.float), field('y', types.string)])),
    field('l', array(types.timestamp)),
  ])
  const row: Value[] = [micros('2024-07-01T12:00:00Z'), micros('2024-07-01T12:00:00Z'), ['cdcccc3d', null], [micros('2024-07-01T12:00:00Z'), null]]
  const text = async (format: FileFormat, options: Record<string, string>, s: StructType, r: Value[], zone: string) =>
    readFileSync((await write(format, options, s, [r], zone)).files[0]?.path ?? '', 'utf8')
  assert.is(
    await text('json', {}, schema, row, 'Asia/Kolkata'),
    '{"t":"2024-07-01T17:30:00.000+05:30","n":"2024-07-01T12:00:00.000","s":{"x":0.1},"l":["2024-07-01T17:30:00.000+05:30",null]}\n',
  )
  assert.is(await text('json', { ignoreNullFields: 'false' }, struct([field('a"b', types.int)]), [null], 'UTC'), '{"a\\"b":null}\n')
  const times = struct(schema.fields.slice(0, 2))
  assert.is(await text('csv', {}, times, row.slice(0, 2), 'UTC'), '2024-07-01T12:00:00.000Z,2024-07-01T12:00:00.000\n')
  assert.is(
    await text('csv', { timestampFormat: 'dd.MM.yy HH:mm xx', quoteAll: 'true' }, times, row.slice(0, 2), 'UTC'),
    '"01.07.24 12:00 +0000","2024-07-01T12:00:00.000"\n',
  )
  const one = struct([field('s', types.string)])
  assert.is(await text('csv', {}, one, [null], 'UTC'), '""\n')
  const fractions = struct([field('a', decimal(3, 3)), field('b', decimal(38, 38))])
  const values: Value[] = [-3n, 10n ** 37n]
  assert.is(await text('csv', {}, fractions, values, 'UTC'), `-0.003,0.1${'0'.repeat(37)}\n`)
  assert.is(await text('json', {}, fractions, values, 'UTC'), `{"a":-0.003,"b":0.1${'0'.repeat(37)}}\n`)
})

test('writing refuses unknown codecs, options and types; no type loses digits in silence', async () => {
  const list = struct([field('l', array(types.int))])
  const cases: [FileFormat, Record<string, string>, StructType, string][] = [
    ['parquet', { compression: 'rar' }, everything, 'CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION'],
    ['csv', { head: 'true' }, everything, 'SPK_UNKNOWN_OPTION'],
    ['csv', {}, list, 'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE'],
    ['csv', { timestampFormat: 'QQQ' }, everything, 'INVALID_DATETIME_PATTERN.WITH_SUGGESTION'],
    ['json', { timestampFormat: 'yyyy-MM-dd SS' }, everything, 'INVALID_DATETIME_PATTERN.WITH_SUGGESTION'],
  ]
  for (const [format, options, schema, code] of cases) assert.is((await failure(write(format, options, schema, []))).code, code)
  const huge = struct([field('h', { kind: 'hugeint' } satisfies DataType)])
  const back = struct([field('h', decimal(38, 0))])
  const digits = 10n ** 37n + 1n
  const written = await write('parquet', {}, huge, [[digits]])
  assert.equal(await read('parquet', [written.files[0]?.path ?? ''], {}, back), [[digits]])
  assert.is((await failure(write('parquet', {}, huge, [[10n ** 38n]]))).sqlState, '22003')
})

test('an empty result leaves a file for the first task only, a failed one none', async () => {
  const first = await write('parquet', {}, everything, [])
  assert.is(first.files.length, 1)
  assert.equal(await read('parquet', [first.files[0]?.path ?? ''], {}, everything), [])
  assert.equal((await write('parquet', {}, everything, [], 'UTC', 3)).files, [])
  const directory = join(slot.dir, 'failed')
  mkdirSync(directory)
  const error = await failure(
    slot.slot.run(
      task({
        sql: "SELECT CASE WHEN range = 500000 THEN error('late') ELSE range END AS r FROM range(1000000)",
        schema: struct([field('r', types.long)]),
        output: { kind: 'files', write: { format: 'csv', path: '/unused', options: { compression: 'gzip' } }, directory, prefix: 'part' },
      }),
      new Collected(),
    ),
  )
  assert.match(error.message, 'late')
  assert.equal(readdirSync(directory), [])
})

test('a target that cannot be written is named', async () => {
  const blocked = fileOf('', 'txt')
  const error = await failure(
    slot.slot.run(
      task({
        sql: 'SELECT 1 AS a',
        schema: struct([field('a', types.int)]),
        output: { kind: 'files', write: { format: 'json', path: '/unused', options: {} }, directory: join(blocked, 'below'), prefix: 'part' },
      }),
      new Collected(),
    ),
  )
  assert.is(error.code, 'TASK_WRITE_FAILED')
  assert.match(error.message, blocked)
})

test('gzip is real', async () => {
  const { files } = await write('json', { compression: 'gzip' }, struct([field('a', types.int)]), [[1]])
  assert.is(gunzipSync(readFileSync(files[0]?.path ?? '')).toString(), '{"a":1}\n')
})

test.run()
