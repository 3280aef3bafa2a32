import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Statement } from '#src/planner/logical.js'
import { parseStatement } from '#src/planner/parse/parse.js'
import { planTree } from './plan-tree.js'

const test = suite('planner/parse/statements')

function shown(s: Statement): string {
  switch (s.kind) {
    case 'Query':
      return planTree(s.plan)
    case 'CreateTempView':
      return `${s.replace ? 'replace' : 'create'} ${s.name}${s.columns === undefined ? '' : `(${s.columns.join(', ')})`}\n${planTree(s.plan, '  ')}`
    case 'DropView':
      return `drop ${s.name}${s.ifExists ? ' if exists' : ''}`
    case 'Explain':
      return `explain ${s.mode}\n${shown(s.statement)}`
    case 'Set':
      return `set ${s.key} ${s.value}`
    case 'Reset':
      return `reset ${s.key}`
  }
}

const cases: readonly (readonly [string, string])[] = [
  ['CREATE TEMP VIEW v AS TABLE t', 'create v\n  UnresolvedRelation t'],
  ["CREATE OR REPLACE TEMPORARY VIEW v (a COMMENT 'x', b) COMMENT 'y' AS TABLE t", 'replace v(a, b)\n  UnresolvedRelation t'],
  ["CREATE TEMP VIEW v USING csv OPTIONS (path '/a', header true, 'x.y' = '1')", 'create v\n  ReadFiles csv /a {"header":"true","x.y":"1"}'],
  ['DROP VIEW v', 'drop v'],
  ['DROP VIEW IF EXISTS v', 'drop v if exists'],
  ['EXPLAIN TABLE t', 'explain simple\nUnresolvedRelation t'],
  ['EXPLAIN EXTENDED TABLE t', 'explain extended\nUnresolvedRelation t'],
  ['EXPLAIN FORMATTED TABLE t', 'explain formatted\nUnresolvedRelation t'],
  ['SET', 'set undefined undefined'],
  ['SET -v', 'set undefined undefined'],
  ['SET spark.sql.ansi.enabled', 'set spark.sql.ansi.enabled undefined'],
  ['SET spark.sql.ansi.enabled = false;', 'set spark.sql.ansi.enabled false'],
  ['SET a.b=c d, e', 'set a.b c d, e'],
  ['SET `a b`=`c;d`', 'set a b c;d'],
  ["SET TIME ZONE 'Asia/Tokyo'", 'set spark.sql.session.timeZone Asia/Tokyo'],
  ['SET TIME ZONE LOCAL', 'reset spark.sql.session.timeZone'],
  ["SET TIME ZONE INTERVAL '-08:30' HOUR TO MINUTE", 'set spark.sql.session.timeZone -08:30'],
  ['RESET', 'reset undefined'],
  ['RESET a.b', 'reset a.b'],
]

for (const [sql, expected] of cases) test(sql, () => assert.is(shown(parseStatement(sql)), expected))

test.run()
