/** Every function of SQL that is JavaScript. */
import { csvFunctions } from './csv-functions.js'
import { datetimeFunctions } from './datetime-functions.js'
import { decimalFunctions } from './decimal-functions.js'
import { hashFunctions } from './hash-functions.js'
import { histogramFunctions } from './histogram.js'
import { intervalFunctions } from './interval-functions.js'
import type { JsFunction } from './js-function.js'
import { jsonFunctions } from './json-functions.js'
import { numberFunctions } from './number-format.js'
import { regexpFunctions } from './regexp-functions.js'
import { textFunctions } from './text-functions.js'

export const jsFunctions: readonly JsFunction[] = [
  ...datetimeFunctions,
  ...textFunctions,
  ...hashFunctions,
  ...intervalFunctions,
  ...histogramFunctions,
  ...regexpFunctions,
  ...decimalFunctions,
  ...jsonFunctions,
  ...csvFunctions,
  ...numberFunctions,
]
