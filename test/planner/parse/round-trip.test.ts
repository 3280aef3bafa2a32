import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseStatement } from '#src/planner/parse/parse.js'
import { printStatement } from '#src/planner/parse/print.js'
import { bare } from './plan-tree.js'

const test = suite('planner/parse/round-trip')

const name = fc.constantFrom('a', 'b', 't', '`c d`', '`x``y`', 'key', 'date', 'Año'.slice(0, 1), '`größe`', 'value', '`select`')
const column = fc.oneof(
  { weight: 4, arbitrary: name },
  fc.tuple(name, name).map(([q, c]) => `${q}.${c}`),
)
const literal = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc.constantFrom(
    '1L',
    '2S',
    '3Y',
    '1.50',
    '.5',
    '1e3',
    '-2.5e-7D',
    '0.1F',
    '10BD',
    "'it''s'",
    "'a\\'\\n\\\\%'",
    "r'\\d'",
    '"q"',
    'NULL',
    'true',
    "X'0aFF'",
  ),
  fc.constantFrom(
    "DATE '2026-01-31'",
    "TIMESTAMP '2026-01-31 12:00:00.5'",
    "INTERVAL '1-2' YEAR TO MONTH",
    "INTERVAL '-1.5' SECOND",
    'INTERVAL 3 DAYS 2 HOURS',
  ),
  fc.string({ maxLength: 6 }).map(s => `'${s.replace(/[\\']/g, c => `\\${c}`)}'`),
)
const type = fc.constantFrom(
  'INT',
  'decimal(10,2)',
  'array<array<int>>',
  'map<string, struct<a: int, `b c`: date>>',
  'timestamp',
  'interval day to second',
)

/** Random SQL text: every operator with every kind of operand, in parentheses or not. */
const { expression, query } = fc.letrec<{ expression: string; query: string; relation: string }>(tie => {
  const e = tie('expression')
  const q = tie('query')
  const few = fc.array(e, { minLength: 1, maxLength: 3 }).map(items => items.join(', '))
  const binary = fc.constantFrom('=', '<>', '<=>', '<', '>=', '+', '-', '*', '/', '%', 'DIV', '||', '&', '|', '^', '<<', '>>', '>>>', 'AND', 'OR')
  const predicate = fc.constantFrom(
    'IS NULL',
    'IS NOT NULL',
    'IS TRUE',
    'IS NOT UNKNOWN',
    "LIKE 'x%'",
    "NOT RLIKE 'y'",
    "LIKE ANY ('a', 'b')",
    "ILIKE 'z' ESCAPE '!'",
  )
  const order = fc.tuple(e, fc.constantFrom('', ' DESC', ' ASC NULLS LAST')).map(([x, o]) => `(${x})${o}`)
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
      literal,
      column,
      fc.tuple(e, binary, e).map(([a, o, b]) => `(${a}) ${o} (${b})`),
      fc.tuple(column, binary, literal, binary, column).map(parts => parts.join(' ')),
      fc.tuple(fc.constantFrom('-', '+', '~', 'NOT '), e).map(([o, a]) => `${o}(${a})`),
      fc.tuple(e, predicate).map(([a, p]) => `(${a}) ${p}`),
      fc.tuple(e, e, e).map(([a, b, c]) => `(${a}) NOT BETWEEN (${b}) AND (${c})`),
      fc.tuple(e, few).map(([a, l]) => `(${a}) IN (${l})`),
      fc.tuple(e, q).map(([a, s]) => `(${a}) IN (${s})`),
      q.map(s => `EXISTS (${s})`),
      q.map(s => `(${s})`),
      fc.tuple(e, e, e).map(([a, b, c]) => `CASE WHEN ${a} THEN ${b} ELSE ${c} END`),
      fc.tuple(e, type).map(([a, t]) => `CAST(${a} AS ${t})`),
      fc.tuple(e, type).map(([a, t]) => `(${a})::${t}`),
      fc.tuple(e, e).map(([a, i]) => `(${a})[(${i})]`),
      fc.tuple(e, name).map(([a, f]) => `f(${a}).${f}`),
      few.map(l => `f(${l})`),
      fc.tuple(e, e).map(([a, b]) => `sum(DISTINCT ${a}) FILTER (WHERE ${b})`),
      fc
        .tuple(e, e, order)
        .map(([a, p, o]) => `first(${a}) IGNORE NULLS OVER (PARTITION BY ${p} ORDER BY ${o} ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)`),
      fc.tuple(e, e).map(([a, b]) => `transform(${a}, (x, i) -> ${b})`),
      fc.tuple(e, e).map(([a, b]) => `(${a} AS p, ${b})`),
      fc.constantFrom(
        'count(*)',
        'EXTRACT(YEAR FROM d)',
        "TRIM(BOTH 'x' FROM s)",
        'SUBSTRING(s FROM 2)',
        "POSITION('a' IN s)",
        'TIMESTAMPADD(DAY, 1, d)',
        'current_date',
      ),
    ),
    relation: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      name,
      fc.tuple(name, name).map(([a, b]) => `${a} AS ${b}(p, q)`),
      fc.constantFrom('range(10)', 'range(1, 20, 3, 4) r', 'VALUES (1, 2), (3, 4) AS v(a, b)', 'parquet.`/x y/z`', 'explode(array(1)) AS g'),
      q.map(s => `(${s}) AS s`),
      fc
        .tuple(
          tie('relation'),
          fc.constantFrom('JOIN', 'LEFT JOIN', 'FULL OUTER JOIN', 'SEMI JOIN', 'LEFT ANTI JOIN', 'CROSS JOIN'),
          tie('relation'),
          e,
        )
        .map(([l, j, r, on]) => `${l} ${j} (${r}) ON ${on}`),
      fc.tuple(tie('relation'), tie('relation')).map(([l, r]) => `${l}, ${r}`),
      fc.constantFrom(
        't TABLESAMPLE (10 PERCENT) REPEATABLE (3) s',
        't VERSION AS OF 3',
        't PIVOT (sum(a) AS s FOR b IN (1 AS one, 2)) AS p',
        'u UNPIVOT INCLUDE NULLS (v FOR n IN (a AS x, t.b)) AS p',
        't UNPIVOT ((v, w) FOR n IN ((a, b) AS x, (c, d)))',
        't, LATERAL (SELECT a) AS l',
      ),
      fc.tuple(tie('relation'), q).map(([l, s]) => `${l} LEFT JOIN LATERAL (${s}) AS s ON true`),
      fc.tuple(name, name).map(([l, r]) => `${l} NATURAL JOIN ${r} JOIN u USING (a, b)`),
    ),
    query: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('SELECT 1', 'TABLE t', 'VALUES (1), (2)'),
      fc.tuple(few, tie('relation')).map(([l, r]) => `SELECT ${l} FROM ${r}`),
      fc
        .tuple(fc.constantFrom('', 'DISTINCT ', '/*+ BROADCAST(a), X */ '), few, tie('relation'), e)
        .map(([d, l, r, w]) => `SELECT ${d}${l} FROM ${r} WHERE ${w}`),
      fc.tuple(few, tie('relation'), few, e).map(([l, r, g, h]) => `SELECT ${l} FROM ${r} GROUP BY ${g} HAVING ${h}`),
      fc
        .tuple(few, fc.constantFrom('ALL', 'ROLLUP (a, (b, t.a))', 'GROUPING SETS ((a), (), (a, b))', 'CUBE (a)'))
        .map(([l, g]) => `SELECT ${l} FROM t GROUP BY ${g}`),
      fc.tuple(q, fc.constantFrom('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT ALL'), q).map(([a, o, b]) => `(${a}) ${o} (${b})`),
      fc.tuple(q, order, fc.nat(9)).map(([a, o, n]) => `(${a}) ORDER BY ${o} LIMIT ${n} OFFSET 1`),
      fc.tuple(q, e).map(([a, k]) => `(${a}) DISTRIBUTE BY ${k} SORT BY (${k})`),
      fc
        .tuple(q, fc.constantFrom('DROP a', 'AS z', 'SET a = b + 1', 'LIMIT 3', 'AGGREGATE sum(a) GROUP BY b', 'AGGREGATE count(*)', 'EXTEND 1 AS x'))
        .map(([a, p]) => `(${a}) |> ${p}`),
      fc.tuple(q, e, q).map(([a, w, b]) => `(${a}) |> WHERE ${w} |> UNION ALL (${b})`),
      fc.tuple(few, tie('relation')).map(([l, r]) => `SELECT ${l} FROM ${r} LATERAL VIEW OUTER explode(a) v AS x, y LATERAL VIEW g() w`),
      fc.tuple(few, e).map(([l, w]) => `SELECT ${l}, sum(a) OVER w1 FROM t QUALIFY ${w} WINDOW w1 AS (PARTITION BY a), w2 AS w1`),
      fc.tuple(q, q).map(([a, b]) => `WITH w AS (${a}), v(x) AS (TABLE w) (${b})`),
    ),
  }
})

function checked(sql: string): void {
  const plan = parseStatement(sql)
  const printed = printStatement(plan)
  assert.equal(bare(parseStatement(printed)), bare(plan), printed)
}

test('an expression printed and read again is the same', () => {
  fc.assert(
    fc.property(expression, text => checked(`SELECT ${text}`)),
    { numRuns: 1500 },
  )
})

test('a query printed and read again is the same', () => {
  fc.assert(fc.property(query, checked), { numRuns: 800 })
})

test('statements printed and read again are the same', () => {
  const statements = [
    'CREATE OR REPLACE TEMP VIEW `a b`(x, y) AS SELECT 1, 2',
    "CREATE TEMP VIEW v USING csv OPTIONS (path '/a', header true)",
    'DROP VIEW IF EXISTS v',
    'EXPLAIN EXTENDED SELECT 1',
    'SET a.b = c',
    'RESET a.b',
  ]
  for (const sql of statements) checked(sql)
})

test.run()
