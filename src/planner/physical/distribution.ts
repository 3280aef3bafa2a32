/** Puts exchanges where a required distribution is not there already. */
import { type Attribute, type BoundExpr, type NamedExpr, toAttribute } from '../bound.js'
import { type Partitioning, partitioningOf } from '../partitioning.js'
import { type ExchangeTarget, type Physical, physicalOutput } from '../physical-plan.js'
import { exprText } from '../print.js'

export function exchange(input: Physical, target: ExchangeTarget): Physical {
  return { kind: 'Exchange', input, target }
}

/** All rows in one task. */
export function ensureSingle(input: Physical): Physical {
  return partitioningOf(input).partitions === 1 ? input : exchange(input, { kind: 'single' })
}

/** Rows with equal keys in one task: true when the partitioning gives that without an exchange. */
export function isClustered(partitioning: Partitioning, keys: readonly BoundExpr[]): boolean {
  if (partitioning.partitions === 1) return true
  if (partitioning.kind === 'unknown') return false
  const ids = new Set(keys.map(k => (k.kind === 'Attribute' ? k.id : -1)))
  return partitioning.keys.every(key => [...key].some(id => ids.has(id)))
}

/** Expressions as columns of the input: attributes stay, others are computed by a projection below. */
export function asColumns(
  input: Physical,
  keys: readonly BoundExpr[],
  nextId: () => number,
): { readonly plan: Physical; readonly columns: Attribute[] } {
  const added: NamedExpr[] = []
  const columns = keys.map(key => {
    if (key.kind === 'Attribute') return key
    const alias: NamedExpr = { kind: 'Alias', id: nextId(), name: shortName(key), child: key, qualifier: [] }
    added.push(alias)
    return toAttribute(alias)
  })
  if (added.length === 0) return { plan: input, columns }
  return { plan: { kind: 'Project', input, expressions: [...physicalOutput(input), ...added] }, columns }
}

function shortName(key: BoundExpr): string {
  const text = exprText(key).replace(/#\d+/g, '')
  return text.length <= 30 ? text : 'key'
}
