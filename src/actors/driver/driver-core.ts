/** What the effects of the application, of jobs and of stages share: ports, links, the event log, and what the application machine knows now. */
import type { Clock } from '../../core/clock.js'
import type { Conf } from '../../core/config.js'
import type { AppId } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import type { EventLog } from '../../history/event-log.js'
import type { ExecutorInfo } from './application-state.js'
import type { consolidate } from './consolidate.js'
import type { Dispatcher } from './dispatcher.js'
import type { ExecutorLinks } from './executor-link.js'
import type { BlockSource, DriverPorts } from './ports.js'
import type { TaskResources } from './task-resources.js'

export interface DriverCore {
  readonly clock: Clock
  readonly log: Logger
  readonly conf: Conf
  readonly appId: AppId
  readonly token: string
  readonly ports: DriverPorts
  readonly links: ExecutorLinks
  readonly events: EventLog
  readonly dispatcher: Dispatcher
  /** Executors that take tasks. */
  executors(): readonly ExecutorInfo[]
  executor(id: string): ExecutorInfo | undefined
  /** Where the blocks of every worker heard of lie. */
  workers(): ReadonlyMap<string, BlockSource>
  readonly resources: TaskResources
  /** For harnesses: another consolidate table. */
  readonly merge?: typeof consolidate
}
