/**
 * Gets blocks for a task: on the same host from the files, else one request per worker for everything it holds. Retries what failed, with back-off and only
 * what is missing still; gives up with `SPK_FETCH_FAILED` that names the map output. What arrives has matched its checksums; what is read from a file is
 * checked by who reads it (`readSegment`). One client per process; used by the executor's control thread and by the driver for results.
 */
import { Agent } from 'node:http'
import { join } from 'node:path'
import { type Clock, delay, type Rng } from '../core/clock.js'
import { SpkError } from '../core/errors.js'
import type { Segment, SegmentOrigin } from '../core/segment.js'
import { BlockIndexes } from './block-index.js'
import { requestBlocks } from './block-request.js'
import { type BlockPlace, type BlockRange, dataFile, MAX_RANGES } from './blocks.js'
import { Landing } from './landing.js'
import { blockFailure, readSegmentBytes } from './segment.js'

export interface BlockClientOptions {
  /** Of this process: blocks of the same hostId are read from their files. */
  readonly hostId: string
  readonly appId: string
  readonly token: string
  /** Folder for fetched blocks that do not fit in memory. */
  readonly scratchDir: string
  readonly clock: Clock
  readonly rng: Rng
  /** `spark.reducer.maxSizeInFlight`, bytes. */
  readonly maxSizeInFlight: number
  /** `spark.shuffle.io.maxRetries`: tries beyond the first. */
  readonly maxRetries: number
  /** `spark.shuffle.io.retryWait`, milliseconds. */
  readonly retryWaitMs: number
  /** `spark.network.timeout`, milliseconds. */
  readonly idleMs: number
}

/** A range of a block file and where it lies. `origin` is named when it cannot be had. */
export interface WantedBlock extends BlockRange {
  readonly place: BlockPlace
  readonly origin?: SegmentOrigin
}

export interface FetchMetrics {
  remoteBlocksFetched: number
  localBlocksFetched: number
  remoteBytesRead: number
  localBytesRead: number
  fetchWaitTime: number
}

export interface FetchedBlocks {
  /** One per wanted block that has rows, in the order wanted. */
  readonly segments: readonly Segment[]
  readonly metrics: FetchMetrics
  /** Frees scratch files; call it when the segments are not needed any more. */
  release(): Promise<void>
}

/** The first wait between tries; each next one is twice as long, up to `retryWaitMs`. */
const FIRST_WAIT_MS = 100
/** Workers asked at the same time by one task. */
const PARALLEL = 4
const never = new AbortController().signal

export class BlockClient {
  readonly #options: BlockClientOptions
  readonly #indexes = new BlockIndexes()
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16, maxFreeSockets: 4 })

  constructor(options: BlockClientOptions) {
    this.#options = options
  }

  /** Fetches or locates everything. Rejects with `SPK_FETCH_FAILED`, or with `SPK_TASK_CANCELLED` when the signal fires. */
  async fetch(wanted: readonly WantedBlock[], signal: AbortSignal = never): Promise<FetchedBlocks> {
    const { clock, rng, scratchDir, maxSizeInFlight } = this.#options
    const began = clock.monotonic()
    const metrics: FetchMetrics = { remoteBlocksFetched: 0, localBlocksFetched: 0, remoteBytesRead: 0, localBytesRead: 0, fetchWaitTime: 0 }
    const landing = new Landing(join(scratchDir, `fetch-${rng.hex(6)}`), maxSizeInFlight)
    const segments: (Segment | undefined)[] = wanted.map(() => undefined)
    try {
      const remote = this.#local(wanted, segments, metrics)
      if (remote.length > 0)
        await eachOf(groups(wanted, remote), PARALLEL, signal, (group, stop) => this.#remote(wanted, group, segments, metrics, landing, stop))
    } catch (error) {
      await landing.release()
      throw signal.aborted ? new SpkError('SPK_TASK_CANCELLED', 'The task was cancelled while it fetched blocks.') : error
    }
    metrics.fetchWaitTime = clock.monotonic() - began
    return { segments: segments.filter(s => s !== undefined), metrics, release: () => landing.release() }
  }

  /** All bytes of partition 0 of a file, checked: a result that did not fit in a status message. Rejects like `fetch`. */
  async fetchResult(place: BlockPlace, file: string): Promise<Uint8Array> {
    const { segments, release } = await this.fetch([{ place, file, from: 0, to: 1 }]).catch(error => {
      throw resultFailure(error, place, file)
    })
    try {
      return segments.length === 0 ? new Uint8Array(0) : readSegmentBytes(segments[0] as Segment)
    } catch (error) {
      throw resultFailure(error, place, file)
    } finally {
      await release()
    }
  }

  /** Whether a segment's file is one that `release` removes, and not a block file of this host. */
  isScratch(path: string): boolean {
    return path.startsWith(join(this.#options.scratchDir, 'fetch-'))
  }

  /** Forgets what it knows of files in a folder that are being deleted. */
  forget(dir: string, matches: (file: string) => boolean): void {
    this.#indexes.forget(dir, matches)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Makes segments of what lies on this host; returns the positions that must be fetched. */
  #local(wanted: readonly WantedBlock[], segments: (Segment | undefined)[], metrics: FetchMetrics): number[] {
    const remote: number[] = []
    for (const [i, block] of wanted.entries()) {
      const { place, origin } = block
      if (place.hostId !== this.#options.hostId) {
        remote.push(i)
        continue
      }
      try {
        const { partitions } = this.#indexes.getNow(place.blocksDir, block.file)
        if (block.to > partitions.length) throw new SpkError('SPK_BLOCK_NOT_FOUND', `Block ${block.file} has ${partitions.length} partitions.`)
        const extents = partitions.slice(block.from, block.to).flatMap(p => p.extents)
        if (extents.length === 0) continue
        segments[i] = { kind: 'file', path: join(place.blocksDir, dataFile(block.file)), extents, ...(origin === undefined ? {} : { origin }) }
        metrics.localBlocksFetched++
        for (const extent of extents) metrics.localBytesRead += extent.length
      } catch (error) {
        if (place.blockUrl === '') throw blockFailure(error, place.blocksDir, origin)
        remote.push(i)
      }
    }
    return remote
  }

  /** All blocks of one worker, with retries. */
  async #remote(
    wanted: readonly WantedBlock[],
    group: readonly number[],
    segments: (Segment | undefined)[],
    metrics: FetchMetrics,
    landing: Landing,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, maxRetries, retryWaitMs } = this.#options
    const missing = new Set(group)
    for (let attempt = 0; missing.size > 0; attempt++) {
      try {
        await this.#once(wanted, missing, segments, metrics, landing, signal)
      } catch (error) {
        const retryable = error instanceof SpkError && error.retryable && error.code !== 'SPK_FETCH_FAILED'
        if (signal.aborted || !retryable || attempt >= maxRetries) throw this.#failure(error, wanted, missing)
        await waited(clock, Math.min(retryWaitMs, FIRST_WAIT_MS * 2 ** attempt), signal)
      }
    }
  }

  async #once(
    wanted: readonly WantedBlock[],
    missing: Set<number>,
    segments: (Segment | undefined)[],
    metrics: FetchMetrics,
    landing: Landing,
    signal: AbortSignal,
  ): Promise<void> {
    const { appId, token, idleMs } = this.#options
    const positions = [...missing].slice(0, MAX_RANGES)
    const ranges = positions.map(i => {
      const { file, from, to } = wanted[i] as WantedBlock
      return { file, from, to }
    })
    const url = (wanted[positions[0] as number] as WantedBlock).place.blockUrl
    await requestBlocks({ url, appId, token, ranges, agent: this.#agent, idleMs, signal }, async (position, answer, read) => {
      const i = positions[position] as number
      if (answer.kind === 'missing') throw this.#failure(new SpkError(answer.code, answer.message), wanted, new Set([i]))
      const pieces = answer.partitions.flatMap(p => p.pieces)
      if (pieces.length > 0) {
        segments[i] = await landing.land(pieces, read, wanted[i]?.origin)
        metrics.remoteBlocksFetched++
        for (const piece of pieces) metrics.remoteBytesRead += piece.length
      }
      missing.delete(i)
    })
  }

  /** The failure of the first block that is missing still. */
  #failure(error: unknown, wanted: readonly WantedBlock[], missing: ReadonlySet<number>): unknown {
    const [first] = missing
    const block = first === undefined ? undefined : wanted[first]
    return blockFailure(error, block?.place.blockUrl ?? '', block?.origin)
  }
}

function resultFailure(error: unknown, place: BlockPlace, file: string): SpkError {
  return new SpkError(
    'SPK_FETCH_FAILED',
    `Result ${file} could not be fetched from ${place.workerId}: ${error instanceof Error ? error.message : String(error)}`,
    {
      cause: error,
      retryable: true,
      params: { workerId: place.workerId, file },
    },
  )
}

/** Positions by the server that has them. */
function groups(wanted: readonly WantedBlock[], positions: readonly number[]): number[][] {
  const byUrl = new Map<string, number[]>()
  for (const i of positions) {
    const url = wanted[i]?.place.blockUrl ?? ''
    const group = byUrl.get(url)
    if (group === undefined) byUrl.set(url, [i])
    else group.push(i)
  }
  return [...byUrl.values()]
}

/** Runs `work` for each, `parallel` at a time. The first failure stops the others; rejects with it when all have ended. */
async function eachOf<T>(
  items: readonly T[],
  parallel: number,
  signal: AbortSignal,
  work: (item: T, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  let failure: { readonly error: unknown } | undefined
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && failure === undefined; item = queue.shift()) {
      try {
        await work(item, stop)
      } catch (error) {
        failure ??= { error }
        failed.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, lane))
  if (failure !== undefined) throw failure.error
}

/** A delay that a cancelled task does not sit out. */
async function waited(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await Promise.race([delay(clock, ms), new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))])
}
