/**
 * Answers a request for block ranges: looks the ranges up, makes the manifest, then gives the bytes piece by piece from disk. Knows nothing of HTTP.
 * Every file is opened below the application's folder and must be a plain file there (no symbolic link).
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { SpkError } from '../core/errors.js'
import type { BlockExtent } from '../core/segment.js'
import type { BlockIndexes } from './block-index.js'
import { checkName } from './block-names.js'
import {
  BLOCK_INDEX_VERSION,
  type BlockAnswer,
  type BlockRange,
  type BlocksManifest,
  type BlocksRequest,
  dataFile,
  MANIFEST_PREFIX,
  MAX_RANGES,
  neighbours,
} from './blocks.js'

/** What is read from disk at a time. */
const STEP = 256 * 1024

export interface BlocksReply {
  readonly manifest: Uint8Array
  /** Bytes after the manifest. */
  readonly length: number
  readonly sources: readonly BlockSource[]
}

export interface BlockSource {
  readonly path: string
  readonly extents: readonly BlockExtent[]
}

/** Checks the body of a request. Throws `SPK_BAD_REQUEST` or `SPK_BLOCK_NAME`. */
export function parseBlocksRequest(text: string): BlocksRequest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new SpkError('SPK_BAD_REQUEST', 'The body is not JSON.', { cause })
  }
  const blocks = (value as Partial<BlocksRequest> | null)?.blocks
  if (!Array.isArray(blocks)) throw new SpkError('SPK_BAD_REQUEST', 'The body has no "blocks". Send {"blocks": [{"file", "from", "to"}, …]}.')
  if (blocks.length > MAX_RANGES) throw new SpkError('SPK_BAD_REQUEST', `${blocks.length} ranges in one request; at most ${MAX_RANGES} are served.`)
  for (const range of blocks as Partial<BlockRange>[]) {
    const { file, from, to } = range ?? {}
    if (typeof file !== 'string' || !isPartition(from) || !isPartition(to) || from > to) {
      throw new SpkError('SPK_BAD_REQUEST', 'A block is {"file": name, "from": first partition, "to": one past the last}.')
    }
    checkName(file)
  }
  return { blocks: blocks as BlockRange[] }
}

function isPartition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Looks ranges up in folder `dir`. A block that is not there is an answer of its own; it does not fail the others. */
export async function blocksReply(indexes: BlockIndexes, dir: string, request: BlocksRequest): Promise<BlocksReply> {
  const blocks: BlockAnswer[] = []
  const sources: BlockSource[] = []
  let length = 0
  for (const range of request.blocks) {
    const found = await lookUp(indexes, dir, range)
    blocks.push(found.answer)
    if (found.extents.length === 0) continue
    sources.push({ path: join(dir, dataFile(range.file)), extents: found.extents })
    for (const extent of found.extents) length += extent.length
  }
  const manifest: BlocksManifest = { v: BLOCK_INDEX_VERSION, blocks }
  const json = new TextEncoder().encode(JSON.stringify(manifest))
  const framed = new Uint8Array(MANIFEST_PREFIX + json.length)
  const head = new DataView(framed.buffer)
  head.setUint32(0, json.length, true)
  head.setUint32(4, crc32(json), true)
  framed.set(json, MANIFEST_PREFIX)
  return { manifest: framed, length, sources }
}

async function lookUp(indexes: BlockIndexes, dir: string, range: BlockRange): Promise<{ answer: BlockAnswer; extents: BlockExtent[] }> {
  try {
    const { partitions } = await indexes.get(dir, range.file)
    if (range.to > partitions.length) {
      throw new SpkError('SPK_BLOCK_NOT_FOUND', `Block ${range.file} has partitions 0 to ${partitions.length - 1}, not ${range.to - 1}.`)
    }
    const wanted = partitions.slice(range.from, range.to).filter(p => p.rows > 0)
    return {
      answer: {
        kind: 'found',
        partitions: wanted.map(p => ({ rows: p.rows, pieces: p.extents.map(({ length, crc32 }) => ({ length, crc32 })) })),
      },
      extents: wanted.flatMap(p => p.extents),
    }
  } catch (error) {
    if (!(error instanceof SpkError)) throw error
    return { answer: { kind: 'missing', code: error.code, message: error.message }, extents: [] }
  }
}

/** The bytes of the sources in order, read as they are asked for; neighbouring extents in one go. Rejects when a file is short, gone, or a link. */
export async function* readSources(sources: readonly BlockSource[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { path, extents } of sources) {
    let file: FileHandle | undefined
    try {
      file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
      if (!(await file.stat()).isFile()) throw new SpkError('SPK_BLOCK_NOT_FOUND', `${path} is not a file.`)
      for (const run of neighbours(extents)) {
        for (let at = run.offset; at < run.offset + run.length; ) {
          const bytes = Buffer.allocUnsafeSlow(Math.min(STEP, run.offset + run.length - at))
          const { bytesRead } = await file.read(bytes, 0, bytes.length, at)
          if (bytesRead === 0) throw new SpkError('SPK_CORRUPT_BLOCK', `${path} ends at ${at}, before its index says.`)
          at += bytesRead
          yield bytes.subarray(0, bytesRead)
        }
      }
    } finally {
      await file?.close()
    }
  }
}
