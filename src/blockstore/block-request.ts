/**
 * One HTTP request for many block ranges: sends it, reads the manifest, and hands block after block to the caller as bytes arrive, with the back-pressure of
 * the socket. No retries here. Every failure of network or server is an `SpkError`, retryable when another try may help.
 */
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { crc32 } from 'node:zlib'
import { SpkError } from '../core/errors.js'
import { BLOCK_INDEX_VERSION, type BlockAnswer, type BlockRange, type BlocksManifest, MANIFEST_PREFIX } from './blocks.js'

export interface BlockCall {
  readonly url: string
  readonly appId: string
  readonly token: string
  readonly ranges: readonly BlockRange[]
  readonly agent: Agent
  /** Milliseconds without a byte after which the server counts as gone. */
  readonly idleMs: number
  readonly signal: AbortSignal
}

/** Called for each range in order, its bytes to be read to the end before it resolves. */
export type OnBlock = (position: number, answer: BlockAnswer, read: (most: number) => Promise<Uint8Array>) => Promise<void>

const MAX_MANIFEST = 256 * 2 ** 20

export async function requestBlocks(call: BlockCall, onBlock: OnBlock): Promise<void> {
  const response = await send(call)
  try {
    if (response.statusCode !== 200) throw await refusal(call, response)
    const feed = new ByteFeed(call, response)
    const head = new DataView((await feed.exactly(MANIFEST_PREFIX)).buffer)
    const length = head.getUint32(0, true)
    if (length > MAX_MANIFEST) throw broken(call, `a manifest of ${length} bytes`)
    const bytes = await feed.exactly(length)
    if (crc32(bytes) !== head.getUint32(4, true)) throw broken(call, 'a manifest that does not match its checksum')
    const manifest = parseManifest(call, bytes)
    for (const [position, answer] of manifest.blocks.entries()) await onBlock(position, answer, most => feed.some(most))
    await feed.end()
  } finally {
    if (!response.complete) response.destroy()
  }
}

function send(call: BlockCall): Promise<IncomingMessage> {
  const body = JSON.stringify({ blocks: call.ranges })
  return new Promise((resolve, reject) => {
    // Not by the option `signal`: Node hands it on to the socket, which outlives the request in the agent.
    const stop = (): void => {
      request.destroy()
    }
    const request = httpRequest(
      `${call.url}/v1/apps/${call.appId}/blocks`,
      {
        method: 'POST',
        agent: call.agent,
        headers: { authorization: `Bearer ${call.token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      resolve,
    )
    request.setTimeout(call.idleMs, () => request.destroy(new Error(`no byte for ${call.idleMs} ms`)))
    request.on('error', cause => reject(unreachableServer(call, cause)))
    request.on('close', () => call.signal.removeEventListener('abort', stop))
    if (call.signal.aborted) stop()
    else call.signal.addEventListener('abort', stop)
    request.end(body)
  })
}

/** Bytes of a response, as many as asked for. */
class ByteFeed {
  readonly #call: BlockCall
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(call: BlockCall, response: IncomingMessage) {
    this.#call = call
    this.#chunks = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  }

  /** At least one byte, at most `most`; a view that is good until the next call. */
  async some(most: number): Promise<Uint8Array> {
    if (this.#rest.length === 0) this.#rest = await this.#next()
    const given = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(given.length)
    return given
  }

  async exactly(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const some = await this.some(length - at)
      bytes.set(some, at)
      at += some.length
    }
    return bytes
  }

  /** Fails when there is more. Reading the end lets the connection be used again. */
  async end(): Promise<void> {
    if (this.#rest.length > 0 || (await this.#read()).done !== true) throw broken(this.#call, 'more bytes than its manifest lists')
  }

  async #next(): Promise<Uint8Array> {
    const { done, value } = await this.#read()
    if (done === true) throw broken(this.#call, 'fewer bytes than its manifest lists')
    return value
  }

  async #read(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#chunks.next()
    } catch (cause) {
      throw unreachableServer(this.#call, cause)
    }
  }
}

function parseManifest(call: BlockCall, bytes: Uint8Array): BlocksManifest {
  let manifest: Partial<BlocksManifest> | null
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes)) as Partial<BlocksManifest> | null
  } catch {
    throw broken(call, 'a manifest that is not JSON')
  }
  if (manifest?.v !== BLOCK_INDEX_VERSION || manifest.blocks?.length !== call.ranges.length)
    throw broken(call, 'a manifest that does not fit the request')
  return manifest as BlocksManifest
}

async function refusal(call: BlockCall, response: IncomingMessage): Promise<SpkError> {
  const status = response.statusCode ?? 0
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) if (chunks.length < 16) chunks.push(chunk as Buffer)
  } catch {
    // The status says enough.
  }
  const text = Buffer.concat(chunks).toString()
  let body: { code?: string; message?: string } = {}
  try {
    body = JSON.parse(text) as typeof body
  } catch {
    body = { message: text.slice(0, 200) }
  }
  return new SpkError(body.code ?? 'SPK_BLOCK_SERVER', `${call.url} answered ${status}: ${body.message ?? ''}`, { retryable: status >= 500 })
}

function unreachableServer(call: BlockCall, cause: unknown): SpkError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new SpkError('SPK_BLOCK_SERVER', `${call.url} cannot be reached: ${code ?? message}`, { cause, retryable: !call.signal.aborted })
}

function broken(call: BlockCall, what: string): SpkError {
  return new SpkError('SPK_BLOCK_SERVER', `${call.url} sent ${what}.`, { retryable: true })
}
