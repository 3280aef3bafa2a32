/** Writes `docs/configuration.md` from the table of options; with `--check` only says whether it is up to date. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { options } from '#src/core/config-table.js'
import { root } from './paths.js'

const scopes = {
  application: 'Application: set when the session is built (`.config(key, value)`), by `spk submit --conf`, or in `conf/spark-defaults.conf`',
  session: 'Session: may also change while it runs (`spark.conf.set`, `SET key = value`)',
  cluster: 'Cluster: `spk node --conf key=value`',
} as const

function page(): string {
  const lines = [
    '# Configuration',
    '',
    '<!-- Made by `npm run docs` from src/core/config-table.ts: do not edit. -->',
    '',
    "Keys that begin with `spark.` have Spark's names, meanings and defaults; `spk.` is what only spk has. An unknown key is a warning that names the nearest known one.",
    'Sizes are written `512m`, `1g`; durations `100ms`, `10s`, `2min`. Beside these, `spark.executor.resource.NAME.amount` asks for named resources of each executor.',
  ]
  for (const scope of ['application', 'session', 'cluster'] as const) {
    lines.push('', `## ${scopes[scope]}`, '', '| key | default | meaning |', '|---|---|---|')
    for (const option of options().filter(o => o.scope === scope)) {
      const also = option.alternatives === undefined ? '' : ` Also: ${option.alternatives.map(a => `\`${a}\``).join(', ')}.`
      lines.push(
        `| \`${option.key}\` | ${option.default === undefined ? '(unset)' : `\`${option.default}\``} | ${(option.doc + also).replaceAll('|', '\\|')} |`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}

const path = join(root, 'docs', 'configuration.md')
const text = page()
if (process.argv.includes('--check')) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    process.stderr.write('docs/configuration.md is not what the table of options says. Run: npm run docs\n')
    process.exitCode = 1
  }
} else writeFileSync(path, text)
