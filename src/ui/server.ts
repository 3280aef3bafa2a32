/**
 * A status server: one page, `/json/` in Spark's field names with `/json/<field>`, and `/health`. The door to Hono. Master and worker start one each and
 * hand it functions that say what there is now; it keeps no state.
 */
import { createServer, type Server } from 'node:http'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { SpkError } from '../core/errors.js'

/** Escapes every value that is put into it. */
export { html }
export type Html = ReturnType<typeof html>

export interface UiOptions {
  /** Interface to listen on. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** How many ports above are tried when this one is in use (`spark.port.maxRetries`). Default 16; with port 0 none. */
  readonly portRetries?: number
  page(): Html
  /** The body of `/json/`. */
  json(): Readonly<Record<string, unknown>>
  /** Answers of `/json/<name>` beside the fields of `json()`. */
  readonly more?: Readonly<Record<string, () => Readonly<Record<string, unknown>>>>
  health(): Health
}

export interface Health {
  /** False answers with 503. */
  readonly healthy: boolean
  readonly [detail: string]: unknown
}

export interface Ui {
  readonly port: number
  close(): Promise<void>
}

/** No script, nothing from elsewhere, in nobody's frame. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

/** Errors: `SPK_PORT_IN_USE` when no port in reach is free, `SPK_BAD_ADDRESS` when the interface does not exist here. */
export async function startUi(options: UiOptions): Promise<Ui> {
  const app = routes(options)
  const tries = options.port === 0 ? 1 : 1 + (options.portRetries ?? 16)
  for (let i = 0; i < tries; i++) {
    const server = await listen(app, options.host, options.port + i)
    if (server === undefined) continue
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : options.port + i
    return {
      port,
      close: () =>
        new Promise(resolve => {
          server.close(() => resolve())
          server.closeAllConnections()
        }),
    }
  }
  const ports =
    tries === 1 ? `Port ${options.port} of ${options.host} is` : `Ports ${options.port} to ${options.port + tries - 1} of ${options.host} are`
  throw new SpkError('SPK_PORT_IN_USE', `${ports} in use. Stop what listens there, or give another --ui-port, or 0 for any free one.`)
}

function routes(options: UiOptions): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('Content-Security-Policy', POLICY)
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Cache-Control', 'no-store')
  })
  app.get('/', c => c.html(options.page()))
  app.get('/json', c => c.json(options.json()))
  app.get('/json/', c => c.json(options.json()))
  app.get('/json/:field', c => {
    const field = c.req.param('field')
    const more = options.more !== undefined && Object.hasOwn(options.more, field) ? options.more[field] : undefined
    if (more !== undefined) return c.json(more())
    const all = options.json()
    // Spark answers an unknown field with an empty text.
    return c.json({ [field]: Object.hasOwn(all, field) ? all[field] : '' })
  })
  app.get('/health', c => {
    const health = options.health()
    return c.json(health, health.healthy ? 200 : 503)
  })
  app.notFound(c => c.text('Not found. There are /, /json/, /json/<field> and /health.\n', 404))
  return app
}

/** Undefined when the port is taken. */
function listen(app: Hono, hostname: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname, port, createServer }, () => resolve(server as Server))
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(new SpkError('SPK_BAD_ADDRESS', `Cannot listen on ${hostname}:${port}: ${error.message}.`, { cause: error }))
    })
  })
}
