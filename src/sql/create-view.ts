/**
 * CREATE VIEW, temporary or not: a view is checked when it is made. A temporary one has its name at once, as the statements behind it count on that, and
 * loses it again when the check fails. Called by `statement.ts` and `table-commands.ts`.
 */
import { conf } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import type { Relation } from '../planner/logical.js'
import { noRows } from './local-relation.js'
import type { SparkSession } from './session.js'

interface Order {
  readonly session: SparkSession
  readonly text: string | undefined
}

/** The query, its columns under the names that the view gives them. */
export function named(plan: Relation, alias: string, columns: readonly string[] | undefined): Relation {
  return columns === undefined ? plan : { kind: 'SubqueryAlias', input: plan, alias, columns }
}

/** Errors: those of the query, `CREATE_VIEW_COLUMN_ARITY_MISMATCH.*` (21S01), `COLUMN_ALREADY_EXISTS` (42711). */
export async function checkView(shown: string, plan: Relation, columns: readonly string[] | undefined, order: Order): Promise<void> {
  const schema = await order.session.runner.schemaOf(plan, order.text)
  const data = schema.fields.map(f => f.name)
  const names = columns ?? data
  if (names.length !== data.length) {
    const few = data.length < names.length
    const list = (all: readonly string[]) => all.map(name => `\`${name}\``).join(', ')
    throw new SpkError(
      `CREATE_VIEW_COLUMN_ARITY_MISMATCH.${few ? 'NOT_ENOUGH_DATA_COLUMNS' : 'TOO_MANY_DATA_COLUMNS'}`,
      `Cannot create view ${shown}, the reason is ${few ? 'not enough' : 'too many'} data columns: View columns: ${list(names)}. Data columns: ${list(data)}.`,
      { sqlState: '21S01' },
    )
  }
  const exact = order.session.conf.snapshot().get(conf.caseSensitive)
  const keys = names.map(name => (exact ? name : name.toLowerCase()))
  const repeated = names.find((_, i) => keys.indexOf(keys[i] as string) < i)
  if (repeated !== undefined) {
    const message = `The column \`${repeated}\` already exists. Choose another name or rename the existing column.`
    throw new SpkError('COLUMN_ALREADY_EXISTS', message, { sqlState: '42711' })
  }
}

export function createTempView(name: string, plan: Relation, columns: readonly string[] | undefined, replace: boolean, order: Order): Relation {
  const { runner } = order.session
  const query = runner.views.captured(plan)
  const undo = runner.views.create(name, named(plan, name, columns), replace)
  return runner.command(async () => {
    try {
      await checkView(`\`${name}\``, query, columns, order)
    } catch (error) {
      undo()
      throw error
    }
    return noRows()
  })
}
