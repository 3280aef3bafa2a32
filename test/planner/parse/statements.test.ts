import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DataType, typeString } from '#src/core/types.js'
import type { Expr } from '#src/planner/expr.js'
import type { Statement } from '#src/planner/logical.js'
import { parseStatement } from '#src/planner/parse/parse.js'
import { printExpression } from '#src/planner/parse/print.js'
import { planTree } from './plan-tree.js'

const test = suite('planner/parse/statements')

/** Everything that is not false or empty, types and expressions as SQL. */
function told(s: object): string {
  const text = (v: unknown): string => {
    if (Array.isArray(v)) return `[${v.map(text).join(' ')}]`
    if (typeof v !== 'object' || v === null) return String(v)
    const kind = 'kind' in v ? String(v.kind) : ''
    if (/^[A-Z]/.test(kind)) return printExpression(v as Expr)
    if (kind !== '') return typeString(v as DataType)
    return `{${told(v)}}`
  }
  const empty = (v: unknown): boolean => v === false || v === undefined || (typeof v === 'object' && v !== null && Object.keys(v).length === 0)
  return Object.entries(s)
    .filter(([, v]) => !empty(v))
    .map(([k, v]) => `${k}:${text(v)}`)
    .join(' ')
}

function shown(s: Statement): string {
  switch (s.kind) {
    case 'Query':
      return planTree(s.plan)
    case 'CreateTempView':
      return `${s.replace ? 'replace' : 'create'} ${s.name}${s.columns === undefined ? '' : `(${s.columns.join(', ')})`}\n${planTree(s.plan, '  ')}`
    case 'DropView':
      return `drop ${s.nameParts.join('.')}${s.ifExists ? ' if exists' : ''}`
    case 'Explain':
      return `explain ${s.mode}\n${shown(s.statement)}`
    case 'Set':
      return `set ${s.key} ${s.value}`
    case 'Reset':
      return `reset ${s.key}`
    case 'OtherCommand':
      return s.name
    case 'DescribeQuery':
      return `describe\n${planTree(s.plan, '  ')}`
    case 'Insert': {
      const { plan, ...rest } = s
      return `${told(rest)}\n${planTree(plan, '  ')}`
    }
    case 'CacheCommand': {
      const { plan, ...rest } = s
      return plan === undefined ? told(rest) : `${told(rest)}\n${planTree(plan, '  ')}`
    }
    case 'CreateView': {
      const { plan, ...rest } = s
      return `${told(rest)}\n${planTree(plan, '  ')}`
    }
    case 'CreateTable': {
      const { plan, ...rest } = s
      return plan === undefined ? told(rest) : `${told(rest)}\n${planTree(plan, '  ')}`
    }
    default:
      return told(s)
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
  // tables, views and rows
  [
    "CREATE TABLE IF NOT EXISTS a.t (id INT NOT NULL, d DATE DEFAULT current_date() COMMENT 'x') USING parquet PARTITIONED BY (d) LOCATION '/x' TBLPROPERTIES ('k' = 1)",
    'kind:CreateTable nameParts:[a t] columns:[{name:id type:int} {name:d type:date nullable:true comment:x default:current_date()}] partitioning:[d] properties:{k:1} ifNotExists:true provider:parquet location:/x',
  ],
  [
    'CREATE OR REPLACE TABLE t USING csv OPTIONS (header true) AS TABLE u',
    'kind:CreateTable nameParts:[t] options:{header:true} replace:true provider:csv\n  UnresolvedRelation u',
  ],
  ['DROP TABLE IF EXISTS a.t PURGE', 'kind:DropTable nameParts:[a t] ifExists:true'],
  [
    "CREATE VIEW IF NOT EXISTS v (a COMMENT 'x') AS TABLE t",
    'kind:CreateView nameParts:[v] ifNotExists:true columns:[{name:a comment:x}]\n  UnresolvedRelation t',
  ],
  ['CREATE GLOBAL TEMP VIEW v AS TABLE t', 'kind:CreateView nameParts:[v] global:true\n  UnresolvedRelation t'],
  ['CREATE TEMP VIEW v (a INT) USING json', 'create v\n  ReadFiles json  {}'],
  ['INSERT INTO t VALUES (1)', 'kind:Insert nameParts:[t]\n  InlineTable [1]'],
  [
    'INSERT OVERWRITE TABLE t PARTITION (d = 1, e) (a, b) SELECT 1, 2',
    'kind:Insert nameParts:[t] overwrite:true columns:[a b] partition:[{name:d value:1} {name:e}]\n  Project [1, 2]\n    OneRowRelation',
  ],
  ['INSERT INTO t BY NAME TABLE u', 'kind:Insert nameParts:[t] byName:true\n  UnresolvedRelation u'],
  ['WITH a AS (TABLE u) INSERT INTO t TABLE a', 'kind:Insert nameParts:[t]\n  WithCTE a\n    UnresolvedRelation u\n    UnresolvedRelation a'],
  // looking at things
  ['DESCRIBE TABLE t', 'kind:DescribeTable nameParts:[t]'],
  ['DESC EXTENDED a.t c', 'kind:DescribeTable nameParts:[a t] extended:true column:[c]'],
  ['DESCRIBE QUERY TABLE t', 'describe\n  UnresolvedRelation t'],
  ['DESC SELECT 1', 'describe\n  Project [1]\n    OneRowRelation'],
  ["SHOW TABLES IN a LIKE 'b*'", 'kind:ShowTables namespace:[a] pattern:b*'],
  ['SHOW VIEWS', 'kind:ShowTables viewsOnly:true'],
  ['SHOW COLUMNS IN t FROM a', 'kind:ShowColumns nameParts:[a t]'],
  // known by name
  ['ALTER TABLE t ADD COLUMNS (a INT AFTER b, c STRING)', 'ALTER TABLE'],
  ['ALTER TABLE t DROP COLUMN IF EXISTS a, b', 'ALTER TABLE'],
  ["ALTER TABLE t ALTER COLUMN a COMMENT 'x'", 'ALTER TABLE'],
  ['ALTER VIEW v WITH SCHEMA TYPE EVOLUTION', 'ALTER VIEW'],
  ['MERGE INTO t USING u ON t.a = u.a WHEN MATCHED AND u.b THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT (a) VALUES (u.a)', 'MERGE'],
  ['DELETE FROM t AS x WHERE x.a = 1', 'DELETE'],
  ['UPDATE t SET a = 1, b = DEFAULT WHERE c', 'UPDATE'],
  ['FROM t INSERT INTO a SELECT x INSERT INTO b SELECT y WHERE z', 'INSERT from FROM'],
  ['CREATE FUNCTION f(a INT DEFAULT 1) RETURNS TABLE (b INT) CONTAINS SQL RETURN SELECT a', 'CREATE FUNCTION'],
  ['DECLARE OR REPLACE VARIABLE INT DEFAULT 5', 'DECLARE VARIABLE'],
  ['SET VAR (a, b) = (SELECT 1, 2)', 'SET VARIABLE'],
  ["EXECUTE IMMEDIATE 'SELECT ?' INTO a USING 1, (2) AS b", 'EXECUTE IMMEDIATE INTO'],
  ['CALL p(1, a => 2)', 'CALL'],
  ['ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a, b', 'kind:AnalyzeTable nameParts:[t] columns:[a b]'],
  ['ANALYZE TABLE s.t COMPUTE STATISTICS NOSCAN', 'kind:AnalyzeTable nameParts:[s t] noScan:true'],
  ['ANALYZE TABLES IN s COMPUTE STATISTICS', 'kind:AnalyzeTables namespace:[s]'],
  ['CACHE LAZY TABLE t', 'kind:CacheCommand action:cache nameParts:[t]'],
  ['SHOW CREATE TABLE t', 'SHOW CREATE TABLE'],
  ['USE SCHEMA a.b', 'kind:UseSchema nameParts:[a b]'],
  ['TRUNCATE TABLE a.b', 'kind:TruncateTable nameParts:[a b]'],
  ['CREATE DATABASE IF NOT EXISTS d', 'kind:CreateSchema nameParts:[d] ifNotExists:true'],
  ['DROP SCHEMA d CASCADE', 'kind:DropSchema nameParts:[d] cascade:true'],
  ["COMMENT ON TABLE t IS 'x'", 'COMMENT ON'],
  [
    'l: BEGIN DECLARE x INT DEFAULT 0; DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SELECT 1; END; WHILE x < 3 DO IF x = 1 THEN LEAVE l; ELSE SET x = x + 1; END IF; END WHILE; END l',
    'BEGIN … END',
  ],
  ['RESET', 'reset undefined'],
  ['RESET a.b', 'reset a.b'],
]

for (const [sql, expected] of cases) test(sql, () => assert.is(shown(parseStatement(sql)), expected))

test.run()
