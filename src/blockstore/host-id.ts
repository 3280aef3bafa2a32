/**
 * The id that processes sharing a disk have in common: a block of a worker with the same id is read from its file. Made of machine, boot and the file
 * system that `/` is, so that two containers of one machine differ. `SPK_HOST_ID` says otherwise: containers that share their work folders set the same,
 * processes that shall read each other's blocks over the socket different ones. A wrong "same" costs one failed open, a wrong "different" a trip over the
 * socket.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

/** 16 hexadecimal digits, or what the environment says. */
export function hostId(): string {
  const given = process.env['SPK_HOST_ID']
  if (given !== undefined && given !== '') return given
  const machine = read('/etc/machine-id')
  const boot = read('/proc/sys/kernel/random/boot_id')
  const parts = machine === '' && boot === '' ? [hostname()] : [machine, boot]
  return createHash('sha256')
    .update([...parts, String(statSync('/').dev)].join('\n'))
    .digest('hex')
    .slice(0, 16)
}
