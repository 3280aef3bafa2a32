/** What a parsed statement does in a session, and the plan of its result. */
import { SpkError, unreachable } from '../core/errors.js'
import type { LocalRelation, Relation, Statement } from '../planner/logical.js'
import { noRows, textRelation } from './local-relation.js'
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
    default:
      return unreachable(statement)
  }
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
