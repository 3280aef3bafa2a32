/** A TCP proxy in front of a block server that damages what the server sends: per connection, in order of arrival. */
import { connect, createServer, type Socket } from 'node:net'

/** flip: changes one bit of the byte at `at` of what the server sends; cut: ends the connection there; refuse: ends it before anything is sent. */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'flip' | 'cut'; readonly at: number }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'hang' }

export interface FaultyProxy {
  readonly url: string
  /** Connections so far. */
  connections(): number
  close(): Promise<void>
}

export async function faultyProxy(target: string, faults: readonly Fault[], after: Fault = { kind: 'none' }): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer(down => {
    sockets.add(down)
    down.on('error', () => undefined)
    const fault = faults[count++] ?? after
    if (fault.kind === 'refuse') {
      down.destroy()
      return
    }
    if (fault.kind === 'hang') return
    const up = connect(Number(port), hostname)
    sockets.add(up)
    up.on('error', () => down.destroy())
    down.pipe(up)
    let seen = 0
    up.on('data', (chunk: Buffer) => {
      const from = seen
      seen += chunk.length
      if (fault.kind === 'none' || fault.at < from || fault.at >= seen) {
        down.write(chunk)
        return
      }
      if (fault.kind === 'cut') {
        down.write(chunk.subarray(0, fault.at - from))
        down.destroySoon()
        up.destroy()
        return
      }
      chunk[fault.at - from] = (chunk[fault.at - from] ?? 0) ^ 0x10
      down.write(chunk)
    })
    up.on('end', () => down.end())
    down.on('close', () => up.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${address.port}`,
    connections: () => count,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
