/** What a parsed statement does in a session, and the plan of its result. */
import { SpkError, unreachable } from '../core/errors.js'
import { field, struct, typeString, types } from '../core/types.js'
import type { LocalRelation, Relation, Statement } from '../planner/logical.js'
import { localRelation, noRows, textRelation } from './local-relation.js'
import type { SparkSession } from './session.js'

/** Carries the statement out, except queries: their plan is the result. Errors: `TABLE_OR_VIEW_NOT_FOUND` (42P01) and those of the views and settings. */
export function runStatement(statement: Statement, session: SparkSession, text: string): Relation {
  const { views } = session.runner
  switch (statement.kind) {
    case 'Query':
      return statement.plan
    case 'CreateTempView': {
      const { plan, columns, name } = statement
      views.create(name, columns === undefined ? plan : { kind: 'SubqueryAlias', input: plan, alias: name, columns }, statement.replace)
      return noRows()
    }
    case 'DropView':
      if (!views.drop(statement.name) && !statement.ifExists) {
        const message = `The table or view \`${statement.name}\` cannot be found. Temp views are: ${views.names().join(', ') || 'none'}. To tolerate the error on drop use DROP VIEW IF EXISTS.`
        throw new SpkError('TABLE_OR_VIEW_NOT_FOUND', message, { sqlState: '42P01' })
      }
      return noRows()
    case 'Explain':
      return session.runner.deferred(explained(statement.statement, statement.mode, session, text))
    case 'Set':
      return set(statement.key, statement.value, session)
    case 'Reset':
      if (statement.key === undefined) session.conf.reset()
      else session.conf.unset(statement.key)
      return noRows()
    case 'DescribeQuery':
      return session.runner.deferred(() => described(statement.plan, session))
    case 'DescribeTable':
      if (statement.extended || statement.column !== undefined) throw unsupported('DESCRIBE EXTENDED and DESCRIBE of a column')
      return session.runner.deferred(() => described({ kind: 'UnresolvedRelation', nameParts: statement.nameParts }, session))
    case 'ShowTables':
      return showTables(statement, session)
    case 'ShowColumns':
      return session.runner.deferred(() => columnNames(statement.nameParts, session))
    case 'CreateTable':
      throw unsupported('CREATE TABLE')
    case 'DropTable':
      throw unsupported('DROP TABLE')
    case 'CreateView':
      throw unsupported(statement.global ? 'CREATE GLOBAL TEMPORARY VIEW' : 'CREATE VIEW without TEMPORARY')
    case 'Insert':
      throw unsupported('INSERT')
    case 'OtherCommand':
      throw unsupported(statement.name)
    default:
      return unreachable(statement)
  }
}

function unsupported(what: string): SpkError {
  const message = `The feature is not supported: ${what}. Temp views hold what a session names; df.write writes files.`
  return new SpkError('UNSUPPORTED_FEATURE.SQL_STATEMENT', message, { sqlState: '0A000', params: { statement: what } })
}

async function described(plan: Relation, session: SparkSession): Promise<LocalRelation> {
  const { fields } = await session.runner.schemaOf(plan)
  return textRelation(
    ['col_name', 'data_type', 'comment'],
    fields.map(f => [f.name, typeString(f.type), null]),
  )
}

async function columnNames(nameParts: readonly string[], session: SparkSession): Promise<LocalRelation> {
  const { fields } = await session.runner.schemaOf({ kind: 'UnresolvedRelation', nameParts })
  return textRelation(
    ['col_name'],
    fields.map(f => [f.name]),
  )
}

/** Temp views, which are all the tables there are; `*` and `|` have their meaning in the pattern. */
function showTables({ pattern, viewsOnly }: Statement & { kind: 'ShowTables' }, session: SparkSession): LocalRelation {
  const likes = (pattern ?? '*').split('|').map(
    p =>
      new RegExp(
        `^${p
          .trim()
          .replace(/[.+?^${}()[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')}$`,
        'i',
      ),
  )
  const names = session.runner.views.names().filter(n => likes.some(like => like.test(n)))
  const rows = names.sort().map(name => ({ namespace: '', [viewsOnly ? 'viewName' : 'tableName']: name, isTemporary: true }))
  return localRelation(
    rows,
    struct([
      field('namespace', types.string, false),
      field(viewsOnly ? 'viewName' : 'tableName', types.string, false),
      field('isTemporary', types.boolean, false),
    ]),
  )
}

function explained(
  statement: Statement,
  mode: (Statement & { kind: 'Explain' })['mode'],
  session: SparkSession,
  text: string,
): () => Promise<LocalRelation> {
  return async () => {
    if (statement.kind !== 'Query') return textRelation(['plan'], [[`== Physical Plan ==\nExecute ${statement.kind}\n`]])
    return textRelation(['plan'], [[await session.runner.explain(statement.plan, mode, text)]])
  }
}

function set(key: string | undefined, value: string | undefined, session: SparkSession): Relation {
  const { conf } = session
  if (key === undefined)
    return textRelation(
      ['key', 'value'],
      Object.entries(conf.getAll).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  if (value !== undefined) {
    conf.set(key, value)
    return textRelation(['key', 'value'], [[key, value]])
  }
  return textRelation(['key', 'value'], [[key, conf.get(key, '<undefined>')]])
}
