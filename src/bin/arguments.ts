/**
 * Command lines from a table of flags: parsed by `node:util`, checked here, so that an unknown flag is answered with the nearest known one and a missing
 * value with what was expected. The same table makes the help text.
 */
import { parseArgs } from 'node:util'
import { editDistance } from '../core/config.js'
import { UsageError } from './exit-codes.js'

export interface Flag {
  /** Without the dashes. */
  readonly name: string
  /** What its value is called in the help; absent: a switch without value. */
  readonly value?: string
  /** May be given more than once. */
  readonly multiple?: boolean
  /** Other spellings, e.g. Spark's. */
  readonly aliases?: readonly string[]
  readonly short?: string
  /** The value may begin with a dash, as a comment of SQL does. */
  readonly anyText?: boolean
  readonly doc: string
}

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** Lines after `spk <name>`. */
  readonly usage: readonly string[]
  readonly flags: readonly Flag[]
  readonly examples: readonly string[]
  /** `script`: flags end at the first positional, everything after it belongs to the script. */
  readonly positionals: 'none' | 'script'
}

export interface Parsed {
  has(name: string): boolean
  /** The last value given. */
  text(name: string): string | undefined
  all(name: string): readonly string[]
  readonly positionals: readonly string[]
}

const HELP: Flag = { name: 'help', short: 'h', doc: 'Show this help.' }

/** All flags of a command, its help included. */
export function flagsOf(spec: CommandSpec): readonly Flag[] {
  return [...spec.flags, HELP]
}

/** Parses what follows `spk <name>`. Throws `UsageError`. */
export function parseFlags(spec: CommandSpec, argv: readonly string[]): Parsed {
  const flags = flagsOf(spec)
  const options = Object.fromEntries(
    flags.flatMap(flag =>
      [flag.name, ...(flag.aliases ?? [])].map((name, i) => [
        name,
        {
          type: flag.value === undefined ? ('boolean' as const) : ('string' as const),
          ...(flag.short === undefined || i > 0 ? {} : { short: flag.short }),
        },
      ]),
    ),
  )
  const tokensOf = (args: readonly string[]) => parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true }).tokens
  const fail = (text: string): never => {
    throw new UsageError(text, spec.name)
  }

  let own = argv
  let rest: readonly string[] = []
  if (spec.positionals === 'script') {
    const first = tokensOf(argv).find(t => t.kind === 'positional')
    if (first !== undefined) {
      own = argv.slice(0, first.index)
      rest = argv.slice(first.index)
    }
  }
  const values = new Map<string, string[]>()
  for (const token of tokensOf(own)) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') fail(`"${token.value}" is not understood: spk ${spec.name} takes flags only.`)
    else {
      const flag = flags.find(f => f.name === token.name || f.aliases?.includes(token.name))
      if (flag === undefined) {
        fail(
          `Unknown flag ${token.rawName}${suggestion(
            `--${token.name}`,
            flags.flatMap(f => [f.name, ...(f.aliases ?? [])]).map(n => `--${n}`),
          )}`,
        )
      } else if (flag.value === undefined) {
        if (token.value !== undefined) fail(`--${flag.name} takes no value.`)
        values.set(flag.name, [])
      } else if (token.value === undefined || (!token.inlineValue && flag.anyText !== true && /^-\D/.test(token.value))) {
        fail(`${token.rawName} needs a value: ${token.rawName} ${flag.value}.`)
      } else {
        const given = values.get(flag.name) ?? []
        if (given.length > 0 && flag.multiple !== true) fail(`--${flag.name} is given twice.`)
        values.set(flag.name, [...given, token.value])
      }
    }
  }
  return {
    has: name => values.has(name),
    text: name => values.get(name)?.at(-1),
    all: name => values.get(name) ?? [],
    positionals: rest,
  }
}

/** `; did you mean --x?` when a known word is near, else a full stop. */
export function suggestion(word: string, known: readonly string[]): string {
  const best = known.map(name => ({ name, distance: editDistance(word, name) })).sort((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? `; did you mean ${best.name}?` : '.'
}
