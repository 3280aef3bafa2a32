/** The prompt of `spk sql` with a test at the keyboard, over a real local session. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sqlShell } from '#src/bin/sql-shell.js'
import { systemClock } from '#src/core/clock.js'
import { eventually } from '../support/eventually.js'

const test = suite('bin/sql-shell')
const folder = mkdtempSync(join(tmpdir(), 'spk-shell-test-'))
const spark = await SparkSession.builder().master('local[2]').config('spark.ui.showConsoleProgress', false).create()
test.after(async () => {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A shell with its screen. Waits for what should appear after what was typed. */
function shell(historyFile?: string) {
  const input = new PassThrough()
  let screen = ''
  const output = new PassThrough()
  output.on('data', (data: Buffer) => {
    screen += data.toString()
  })
  const messages = (text: string): void => {
    screen += text
  }
  const ended = sqlShell({
    spark,
    format: 'table',
    input,
    output,
    messages,
    clock: systemClock,
    ...(historyFile === undefined ? {} : { historyFile }),
  })
  let seen = 0
  return {
    ended,
    async type(text: string, expected: RegExp): Promise<string> {
      input.write(text)
      const part = await eventually(`${JSON.stringify(text)} gives ${expected}`, () =>
        expected.test(screen.slice(seen)) ? screen.slice(seen) : undefined,
      )
      seen = screen.length
      return part
    },
  }
}

test('a statement over several lines, errors that end nothing, several statements on a line', async () => {
  const { type, ended } = shell()
  await type('SELECT 1 AS a,\r', / {3}> /)
  const table = await type("'x;y' AS b;\r", /1 row in /)
  assert.match(table, /\|1 {2}\|x;y\|/)
  assert.match(await type('SELECT nope;\r', /\^\^\^\^/), /\[UNRESOLVED_COLUMN[^\n]*; line 1 pos 7/)
  assert.match(await type('CREATE TEMP VIEW v AS SELECT 7 AS seven; SELECT * FROM v;\r', /1 row in /), /Done in [\s\S]*\|seven\|/)
  assert.match(await type('help\r', /Ctrl-D/), /semicolon/)
  await type('quit;\r', /quit/)
  assert.is(await ended, 0)
})

test('Ctrl-C cancels the query that runs and keeps the shell; on a line it drops what is typed', async () => {
  const { type, ended } = shell()
  await type('SELECT count(*) FROM range(100000) a CROSS JOIN range(1000000) b WHERE a.id + b.id = 3;\r', /= 3;/)
  const cancelled = await type('\x03', /SPARK_JOB_CANCELLED/)
  assert.match(cancelled, /Ctrl-C/)
  await type('SELECT garbage', /garbage/)
  await type('\x03', /\^C/)
  assert.match(await type('SELECT 5 AS five;\r', /1 row in /), /\|five\|/)
  await type('\x04', /$/)
  assert.is(await ended, 0)
})

test('the history is kept for its user alone, and is there again', async () => {
  const file = join(folder, 'history')
  const first = shell(file)
  await first.type('SELECT 41 AS kept;\r', /1 row in /)
  await first.type('\x04', /$/)
  await first.ended
  assert.is(readFileSync(file, 'utf8'), 'SELECT 41 AS kept;\n')
  assert.is(statSync(file).mode & 0o777, 0o600)
  const second = shell(file)
  await second.type('\x1b[A', /SELECT 41 AS kept;/)
  assert.match(await second.type('\r', /1 row in /), /\|41 {2}\|/)
  await second.type('\x04', /$/)
  await second.ended
  assert.ok(existsSync(file))
})

test.run()
