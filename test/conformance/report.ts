/** The tables that `npm run conform:spark` prints. Pure. */
import type { Verdict } from './compare.js'
import type { StatementResult } from './run-file.js'

export interface FileResult {
  readonly file: string
  readonly group: string
  readonly results: readonly StatementResult[]
  /** The session or the process failed. */
  readonly failure?: string
}

const columns: readonly { readonly title: string; readonly count: (r: readonly StatementResult[]) => number }[] = [
  { title: 'all', count: r => r.length },
  { title: 'as Spark', count: r => of(r, 'pass') },
  { title: 'wrong rows', count: r => of(r, 'rows') },
  { title: 'wrong type', count: r => of(r, 'type') },
  { title: 'refused', count: r => of(r, 'refused') },
  { title: 'accepted wrongly', count: r => of(r, 'accepted') },
  { title: 'other error', count: r => of(r, 'error') + of(r, 'timeout') },
  { title: 'name differs', count: r => r.filter(s => s.names).length },
]

function of(results: readonly StatementResult[], verdict: Verdict): number {
  return results.filter(r => r.verdict === verdict).length
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`
}

/** One line per file, a sum per group and over all; the last line is the figure. */
export function reportText(files: readonly FileResult[]): string {
  const width = Math.max(20, ...files.map(f => f.file.length))
  const line = (name: string, results: readonly StatementResult[]): string =>
    `${name.padEnd(width)} ${columns.map(c => String(c.count(results)).padStart(c.title.length + 1)).join(' ')} ${percent(of(results, 'pass'), results.length).padStart(8)}`
  const out = [`${'file'.padEnd(width)} ${columns.map(c => ` ${c.title}`).join(' ')}`]
  for (const group of [...new Set(files.map(f => f.group))]) {
    const own = files.filter(f => f.group === group)
    out.push('', `group ${group}`, ...own.map(f => line(f.file, f.results) + (f.failure === undefined ? '' : `  (${f.failure.split('\n')[0]})`)))
    out.push(
      line(
        `all of ${group}`,
        own.flatMap(f => f.results),
      ),
    )
  }
  const all = files.flatMap(f => f.results)
  out.push('', `${of(all, 'pass')} of ${all.length} statements as Spark`)
  return `${out.join('\n')}\n`
}
