/**
 * Codecs of Arrow's buffer compression, synchronous. LZ4 is ours; zstd is Node's own where it has it (22.15), else WebAssembly, loaded on first use by
 * `loadCodec`: whoever may meet zstd awaits that once before it encodes or decodes.
 */

import * as zlib from 'node:zlib'
import { constants } from 'node:zlib'
import { SpkError } from '../errors.js'
import { lz4Bound, lz4Compress, lz4Decompress } from './lz4.js'

export type CodecName = 'lz4' | 'zstd'

export interface Codec {
  readonly name: CodecName
  /** The compressed bytes, or undefined when they would not be fewer. The result is the caller's. */
  compress(source: Uint8Array): Uint8Array | undefined
  /** Fills `target` exactly, or throws `SPK_CORRUPT_BLOCK`. */
  decompress(source: Uint8Array, target: Uint8Array): void
}

/** Work space of LZ4, kept while it is small. */
let scratch = new Uint8Array(0)

const lz4: Codec = {
  name: 'lz4',
  compress(source) {
    const bound = lz4Bound(source.length)
    if (scratch.length < bound) scratch = new Uint8Array(bound)
    const space = scratch
    if (space.length > 8 << 20) scratch = new Uint8Array(0)
    const size = lz4Compress(source, space, 0)
    return size < source.length ? space.slice(0, size) : undefined
  },
  decompress: lz4Decompress,
}

interface ZstdFunctions {
  compress(source: Uint8Array): Uint8Array
  decompress(source: Uint8Array, length: number): Uint8Array
}

const nativeZstd = zlib as unknown as {
  zstdCompressSync?(source: Uint8Array, options?: { params: Record<number, number> }): Uint8Array
  zstdDecompressSync?(source: Uint8Array, options?: { maxOutputLength: number }): Uint8Array
}
let zstd: Codec | undefined

/** Loads a codec; the same object every time. The name comes from `spark.io.compression.codec`; any other is `SPK_BAD_CONFIG_VALUE`. */
export async function loadCodec(name: string): Promise<Codec> {
  if (name === 'lz4') return lz4
  if (name !== 'zstd') {
    throw new SpkError('SPK_BAD_CONFIG_VALUE', `spark.io.compression.codec: "${name}" is not a codec that Arrow knows. Use lz4 or zstd.`)
  }
  zstd ??= zstdCodec(await zstdFunctions())
  return zstd
}

/** The codec of a received buffer. zstd must have been loaded. */
export function loadedCodec(name: CodecName): Codec {
  if (name === 'lz4') return lz4
  if (zstd === undefined) throw new Error('bug in spk: zstd is used before loadCodec("zstd")')
  return zstd
}

function zstdCodec(functions: ZstdFunctions): Codec {
  return {
    name: 'zstd',
    compress(source) {
      const result = functions.compress(source)
      return result.length < source.length ? result : undefined
    },
    decompress(source, target) {
      let result: Uint8Array
      try {
        result = functions.decompress(source, target.length)
      } catch (cause) {
        throw new SpkError('SPK_CORRUPT_BLOCK', 'A compressed Arrow buffer is damaged: no zstd frame.', { cause, retryable: true })
      }
      if (result.length !== target.length) {
        throw new SpkError(
          'SPK_CORRUPT_BLOCK',
          `A compressed Arrow buffer is damaged: the zstd frame holds ${result.length} bytes, ${target.length} were announced.`,
          { retryable: true },
        )
      }
      target.set(result)
    },
  }
}

async function zstdFunctions(): Promise<ZstdFunctions> {
  const { zstdCompressSync, zstdDecompressSync } = nativeZstd
  if (zstdCompressSync !== undefined && zstdDecompressSync !== undefined) {
    const level = (constants as unknown as Record<string, number>).ZSTD_c_compressionLevel ?? 100
    return {
      compress: source => zstdCompressSync(source, { params: { [level]: 1 } }),
      decompress: (source, length) => zstdDecompressSync(source, { maxOutputLength: length }),
    }
  }
  const { default: wasm } = await import('@bokuweb/zstd-wasm')
  await wasm.init()
  return { compress: source => wasm.compress(source, 1), decompress: source => wasm.decompress(source) }
}
