/** Which explicit casts exist at all: Spark's ANSI table, and the wider one of its older rules. */
import { isAnsiInterval } from '../core/intervals.js'
import type { DataType } from '../core/types.js'
import type { CastMode } from './bound.js'
import { isIntegral, isNumeric } from './coercion.js'

const moments = ['date', 'timestamp', 'timestamp_ntz']

export function castPossible(from: DataType, to: DataType, mode: CastMode): boolean {
  if (from.kind === to.kind && from.kind !== 'array' && from.kind !== 'map' && from.kind !== 'struct') return true
  if (from.kind === 'null') return true
  if (to.kind === 'null') return false
  if (to.kind === 'string') return true
  switch (from.kind) {
    case 'yearmonth_interval':
    case 'daytime_interval':
      return from.kind === to.kind || isIntegral(to) || to.kind === 'decimal'
    case 'string':
      if (to.kind.endsWith('interval')) return true
      return isNumeric(to) || moments.includes(to.kind) || ['boolean', 'binary', 'time', 'uuid'].includes(to.kind)
    case 'boolean':
      return isNumeric(to) || (to.kind === 'timestamp' && mode === 'legacy')
    case 'date':
      return moments.includes(to.kind) || (mode === 'legacy' && (isNumeric(to) || to.kind === 'boolean'))
    case 'timestamp':
      return moments.includes(to.kind) || isNumeric(to) || (to.kind === 'boolean' && mode === 'legacy')
    case 'time':
      return isNumeric(to) && to.kind !== 'float' && to.kind !== 'double'
    case 'timestamp_ntz':
      return moments.includes(to.kind)
    case 'binary':
      return false
    case 'array':
      return to.kind === 'array' && castPossible(from.element, to.element, mode)
    case 'map':
      return to.kind === 'map' && castPossible(from.key, to.key, mode) && castPossible(from.value, to.value, mode)
    case 'struct':
      return (
        to.kind === 'struct' &&
        from.fields.length === to.fields.length &&
        from.fields.every((f, i) => {
          const other = to.fields[i]
          return other !== undefined && castPossible(f.type, other.type, mode)
        })
      )
    default:
      if (!isNumeric(from)) return false
      if (isAnsiInterval(to)) return isIntegral(from) || from.kind === 'decimal'
      return isNumeric(to) || to.kind === 'boolean' || to.kind === 'timestamp' || (to.kind === 'binary' && mode === 'legacy' && isIntegral(from))
  }
}

/** The condition, below DATATYPE_MISMATCH, for a cast that does not exist: whether another mode or a function would do. */
export function castAdvice(from: DataType, to: DataType, mode: CastMode): string {
  if (mode !== 'legacy' && ((from.kind === 'date' && isNumeric(to)) || (isNumeric(from) && to.kind === 'date'))) return 'CAST_WITH_FUNC_SUGGESTION'
  return mode === 'ansi' && castPossible(from, to, 'legacy') ? 'CAST_WITH_CONF_SUGGESTION' : 'CAST_WITHOUT_SUGGESTION'
}
