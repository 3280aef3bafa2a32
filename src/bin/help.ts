/** Help texts, made from the tables that parse the command lines. */
import { type CommandSpec, type Flag, flagsOf } from './arguments.js'

const WIDTH = 110

function wrap(text: string, indent: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line.length > 0 && indent + line.length + word.length + 1 > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

function head(flag: Flag): string {
  const names = [...(flag.short === undefined ? [] : [`-${flag.short}`]), `--${flag.name}`].join(', ')
  return `${names}${flag.value === undefined ? '' : ` ${flag.value}`}`
}

/** Rows of two columns. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 4
  return rows.map(([left, right]) => `  ${left.padEnd(width - 2)}${wrap(right, width)}`)
}

export function commandHelp(spec: CommandSpec): string {
  const rows = flagsOf(spec).map(flag => {
    const notes = [
      flag.multiple === true ? 'May be given more than once.' : '',
      flag.aliases === undefined ? '' : `Also ${flag.aliases.map(a => `--${a}`).join(', ')}.`,
    ]
    return [head(flag), [flag.doc, ...notes.filter(n => n !== '')].join(' ')] as const
  })
  return [
    `${spec.summary}`,
    '',
    'Usage:',
    ...spec.usage.map(line => `  spk ${spec.name} ${line}`.trimEnd()),
    '',
    'Flags:',
    ...table(rows),
    '',
    'Examples:',
    ...spec.examples.map(line => `  ${line}`),
    '',
  ].join('\n')
}

export function overview(specs: readonly CommandSpec[], version: string): string {
  return [
    `spk ${version}: a distributed data runtime.`,
    '',
    'Usage:',
    '  spk COMMAND [flags]',
    '',
    'Commands:',
    ...table(specs.map(spec => [spec.name, spec.summary] as const)),
    '',
    'spk COMMAND --help shows flags and examples; spk --version the version.',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 cluster unreachable.',
    '',
  ].join('\n')
}
