/** Types as functions: `int(x)` is `CAST(x AS INT)`. */
import { type DataType, decimal, types } from '../../core/types.js'
import type { BoundExpr } from '../bound.js'
import { castPossible } from '../cast-rules.js'
import { castTo, sqlTypeName } from '../coercion.js'
import { rewritten, type ScalarFunction } from './define.js'

const targets: Readonly<Record<string, DataType>> = {
  boolean: types.boolean,
  tinyint: types.byte,
  smallint: types.short,
  int: types.int,
  bigint: types.long,
  float: types.float,
  double: types.double,
  decimal: decimal(10, 0),
  string: types.string,
  binary: types.binary,
  date: types.date,
  timestamp: types.timestamp,
}

export const casts: readonly ScalarFunction[] = Object.entries(targets).map(([name, type]) =>
  rewritten(name, 1, (args, context) => {
    const [value] = args as readonly [BoundExpr]
    if (!castPossible(value.type, type, context.castMode)) {
      throw context.fail(
        'DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION',
        '42K09',
        `Cannot resolve "${context.callText}" due to data type mismatch: cannot cast "${sqlTypeName(value.type)}" to "${sqlTypeName(type)}".`,
      )
    }
    return castTo(value, type, context.castMode)
  }),
)
