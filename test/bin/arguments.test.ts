import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CommandSpec, parseFlags } from '#src/bin/arguments.js'
import { UsageError } from '#src/bin/exit-codes.js'
import { commandHelp, overview } from '#src/bin/help.js'
import { nodeSpec } from '#src/bin/node-plan.js'
import { submitSpec } from '#src/bin/submit-plan.js'

const test = suite('bin/arguments')

const spec: CommandSpec = {
  name: 'try',
  summary: 'Tries.',
  usage: ['[flags] SCRIPT'],
  positionals: 'script',
  flags: [
    { name: 'memory', value: 'SIZE', short: 'm', doc: 'Memory.' },
    { name: 'conf', value: 'K=V', multiple: true, doc: 'A setting.' },
    { name: 'ui-port', value: 'PORT', aliases: ['webui-port'], doc: 'Port.' },
    { name: 'supervise', doc: 'Again.' },
  ],
  examples: ['spk try x.js'],
}

test('values, switches, repeated flags, aliases and short names', () => {
  const flags = parseFlags(spec, ['--memory=2g', '--conf', 'a=1', '--conf', 'b=--x', '--webui-port', '0', '--supervise'])
  assert.is(flags.text('memory'), '2g')
  assert.equal(flags.all('conf'), ['a=1', 'b=--x'])
  assert.is(flags.text('ui-port'), '0')
  assert.ok(flags.has('supervise'))
  assert.not.ok(flags.has('help'))
  assert.is(parseFlags(spec, ['-m', '3g']).text('memory'), '3g')
})

test('what follows the script is the script’s, flags too', () => {
  const flags = parseFlags(spec, ['--memory', '2g', 'job.js', '--memory', '9g', '--unknown', '--', 'x'])
  assert.is(flags.text('memory'), '2g')
  assert.equal(flags.positionals, ['job.js', '--memory', '9g', '--unknown', '--', 'x'])
})

/** Command line → the one sentence that says what is wrong. */
const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [['--memroy', '2g'], /^Unknown flag --memroy; did you mean --memory\?$/],
  [['--webui-prt', '1'], /did you mean --webui-port\?$/],
  [['--quite-another'], /^Unknown flag --quite-another\.$/],
  [['-x'], /^Unknown flag -x/],
  [['--memory'], /^--memory needs a value: --memory SIZE\.$/],
  [['--memory', '--supervise'], /^--memory needs a value/],
  [['--memory', '1g', '--memory', '2g'], /^--memory is given twice\.$/],
  [['--supervise=yes'], /^--supervise takes no value\.$/],
]
for (const [argv, message] of wrong) {
  test(`refused: ${argv.join(' ')}`, () => {
    assert.throws(
      () => parseFlags(spec, argv),
      (error: unknown) => error instanceof UsageError && error.command === 'try' && message.test(error.message),
    )
  })
}

test('a command without positionals refuses them', () => {
  assert.throws(() => parseFlags(nodeSpec, ['--role', 'master', 'worker']), /"worker" is not understood/)
})

test('help shows every flag with its value, doc and examples', () => {
  for (const command of [nodeSpec, submitSpec]) {
    const help = commandHelp(command)
    for (const flag of command.flags) assert.ok(help.includes(`--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`), flag.name)
    for (const example of command.examples) assert.ok(help.includes(example))
    assert.ok(help.split('\n').every(line => line.length <= 120))
  }
  assert.match(overview([nodeSpec, submitSpec], '1.2.3'), /spk 1\.2\.3[\s\S]* {2}node {2,}\S[\s\S]* {2}submit {2,}\S/)
})

test.run()
