/** A bucket whose operations fail as told: before they are carried out, or after (the answer is lost). */
import { SpkError } from '#src/core/errors.js'
import type { Bucket } from '#src/transport/transport.js'

type Operation = 'get' | 'create' | 'update' | 'delete' | 'entries'
export type Fault = 'before' | 'after'

export interface FaultyBucket extends Bucket {
  /** What becomes of the next operations of this kind, one after the other; then all is well again. */
  fail(operation: Operation, ...faults: (Fault | undefined)[]): void
  readonly done: string[]
}

const lost = () => new SpkError('SPK_BUS_UNAVAILABLE', 'no answer', { retryable: true })

export function faultyBucket(inner: Bucket): FaultyBucket {
  const faults = new Map<Operation, (Fault | undefined)[]>()
  const done: string[] = []
  async function run<T>(operation: Operation, key: string, act: () => Promise<T>): Promise<T> {
    const fault = faults.get(operation)?.shift()
    done.push(`${operation} ${key}${fault === undefined ? '' : ` lost ${fault}`}`)
    if (fault === 'before') throw lost()
    const value = await act()
    if (fault === 'after') throw lost()
    return value
  }
  return {
    done,
    fail: (operation, ...list) => void faults.set(operation, list),
    get: key => run('get', key, () => inner.get(key)),
    create: (key, value) => run('create', key, () => inner.create(key, value)),
    update: (key, value, revision) => run('update', key, () => inner.update(key, value, revision)),
    put: (key, value) => inner.put(key, value),
    delete: (key, revision) => run('delete', key, () => inner.delete(key, revision)),
    entries: () => run('entries', '', () => inner.entries()),
    ttlMs: () => inner.ttlMs(),
    watch: listener => inner.watch(listener),
  }
}
