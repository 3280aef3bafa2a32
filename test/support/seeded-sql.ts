/** Values for a row from its number alone, as DuckDB SQL: the same rows wherever a generator's statement runs. For the tables of tests. */

/** A number below `n` for row `i`, another one for each salt. */
export function pick(i: string, salt: number, n: number): string {
  return `(hash(${i} * 31 + ${salt}) % ${n})::INTEGER`
}

/** One of the texts. */
export function among(i: string, salt: number, values: readonly string[]): string {
  return `${texts(values)}[1 + ${pick(i, salt, values.length)}]`
}

/** A list of texts. */
export function texts(values: readonly string[]): string {
  return `[${values.map(v => `'${v}'`).join(', ')}]`
}
