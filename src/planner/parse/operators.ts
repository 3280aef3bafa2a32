/** Binary operators of SQL: how tightly each binds (Spark's grammar, all left-associative) and the function it stands for. */
export interface BinaryOperator {
  /** Larger binds tighter. */
  readonly precedence: number
  /** Name of the function. */
  readonly name: string
  /** The result is negated: `<>` is `not(=)`. */
  readonly negated?: true
}

export const comparison = 1

const table: readonly (readonly [string, number, string, true?])[] = [
  ['=', comparison, '='],
  ['==', comparison, '='],
  ['<=>', comparison, '<=>'],
  ['<>', comparison, '=', true],
  ['!=', comparison, '=', true],
  ['<', comparison, '<'],
  ['<=', comparison, '<='],
  ['!>', comparison, '<='],
  ['>', comparison, '>'],
  ['>=', comparison, '>='],
  ['!<', comparison, '>='],
  ['|', 2, '|'],
  ['^', 3, '^'],
  ['&', 4, '&'],
  ['<<', 5, '<<'],
  ['>>', 5, '>>'],
  ['>>>', 5, '>>>'],
  ['+', 6, '+'],
  ['-', 6, '-'],
  ['||', 6, '||'],
  ['*', 7, '*'],
  ['/', 7, '/'],
  ['%', 7, '%'],
  ['DIV', 7, 'div'],
]

export const binaryOperators: ReadonlyMap<string, BinaryOperator> = new Map(
  table.map(([symbol, precedence, name, negated]) => [symbol, negated ? { precedence, name, negated } : { precedence, name }]),
)
