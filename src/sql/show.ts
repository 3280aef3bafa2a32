/** Tables of text exactly as Spark's `show()` prints them: frame, alignment, truncation, wide characters, vertical form. */

export interface ShowOptions {
  /** Longest cell, 0: no limit. Limited cells stand right, unlimited ones left. */
  readonly truncate: number
  /** One line per value instead of one per row. */
  readonly vertical: boolean
}

const wide = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/g
const controls: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f', '\b': '\\b', '\v': '\\v', '\x07': '\\a' }

function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\n\r\t\f\b\v\x07]/g, c => controls[c] ?? c)
}

/** Columns on a terminal: East Asian wide characters take two. */
function width(text: string): number {
  return text.length + (text.match(wide)?.length ?? 0)
}

function cut(text: string, truncate: number): string {
  if (truncate <= 0 || text.length <= truncate) return text
  return truncate < 4 ? text.slice(0, truncate) : `${text.slice(0, truncate - 3)}...`
}

/** The table with its closing line. `rows` are cells as text; `more` says that there are rows beyond these. */
export function showString(names: readonly string[], rows: readonly (readonly string[])[], more: boolean, options: ShowOptions): string {
  const cells = rows.map(row => row.map(cell => cut(escaped(cell), options.truncate)))
  const header = names.map(escaped)
  const body = options.vertical
    ? verticalTable(header, cells)
    : table(
        header.map(h => cut(h, options.truncate)),
        cells,
        options.truncate > 0,
      )
  if (options.vertical && rows.length === 0) return '(0 rows)\n'
  return more ? `${body}only showing top ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}\n` : `${body}\n`
}

/** Width of a column; `least` is what it has anyway. There may be more rows than a call takes arguments. */
function widest(rows: readonly (readonly string[])[], column: number, least: number): number {
  return rows.reduce((most, row) => Math.max(most, width(row[column] ?? '')), least)
}

function table(header: readonly string[], rows: readonly (readonly string[])[], right: boolean): string {
  const widths = header.map((h, i) => widest(rows, i, Math.max(3, width(h))))
  const line = `+${widths.map(w => '-'.repeat(w)).join('+')}+\n`
  const padded = (cell: string, i: number): string => {
    const blanks = ' '.repeat((widths[i] ?? 0) - width(cell))
    return right ? blanks + cell : cell + blanks
  }
  const text = (row: readonly string[]): string => `|${row.map(padded).join('|')}|\n`
  return line + text(header) + line + rows.map(text).join('') + line
}

function verticalTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const nameWidth = Math.max(3, ...header.map(width))
  const cellWidth = header.reduce((most, _, i) => widest(rows, i, most), 3)
  return rows
    .map((row, r) => {
      const title = `-RECORD ${r}`
      const lines = row.map((cell, i) => {
        const name = header[i] ?? ''
        return ` ${name}${' '.repeat(nameWidth - width(name))} | ${cell}${' '.repeat(cellWidth - width(cell))} \n`
      })
      return `${title.padEnd(nameWidth + cellWidth + 5, '-')}\n${lines.join('')}`
    })
    .join('')
}
