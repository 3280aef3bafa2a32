#!/usr/bin/env node
/** The `spk` command: finds the subcommand, parses its flags, turns errors into one clear line and an exit code. */
import { SpkError } from '../core/errors.js'
import { SPK_VERSION } from '../protocol/version.js'
import { type CommandSpec, type Parsed, parseFlags, suggestion } from './arguments.js'
import { exitCodeOf, exitCodes, UsageError } from './exit-codes.js'
import { commandHelp, overview } from './help.js'
import { nodeSpec } from './node-plan.js'
import { sqlSpec } from './sql-plan.js'
import { statusSpec } from './status-plan.js'
import { submitSpec } from './submit-plan.js'
import { upSpec } from './up-plan.js'
import { usersSpec } from './users-plan.js'

interface Command {
  readonly spec: CommandSpec
  /** Loaded when it is asked for, so that help costs nothing. Resolves with the exit code. */
  readonly run: (flags: Parsed) => Promise<number>
}

const commands: readonly Command[] = [
  { spec: upSpec, run: async flags => (await import('./up.js')).up(flags) },
  { spec: nodeSpec, run: async flags => (await import('./node.js')).node(flags) },
  { spec: submitSpec, run: async flags => (await import('./submit.js')).submit(flags) },
  { spec: sqlSpec, run: async flags => (await import('./sql.js')).sql(flags) },
  { spec: statusSpec, run: async flags => (await import('./status.js')).status(flags) },
  { spec: usersSpec, run: async flags => (await import('./users.js')).users(flags) },
]
const specs = commands.map(command => command.spec)

function find(name: string): Command {
  const command = commands.find(c => c.spec.name === name)
  if (command !== undefined) return command
  const known = [...specs.map(spec => spec.name), '--help', '--version']
  throw new UsageError(`Unknown ${name.startsWith('-') ? 'flag' : 'command'} ${name}${suggestion(name, known)}`)
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined) {
    process.stderr.write(overview(specs, SPK_VERSION))
    return exitCodes.usage
  }
  if (name === '--version' || name === 'version') return say(`spk ${SPK_VERSION}\n`)
  if (name === '--help' || name === '-h' || name === 'help') {
    return say(rest[0] === undefined ? overview(specs, SPK_VERSION) : commandHelp(find(rest[0]).spec))
  }
  const command = find(name)
  const flags = parseFlags(command.spec, rest)
  return flags.has('help') ? say(commandHelp(command.spec)) : command.run(flags)
}

function say(text: string): number {
  process.stdout.write(text)
  return exitCodes.done
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const expected = error instanceof UsageError || error instanceof SpkError
  process.stderr.write(`spk: ${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  if (error instanceof UsageError) process.stderr.write(`See: spk ${error.command === undefined ? '' : `${error.command} `}--help\n`)
  process.exitCode = exitCodeOf(error)
}
