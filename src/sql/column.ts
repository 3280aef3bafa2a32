/**
 * Column expressions of the DataFrame API: immutable wrappers of unresolved expressions. Nothing is checked until an action or `schema()` asks for it;
 * then an unknown column is named together with the candidates.
 */
import { SpkError } from '../core/errors.js'
import { type DataType, types } from '../core/types.js'
import type { Expr } from '../planner/expr.js'
import { parseDataType } from '../planner/parse/parse.js'
import { type LiteralInput, literalOf } from './literal.js'
import type { WindowSpec } from './window.js'

/** A column, or a value that becomes a literal. */
export type ColumnOrValue = Column | LiteralInput
/** A column, or the name of one. */
export type ColumnOrName = Column | string

/** A column expression: `col('age').gt(25)`, `sum('sales').as('total')`. */
export class Column {
  /** The expression as plan data. */
  readonly node: Expr

  constructor(node: Expr) {
    this.node = node
  }

  #call(name: string, ...others: readonly ColumnOrValue[]): Column {
    return callFunction(name, [this, ...others.map(toColumn)])
  }

  /** `this > other`. @example df.filter(col('age').gt(25)) */
  gt(other: ColumnOrValue): Column {
    return this.#call('>', other)
  }
  /** `this >= other` */
  geq(other: ColumnOrValue): Column {
    return this.#call('>=', other)
  }
  /** `this < other` */
  lt(other: ColumnOrValue): Column {
    return this.#call('<', other)
  }
  /** `this <= other` */
  leq(other: ColumnOrValue): Column {
    return this.#call('<=', other)
  }
  /** `this = other`; NULL when either is NULL. */
  eq(other: ColumnOrValue): Column {
    return this.#call('=', other)
  }
  /** `this <> other`; NULL when either is NULL. */
  neq(other: ColumnOrValue): Column {
    return this.eq(other).not()
  }
  /** `this <=> other`: equality in which NULL equals NULL. */
  eqNullSafe(other: ColumnOrValue): Column {
    return this.#call('<=>', other)
  }

  /** `this + other` */
  plus(other: ColumnOrValue): Column {
    return this.#call('+', other)
  }
  /** `this - other` */
  minus(other: ColumnOrValue): Column {
    return this.#call('-', other)
  }
  /** `this * other` */
  times(other: ColumnOrValue): Column {
    return this.#call('*', other)
  }
  /** `this / other`: never integer division. */
  divide(other: ColumnOrValue): Column {
    return this.#call('/', other)
  }
  /** `this % other`, with the sign of the dividend. */
  mod(other: ColumnOrValue): Column {
    return this.#call('%', other)
  }
  /** `-this` */
  negate(): Column {
    return this.#call('negative')
  }
  /** `this & other`, bit by bit. */
  bitwiseAND(other: ColumnOrValue): Column {
    return this.#call('&', other)
  }
  /** `this | other`, bit by bit. */
  bitwiseOR(other: ColumnOrValue): Column {
    return this.#call('|', other)
  }
  /** `this ^ other`, bit by bit. */
  bitwiseXOR(other: ColumnOrValue): Column {
    return this.#call('^', other)
  }

  /** `this AND other`. @example col('age').gt(25).and(col('country').eq('CH')) */
  and(other: ColumnOrValue): Column {
    return this.#call('and', other)
  }
  /** `this OR other` */
  or(other: ColumnOrValue): Column {
    return this.#call('or', other)
  }
  /** `NOT this` */
  not(): Column {
    return this.#call('not')
  }

  /** `this IS NULL` */
  isNull(): Column {
    return this.#call('isnull')
  }
  /** `this IS NOT NULL` */
  isNotNull(): Column {
    return this.#call('isnotnull')
  }
  /** Whether the number is NaN. */
  isNaN(): Column {
    return this.#call('isnan')
  }
  /** `this IN (values)`. @example col('country').isin('CH', 'DE') */
  isin(...values: readonly (ColumnOrValue | readonly ColumnOrValue[])[]): Column {
    const flat = values.length === 1 && Array.isArray(values[0]) ? (values[0] as readonly ColumnOrValue[]) : (values as readonly ColumnOrValue[])
    if (flat.length === 0) return new Column(literalOf(false))
    return this.#call('in', ...flat)
  }
  /** `this BETWEEN lower AND upper`, both included. */
  between(lower: ColumnOrValue, upper: ColumnOrValue): Column {
    return this.#call('between', lower, upper)
  }
  /** SQL LIKE: `%` any text, `_` one character, `\` escapes. */
  like(pattern: ColumnOrValue): Column {
    return this.#call('like', pattern)
  }
  /** LIKE without regard to case. */
  ilike(pattern: ColumnOrValue): Column {
    return this.#call('ilike', pattern)
  }
  /** Whether a Java regular expression is found anywhere in the text. */
  rlike(pattern: ColumnOrValue): Column {
    return this.#call('rlike', pattern)
  }
  startsWith(prefix: ColumnOrValue): Column {
    return this.#call('startswith', prefix)
  }
  endsWith(suffix: ColumnOrValue): Column {
    return this.#call('endswith', suffix)
  }
  contains(part: ColumnOrValue): Column {
    return this.#call('contains', part)
  }
  /** `length` characters from `position`, which counts from 1. */
  substr(position: ColumnOrValue, length: ColumnOrValue): Column {
    return this.#call('substr', position, length)
  }

  /** Names the column. @example sum('sales').as('total') */
  as(name: string): Column {
    return new Column({ kind: 'Alias', child: this.node, name })
  }
  /** The same as `as`. */
  alias(name: string): Column {
    return this.as(name)
  }

  /** Converts to a type: its SQL name or a data type. What cannot be converted fails the query (ANSI). @example col('n').cast('decimal(10,2)') */
  cast(type: string | DataType): Column {
    return new Column({ kind: 'Cast', child: this.node, to: typeOf(type) })
  }
  /** Like `cast`, but gives NULL for what cannot be converted. */
  tryCast(type: string | DataType): Column {
    return new Column({ kind: 'Cast', child: this.node, to: typeOf(type), mode: 'try' })
  }

  /** One more case after `when(…)`. @example when(c.gt(9), 'many').when(c.gt(0), 'some').otherwise('none') */
  when(condition: Column, value: ColumnOrValue): Column {
    return callFunction('when', [...this.#cases('when'), condition, toColumn(value)])
  }
  /** What `when(…)` gives where no condition holds; without it that is NULL. */
  otherwise(value: ColumnOrValue): Column {
    return callFunction('when', [...this.#cases('otherwise'), toColumn(value)])
  }
  #cases(method: string): Column[] {
    const { node } = this
    if (node.kind !== 'UnresolvedFunction' || node.name !== 'when' || node.args.length % 2 !== 0) {
      throw new SpkError('SPK_INVALID_CALL', `${method}() can only follow when(condition, value), and nothing can follow otherwise().`)
    }
    return node.args.map(a => new Column(a))
  }

  /** The array element at a position from 0, or the map value of a key. */
  getItem(key: ColumnOrValue): Column {
    return new Column({ kind: 'UnresolvedExtractValue', child: this.node, extraction: toColumn(key).node })
  }
  /** A field of a struct. */
  getField(name: string): Column {
    return new Column({ kind: 'UnresolvedExtractValue', child: this.node, extraction: { kind: 'Literal', value: name, type: types.string } })
  }

  /** Ascending order, NULLs first. @example df.orderBy(col('sales').desc()) */
  asc(): Column {
    return this.#order(true)
  }
  /** Descending order, NULLs last. */
  desc(): Column {
    return this.#order(false)
  }
  ascNullsFirst(): Column {
    return this.#order(true, true)
  }
  ascNullsLast(): Column {
    return this.#order(true, false)
  }
  descNullsFirst(): Column {
    return this.#order(false, true)
  }
  descNullsLast(): Column {
    return this.#order(false, false)
  }
  #order(ascending: boolean, nullsFirst?: boolean): Column {
    const child = this.node.kind === 'SortOrder' ? this.node.child : this.node
    return new Column({ kind: 'SortOrder', child, ascending, ...(nullsFirst === undefined ? {} : { nullsFirst }) })
  }

  /** The function over a window. @example row_number().over(Window.partitionBy('country').orderBy('sales')) */
  over(window: WindowSpec): Column {
    return new Column({ kind: 'Window', function: this.node, ...window.spec })
  }
}

/** A column by name. Dots go into a qualifier, a struct or an alias; names with dots are quoted: `` col('`a.b`') ``. `col('*')` is every column. */
export function col(name: string): Column {
  return new Column(attributeOf(name))
}

/** The expression of a column name. */
export function attributeOf(name: string, planId?: number): Expr {
  if (name === '*') return { kind: 'UnresolvedStar' }
  if (name.endsWith('.*')) return { kind: 'UnresolvedStar', target: partsOf(name.slice(0, -2)) }
  return { kind: 'UnresolvedAttribute', nameParts: partsOf(name), ...(planId === undefined ? {} : { planId }) }
}

/** Parts of a column name: dots separate, except inside backquotes. Error: `INVALID_ATTRIBUTE_NAME_SYNTAX` (42601). */
function partsOf(name: string): readonly string[] {
  if (!/[.`]/.test(name)) return [name]
  const parts = [...name.matchAll(/(?:^|\.)(?:`((?:[^`]|``)+)`|([^.`]+))/g)]
  if (parts.reduce((length, [whole]) => length + whole.length, 0) !== name.length) {
    const message = `Syntax error in the attribute name: ${name}. Check that backticks appear in pairs, a quoted string is a complete name part, and quote a name that has dots: \`a.b\`.`
    throw new SpkError('INVALID_ATTRIBUTE_NAME_SYNTAX', message, { sqlState: '42601' })
  }
  return parts.map(([, quoted, plain]) => quoted?.replaceAll('``', '`') ?? plain ?? '')
}

/** A literal. @example lit(1), lit('CH'), lit(new Date(0)) */
export function lit(value: ColumnOrValue): Column {
  return toColumn(value)
}

/** A SQL expression. @example expr('sales * 1.2 AS gross') */
export function expr(sql: string): Column {
  return new Column({ kind: 'ExpressionString', text: sql })
}

/** Calls a function by name. */
export function callFunction(name: string, args: readonly Column[], options: { readonly distinct?: boolean } = {}): Column {
  return new Column({ kind: 'UnresolvedFunction', name, args: args.map(a => a.node), ...(options.distinct ? { distinct: true } : {}) })
}

/** A column stays, a value becomes a literal. */
export function toColumn(value: ColumnOrValue): Column {
  return value instanceof Column ? value : new Column(literalOf(value))
}

/** A column stays, a text is the name of one. */
export function named(column: ColumnOrName): Column {
  return column instanceof Column ? column : col(column)
}

function typeOf(type: string | DataType): DataType {
  return typeof type === 'string' ? parseDataType(type) : type
}
