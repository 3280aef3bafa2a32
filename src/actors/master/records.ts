/** Records of the state bucket as bytes and back. A record that cannot be read is left out: what it described registers again. */
import { toErrorData } from '../../core/errors.js'
import type { Logger } from '../../core/log.js'
import { AppRecord, DriverRecord, ExecutorRecord, WorkerRecord } from '../../protocol/state.js'
import { decodeRecord, encodeRecord } from '../../protocol/wire.js'
import type { Entry } from '../../transport/transport.js'
import type { StateRecord } from './events.js'

const schemas = { worker: WorkerRecord, app: AppRecord, executor: ExecutorRecord, driver: DriverRecord } as const

export function encodeState(state: StateRecord): Uint8Array {
  return encodeRecord(schemas[state.kind], state.record as never)
}

export function decodeStates(entries: readonly Entry[], log: Logger): StateRecord[] {
  return entries.flatMap(({ key, value }) => {
    const kind = key.slice(0, key.indexOf('.'))
    if (!Object.hasOwn(schemas, kind)) return []
    try {
      return [{ kind, record: decodeRecord(schemas[kind as keyof typeof schemas], value, `record ${key}`) } as StateRecord]
    } catch (error) {
      log.error({ key, err: toErrorData(error) }, 'state record left out: it does not validate')
      return []
    }
  })
}

/** The epoch of the leader that wrote the value; 0 when it is not readable. */
export function epochOf(value: Uint8Array): number {
  try {
    const record: unknown = JSON.parse(new TextDecoder().decode(value))
    const epoch = typeof record === 'object' && record !== null && 'epoch' in record ? record.epoch : 0
    return typeof epoch === 'number' ? epoch : 0
  } catch {
    return 0
  }
}
