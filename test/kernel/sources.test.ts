import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { FileFormat } from '#src/core/stage.js'
import { field, type StructType, struct, typeString, types } from '#src/core/types.js'
import { cellsOf, safeHeader } from '#src/kernel/csv-source.js'
import { PlanningDatabase } from '#src/kernel/planning-database.js'
import { Sources } from '#src/kernel/sources.js'
import { failure } from '../support/failure.js'
import { int96File } from './int96-file.js'

const test = suite('kernel/sources')

const dir = mkdtempSync(join(tmpdir(), 'spk-sources-'))
const database = new PlanningDatabase(join(dir, 'spill'))
const sources = new Sources(database)
test.after(async () => {
  await database.close()
  rmSync(dir, { recursive: true, force: true })
})

function file(name: string, content = ''): string {
  const path = join(dir, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

async function parquet(name: string, sql: string, options = ''): Promise<string> {
  const path = file(name)
  await database.use(c => c.run(`COPY (${sql}) TO '${path}' (FORMAT parquet${options})`))
  return path
}

const describe = (format: FileFormat, paths: readonly string[], options: Record<string, string> = {}, schema?: StructType) =>
  sources.describe(format, paths, options, schema)
const names = async (paths: readonly string[], options: Record<string, string> = {}) =>
  (await describe('csv', paths, options, struct([]))).files.map(f => basename(f.file.uri))

test('folders, globs, hidden files, name filters, order', async () => {
  for (const name of [
    'list/b.csv',
    'list/a.csv',
    'list/_SUCCESS',
    'list/.a.csv.crc',
    'list/sub/c.csv',
    'list/sub/_temporary/d.csv',
    'other/a1.csv',
    'other/a2.csv',
    'other/b[1].csv',
  ])
    file(name)
  symlinkSync(join(dir, 'list/sub'), join(dir, 'list/link'))
  const cases: [string[], Record<string, string>, string[]][] = [
    [['list'], {}, ['a.csv', 'b.csv']],
    [['list'], { recursiveFileLookup: 'true' }, ['a.csv', 'b.csv', 'c.csv', 'c.csv']],
    [['list'], { pathGlobFilter: 'b.*' }, ['b.csv']],
    [['other/a?.csv'], {}, ['a1.csv', 'a2.csv']],
    [['other/{a2,b*}.csv'], {}, ['a2.csv', 'b[1].csv']],
    [['other/a[2-9].csv'], {}, ['a2.csv']],
    [['other/a[^2].csv'], {}, ['a1.csv']],
    [['*/a*.csv'], {}, ['a.csv', 'a1.csv', 'a2.csv']],
    [['l*t', 'other/a1.csv'], {}, ['a.csv', 'b.csv', 'a1.csv']],
    [['list/_SUCCESS'], {}, ['_SUCCESS']],
  ]
  for (const [paths, options, expected] of cases) {
    const absolute = paths.map(p => join(dir, p))
    assert.equal(await names(absolute, options), expected, paths.join())
    assert.equal(
      await names(
        absolute.map(p => `file://${encodeURI(p).replaceAll('?', '%3F')}`),
        options,
      ),
      expected,
      paths.join(),
    )
  }
})

test('a file is named by absolute path, size and modification time', async () => {
  const path = file('version/x.csv', 'abc')
  const { size, mtimeMs } = statSync(path)
  assert.equal((await describe('csv', [path], {}, struct([]))).files, [{ file: { uri: path, size, mtimeMs } }])
})

test('what cannot be found or read is one clear error', async () => {
  const broken = file('broken.parquet', 'this is not Parquet at all')
  const short = await parquet('short.parquet', 'SELECT range FROM range(10000)')
  truncateSync(short, 1000)
  mkdirSync(join(dir, 'empty'))
  file('parts/year=2024/x.csv')
  const cases: [FileFormat, string, Record<string, string>, string, string | undefined][] = [
    ['csv', 'nowhere.csv', {}, 'PATH_NOT_FOUND', '42K03'],
    ['csv', 'nowhere/*.csv', {}, 'PATH_NOT_FOUND', '42K03'],
    ['parquet', 'empty', {}, 'UNABLE_TO_INFER_SCHEMA', '42KD9'],
    ['json', 'empty', {}, 'UNABLE_TO_INFER_SCHEMA', '42KD9'],
    ['csv', 'empty', {}, 'UNABLE_TO_INFER_SCHEMA', '42KD9'],
    ['parquet', 'broken.parquet', {}, 'FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER', 'KD001'],
    ['parquet', 'short.parquet', {}, 'FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER', 'KD001'],
    ['csv', 'parts', {}, 'SPK_PARTITIONED_FOLDER', undefined],
    ['parquet', 'empty', { mergeschemas: 'true' }, 'SPK_UNKNOWN_OPTION', undefined],
  ]
  for (const [format, path, options, code, sqlState] of cases) {
    const error = await failure(describe(format, [join(dir, path)], options))
    assert.is(error.code, code, `${path}: ${error.message}`)
    assert.is(error.sqlState, sqlState)
    if (code !== 'SPK_UNKNOWN_OPTION') assert.match(error.message, join(dir, path))
  }
  assert.is((await failure(describe('csv', ['s3://bucket/key']))).code, 'SPK_UNSUPPORTED_PATH')
  assert.match((await failure(describe('parquet', [broken]))).message, 'broken.parquet')
})

test('Parquet: Spark types, row groups with rows and bytes', async () => {
  const path = await parquet(
    'types.parquet',
    `SELECT range::INT AS i, range::UTINYINT AS ub, 1::UBIGINT AS ul, 1.5::DECIMAL(20,3) AS d, 'x' AS s, [1] AS l, {'a': now(), 'b': localtimestamp} AS st,
            MAP {'k': 1::UINTEGER} AS m, 'x'::BLOB AS bin, DATE '2024-01-01' AS dt FROM range(100) t(range)`,
    ', ROW_GROUP_SIZE 2048',
  )
  const big = await parquet('groups.parquet', 'SELECT range AS i, hash(range) AS h FROM range(5000)', ', ROW_GROUP_SIZE 2048')
  const { schema } = await describe('parquet', [path])
  assert.is(
    typeString(schema),
    'struct<i:int,ub:smallint,ul:decimal(20,0),d:decimal(20,3),s:string,l:array<int>,st:struct<a:timestamp,b:timestamp_ntz>,m:map<string,bigint>,bin:binary,dt:date>',
  )
  const { files } = await describe('parquet', [big, path])
  assert.equal(
    files.map(f => f.rowGroups?.map(g => g.rows)),
    [[2048, 2048, 904], [100]],
  )
  const bytes = files[0]?.rowGroups?.reduce((n, g) => n + g.bytes, 0) ?? 0
  assert.ok(bytes > 40_000 && bytes < (files[0]?.file.size ?? 0))
})

test('Parquet: ends of strings, and of fields inside structs', async () => {
  const path = await parquet(
    'ends.parquet',
    `SELECT 'é' || repeat('x', 40) || range AS s, '\\xC3' || range AS odd, encode('b' || range) AS bin, CASE WHEN range > 3 THEN {'n': {'i': range, 's': 't' || range}} END AS v,
            [{'i': range}] AS l FROM range(10)`,
  )
  const columns = (await describe('parquet', [path])).files[0]?.rowGroups?.[0]?.columns
  const end = `é${'x'.repeat(31)}`
  assert.equal(columns?.get('s')?.texts, { low: end, high: end })
  assert.is(columns?.get('odd')?.texts, undefined)
  assert.is(columns?.get('bin')?.min, undefined)
  const [i, s] = ['v.n.i', 'v.n.s'].map(name => columns?.get(name))
  assert.equal([i?.min, i?.max, i?.nulls], ['4', '9', undefined])
  assert.equal(s?.texts, { low: 't4', high: 't9' })
})

test('Parquet: INT96 timestamps are instants', async () => {
  const path = join(dir, 'int96.parquet')
  writeFileSync(path, Buffer.from(int96File, 'base64'))
  assert.is(typeString((await describe('parquet', [path])).schema), 'struct<id:int,at:timestamp,s:struct<t:timestamp_ntz>>')
})

test('Parquet: files that differ', async () => {
  const a = await parquet('differ/a.parquet', "SELECT 1::INT AS x, 'p' AS y")
  const more = await parquet('differ/b.parquet', 'SELECT 1::SMALLINT AS x, 2.5 AS z')
  const wider = await parquet('differ/c.parquet', 'SELECT 1::BIGINT AS x')
  const other = await parquet('differ/d.parquet', "SELECT 'text' AS x")
  assert.is(typeString((await describe('parquet', [a, more])).schema), 'struct<x:int,y:string>')
  assert.is(typeString((await describe('parquet', [a, more, wider], { mergeSchema: 'true' })).schema), 'struct<x:bigint,y:string,z:decimal(2,1)>')
  for (const path of [wider, other]) {
    const error = await failure(describe('parquet', [a, path]))
    assert.is(error.code, 'FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH')
    assert.match(error.message, path)
  }
  assert.is((await failure(describe('parquet', [a, other], { mergeSchema: 'true' }))).code, 'CANNOT_MERGE_SCHEMAS')
  const declared = struct([field('x', types.double)])
  assert.is((await describe('parquet', [a, wider], {}, declared)).schema, declared)
})

test('Parquet: footers are remembered until the file is another one', async () => {
  const rows = async (path: string) => (await describe('parquet', [path])).files[0]?.rowGroups
  const path = await parquet('again.parquet', 'SELECT range AS x FROM range(10)')
  const first = await rows(path)
  assert.is(await rows(path), first)
  assert.equal(first?.[0]?.columns?.get('x')?.max, '9')
  await parquet('again.parquet', 'SELECT range::VARCHAR AS x, 1 AS more FROM range(20)')
  assert.is((await rows(path))?.[0]?.rows, 20)
  assert.is(typeString((await describe('parquet', [path])).schema), 'struct<x:string,more:int>')
})

test('Parquet: a column named like the reader’s row number leaves the file whole', async () => {
  const path = await parquet('clash.parquet', 'SELECT range AS file_row_number FROM range(5000)', ', ROW_GROUP_SIZE 2048')
  assert.equal(
    (await describe('parquet', [path])).files[0]?.rowGroups?.map(g => g.rows),
    [5000],
  )
})

test('csv: names', async () => {
  const cases: [string, Record<string, string>, string[]][] = [
    ['a,b\n', {}, ['_c0', '_c1']],
    ['a,"b ""q"" c"\n1,2\n', { header: 'true' }, ['a', 'b "q" c']],
    ['\n# note\na;b\n', { header: 'true', sep: ';', comment: '#' }, ['a', 'b']],
    ['a,A,,a\n', { header: 'true' }, ['a0', 'A1', '_c2', 'a3']],
    ['\uFEFFa,b\n', { header: 'true' }, ['a', 'b']],
    ["'x,y',z\n", { header: 'true', quote: "'" }, ['x,y', 'z']],
  ]
  for (const [content, options, expected] of cases) {
    const { schema } = await describe('csv', [file('names.csv', content)], options)
    assert.equal(
      schema.fields.map(f => f.name),
      expected,
      content,
    )
    assert.ok(schema.fields.every(f => f.type.kind === 'string'))
  }
  assert.equal(cellsOf('"a\\"b",c\\d,"e""f"', ',', '"', '\\'), ['a"b', 'c\\d', 'e"f'])
  assert.equal(safeHeader(['x', 'X', 'y']), ['x0', 'X1', 'y'])
})

test('csv: inferred types', async () => {
  const rows = [
    'i,l,d,n,dec,date,ts,b,s,mixed,empty',
    '1,3000000000,1.5,NaN,123456789012345678901,2024-01-01,2024-01-01T10:00:00,true,x,1,',
    '-2,1,2,1,1,2024-02-01,2024-01-01,FALSE,1,2024-01-01,',
    ',,,,,,,,,,',
  ]
  const { schema } = await describe('csv', [file('infer.csv', `${rows.join('\n')}\n`)], { header: 'true', inferSchema: 'true' })
  assert.is(
    typeString(schema),
    'struct<i:int,l:bigint,d:double,n:double,dec:decimal(21,0),date:date,ts:timestamp,b:boolean,s:string,mixed:string,empty:string>',
  )
  const formatted = file('infer2.csv', '31/12/2024\n01/01/2025\n')
  assert.is(typeString((await describe('csv', [formatted], { inferSchema: 'true' })).schema), 'struct<_c0:string>')
  assert.is(typeString((await describe('csv', [formatted], { inferSchema: 'true', dateFormat: 'dd/MM/yyyy' })).schema), 'struct<_c0:date>')
})

test('json: inferred types, fields by name', async () => {
  const path = file('infer.json', '{"b":1,"a":"x","n":null,"l":[1,2.5],"o":{"z":true,"y":[{"q":1}]}}\nbroken\n{"b":2,"mixed":1}\n{"mixed":"x"}\n')
  assert.is(
    typeString((await describe('json', [path])).schema),
    'struct<a:string,b:bigint,l:array<double>,mixed:string,n:string,o:struct<y:array<struct<q:bigint>>,z:boolean>>',
  )
  assert.is(typeString((await describe('json', [path], { primitivesAsString: 'true' })).schema).includes('b:string'), true)
  const document = file('infer2.json', '[{"a":1},\n{"a":2.5}]')
  assert.is(typeString((await describe('json', [document], { multiLine: 'true' })).schema), 'struct<a:double>')
})

test.run()
