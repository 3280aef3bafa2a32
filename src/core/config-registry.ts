/** Where options are declared: each by `option`, in `config-table.ts` and the tables that it is made of. */
import type { ConfigOption } from './config-option.js'

const all: ConfigOption<unknown>[] = []
/** Declares an option. */
export function option<T>(
  scope: ConfigOption<T>['scope'],
  key: string,
  parse: (text: string) => T,
  value: string | undefined,
  doc: string,
  alternatives?: readonly string[],
): ConfigOption<T> {
  const made: ConfigOption<T> = { key, parse, default: value, doc, scope, ...(alternatives === undefined ? {} : { alternatives }) }
  all.push(made as ConfigOption<unknown>)
  return made
}

/** Every option, in the order declared. */
export function options(): readonly ConfigOption<unknown>[] {
  return all
}
