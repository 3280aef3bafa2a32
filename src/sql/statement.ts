/** What a parsed statement does in a session, and the plan of its result. */
import { SpkError, unreachable } from '../core/errors.js'
import { field, struct, typeString, types } from '../core/types.js'
import type { CacheCommand } from '../planner/commands.js'
import type { LocalRelation, Relation, Statement } from '../planner/logical.js'
import { analyzeTable, analyzeTables } from './analyze-table.js'
import { createTempView } from './create-view.js'
import { describeTable } from './describe-table.js'
import { localRelation, noRows, textRelation } from './local-relation.js'
import type { SparkSession } from './session.js'
import { catalogName } from './session-tables.js'
import { createTable, createView, dropTable, dropView, insertInto, notFound, truncateTable } from './table-commands.js'
import { withoutSpans } from './without-spans.js'

/** Carries the statement out, except queries: their plan is the result. Errors: `TABLE_OR_VIEW_NOT_FOUND` (42P01) and those of the views and settings. */
export function runStatement(statement: Statement, session: SparkSession, text: string): Relation {
  const { runner } = session
  const { views, tables } = runner
  const order = { session, text }
  switch (statement.kind) {
    case 'Query':
      return statement.plan
    case 'CreateTempView':
      return createTempView(statement.name, statement.plan, statement.columns, statement.replace, order)
    case 'DropView': {
      if (statement.nameParts.length === 1 && views.drop(statement.nameParts[0] as string)) return noRows()
      return runner.command(() => dropView(statement.nameParts, statement.ifExists, session))
    }
    case 'Explain':
      return session.runner.deferred(explained(statement.statement, statement.mode, session, text))
    case 'Failing':
      throw statement.error
    case 'ExecuteImmediate':
      return runStatement(withoutSpans(statement.statement), session, statement.text)
    case 'Set':
      return set(statement.key, statement.value, session)
    case 'Reset':
      if (statement.key === undefined) session.conf.reset()
      else session.conf.unset(statement.key)
      return noRows()
    case 'DescribeQuery':
      return session.runner.deferred(() => described(statement.plan, session))
    case 'DescribeTable':
      return session.runner.deferred(() => describeTable(statement, session))
    case 'ShowTables':
      return session.runner.deferred(async () => showTables(statement, session))
    case 'ShowColumns':
      return session.runner.deferred(() => columnNames(statement.nameParts, session))
    case 'CreateTable':
      return runner.command(() => createTable(statement, order))
    case 'DropTable':
      return runner.command(() => dropTable(statement, session))
    case 'CreateView':
      if (statement.global) throw unsupported('CREATE GLOBAL TEMPORARY VIEW')
      return runner.command(() => createView(statement, order))
    case 'Insert':
      return runner.command(() => insertInto(statement, order))
    case 'TruncateTable':
      return runner.command(() => truncateTable(statement, order))
    case 'CreateSchema':
      return runner.command(async () => {
        tables.createSchema(schemaName(statement.nameParts), statement.ifNotExists)
        return noRows()
      })
    case 'DropSchema':
      return runner.command(async () => {
        tables.dropSchema(schemaName(statement.nameParts), statement.ifExists, statement.cascade)
        return noRows()
      })
    case 'UseSchema':
      return runner.command(async () => {
        tables.use(schemaName(statement.nameParts))
        return noRows()
      })
    case 'AnalyzeTable':
      return runner.command(() => analyzeTable(statement, session))
    case 'AnalyzeTables':
      return runner.command(() =>
        analyzeTables(statement, statement.namespace === undefined ? tables.currentSchema : schemaName(statement.namespace), session),
      )
    case 'CacheCommand':
      return cache(statement, session)
    case 'OtherCommand':
      throw unsupported(statement.name)
    default:
      return unreachable(statement)
  }
}

/** `schema` or `spark_catalog.schema`; `USE spark_catalog` keeps the schema. Error: `REQUIRES_SINGLE_PART_NAMESPACE` (42K05). */
function schemaName(nameParts: readonly string[]): string {
  const parts = nameParts[0]?.toLowerCase() === catalogName ? nameParts.slice(1) : nameParts
  if (parts.length <= 1) return parts[0] ?? 'default'
  const message = `${catalogName} requires a single-part namespace, but got ${parts.map(p => `\`${p}\``).join('.')}.`
  throw new SpkError('REQUIRES_SINGLE_PART_NAMESPACE', message, { sqlState: '42K05' })
}

/** Nothing is kept in memory by name: a cached table is read like any other. `CACHE TABLE name AS query` makes a temp view. */
function cache(statement: CacheCommand, session: SparkSession): Relation {
  const { runner } = session
  const { nameParts, plan, action } = statement
  if (plan !== undefined && nameParts?.length === 1) runner.views.create(nameParts[0] as string, plan, false)
  return runner.command(async () => {
    const known =
      nameParts === undefined || statement.ifExists || runner.views.get(nameParts) !== undefined || runner.tables.get(nameParts) !== undefined
    if (!known && action !== 'clear') throw notFound(nameParts, runner.tables)
    return noRows()
  })
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

/** Tables and views of a schema, and temp views; `*` and `|` have their meaning in the pattern. Error: `SCHEMA_NOT_FOUND`. */
function showTables({ namespace, pattern, viewsOnly }: Statement & { kind: 'ShowTables' }, session: SparkSession): LocalRelation {
  const { tables, views } = session.runner
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
  const schema = namespace === undefined ? tables.currentSchema : schemaName(namespace)
  const own = tables.entries(schema).filter(entry => !viewsOnly || entry.kind === 'view')
  const all = [
    ...own.map(e => ({ namespace: schema, name: e.name, isTemporary: false })).sort(byName),
    ...views
      .names()
      .map(name => ({ namespace: '', name, isTemporary: true }))
      .sort(byName),
  ]
  const column = viewsOnly ? 'viewName' : 'tableName'
  return localRelation(
    all.filter(({ name }) => likes.some(like => like.test(name))).map(({ name, ...rest }) => ({ ...rest, [column]: name })),
    struct([field('namespace', types.string, false), field(column, types.string, false), field('isTemporary', types.boolean, false)]),
  )
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

function explained(
  statement: Statement,
  mode: (Statement & { kind: 'Explain' })['mode'],
  session: SparkSession,
  text: string,
): () => Promise<LocalRelation> {
  return async () => {
    if (statement.kind !== 'Query') {
      const query = 'plan' in statement ? statement.plan : undefined
      const below = query === undefined ? '' : (await session.runner.explain(query, 'simple', text)).replace(/^.*\n/, '')
      const tree = below === '' ? [] : below.split('\n').map((line, i) => `${i === 0 ? '+- ' : '   '}${line}`)
      return textRelation(['plan'], [[['== Physical Plan ==', `Execute ${statement.kind}`, ...tree, ''].join('\n')]])
    }
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
