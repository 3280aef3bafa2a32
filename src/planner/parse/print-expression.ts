/** Expressions as SQL text with no more parentheses than needed; what the parser made is read back as the same tree. */
import { unreachable } from '../../core/errors.js'
import type { Expr, FrameBoundary, UnresolvedFunction, Window } from '../expr.js'
import type { Relation } from '../logical.js'
import { binaryOperators } from './operators.js'
import { printLiteral } from './print-literal.js'
import { printName, printNameParts, printType } from './print-names.js'

/** How tightly the printed form binds; binary operators come at `level.value + precedence`. */
const level = { any: 0, or: 1, and: 2, not: 3, predicate: 4, value: 5, unary: 20, primary: 21 } as const

interface Printed {
  readonly text: string
  readonly level: number
}

/** Prints the queries inside expressions; given by `print.ts`, which imports this file. */
export type QueryPrinter = (plan: Relation) => string

export class ExpressionPrinter {
  readonly #query: QueryPrinter

  constructor(query: QueryPrinter) {
    this.#query = query
  }

  print(e: Expr, least: number = level.any): string {
    const { text, level: own } = this.#form(e)
    return own < least ? `(${text})` : text
  }

  list(items: readonly Expr[]): string {
    return items.map(i => this.print(i)).join(', ')
  }

  #form(e: Expr): Printed {
    const primary = (text: string): Printed => ({ text, level: level.primary })
    switch (e.kind) {
      case 'Literal':
        return primary(printLiteral(e))
      case 'UnresolvedAttribute':
        return primary(printNameParts(e.nameParts))
      case 'UnresolvedStar': {
        const except = e.except === undefined ? '' : ` EXCEPT (${e.except.map(printNameParts).join(', ')})`
        return primary(`${e.target === undefined ? '' : `${printNameParts(e.target)}.`}*${except}`)
      }
      case 'UnresolvedFunction':
        return this.#operator(e) ?? primary(this.#call(e))
      case 'Cast': {
        const name = e.mode === 'try' ? 'TRY_CAST' : 'CAST'
        return primary(`${name}(${this.print(e.child)} AS ${printType(e.to)})`)
      }
      case 'Alias':
        return { text: `${this.print(e.child)} AS ${printName(e.name)}`, level: level.any }
      case 'MultiAlias':
        return { text: `${this.print(e.child)} AS (${e.names.map(printName).join(', ')})`, level: level.any }
      case 'UnresolvedExtractValue':
        return primary(`${this.print(e.child, level.primary)}[${this.print(e.extraction, level.value)}]`)
      case 'SortOrder': {
        const nulls = e.nullsFirst === undefined ? '' : ` NULLS ${e.nullsFirst ? 'FIRST' : 'LAST'}`
        return { text: `${this.print(e.child)} ${e.ascending ? 'ASC' : 'DESC'}${nulls}`, level: level.any }
      }
      case 'ExpressionString':
        return { text: e.text, level: level.any }
      case 'SubqueryExpression':
        return this.#subquery(e)
      case 'NamedArgument':
        return { text: `${printName(e.name)} => ${this.print(e.value)}`, level: level.any }
      case 'LambdaFunction': {
        const parameters = e.parameters.map(printName).join(', ')
        return { text: `${e.parameters.length === 1 ? parameters : `(${parameters})`} -> ${this.print(e.body)}`, level: level.any }
      }
      case 'Window':
        return primary(`${this.print(e.function, level.primary)} OVER ${e.reference === undefined ? this.windowSpec(e) : printName(e.reference)}`)
      default:
        return unreachable(e)
    }
  }

  windowSpec({ partitionBy, orderBy, frame }: Pick<Window, 'partitionBy' | 'orderBy' | 'frame'>): string {
    const parts: string[] = []
    if (partitionBy.length > 0) parts.push(`PARTITION BY ${this.list(partitionBy)}`)
    if (orderBy.length > 0) parts.push(`ORDER BY ${this.list(orderBy)}`)
    if (frame !== undefined) {
      parts.push(`${frame.type.toUpperCase()} BETWEEN ${this.#boundary(frame.lower, 'PRECEDING')} AND ${this.#boundary(frame.upper, 'FOLLOWING')}`)
    }
    return `(${parts.join(' ')})`
  }

  #boundary(b: FrameBoundary, unbounded: string): string {
    switch (b.kind) {
      case 'currentRow':
        return 'CURRENT ROW'
      case 'unbounded':
        return `UNBOUNDED ${unbounded}`
      case 'offset': {
        const { value } = b
        if (value.kind === 'Literal' && typeof value.value === 'number' && value.value < 0) {
          return `${this.print({ ...value, value: -value.value }, level.value)} PRECEDING`
        }
        if (value.kind === 'UnresolvedFunction' && value.name === 'negative') return `${this.print(value.args[0] as Expr, level.value)} PRECEDING`
        return `${this.print(value, level.value)} FOLLOWING`
      }
      default:
        return unreachable(b)
    }
  }

  #subquery(e: Expr & { kind: 'SubqueryExpression' }): Printed {
    const query = `(${this.#query(e.plan)})`
    if (e.subquery === 'scalar') return { text: query, level: level.primary }
    if (e.subquery === 'exists') return { text: `EXISTS ${query}`, level: level.primary }
    const [only] = e.values ?? []
    const left = e.values?.length === 1 && only !== undefined ? this.print(only, level.value) : `(${this.list(e.values ?? [])})`
    return { text: `${left} IN ${query}`, level: level.predicate }
  }

  /** A call that has an operator's form. */
  #operator(e: UnresolvedFunction): Printed | undefined {
    if (e.distinct || e.filter !== undefined || e.withinGroup !== undefined || e.ignoreNulls !== undefined) return undefined
    const [a, b, c] = e.args
    const at = (own: number, text: string): Printed => ({ text, level: own })
    const value = (x: Expr): string => this.print(x, level.value)
    const binary = binaryOperators.get(e.name === 'div' ? 'DIV' : e.name)
    if (binary !== undefined && !binary.negated && e.args.length === 2 && a !== undefined && b !== undefined) {
      const own = level.value + binary.precedence
      return at(own, `${this.print(a, own)} ${e.name.toUpperCase()} ${this.print(b, own + 1)}`)
    }
    if (a === undefined) return undefined
    switch (`${e.name} ${e.args.length}`) {
      case 'timestampadd 3':
      case 'timestampdiff 3':
        // The unit stands without quotes.
        if (a.kind !== 'Literal') return undefined
        return at(level.primary, `${e.name.toUpperCase()}(${String(a.value)}, ${this.list([b as Expr, c as Expr])})`)
      case 'or 2':
        return at(level.or, `${this.print(a, level.or)} OR ${this.print(b as Expr, level.and)}`)
      case 'and 2':
        return at(level.and, `${this.print(a, level.and)} AND ${this.print(b as Expr, level.not)}`)
      case 'not 1':
        return at(level.not, `NOT ${this.print(a, level.not)}`)
      case 'isnull 1':
        return at(level.predicate, `${value(a)} IS NULL`)
      case 'isnotnull 1':
        return at(level.predicate, `${value(a)} IS NOT NULL`)
      case 'between 3':
        return at(level.predicate, `${value(a)} BETWEEN ${value(b as Expr)} AND ${value(c as Expr)}`)
      case 'like 2':
      case 'ilike 2':
      case 'rlike 2':
        return at(level.predicate, `${value(a)} ${e.name.toUpperCase()} ${value(b as Expr)}`)
      case 'like 3':
      case 'ilike 3':
        if (c?.kind !== 'Literal' || typeof c.value !== 'string' || c.value.length !== 1) return undefined
        return at(level.predicate, `${value(a)} ${e.name.toUpperCase()} ${value(b as Expr)} ESCAPE ${this.print(c)}`)
      case 'negative 1': {
        // A number behind the minus would be read as a negative literal, a second minus as a comment.
        const operand = this.print(a, level.unary)
        return at(level.unary, /^[-\d.]/.test(operand) ? `-(${operand})` : `-${operand}`)
      }
      case 'positive 1':
        return at(level.unary, `+${this.print(a, level.unary)}`)
      case '~ 1':
        return at(level.unary, `~${this.print(a, level.unary)}`)
      default:
        if (e.name === 'in' && e.args.length > 1) return at(level.predicate, `${value(a)} IN (${this.list(e.args.slice(1))})`)
        return e.name === 'when' && e.args.length > 1 ? at(level.primary, this.#case(e.args)) : undefined
    }
  }

  #case(args: readonly Expr[]): string {
    const parts: string[] = []
    for (let i = 0; i + 1 < args.length; i += 2) parts.push(`WHEN ${this.print(args[i] as Expr)} THEN ${this.print(args[i + 1] as Expr)}`)
    if (args.length % 2 === 1) parts.push(`ELSE ${this.print(args[args.length - 1] as Expr)}`)
    return `CASE ${parts.join(' ')} END`
  }

  #call(e: UnresolvedFunction): string {
    const name = e.name
      .split('.')
      .map(part => (/^\w+$/.test(part) && part.toUpperCase() !== 'IDENTIFIER' ? part : printName(part)))
      .join('.')
    const within = e.withinGroup === undefined ? '' : ` WITHIN GROUP (ORDER BY ${this.list(e.withinGroup)})`
    const filter = e.filter === undefined ? '' : ` FILTER (WHERE ${this.print(e.filter)})`
    const nulls = e.ignoreNulls === undefined ? '' : e.ignoreNulls ? ' IGNORE NULLS' : ' RESPECT NULLS'
    return `${name}(${e.distinct ? 'DISTINCT ' : ''}${this.list(e.args)})${within}${filter}${nulls}`
  }
}
