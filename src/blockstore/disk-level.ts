/** Cached blocks on disk: one file per block in a folder of its own, checked by its checksum when read. Written under a temporary name and renamed. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Segment } from '../core/segment.js'
import { checkName } from './block-names.js'

export class DiskLevel {
  readonly #dir: string
  readonly #blocks = new Map<string, Segment>()
  #bytes = 0

  constructor(dir: string) {
    this.#dir = dir
  }

  get bytes(): number {
    return this.#bytes
  }

  get(id: string): Segment | undefined {
    return this.#blocks.get(id)
  }

  async put(id: string, bytes: Uint8Array): Promise<Segment> {
    checkName(id)
    const path = join(this.#dir, `${id}.block`)
    await mkdir(this.#dir, { recursive: true })
    await writeFile(`${path}.tmp`, bytes)
    await rename(`${path}.tmp`, path)
    this.#forget(id)
    const segment: Segment = { kind: 'file', path, extents: [{ offset: 0, length: bytes.length, crc32: crc32(bytes) }] }
    this.#blocks.set(id, segment)
    this.#bytes += bytes.length
    return segment
  }

  async remove(id: string): Promise<void> {
    const segment = this.#forget(id)
    if (segment?.kind === 'file') await rm(segment.path, { force: true })
  }

  #forget(id: string): Segment | undefined {
    const segment = this.#blocks.get(id)
    if (segment === undefined) return undefined
    this.#blocks.delete(id)
    if (segment.kind === 'file') this.#bytes -= segment.extents.reduce((sum, extent) => sum + extent.length, 0)
    return segment
  }
}
