/**
 * The block server of a worker: serves the block files of its applications over HTTP/1.1 keep-alive to whoever has the application's token, so that
 * shuffle files outlive executors. Reads with back-pressure; holds no block in memory. A file outside the application's folder cannot be named.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SpkError, unreachable } from '../core/errors.js'
import type { Logger } from '../core/log.js'
import { BlockIndexes } from './block-index.js'
import { type BlockRoute, blockRoute, checkName } from './block-names.js'
import { type BlockSource, blocksReply, parseBlocksRequest, readSources } from './block-reply.js'
import { dataFile, MAX_REQUEST_BYTES } from './blocks.js'

export interface BlockServerOptions {
  /** Holds one folder per application, named by its id. */
  readonly rootDir: string
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly log: Logger
}

export interface BlockServer {
  /** `http://host:port`, as others reach it. */
  readonly url: string
  /** Serves the application's folder to who sends this token; a repeat replaces the token. */
  admit(appId: string, token: string): void
  remove(appId: string): void
  /** Ends open connections, too. */
  close(): Promise<void>
}

export const BLOCKS_TYPE = 'application/vnd.spk.blocks'
export const ARROW_STREAM_TYPE = 'application/vnd.apache.arrow.stream'
const IDLE_MS = 60_000

const statuses: Readonly<Record<string, number>> = {
  SPK_BLOCK_NAME: 403,
  SPK_BLOCK_FORBIDDEN: 403,
  SPK_BLOCK_NOT_FOUND: 404,
  SPK_NOT_FOUND: 404,
  SPK_BAD_REQUEST: 400,
  SPK_REQUEST_TOO_LARGE: 413,
}

/** Rejects with `SPK_PORT_IN_USE` or `SPK_CANNOT_LISTEN`. */
export async function startBlockServer(options: BlockServerOptions): Promise<BlockServer> {
  const { rootDir, log } = options
  const tokens = new Map<string, Buffer>()
  const indexes = new BlockIndexes()

  function authorize(request: IncomingMessage, appId: string): void {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const wanted = tokens.get(appId)
    // Unknown application and wrong token look alike, in time too.
    const same = timingSafeEqual(digest(given ?? ''), wanted ?? digest('none'))
    if (given === undefined || wanted === undefined || !same) {
      throw new SpkError('SPK_BLOCK_FORBIDDEN', `No application ${appId} with this token here. Send Authorization: Bearer <the application's token>.`)
    }
  }

  /** The application's folder, which must be a real one. */
  async function folder(appId: string): Promise<string> {
    const dir = join(rootDir, appId)
    const found = await lstat(dir).catch(() => undefined)
    if (found?.isDirectory() !== true) throw new SpkError('SPK_BLOCK_NOT_FOUND', `Application ${appId} has no blocks here.`)
    return dir
  }

  async function serve(route: BlockRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (route.kind) {
      case 'health':
        sendJson(response, 200, { status: 'ok', applications: tokens.size })
        return
      case 'blocks': {
        authorize(request, route.appId)
        const wanted = parseBlocksRequest(await bodyText(request))
        const reply = await blocksReply(indexes, await folder(route.appId), wanted)
        response.writeHead(200, { 'content-type': BLOCKS_TYPE, 'content-length': reply.manifest.length + reply.length })
        response.write(reply.manifest)
        await stream(reply.sources, response)
        return
      }
      case 'partition': {
        authorize(request, route.appId)
        const dir = await folder(route.appId)
        const { partitions } = await indexes.get(dir, route.file)
        const found = partitions[route.partition]
        if (found === undefined) {
          throw new SpkError('SPK_BLOCK_NOT_FOUND', `Block ${route.file} has partitions 0 to ${partitions.length - 1}, not ${route.partition}.`)
        }
        const length = found.extents.reduce((sum, extent) => sum + extent.length, 0)
        response.writeHead(200, { 'content-type': ARROW_STREAM_TYPE, 'content-length': length, 'x-spk-rows': found.rows })
        await stream([{ path: join(dir, dataFile(route.file)), extents: found.extents }], response)
        return
      }
      default:
        unreachable(route)
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const path = (request.url ?? '').split('?')[0] ?? ''
      const route = blockRoute(request.method ?? '', path)
      if (route === undefined) {
        throw new SpkError('SPK_NOT_FOUND', 'Served here: GET /health, POST /v1/apps/<app>/blocks and GET /v1/apps/<app>/blocks/<file>/<partition>.')
      }
      await serve(route, request, response)
    } catch (error) {
      fail(error, request, response)
    }
  }

  function fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    // Half an answer cannot be taken back: cut it, so that the length tells the client.
    if (response.headersSent) {
      log.warn({ err: error, url: request.url }, 'block answer cut short')
      response.destroy()
      return
    }
    const code = error instanceof SpkError ? error.code : 'INTERNAL_ERROR'
    const status = statuses[code] ?? 500
    if (status === 500) log.error({ err: error, url: request.url }, 'block request failed')
    // The rest of a refused body is not read.
    if (!request.complete) response.setHeader('connection', 'close')
    sendJson(response, status, { code, message: status === 500 ? 'The block server failed; its log says why.' : (error as Error).message })
  }

  const server = createServer({ keepAliveTimeout: IDLE_MS }, (request, response) => void handle(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new SpkError('SPK_PORT_IN_USE', `Port ${options.port} of ${options.host} is in use. Choose another --block-port, or 0 for any.`, {
              cause,
            })
          : new SpkError('SPK_CANNOT_LISTEN', `The block server cannot listen on ${options.host}:${options.port}: ${cause.message}`, { cause }),
      ),
    )
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    admit(appId, token) {
      checkName(appId)
      tokens.set(appId, digest(token))
    },
    remove(appId) {
      tokens.delete(appId)
      indexes.forget(join(rootDir, appId))
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Digests have one length, which a constant-time comparison needs. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

async function stream(sources: readonly BlockSource[], response: ServerResponse): Promise<void> {
  await pipeline(readSources(sources), response)
}

async function bodyText(request: IncomingMessage): Promise<string> {
  const tooLarge = (): SpkError =>
    new SpkError('SPK_REQUEST_TOO_LARGE', `The body has more than ${MAX_REQUEST_BYTES} bytes. Ask for fewer ranges at once.`)
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_REQUEST_BYTES) throw tooLarge()
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
