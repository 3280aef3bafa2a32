/** The nats-server of this repository's scripts: found or brought as `spk up` does it; a download stays in the repository's own folder. */
import { join } from 'node:path'
import { type NatsServerBinary, provideNatsServer as provide } from '#src/bin/find-nats-server.js'
import { root } from './paths.js'

export function provideNatsServer(say: (line: string) => void): Promise<NatsServerBinary> {
  return provide(say, join(root, '.spk', 'tools'))
}
