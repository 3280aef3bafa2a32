/** What `spk node` hands to a role, and what a running role gives back. `master.ts` and `worker.ts` share it. */
import type { Conf } from '../core/config.js'
import type { Logger } from '../core/log.js'

export interface NodeOptions {
  /** With the user of this role where the server asks for one. */
  readonly natsUrl: string
  readonly cluster: string
  /** The name under which others reach this process. */
  readonly host: string
  /** Where servers listen: `127.0.0.1` when the host is loopback, else every interface. */
  readonly bind: string
  /** 0 = a free one. Absent = the role's default, one up per clash. */
  readonly uiPort: number | undefined
  readonly conf: Conf
  readonly log: Logger
}

/** Why a role ended. `failed`: not on purpose, the process ends with code 1. */
export interface NodeEnd {
  readonly reason: string
  readonly failed: boolean
}

export interface RunningNode {
  readonly id: string
  /** What the line at start shows beside the id, in order: urls, cores, memory. */
  readonly facts: Readonly<Record<string, string | number>>
  readonly ended: Promise<NodeEnd>
  /** Ends in order: takes leave, stops children, closes servers and the bus. Idempotent. */
  stop(reason: string): Promise<NodeEnd>
}
