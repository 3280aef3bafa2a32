/** The error for two operands of a binary operator that have no common type. */
import type { SpkError } from '../../core/errors.js'
import type { DataType } from '../../core/types.js'
import { sqlTypeName } from '../coercion.js'
import type { BindContext } from './define.js'

export function differentTypes(context: BindContext, left: DataType, right: DataType): SpkError {
  return context.fail(
    'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: the left and right operands of the binary operator have incompatible types ` +
      `("${sqlTypeName(left)}" and "${sqlTypeName(right)}").`,
  )
}
