import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { tokenize } from '#src/planner/parse/lexer.js'

const test = suite('planner/parse/lexer')

/** SQL → tokens as `kind:text`, or the text alone for words and symbols; keywords in capitals. */
const cases: readonly (readonly [string, string])[] = [
  ['select A.b', 'SELECT A . b'],
  [
    '1 1L 2s 3Y 1.5 .5 1. 1e3 1.5E-3 1D 1.5f 10BD 1e2BD',
    'integer:1 suffixed:1L suffixed:2s suffixed:3Y decimal:1.5 decimal:.5 decimal:1. exponent:1e3 exponent:1.5E-3 suffixed:1D suffixed:1.5f suffixed:10BD suffixed:1e2BD',
  ],
  ['1a 1_000 12e', '1a 1_000 12e'],
  ['1.5L 1.x', 'integer:1 . suffixed:5L integer:1 . X'],
  ["'a''b' 'c\\'d' r'e\\' \"f\" R\"g\"", "string:'a''b' string:'c\\'d' string:r'e\\' doubleQuoted:\"f\" doubleQuoted:R\"g\""],
  ['`a``b` `c d`', 'backquoted:`a``b` backquoted:`c d`'],
  ['a<=>b <> != == <= >= !< !> << -> => :: || |>', 'a <=> b <> != == <= >= !< !> << -> => :: || |>'],
  ['a >> b >>> c array<array<int>>', 'a > > b > > > c ARRAY < ARRAY < INT > >'],
  ['a -- comment\nb', 'a b'],
  ['a -- goes on \\\nhere\nb', 'a b'],
  ['a /* x /* nested */ y */ b', 'a b'],
  ['/*+ BROADCAST(t) */', '/*+ BROADCAST ( t ) */'],
  ['a /* not closed', 'a unrecognized:/* not closed'],
  ["'not closed", "unrecognized:'not closed"],
  ['`not closed', 'unrecognized:`not closed'],
  ['hdfs://host/a-b?c=1 + 1', 'hdfs://host/a-b?c=1 + integer:1'],
  ['größe \u00a0 名前', 'größe 名前'],
  [':name ? @', ': NAME ? unrecognized:@'],
]

function shown(sql: string): string {
  return tokenize(sql)
    .filter(t => t.kind !== 'end')
    .map(t => (t.kind === 'word' || t.kind === 'symbol' ? t.key || t.text : `${t.kind}:${t.text}`))
    .join(' ')
}

for (const [sql, expected] of cases) test(sql, () => assert.is(shown(sql), expected))

test('comments are kept on demand, for highlighting', () => {
  const kinds = tokenize('a --x\n/* y */ b', { comments: true }).map(t => `${t.kind}:${t.text}`)
  assert.equal(kinds, ['word:a', 'comment:--x', 'comment:/* y */', 'word:b', 'end:'])
})

test('any text becomes tokens that lie in order within it and hold the text they span', () => {
  const pieces = fc.constantFrom(
    'a',
    '1',
    '.',
    "'",
    '"',
    '`',
    '\\',
    '-',
    '--',
    '/*',
    '*/',
    '+',
    '\n',
    ' ',
    'e',
    'L',
    '>',
    '<',
    'é',
    '😀',
    '\u3000',
    ':',
    '//',
    'r',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), parts => {
      const text = parts.join('')
      let at = 0
      for (const token of tokenize(text, { comments: true })) {
        assert.ok(token.start >= at && token.end >= token.start)
        assert.is(text.slice(token.start, token.end), token.text)
        assert.match(text.slice(at, token.start), /^\s*$/)
        at = token.end
      }
      assert.is(at, text.length)
    }),
  )
})

test.run()
