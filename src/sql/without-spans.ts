/** Plans without places: for parts that come from another SQL text than the one errors will point into. */

/** A copy of a plan or expression in which no node has a `span`; the same object when none had. */
export function withoutSpans<T>(node: T): T {
  if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
  if (Array.isArray(node)) {
    const items = node.map(withoutSpans)
    return (items.every((item, i) => item === node[i]) ? node : items) as T
  }
  const entries = Object.entries(node).filter(([k]) => k !== 'span')
  const mapped = entries.map(([k, v]) => [k, withoutSpans(v)] as const)
  const same = entries.length === Object.keys(node).length && mapped.every(([, v], i) => v === entries[i]?.[1])
  return same ? node : (Object.fromEntries(mapped) as T)
}
