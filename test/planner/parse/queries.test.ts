import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseStatement } from '#src/planner/parse/parse.js'
import { planTree } from './plan-tree.js'

const test = suite('planner/parse/queries')

/** SQL → plan, one node a line. */
const cases: readonly (readonly [string, string])[] = [
  ['SELECT 1', 'Project [1]\n  OneRowRelation'],
  ['SELECT a, b AS c, t.* FROM t', 'Project [a, b AS c, t.*]\n  UnresolvedRelation t'],
  ['SELECT DISTINCT a FROM t', 'Deduplicate\n  Project [a]\n    UnresolvedRelation t'],
  ['FROM t SELECT a WHERE b', 'Project [a]\n  Filter b\n    UnresolvedRelation t'],
  ['TABLE t', 'UnresolvedRelation t'],
  ['VALUES (1, 2), (3, 4)', 'InlineTable [1, 2] [3, 4]'],
  ['SELECT * FROM VALUES 1, 2 AS t(a)', 'Project [*]\n  SubqueryAlias t(a)\n    InlineTable [1] [2]'],
  ['SELECT * FROM parquet.`/a/b.parquet`', 'Project [*]\n  UnresolvedRelation parquet./a/b.parquet'],
  ['SELECT * FROM range(5)', 'Project [*]\n  Range 0 5 1'],
  ['SELECT * FROM range(10, -10, -2, 4) r', 'Project [*]\n  SubqueryAlias r\n    Range 10 -10 -2 4'],
  ['SELECT * FROM explode(array(1)) AS t(x)', 'Project [*]\n  SubqueryAlias t(x)\n    UnresolvedTableValuedFunction explode [array(1)]'],
  ['SELECT a FROM t WHERE a > 1 GROUP BY a HAVING count(*) > 2', 'Aggregate [a] [a] having count(1) > 2\n  Filter a > 1\n    UnresolvedRelation t'],
  ['SELECT max(a) FROM t HAVING true', 'Aggregate [] [max(a)] having true\n  UnresolvedRelation t'],
  ['SELECT a, sum(b) FROM t GROUP BY ALL', 'Aggregate all [a, sum(b)]\n  UnresolvedRelation t'],
  ['SELECT a FROM t GROUP BY 1, b + 1', 'Aggregate [1, b + 1] [a]\n  UnresolvedRelation t'],
  ['SELECT a FROM t GROUP BY ROLLUP (a, (b, c))', 'Aggregate [rollup(a, struct(b, c))] [a]\n  UnresolvedRelation t'],
  ['SELECT a FROM t GROUP BY a, b WITH CUBE', 'Aggregate [cube(a, b)] [a]\n  UnresolvedRelation t'],
  ['SELECT a FROM t GROUP BY GROUPING SETS ((a, b), a, ())', 'Aggregate [grouping_sets(struct(a, b), a, struct())] [a]\n  UnresolvedRelation t'],
  [
    'SELECT a FROM t ORDER BY a DESC, b NULLS LAST LIMIT 3 OFFSET 1',
    'Limit 3\n  Offset 1\n    Sort [a DESC, b ASC NULLS LAST]\n      Project [a]\n        UnresolvedRelation t',
  ],
  ['SELECT a FROM t ORDER BY ALL', 'Sort [`ALL` ASC]\n  Project [a]\n    UnresolvedRelation t'],
  ['SELECT a FROM t LIMIT ALL', 'Project [a]\n  UnresolvedRelation t'],
  ['SELECT a FROM t CLUSTER BY a', 'Sort local [a ASC]\n  Repartition  [a]\n    Project [a]\n      UnresolvedRelation t'],
  ['SELECT a FROM t DISTRIBUTE BY a SORT BY b', 'Sort local [b ASC]\n  Repartition  [a]\n    Project [a]\n      UnresolvedRelation t'],
  // joins
  ['SELECT * FROM a, b', 'Project [*]\n  Join inner\n    UnresolvedRelation a\n    UnresolvedRelation b'],
  ['SELECT * FROM a JOIN b ON a.i = b.i', 'Project [*]\n  Join inner on a.i = b.i\n    UnresolvedRelation a\n    UnresolvedRelation b'],
  ['SELECT * FROM a LEFT OUTER JOIN b USING (i, j)', 'Project [*]\n  Join left using i, j\n    UnresolvedRelation a\n    UnresolvedRelation b'],
  ['SELECT * FROM a NATURAL FULL JOIN b', 'Project [*]\n  Join natural full\n    UnresolvedRelation a\n    UnresolvedRelation b'],
  ['SELECT * FROM a LEFT SEMI JOIN b ON true', 'Project [*]\n  Join semi on true\n    UnresolvedRelation a\n    UnresolvedRelation b'],
  ['SELECT * FROM a ANTI JOIN b ON true', 'Project [*]\n  Join anti on true\n    UnresolvedRelation a\n    UnresolvedRelation b'],
  [
    'SELECT * FROM a CROSS JOIN b RIGHT JOIN (c JOIN d) ON x',
    'Project [*]\n  Join right on x\n    Join cross\n      UnresolvedRelation a\n      UnresolvedRelation b\n    Join inner\n      UnresolvedRelation c\n      UnresolvedRelation d',
  ],
  [
    'SELECT * FROM t AS `left`, u right_',
    'Project [*]\n  Join inner\n    SubqueryAlias left\n      UnresolvedRelation t\n    SubqueryAlias right_\n      UnresolvedRelation u',
  ],
  ['SELECT * FROM (SELECT 1) AS s(a)', 'Project [*]\n  SubqueryAlias s(a)\n    Project [1]\n      OneRowRelation'],
  [
    'SELECT * FROM ((SELECT 1) UNION (SELECT 2))',
    'Project [*]\n  SetOperation union\n    Project [1]\n      OneRowRelation\n    Project [2]\n      OneRowRelation',
  ],
  [
    'SELECT * FROM ((SELECT 1) AS x JOIN t)',
    'Project [*]\n  Join inner\n    SubqueryAlias x\n      Project [1]\n        OneRowRelation\n    UnresolvedRelation t',
  ],
  // set operations
  [
    'TABLE a UNION ALL TABLE b INTERSECT TABLE c EXCEPT TABLE d',
    'SetOperation except\n  SetOperation union all\n    UnresolvedRelation a\n    SetOperation intersect\n      UnresolvedRelation b\n      UnresolvedRelation c\n  UnresolvedRelation d',
  ],
  ['TABLE a MINUS TABLE b ORDER BY 1', 'Sort [1 ASC]\n  SetOperation except\n    UnresolvedRelation a\n    UnresolvedRelation b'],
  ['(TABLE a LIMIT 1) UNION TABLE b', 'SetOperation union\n  Limit 1\n    UnresolvedRelation a\n  UnresolvedRelation b'],
  // with, hints
  [
    'WITH a AS (SELECT 1), b(x) AS (TABLE a) TABLE b',
    'WithCTE a, b(x)\n  Project [1]\n    OneRowRelation\n  UnresolvedRelation a\n  UnresolvedRelation b',
  ],
  [
    'SELECT /*+ BROADCAST(a, b), REPARTITION(3) */ * FROM a',
    'Hint REPARTITION [3]\n  Hint BROADCAST [a, b]\n    Project [*]\n      UnresolvedRelation a',
  ],
  ['WITH RECURSIVE r(n) MAX RECURSION LEVEL 9 AS (SELECT 1) TABLE r', 'WithCTE r(n)\n  Project [1]\n    OneRowRelation\n  UnresolvedRelation r'],
  // what follows relations
  [
    'SELECT * FROM t LATERAL VIEW OUTER explode(a) v AS x WHERE x',
    'Project [*]\n  Filter x\n    Generate outer explode(a) v(x)\n      UnresolvedRelation t',
  ],
  [
    'SELECT * FROM t, LATERAL (SELECT a) l JOIN u',
    'Project [*]\n  Join inner\n    Join lateral inner\n      UnresolvedRelation t\n      SubqueryAlias l\n        Project [a]\n          OneRowRelation\n    UnresolvedRelation u',
  ],
  [
    'SELECT * FROM t PIVOT (sum(a) FOR (b, c) IN ((1, 2) AS x)) p',
    'Project [*]\n  SubqueryAlias p\n    Pivot [sum(a)] for b, c in [struct(1, 2) AS `x`]\n      UnresolvedRelation t'.replace('`x`', 'x'),
  ],
  [
    'SELECT * FROM t UNPIVOT (v FOR n IN (a AS x, t.b))',
    'Project [*]\n  Unpivot v for n in [{"columns":[["a"]],"alias":"x"},{"columns":[["t","b"]]}]\n    UnresolvedRelation t',
  ],
  ['SELECT * FROM t TABLESAMPLE (5 ROWS) s', 'Project [*]\n  SubqueryAlias s\n    Sample "5"\n      UnresolvedRelation t'],
  [
    'SELECT a FROM t QUALIFY rank() OVER w = 1 WINDOW w AS (ORDER BY a)',
    'WithWindowDefinition w\n  Qualify rank() OVER w = 1\n    Project [a]\n      UnresolvedRelation t',
  ],
  ['SELECT explode(m) AS (k, v), stack(1) (x)', 'Project [explode(m) AS (k, v), stack(1) AS (x)]\n  OneRowRelation'],
  // pipes
  [
    'FROM t |> WHERE a |> EXTEND b + 1 AS c |> SET c = 2, d = c |> DROP e |> AS z |> JOIN u USING (i)',
    'Join inner using i\n  SubqueryAlias z\n    Drop e\n      WithColumns d = c\n        WithColumns c = 2\n          Project [*, b + 1 AS c]\n            Filter a\n              UnresolvedRelation t\n  UnresolvedRelation u',
  ],
  [
    'TABLE t |> AGGREGATE sum(a) AS s GROUP BY b AS k, c |> ORDER BY s |> LIMIT 1',
    'Limit 1\n  Sort [s ASC]\n    Aggregate [b, c] [b AS k, c, sum(a) AS s]\n      UnresolvedRelation t',
  ],
  ['TABLE t |> UNION ALL TABLE u |> SELECT a', 'Project [a]\n  SetOperation union all\n    UnresolvedRelation t\n    UnresolvedRelation u'],
  [
    "SELECT IDENTIFIER('a.' || 'b'), IDENTIFIER('f')(1) FROM IDENTIFIER('x.y') AS IDENTIFIER('z')",
    'Project [a.b, f(1)]\n  SubqueryAlias z\n    UnresolvedRelation x.y',
  ],
  ['SELECT v:a.b[0]::int FROM t', "Project [CAST(variant_get(v, '$.a.b[0]') AS INT)]\n  UnresolvedRelation t"],
  ['FROM t SELECT a SELECT b', 'SetOperation union all\n  Project [a]\n    UnresolvedRelation t\n  Project [b]\n    UnresolvedRelation t'],
  ['TABLE t | SELECT a | b | WHERE c', 'Filter c\n  Project [a | b]\n    UnresolvedRelation t'],
  ["SELECT TRANSFORM (a) USING 'cat' AS (b INT) FROM t", 'ScriptTransform\n  Project [a]\n    UnresolvedRelation t'],
  // words that are keywords and names
  ['SELECT window, sort FROM t limit', 'Project [`window`, `sort`]\n  SubqueryAlias limit\n    UnresolvedRelation t'],
  ['SELECT a date, b AS select FROM t', 'Project [a AS `date`, b AS `select`]\n  UnresolvedRelation t'],
  ['SELECT 1 -- one\n/* and */ ; ;', 'Project [1]\n  OneRowRelation'],
]

for (const [sql, expected] of cases) {
  test(sql, () => {
    const statement = parseStatement(sql)
    if (statement.kind !== 'Query') throw new Error(`a ${statement.kind}`)
    assert.is(planTree(statement.plan), expected)
  })
}

test('under reserved keywords, reserved words are names only in quotes', () => {
  const options = { reservedKeywords: true }
  assert.throws(() => parseStatement('SELECT a AS all FROM t', options), /PARSE_SYNTAX_ERROR/)
  assert.not.throws(() => parseStatement('SELECT a AS `all`, b AS year FROM t', options))
})

test('with double-quoted identifiers, "x" is a name', () => {
  const statement = parseStatement('SELECT "a b" FROM "t"', { doubleQuotedIdentifiers: true })
  assert.is(statement.kind === 'Query' && planTree(statement.plan), 'Project [`a b`]\n  UnresolvedRelation t')
})

test.run()
