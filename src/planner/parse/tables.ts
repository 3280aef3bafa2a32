/** CREATE and REPLACE TABLE. */
import type { BucketSpec } from '../bucket-spec.js'
import type { ColumnDefinition, CreateTable, OtherCommand } from '../commands.js'
import type { Expr } from '../expr.js'
import type { Cursor } from './cursor.js'
import { multipartName, nameList, strictName } from './names.js'
import { ifNotExists, properties } from './properties.js'
import { isString, stringText } from './strings.js'

/** After CREATE [OR REPLACE] [TEMPORARY] [EXTERNAL] TABLE. */
export function createTable(c: Cursor, replace: boolean): CreateTable | OtherCommand {
  const missing = ifNotExists(c)
  const nameParts = multipartName(c)
  if (c.accept('LIKE')) {
    multipartName(c)
    tableClauses(c)
    return { kind: 'OtherCommand', name: 'CREATE TABLE LIKE' }
  }
  const columns = c.is('(') && !c.areNext('(', 'SELECT') && !c.areNext('(', 'WITH') ? columnList(c) : []
  const { provider, options = {}, partitioning = [], buckets, location, comment, properties: props = {} } = tableClauses(c)
  const hasQuery = c.accept('AS') || startsBody(c)
  const plan = hasQuery ? c.grammar.query(c) : undefined
  return {
    kind: 'CreateTable',
    nameParts,
    columns,
    options,
    partitioning,
    properties: props,
    ifNotExists: missing,
    replace,
    ...(provider === undefined ? {} : { provider }),
    ...(buckets === undefined ? {} : { buckets }),
    ...(location === undefined ? {} : { location }),
    ...(comment === undefined ? {} : { comment }),
    ...(plan === undefined ? {} : { plan }),
  }
}

function startsBody(c: Cursor): boolean {
  return ['SELECT', 'WITH', 'VALUES', 'TABLE', 'FROM', '('].includes(c.token.key)
}

/** `(a INT NOT NULL DEFAULT 1 COMMENT 'x', …)`; table constraints are read and left out. */
function columnList(c: Cursor): ColumnDefinition[] {
  c.expect('(')
  const columns: ColumnDefinition[] = []
  if (!c.is(')')) {
    c.list(() => {
      if (!tableConstraint(c)) columns.push(columnDefinition(c, strictName(c)))
    })
  }
  c.expect(')')
  return columns
}

/** What follows a column's name. */
export function columnDefinition(c: Cursor, name: string): ColumnDefinition {
  const type = c.grammar.dataType(c)
  let nullable = true
  let comment: string | undefined
  let value: Expr | undefined
  for (;;) {
    if (c.acceptAll('NOT', 'NULL')) nullable = false
    else if (c.accept('COMMENT')) comment = stringText(c)
    else if (c.accept('DEFAULT')) value = c.grammar.expression(c)
    else if (c.accept('GENERATED')) generated(c)
    else if (c.acceptAll('PRIMARY', 'KEY') || c.accept('UNIQUE')) constraintTail(c)
    else if (c.is('FIRST')) c.next()
    else if (c.accept('AFTER')) strictName(c)
    else if (!columnConstraint(c)) break
  }
  return { name, type, nullable, ...(comment === undefined ? {} : { comment }), ...(value === undefined ? {} : { default: value }) }
}

function generated(c: Cursor): void {
  const byDefault = c.acceptAll('BY', 'DEFAULT')
  if (!byDefault) c.expect('ALWAYS')
  c.expect('AS')
  if (c.accept('IDENTITY')) {
    if (!c.accept('(')) return
    while (!c.is(')') && c.token.kind !== 'end') c.next()
    c.expect(')')
    return
  }
  c.expect('(')
  c.grammar.expression(c)
  c.expect(')')
}

function columnConstraint(c: Cursor): boolean {
  if (c.is('CONSTRAINT') || c.is('CHECK') || c.is('REFERENCES')) {
    if (c.accept('CONSTRAINT')) strictName(c)
    if (c.accept('CHECK')) {
      c.expect('(')
      c.grammar.expression(c)
      c.expect(')')
    } else if (c.acceptAll('PRIMARY', 'KEY') || c.accept('UNIQUE')) {
      // Nothing more to read before its characteristics.
    } else references(c)
    constraintTail(c)
    return true
  }
  return false
}

function references(c: Cursor): void {
  c.expect('REFERENCES')
  multipartName(c)
  if (c.is('(')) nameList(c)
}

/** `CONSTRAINT x PRIMARY KEY (a)`, `CHECK (…)`, `FOREIGN KEY (a) REFERENCES t (b)`; false when none stands here. */
function tableConstraint(c: Cursor): boolean {
  const next = c.peek()
  const starts =
    (c.is('CONSTRAINT') && next.kind === 'word' && ['PRIMARY', 'FOREIGN', 'CHECK', 'UNIQUE'].includes(c.peek(2).key)) ||
    (c.is('PRIMARY') && next.key === 'KEY') ||
    (c.is('FOREIGN') && next.key === 'KEY') ||
    ((c.is('CHECK') || c.is('UNIQUE')) && next.key === '(')
  if (!starts) return false
  if (c.accept('CONSTRAINT')) strictName(c)
  if (c.accept('CHECK')) {
    c.expect('(')
    c.grammar.expression(c)
    c.expect(')')
  } else {
    const foreign = c.is('FOREIGN')
    c.next()
    c.accept('KEY')
    nameList(c)
    if (foreign) references(c)
  }
  constraintTail(c)
  return true
}

function constraintTail(c: Cursor): void {
  while (['NOT', 'ENFORCED', 'RELY', 'NORELY'].includes(c.token.key) && !(c.is('NOT') && c.peek().key === 'NULL')) c.next()
}

interface TableClauses {
  provider?: string
  options?: Record<string, string>
  partitioning?: Expr[]
  buckets?: BucketSpec
  location?: string
  comment?: string
  properties?: Record<string, string>
}

/** USING, OPTIONS, PARTITIONED BY, CLUSTERED BY, LOCATION, COMMENT, TBLPROPERTIES and Hive's formats, in any order. */
function tableClauses(c: Cursor): TableClauses {
  const found: TableClauses = {}
  for (;;) {
    if (c.accept('USING')) found.provider = multipartName(c).join('.')
    else if (c.accept('OPTIONS')) found.options = properties(c)
    else if (c.accept('TBLPROPERTIES')) found.properties = properties(c)
    else if (c.accept('LOCATION')) found.location = stringText(c)
    else if (c.accept('COMMENT')) found.comment = stringText(c)
    else if (c.acceptAll('PARTITIONED', 'BY')) found.partitioning = partitioning(c)
    else if (c.areNext('CLUSTERED', 'BY')) found.buckets = bucketSpec(c, found.buckets !== undefined)
    else if (c.acceptAll('DEFAULT', 'COLLATION')) strictName(c)
    else if (!hiveClause(c)) return found
  }
}

/** `(a, days(ts), b INT)`: a column with a type is given by its name. */
function partitioning(c: Cursor): Expr[] {
  c.expect('(')
  const items = c.list(() => {
    const item = c.grammar.valueExpression(c)
    if (!c.is(',') && !c.is(')')) columnDefinition(c, '')
    return item
  })
  c.expect(')')
  return items
}

/** `CLUSTERED BY (a, b) SORTED BY (c ASC) INTO 4 BUCKETS`. */
function bucketSpec(c: Cursor, again: boolean): BucketSpec {
  const { start } = c.token
  c.expect('CLUSTERED')
  c.expect('BY')
  const columns = nameList(c)
  const sortColumns: string[] = []
  let descending = false
  if (c.acceptAll('SORTED', 'BY')) {
    c.expect('(')
    c.list(() => {
      sortColumns.push(strictName(c))
      if (!c.accept('ASC') && c.accept('DESC')) descending = true
    })
    c.expect(')')
  }
  c.expect('INTO')
  if (c.token.kind !== 'integer') c.fail('<a number>')
  const count = Number(c.next().text)
  c.expect('BUCKETS')
  const span = c.spanFrom(start)
  if (descending) throw c.error('_LEGACY_ERROR_TEMP_0035', "Operation not allowed: Column ordering must be ASC, was 'DESC'.", span)
  if (again) {
    const clauseName = 'CLUSTERED BY'
    throw c.error('DUPLICATE_CLAUSES', `Found duplicate clauses: ${clauseName}. Please, remove one of them.`, span, { clauseName }, '42614')
  }
  return { count, columns, sortColumns }
}

function hiveClause(c: Cursor): boolean {
  if (c.acceptAll('CLUSTER', 'BY')) {
    c.expect('(')
    c.list(multipartName)
    c.expect(')')
    return true
  }
  if (c.accept('STORED')) {
    c.expect('AS')
    if (c.accept('INPUTFORMAT')) {
      stringText(c)
      c.expect('OUTPUTFORMAT')
      stringText(c)
    } else strictName(c)
    return true
  }
  return rowFormat(c)
}

/** `ROW FORMAT SERDE '…' …` or `ROW FORMAT DELIMITED …`. */
export function rowFormat(c: Cursor): boolean {
  if (!c.acceptAll('ROW', 'FORMAT')) return false
  if (c.accept('SERDE')) {
    stringText(c)
    if (c.acceptAll('WITH', 'SERDEPROPERTIES')) properties(c)
    return true
  }
  c.expect('DELIMITED')
  const words = new Set('FIELDS TERMINATED BY ESCAPED COLLECTION ITEMS MAP KEYS LINES NULL DEFINED AS'.split(' '))
  while (isString(c) || (c.token.kind === 'word' && words.has(c.token.key))) c.next()
  return true
}
