/** CREATE VIEW in all its forms. */
import type { Command } from '../commands.js'
import type { Relation, Statement } from '../logical.js'
import type { Cursor } from './cursor.js'
import { multipartName, nameList, strictName } from './names.js'
import { ifNotExists, properties } from './properties.js'
import { stringText } from './strings.js'

type Scope = 'session' | 'global' | 'catalog'

/** After CREATE [OR REPLACE] [[GLOBAL] TEMPORARY] VIEW. */
export function createView(c: Cursor, scope: Scope, replace: boolean): Statement {
  const missing = ifNotExists(c)
  const start = c.token.start
  const nameParts = multipartName(c)
  const name = scope === 'session' ? singlePart(c, nameParts, start) : ''
  if (scope !== 'catalog' && (c.is('USING') || typedColumns(c))) {
    const plan = source(c)
    return scope === 'session' ? { kind: 'CreateTempView', name, plan, replace } : globalView(nameParts, plan, replace)
  }
  const columns = c.is('(') ? viewColumns(c) : undefined
  const { comment, properties: props } = viewClauses(c)
  c.expect('AS')
  const plan = c.grammar.query(c)
  if (scope === 'session') {
    return { kind: 'CreateTempView', name, plan, replace, ...(columns === undefined ? {} : { columns: columns.map(n => n.name) }) }
  }
  return {
    kind: 'CreateView',
    nameParts,
    global: scope === 'global',
    properties: props,
    plan,
    ifNotExists: missing,
    replace,
    ...(columns === undefined ? {} : { columns }),
    ...(comment === undefined ? {} : { comment }),
  }
}

function globalView(nameParts: readonly string[], plan: Relation, replace: boolean): Command {
  return { kind: 'CreateView', nameParts, global: true, properties: {}, plan, ifNotExists: false, replace }
}

/** The name of a temp view has one part. */
function singlePart(c: Cursor, parts: readonly string[], start: number): string {
  const last = parts[parts.length - 1] as string
  if (parts.length === 1) return last
  const objName = `\`${last}\``
  const qualifier = parts
    .slice(0, -1)
    .map(p => `\`${p}\``)
    .join('.')
  const message = `Temporary VIEW ${objName} cannot be qualified with ${qualifier}. Give a name without dots.`
  throw c.error('INVALID_TEMP_OBJ_QUALIFIER', message, c.spanFrom(start), { objName, qualifier }, '42602')
}

function viewColumns(c: Cursor): { name: string; comment?: string }[] {
  c.expect('(')
  const columns = c.list(() => {
    const name = strictName(c)
    return c.accept('COMMENT') ? { name, comment: stringText(c) } : { name }
  })
  c.expect(')')
  return columns
}

function viewClauses(c: Cursor): { comment?: string; properties: Record<string, string> } {
  let comment: string | undefined
  let props: Record<string, string> = {}
  for (;;) {
    if (c.accept('COMMENT')) comment = stringText(c)
    else if (c.accept('TBLPROPERTIES')) props = properties(c)
    else if (c.acceptAll('PARTITIONED', 'ON')) nameList(c)
    else if (c.acceptAll('DEFAULT', 'COLLATION')) strictName(c)
    else if (!schemaBinding(c)) return comment === undefined ? { properties: props } : { comment, properties: props }
  }
}

/** `WITH SCHEMA BINDING | COMPENSATION | [TYPE] EVOLUTION` */
export function schemaBinding(c: Cursor): boolean {
  if (!c.acceptAll('WITH', 'SCHEMA')) return false
  if (c.accept('TYPE')) c.expect('EVOLUTION')
  else if (!c.accept('BINDING') && !c.accept('COMPENSATION')) c.expect('EVOLUTION')
  return true
}

/** `(a INT) USING …`: a list of columns with types comes before the format. */
function typedColumns(c: Cursor): boolean {
  return c.is('(') && c.peek(2).kind === 'word' && c.peek(2).key !== ',' && c.peek(2).key !== 'COMMENT'
}

/** `[(schema)] USING parquet OPTIONS (path '…', header true)` */
function source(c: Cursor): Relation {
  const start = c.token.start
  let schema: Extract<Relation, { kind: 'ReadFiles' }>['schema']
  if (c.accept('(')) {
    schema = c.grammar.tableSchema(c)
    c.expect(')')
  }
  c.expect('USING')
  const formatStart = c.token.start
  const format = multipartName(c).join('.').toLowerCase()
  if (format !== 'parquet' && format !== 'csv' && format !== 'json') {
    const message = `Failed to find the data source: ${format}. Known are parquet, csv and json.`
    throw c.error('DATA_SOURCE_NOT_FOUND', message, c.spanFrom(formatStart), { provider: format }, '42K02')
  }
  const given = c.accept('OPTIONS') ? properties(c) : {}
  const { path, ...options } = Object.fromEntries(Object.entries(given).map(([k, v]) => [k.toLowerCase(), v]))
  return {
    kind: 'ReadFiles',
    format,
    paths: path === undefined ? [] : [path],
    options,
    ...(schema === undefined ? {} : { schema }),
    span: c.spanFrom(start),
  }
}
