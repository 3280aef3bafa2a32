/** Reads the NATS URL(s) a user gives: `nats://[user:password@]host[:port]`, several parted by commas. Passwords never get into a message. */
import { SpkError } from '../core/errors.js'

export interface NatsServers {
  /** `host:port` of each. */
  readonly urls: readonly string[]
  readonly tls: boolean
  readonly credentials: { readonly user?: string; readonly pass?: string; readonly token?: string }
  readonly user: string | undefined
  /** The URLs without credentials, for messages. */
  readonly shown: string
}

const DEFAULT_PORT = '4222'

/** Credentials are taken from the first URL that has any: they are the same for all servers of a cluster. Throws `SPK_NATS_URL`. */
export function parseNatsServers(text: string): NatsServers {
  const parts = text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
  if (parts.length === 0) throw badUrl(text)
  const parsed = parts.map(part => parse(part))
  const first = parsed.find(url => url.username !== '')
  const user = first === undefined ? undefined : decoded(first.username)
  const password = first === undefined ? '' : decoded(first.password)
  const urls = parsed.map(url => `${url.hostname}:${url.port === '' ? DEFAULT_PORT : url.port}`)
  return {
    urls,
    tls: parsed.some(url => url.protocol === 'tls:'),
    credentials: user === undefined ? {} : password === '' ? { token: user } : { user, pass: password },
    user: password === '' ? undefined : user,
    shown: urls.map(url => `nats://${url}`).join(','),
  }
}

function parse(part: string): URL {
  const whole = part.includes('://') ? part : `nats://${part}`
  try {
    const url = new URL(whole)
    if ((url.protocol === 'nats:' || url.protocol === 'tls:') && url.hostname !== '') return url
  } catch {
    // told below
  }
  throw badUrl(part)
}

/** A `%` that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function badUrl(text: string): SpkError {
  // Up to the last @: a password that is not encoded may hold anything, and the scheme may be missing.
  const shown = text.replace(/^(\w+:\/\/)?.*@/s, '$1…@')
  return new SpkError('SPK_NATS_URL', `"${shown}" is not the URL of a NATS server. Write nats://host:4222, several parted by commas.`)
}
