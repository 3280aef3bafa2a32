/**
 * Whether two results of one query are the same: whole numbers and decimals exactly whatever their type, doubles to 1e-9 relative, a double beside a
 * decimal to the decimal's last digit; rows in order where ORDER BY fixes it. What a LIMIT cuts off among equals is not fixed, so such rows are looked
 * up in the result without the limit. Names and types of columns are compared where both sides tell Spark's types.
 */

/** A value as both sides can say it. `scale`: digits after the point of an exact number. */
export type Cell = null | string | { readonly unscaled: bigint; readonly scale: number } | { readonly double: number }

export interface Result {
  readonly columns: readonly string[]
  /** Spark's types of the columns; absent where another engine's types are not these. */
  readonly types?: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

export function exact(text: string): Cell {
  const [whole = '', fraction = ''] = text.split('.')
  return { unscaled: BigInt(`${whole}${fraction}`), scale: fraction.length }
}

function isNumber(cell: Cell): cell is Exclude<Cell, null | string> {
  return cell !== null && typeof cell === 'object'
}

function asDouble(cell: Exclude<Cell, null | string>): number {
  return 'double' in cell ? cell.double : Number(cell.unscaled) / 10 ** cell.scale
}

export function sameCell(a: Cell, b: Cell): boolean {
  if (!isNumber(a) || !isNumber(b)) return a === b
  if ('unscaled' in a && 'unscaled' in b) {
    const scale = Math.max(a.scale, b.scale)
    return a.unscaled * 10n ** BigInt(scale - a.scale) === b.unscaled * 10n ** BigInt(scale - b.scale)
  }
  const [x, y] = [asDouble(a), asDouble(b)]
  if (Object.is(x, y) || (Number.isNaN(x) && Number.isNaN(y))) return true
  // Half of the last digit, and what the division's own rounding adds to it.
  const digit = Math.max(...[a, b].map(cell => ('scale' in cell && cell.scale > 0 ? 10 ** -cell.scale : 0)))
  return Math.abs(x - y) <= digit + 1e-9 * Math.max(Math.abs(x), Math.abs(y))
}

function sameRow(a: readonly Cell[], b: readonly Cell[], columns?: readonly number[]): boolean {
  return columns === undefined
    ? a.length === b.length && a.every((cell, i) => sameCell(cell, b[i] ?? null))
    : columns.every(i => sameCell(a[i] ?? null, b[i] ?? null))
}

function order(a: Cell, b: Cell): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  if (isNumber(a) && isNumber(b)) return asDouble(a) - asDouble(b)
  const [x, y] = [String(a), String(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

/** Rows in an order of their own: exact columns first, since doubles that should be equal may not be. */
function sorted(rows: Result['rows']): Result['rows'] {
  const inexact = (i: number): boolean => rows.some(row => isNumber(row[i] ?? null) && 'double' in (row[i] as object))
  const columns = (rows[0] ?? []).map((_, i) => i).sort((a, b) => Number(inexact(a)) - Number(inexact(b)))
  return [...rows].sort((a, b) => {
    for (const i of columns) {
      const found = order(a[i] ?? null, b[i] ?? null)
      if (found !== 0) return found
    }
    return 0
  })
}

export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return 'NULL'
  if (typeof cell === 'string') return cell
  if ('double' in cell) return String(cell.double)
  const digits = String(cell.unscaled < 0n ? -cell.unscaled : cell.unscaled).padStart(cell.scale + 1, '0')
  return `${cell.unscaled < 0n ? '-' : ''}${digits.slice(0, digits.length - cell.scale)}${cell.scale === 0 ? '' : `.${digits.slice(-cell.scale)}`}`
}

function rowText(row: readonly Cell[] | undefined): string {
  return row === undefined ? '(no row)' : row.map(cellText).join(' | ')
}

function headings({ columns, types = [] }: Result): string[] {
  return columns.map((name, i) => `${name} ${types[i]}`)
}

/** Output columns that the last ORDER BY of the text sorts by: those it names as such. */
export function orderedBy(text: string, columns: readonly string[]): number[] {
  const clause = /\border\s+by\b(?![\s\S]*\border\s+by\b)([\s\S]*)$/i.exec(text)?.[1]
  if (clause === undefined || depthAtEnd(clause) < 0) return []
  return split(clause.replace(/\blimit\s+\d+\s*$/i, '')).flatMap(item => {
    const name = item
      .trim()
      .replace(/\s+nulls\s+(first|last)$/i, '')
      .replace(/\s+(asc|desc)$/i, '')
      .replaceAll('`', '')
      .trim()
    const at = /^\d+$/.test(name) ? Number(name) - 1 : columns.findIndex(c => c.toLowerCase() === (name.split('.').at(-1) ?? '').toLowerCase())
    return at >= 0 && at < columns.length ? [at] : []
  })
}

function depthAtEnd(text: string): number {
  return [...text].reduce((depth, c) => depth + (c === '(' ? 1 : c === ')' ? -1 : 0), 0)
}

function split(text: string): string[] {
  const parts = ['']
  let depth = 0
  for (const c of text) {
    if (c === '(') depth++
    if (c === ')') depth--
    if (c === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += c
  }
  return parts
}

/**
 * What is different, in words, or undefined when nothing is. `text`: the query, for its ORDER BY and LIMIT. `unlimited`: the expected rows without the
 * limit, asked for only when it matters.
 */
export async function difference(
  text: string,
  actual: Result,
  expected: Result,
  unlimited: (text: string) => Promise<Result>,
): Promise<string | undefined> {
  if (actual.columns.length !== expected.columns.length) return `${actual.columns.length} columns where ${expected.columns.length} are expected`
  if (actual.types !== undefined && expected.types !== undefined) {
    const [mine, theirs] = [headings(actual), headings(expected)]
    const at = mine.findIndex((heading, i) => heading !== theirs[i])
    if (at >= 0) return `column ${at + 1} is ${mine[at]} where ${theirs[at]} is expected`
  }
  if (actual.rows.length !== expected.rows.length) return `${actual.rows.length} rows where ${expected.rows.length} are expected`
  if (actual.rows.every((row, i) => sameRow(row, expected.rows[i] ?? []))) return undefined
  const keys = orderedBy(text, expected.columns)
  const at = actual.rows.findIndex((row, i) => !sameRow(row, expected.rows[i] ?? [], keys))
  if (at >= 0) return `row ${at} is out of order or wrong: ${rowText(actual.rows[at])}\n      expected: ${rowText(expected.rows[at])}`
  const mine = sorted(actual.rows)
  const theirs = sorted(expected.rows)
  const first = mine.findIndex((row, i) => !sameRow(row, theirs[i] ?? []))
  if (first < 0) return undefined
  const limit = /\blimit\s+\d+\s*$/i
  if (!limit.test(text)) return `no row is like ${rowText(mine[first])}\n      expected: ${rowText(theirs[first])}`
  const all = await unlimited(text.replace(limit, ''))
  const missing = actual.rows.find(row => !all.rows.some(other => sameRow(row, other)))
  return missing === undefined ? undefined : `no row, even without the limit, is like ${rowText(missing)}`
}
