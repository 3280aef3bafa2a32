#!/usr/bin/env node
/** The `spk` command: finds the subcommand, parses its flags, turns errors into one clear line and an exit code. */
import { SpkError } from '../core/errors.js'
import { SPK_VERSION } from '../protocol/version.js'
import { type CommandSpec, type Parsed, parseFlags, suggestion } from './arguments.js'
import { exitCodeOf, exitCodes, UsageError } from './exit-codes.js'
import { commandHelp, overview } from './help.js'
import { nodeCommand, runNode } from './node.js'
import { runSubmit, submitCommand } from './submit.js'

const commands: readonly { readonly spec: CommandSpec; readonly run: (flags: Parsed) => Promise<number> }[] = [
  { spec: nodeCommand, run: runNode },
  { spec: submitCommand, run: runSubmit },
]

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === '--version' || name === 'version') {
    process.stdout.write(`spk ${SPK_VERSION}\n`)
    return exitCodes.done
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const text = overview(
      commands.map(c => c.spec),
      SPK_VERSION,
    )
    ;(name === undefined ? process.stderr : process.stdout).write(text)
    return name === undefined ? exitCodes.usage : exitCodes.done
  }
  const command = commands.find(c => c.spec.name === name)
  if (command === undefined)
    throw new UsageError(
      `Unknown command ${name}${suggestion(
        name,
        commands.map(c => c.spec.name),
      )}`,
    )
  const flags = parseFlags(command.spec, rest)
  if (flags.has('help')) {
    process.stdout.write(commandHelp(command.spec))
    return exitCodes.done
  }
  return command.run(flags)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const expected = error instanceof UsageError || error instanceof SpkError
  process.stderr.write(`spk: ${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  if (error instanceof UsageError) process.stderr.write(`See: spk ${error.command === undefined ? '' : `${error.command} `}--help\n`)
  process.exitCode = exitCodeOf(error)
}
