/**
 * `spk sql`: opens a session, runs statements one after the other and prints their results on standard output; everything else goes to standard error. The
 * first statement that fails ends a script. Without -e and -f on a terminal it is a prompt, `sql-shell.ts`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism, constants, homedir } from 'node:os'
import { join, relative } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { systemClock } from '../core/clock.js'
import { Conf } from '../core/config.js'
import { unreachable } from '../core/errors.js'
import { RequestMasterState } from '../protocol/submission.js'
import type { SparkSession } from '../sql/session.js'
import { type StatementText, splitStatements } from '../sql/split-statements.js'
import { connectNats } from '../transport/nats.js'
import { parseNatsServers } from '../transport/nats-url.js'
import type { Parsed } from './arguments.js'
import { commandLogger } from './command-log.js'
import { exitCodeOf, exitCodes, UsageError } from './exit-codes.js'
import { askMaster } from './master-client.js'
import { type SqlPlan, sqlPlan } from './sql-plan.js'
import { errorText, runStatement } from './sql-results.js'
import { sqlShell } from './sql-shell.js'

/** A failover fits into it. */
const PATIENCE_MS = 10_000
/** How long a person waits without a word. */
const SILENT_MS = 1500
/** Threads of libuv's pool when nobody sets them; a running query of local mode holds one. */
const POOL_THREADS = 4

/** Resolves with the exit code. */
export async function sql(flags: Parsed): Promise<number> {
  const plan = sqlPlan(flags, process.env, process.cwd())
  const threads = localThreads(plan.master.url)
  if (threads >= Number(process.env['UV_THREADPOOL_SIZE'] ?? POOL_THREADS)) return againWithThreads(threads + 8)
  const interactive = plan.source.kind === 'input' && process.stdin.isTTY === true
  const statements = interactive ? [] : statementsOf(await textOf(plan.source))
  if (!interactive && statements.length === 0) {
    if (plan.source.kind === 'text') throw new UsageError('-e has no statement.', 'sql')
    return exitCodes.done
  }
  for (const warning of new Conf(plan.conf).warnings()) process.stderr.write(`Warning: ${warning}\n`)
  if (plan.master.kind === 'cluster') await findMaster(plan.master.url, plan.master.cluster)
  const { create } = await import('../sdk/open-session.js')
  const spark = await create(plan.conf)
  try {
    return interactive ? await prompt(spark, plan) : await script(spark, plan, statements)
  } finally {
    await spark.stop()
  }
}

function localThreads(master: string): number {
  const n = /^local\[(\d+|\*)/.exec(master)?.[1]
  return n === '*' ? availableParallelism() : Number(n ?? 0)
}

/** The pool cannot grow in a running process: the same line again in a child, which has this process's streams. */
async function againWithThreads(threads: number): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) },
  })
  // A terminal sends Ctrl-C to both; what is sent to this process alone is handed on.
  process.on('SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT')))
  process.on('SIGTERM', () => void child.kill('SIGTERM'))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}

function textOf(source: SqlPlan['source']): string | Promise<string> {
  switch (source.kind) {
    case 'text':
      return source.text
    case 'input':
      return readAll(process.stdin)
    case 'file':
      try {
        return readFileSync(source.path, 'utf8')
      } catch (error) {
        throw new UsageError(`The file ${source.path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}.`, 'sql')
      }
    default:
      return unreachable(source)
  }
}

function statementsOf(text: string): readonly StatementText[] {
  const { statements, rest } = splitStatements(text)
  return rest === undefined ? statements : [...statements, rest]
}

/** Fails with `SPK_NATS_UNREACHABLE` or `SPK_NO_LEADER` instead of waiting for a master that nobody starts. */
async function findMaster(natsUrl: string, cluster: string): Promise<void> {
  const url = parseNatsServers(natsUrl).shown
  const timer = setTimeout(
    () => process.stderr.write(`No NATS server answers at ${url} yet; trying on … (--master 'local[*]' needs none)\n`),
    SILENT_MS,
  )
  const transport = await connectNats({ servers: natsUrl, name: 'spk sql', log: commandLogger() }).finally(() => clearTimeout(timer))
  try {
    const onWaiting = (): void => void process.stderr.write(`No master leads cluster "${cluster}" now; waiting …\n`)
    await askMaster({ transport, cluster, url, clock: systemClock, patienceMs: PATIENCE_MS, onWaiting }, RequestMasterState, {})
  } finally {
    await transport.close()
  }
}

/** Runs all statements up to the first that fails. A first signal cancels the running one and ends in order, a second ends at once. */
async function script(spark: SparkSession, { source, format }: SqlPlan, statements: readonly StatementText[]): Promise<number> {
  let stopped: number | undefined
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      const code = 128 + constants.signals[name]
      if (stopped !== undefined) process.exit(code)
      stopped = code
      spark.interruptAll(name)
    })
  }
  const out = outputOf(spark)
  for (const { text, line } of statements) {
    try {
      await runStatement(spark, text, format, out)
    } catch (error) {
      if (stopped !== undefined) break
      const file = source.kind === 'file' ? relative(process.cwd(), source.path) : 'statement at line '
      process.stderr.write(`${statements.length === 1 ? '' : source.kind === 'file' ? `${file}:${line}: ` : `${file}${line}: `}${errorText(error)}\n`)
      return exitCodeOf(error)
    }
    if (stopped !== undefined) break
  }
  return stopped ?? exitCodes.done
}

/** Standard output, waiting for whoever reads it. A reader that has seen enough (`| head`) ends the command. */
function outputOf(spark: SparkSession): (text: string) => Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    void spark.stop().finally(() => process.exit(exitCodes.done))
  })
  return async text => {
    if (!process.stdout.write(text)) await new Promise<void>(resolve => void process.stdout.once('drain', resolve))
  }
}

function prompt(spark: SparkSession, { format, master }: SqlPlan): Promise<number> {
  const where = master.kind === 'local' ? master.url : `cluster ${master.cluster} on ${parseNatsServers(master.url).shown}`
  process.stderr.write(`spk ${spark.version}, ${where}, application ${spark.applicationId}. Statements end with a semicolon; "help;" tells more.\n`)
  return sqlShell({
    spark,
    format,
    input: process.stdin,
    output: process.stdout,
    messages: text => void process.stderr.write(text),
    historyFile: process.env['SPK_SQL_HISTORY'] ?? join(homedir(), '.spk_sql_history'),
    clock: systemClock,
  })
}
