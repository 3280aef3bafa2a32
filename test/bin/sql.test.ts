/** The `spk sql` command as a user runs it: processes with their streams and exit codes, in local mode. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('bin/sql')
const spk = fileURLToPath(new URL('../../../dist/bin/spk.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spk-sql-test-'))
const scratch = join(folder, 'scratch')

test.after(() => {
  const left = readdirSync(scratch)
  rmSync(folder, { recursive: true, force: true })
  assert.equal(left, [], 'the command leaves no scratch files')
})

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `spk sql` in the folder; `input` is its standard input. */
async function sql(flags: readonly string[], input = '', master = 'local[2]'): Promise<Ended> {
  const { SPK_NATS_URL: _url, SPK_LOG_LEVEL: _level, ...env } = process.env
  const args = [spk, 'sql', '--master', master, '-c', `spark.local.dir=${scratch}`, '-c', 'spark.sql.session.timeZone=Europe/Zurich', ...flags]
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = { out: '', err: '' }
  child.stdout.on('data', (data: Buffer) => {
    ended.out += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    ended.err += data.toString()
  })
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...ended }
}

test('a table on standard output, nothing on standard error', async () => {
  const ended = await sql([
    '-e',
    "SELECT 1 AS a, 'x;y' AS long_name, NULL AS c UNION ALL SELECT 22, 'a text that is longer than twenty characters', 3 ORDER BY a",
  ])
  assert.equal(ended, {
    code: 0,
    out: [
      '+---+--------------------------------------------+----+',
      '|a  |long_name                                   |c   |',
      '+---+--------------------------------------------+----+',
      '|1  |x;y                                         |NULL|',
      '|22 |a text that is longer than twenty characters|3   |',
      '+---+--------------------------------------------+----+',
      '',
    ].join('\n'),
    err: '',
  })
})

// What Spark 4.2's toJSON gives for the same statement in the same time zone.
test('JSON as Spark writes it: one object per line', async () => {
  const statement = `SELECT 1 AS a, CAST(NULL AS INT) AS n, 'x"y\\n' AS s, 2.50 AS d, array(1, NULL, 3) AS e, map('k', DATE '2026-01-01', 'l', NULL) m,
    map(1, true) m2, TIMESTAMP '2026-07-01 00:00:00.123456' t, TIMESTAMP '2026-01-01 00:00:00' t2, TIMESTAMP_NTZ '2026-01-01 00:00:00.5' ntz,
    cast(1e10 as double) x, cast(0.1 as float) f, cast('NaN' as double) nan, cast('-Infinity' as double) inf, named_struct('p', CAST(NULL AS INT), 'q', 3) st,
    X'00ff' bin, INTERVAL '1-2' YEAR TO MONTH ym, INTERVAL '1 02:03:04.5' DAY TO SECOND dt, 9223372036854775807 big, CAST(0 AS DECIMAL(20,18)) z,
    CAST(NULL AS STRUCT<a:INT>) ns, array(named_struct('a', CAST(NULL AS INT))) an`
  const { code, out } = await sql(['--format', 'json', '-e', statement])
  assert.is(code, 0)
  assert.is(
    out,
    '{"a":1,"s":"x\\"y\\n","d":2.50,"e":[1,null,3],"m":{"k":"2026-01-01","l":null},"m2":{"1":true},"t":"2026-07-01T00:00:00.123+02:00",' +
      '"t2":"2026-01-01T00:00:00.000+01:00","ntz":"2026-01-01T00:00:00.500","x":1.0E10,"f":0.1,"nan":"NaN","inf":"-Infinity","st":{"q":3},"bin":"AP8=",' +
      `"ym":"INTERVAL '1-2' YEAR TO MONTH","dt":"INTERVAL '1 02:03:04.5' DAY TO SECOND","big":9223372036854775807,"z":0E-18,"an":[{}]}\n`,
  )
})

test('CSV with header and quotes, from a file of several statements', async () => {
  writeFileSync(
    join(folder, 'report.sql'),
    `-- a view; then what is in it
CREATE TEMP VIEW v AS SELECT * FROM VALUES (1, 'plain'), (2, 'a,b'), (3, 'say "hi"'), (4, 'two
lines'), (5, ''), (6, NULL) AS t(id, \`the, text\`);
SELECT * FROM v ORDER BY id;
SELECT CAST(NULL AS INT) AS only`,
  )
  const { code, out, err } = await sql(['--format', 'csv', '-f', 'report.sql'])
  assert.is(err, '')
  assert.is(code, 0)
  assert.is(out, 'id,"the, text"\n1,plain\n2,"a,b"\n3,"say ""hi"""\n4,"two\nlines"\n5,""\n6,\nonly\n""\n')
})

test('standard input; a statement that fails ends the script with code 1, its place and one readable error', async () => {
  const { code, out, err } = await sql(['--format', 'json'], 'SELECT 1 AS a;\n\nSELECT nme\nFROM (SELECT 1 AS name);\nSELECT 3 AS c')
  assert.is(code, 1)
  assert.is(out, '{"a":1}\n')
  assert.match(
    err,
    /^statement at line 3: \[UNRESOLVED_COLUMN\.WITH_SUGGESTION\] .*`nme`.*\[`name`\].*; line 1 pos 7\n\n== SQL ==\nSELECT nme\n {7}\^\^\^\n$/,
  )
  assert.not.match(err, /^\s+at /m)
})

test('a syntax error shows the text with a caret', async () => {
  const { code, err } = await sql(['-e', 'SELECT * FORM t'])
  assert.is(code, 1)
  assert.match(err, /^\[PARSE_SYNTAX_ERROR\] .*perhaps FROM and not FORM is meant.*\(line 1, pos 14\)\n\n== SQL ==\nSELECT \* FORM t\n-{14}\^\^\^\n$/)
})

test('a task that fails says its error once, without JSON and stack', async () => {
  const { code, out, err } = await sql(['-e', 'SELECT sum(1 / (id - 5)) FROM range(10)'])
  assert.is(code, 1)
  assert.is(out, '')
  assert.is(err.split('DIVIDE_BY_ZERO').length, 2, err)
  assert.match(err, /^\[DIVIDE_BY_ZERO\][^\n]*\nJob aborted due to stage failure: [^\n]*\n$/)
})

test('EXPLAIN is a text; more threads than the pool has; nothing to do', async () => {
  const explained = await sql(['-e', 'EXPLAIN SELECT * FROM range(3) WHERE id > 1'], '', 'local[4]')
  assert.is(explained.code, 0)
  assert.match(explained.out, /^== Physical Plan ==\n[^|]*Range[^|]*\n$/)
  assert.is(explained.err, '')
  assert.equal(await sql([], '\n -- nothing\n'), { code: 0, out: '', err: '' })
})

test('wrong usage is code 2, a bus that does not answer 3 with its address and advice', async () => {
  const unread = await sql(['-f', 'nope.sql'])
  assert.is(unread.code, 2)
  assert.match(unread.err, /nope\.sql cannot be read: ENOENT\.\nSee: spk sql --help\n$/)
  assert.is((await sql(['-e', ' -- nothing'])).code, 2)
  const unreachable = await sql(['-e', 'SELECT 1'], '', 'nats://user:secret@127.0.0.1:1')
  assert.is(unreachable.code, 3)
  assert.match(unreachable.err, /\[SPK_NATS_UNREACHABLE\] No NATS server answers at nats:\/\/127\.0\.0\.1:1 .*Check that nats-server runs there/)
  assert.not.match(unreachable.err, /secret/)
})

test('a reader that has seen enough ends the command', async () => {
  const { SPK_NATS_URL: _url, ...env } = process.env
  const args = [spk, 'sql', '--master', 'local[2]', '-c', `spark.local.dir=${scratch}`, '--format', 'csv', '-e', 'SELECT * FROM range(1000000)']
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString()
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const [code] = (await once(child, 'close')) as [number | null]
  assert.is(err, '')
  assert.is(code, 0)
})

test.run()
