/** What the status pages share: frame, tables, words. Plain HTML with its style inside, nothing from elsewhere. */
import { type Html, html } from './server.js'

const STYLE = `
:root { color-scheme: light dark }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem }
h1 { font-size: 1.35rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25rem .7rem .25rem 0; vertical-align: top; overflow-wrap: anywhere }
th { font-weight: 600; border-bottom: 1px solid #8888 } td { border-bottom: 1px solid #8883 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: .8rem 0 } dt { opacity: .7 } dd { margin: 0 }
.note { opacity: .75 } .state { font-weight: 600 } .good { color: #2a8a3e } .bad { color: #c62f2f } .busy { color: #b07400 }
`

/** The whole page; it asks for itself again every ten seconds. */
export function frame(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">
<title>${title}</title><style>${STYLE}</style></head><body>${body}</body></html>
`
}

export type Cell = Html | string | number

/** A heading with its table, or with `none` said instead. */
export function section(title: string, columns: readonly string[], rows: readonly (readonly Cell[])[], none: string): Html {
  const head = html`<h2>${title} (${rows.length})</h2>`
  if (rows.length === 0) return html`${head}<p class="note">${none}</p>`
  const cells = (row: readonly Cell[]) => html`<tr>${row.map(cell => html`<td>${cell}</td>`)}</tr>`
  return html`${head}<table><thead><tr>${columns.map(c => html`<th>${c}</th>`)}</tr></thead><tbody>${rows.map(cells)}</tbody></table>`
}

export function facts(pairs: readonly (readonly [string, Cell])[]): Html {
  return html`<dl>${pairs.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

/** A link, when the text is an HTTP address; else just the text. */
export function link(url: string, text = url): Html {
  return /^https?:\/\//.test(url) ? html`<a href="${url}">${text}</a>` : html`${text}`
}

const GOOD = new Set(['ALIVE', 'RUNNING', 'FINISHED', 'active'])
const BAD = new Set(['DEAD', 'FAILED', 'ERROR', 'LOST', 'KILLED', 'UNKNOWN', 'stopped'])

/** A state in the colour of its meaning, and always in words. */
export function state(name: string): Html {
  const kind = GOOD.has(name) ? 'good' : BAD.has(name) ? 'bad' : 'busy'
  return html`<span class="state ${kind}">${name}</span>`
}

export function resourceNames(resources: Readonly<Record<string, { readonly addresses: readonly string[] }>>): string {
  return Object.entries(resources)
    .filter(([, r]) => r.addresses.length > 0)
    .map(([name, r]) => `${name} ${r.addresses.join(', ')}`)
    .join('; ')
}

/** `2026-01-31 12:00:05 UTC` */
export function moment(epochMs: number): string {
  return `${new Date(epochMs).toISOString().replace('T', ' ').slice(0, 19)} UTC`
}
