import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { splitStatements } from '#src/sql/split-statements.js'

const test = suite('sql/split-statements')

const cases: readonly (readonly [text: string, statements: readonly string[], rest?: string])[] = [
  ['', []],
  [' ;; ; ', []],
  ['SELECT 1', [], 'SELECT 1'],
  ['SELECT 1; SELECT 2 ;', ['SELECT 1', 'SELECT 2']],
  ['SELECT \';\', "a;b", `c;d`; x', ['SELECT \';\', "a;b", `c;d`'], 'x'],
  ["SELECT 'it\\'s;', 'it''s;'; y", ["SELECT 'it\\'s;', 'it''s;'"], 'y'],
  ["SELECT r'\\'; y", ["SELECT r'\\'"], 'y'],
  ['-- one; two\nSELECT 1 -- three; four\n; /* five; /* six; */ */ SELECT 2', ['SELECT 1'], 'SELECT 2'],
  ['SELECT /*+ BROADCAST(a); */ 1; z', ['SELECT /*+ BROADCAST(a); */ 1'], 'z'],
  ['BEGIN SELECT 1; SELECT 2; END; SELECT 3', ['BEGIN SELECT 1; SELECT 2; END'], 'SELECT 3'],
  [
    'a: BEGIN IF x THEN SELECT CASE WHEN 1 THEN 2 END; END IF; CASE WHEN y THEN SELECT 1; END CASE; WHILE z DO BEGIN SELECT 1; END; END WHILE; END a; q',
    [
      'a: BEGIN IF x THEN SELECT CASE WHEN 1 THEN 2 END; END IF; CASE WHEN y THEN SELECT 1; END CASE; WHILE z DO BEGIN SELECT 1; END; END WHILE; END a',
    ],
    'q',
  ],
  ['SELECT 1 AS begin; SELECT 2', ['SELECT 1 AS begin'], 'SELECT 2'],
  ['SELECT ???; $', ['SELECT ???'], '$'],
]

for (const [text, statements, rest] of cases) {
  test(JSON.stringify(text), () => {
    const split = splitStatements(text)
    assert.equal(
      split.statements.map(s => s.text),
      statements,
    )
    assert.is(split.rest?.text, rest)
    assert.is(split.open, false)
  })
}

test('lines are those of the first tokens', () => {
  const { statements, rest } = splitStatements('\n-- a\nSELECT 1;\n\n  SELECT\n2; SELECT 3')
  assert.equal(
    [...statements, rest].map(s => s?.line),
    [3, 5, 6],
  )
})

test('a text that ends inside a string, a name or a comment is open', () => {
  for (const text of ["SELECT 'a;\nb", 'SELECT "a', 'SELECT `a', 'SELECT 1 /* a', "SELECT r'a"]) assert.is(splitStatements(text).open, true, text)
})

test.run()
