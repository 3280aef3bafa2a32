/**
 * The prompt of `spk sql`: reads lines until a semicolon, runs the statement, goes on after an error. Ctrl-C cancels the running query, or drops what was
 * typed; Ctrl-D leaves. Lines are kept in a history file. The streams are given, so that tests can type.
 */
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { formatDuration } from '../core/bytes.js'
import type { Clock } from '../core/clock.js'
import type { SparkSession } from '../sql/session.js'
import { splitStatements } from '../sql/split-statements.js'
import { exitCodes } from './exit-codes.js'
import type { ResultFormat } from './sql-plan.js'
import { errorText, runStatement } from './sql-results.js'

export interface ShellOptions {
  readonly spark: SparkSession
  readonly format: ResultFormat
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  /** Where errors and times go. */
  readonly messages: (text: string) => void
  /** Absent: nothing is kept. */
  readonly historyFile?: string
  readonly clock: Clock
}

const PROMPT = 'spk> '
const MORE = '   > '
const HISTORY_LINES = 1000
const HELP = `Statements end with a semicolon and may take several lines. Try:
  SELECT 1 + 1;
  SELECT country, count(*) FROM parquet.\`customers/\` GROUP BY country;
  CREATE TEMP VIEW c AS SELECT * FROM parquet.\`customers/\`;  SHOW TABLES;  DESCRIBE c;
  EXPLAIN SELECT * FROM c WHERE age > 25;
  SET spark.sql.shuffle.partitions = 8;
Ctrl-C cancels a running query or drops what is typed; Ctrl-D, "exit;" or "quit;" leaves.
`

/** Resolves with the exit code when the user leaves. The session stays open. */
export function sqlShell(options: ShellOptions): Promise<number> {
  const { spark, messages, clock } = options
  const history = readHistory(options.historyFile)
  const shell = createInterface({
    input: options.input,
    output: options.output,
    terminal: true,
    prompt: PROMPT,
    history,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
  })
  let typed = ''
  let running = false
  let left = false
  /** Lines that came while a statement ran: pasted text. */
  const waiting: string[] = []

  async function run(text: string): Promise<void> {
    const started = clock.monotonic()
    try {
      const rows = await runStatement(spark, text, options.format, piece => void options.output.write(piece))
      const time = formatDuration(clock.monotonic() - started)
      messages(rows === undefined ? `Done in ${time}\n` : `${rows} ${rows === 1 ? 'row' : 'rows'} in ${time}\n`)
    } catch (error) {
      messages(`${errorText(error)}\n`)
    }
  }

  async function take(line: string): Promise<void> {
    typed = typed === '' ? line : `${typed}\n${line}`
    const word = /^\s*(\w+|\?)\s*;?\s*$/.exec(typed)?.[1]?.toLowerCase()
    if (word === 'exit' || word === 'quit') return leave()
    if (word === 'help' || word === '?') {
      messages(HELP)
      typed = ''
      return
    }
    const { statements, rest, open } = splitStatements(typed)
    if (open) return
    typed = rest?.text ?? ''
    for (const { text } of statements) {
      await run(text)
      if (left) return
    }
  }

  async function work(): Promise<void> {
    if (running) return
    running = true
    for (let line = waiting.shift(); line !== undefined && !left; line = waiting.shift()) {
      appendHistory(options.historyFile, line)
      await take(line)
    }
    running = false
    if (!left) ask()
  }

  function ask(): void {
    shell.setPrompt(typed.trim() === '' ? PROMPT : MORE)
    shell.prompt()
  }

  function leave(): void {
    left = true
    shell.close()
  }

  return new Promise(resolve => {
    shell.on('line', line => {
      waiting.push(line)
      void work()
    })
    shell.on('SIGINT', () => {
      waiting.length = 0
      typed = ''
      if (running) {
        spark.interruptAll('Ctrl-C')
        return
      }
      options.output.write('^C\n')
      // What stands on the line is dropped with it.
      shell.write(null, { ctrl: true, name: 'e' })
      shell.write(null, { ctrl: true, name: 'u' })
      ask()
    })
    shell.on('close', () => {
      if (!left) options.output.write('\n')
      left = true
      spark.interruptAll('the shell ends')
      resolve(exitCodes.done)
    })
    ask()
  })
}

/** Newest first, as readline wants it. */
function readHistory(file: string | undefined): string[] {
  if (file === undefined || !existsSync(file)) return []
  try {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter(l => l !== '')
    // The file grows by appending and is cut when it is read.
    if (lines.length > 2 * HISTORY_LINES) writeFileSync(file, `${lines.slice(-HISTORY_LINES).join('\n')}\n`, { mode: 0o600 })
    return lines.slice(-HISTORY_LINES).reverse()
  } catch {
    return []
  }
}

/** Queries may hold secrets: only the user may read them. A history that cannot be written is none. */
function appendHistory(file: string | undefined, line: string): void {
  if (file === undefined || line.trim() === '') return
  try {
    const made = !existsSync(file)
    appendFileSync(file, `${line}\n`, { mode: 0o600 })
    if (made) chmodSync(file, 0o600)
  } catch {
    // Nothing depends on it.
  }
}
