/** Hive's numeric histogram (Ben-Haim and Tom-Tov): bins merged where they are nearest. Values come joined by commas. */
import { type JsFunction, strict } from './js-function.js'

function histogram(values: readonly number[], most: number): [number, number][] {
  const bins: [number, number][] = []
  for (const v of values) {
    let at = bins.findIndex(([x]) => x >= v)
    if (at < 0) at = bins.length
    if (bins[at]?.[0] === v) {
      ;(bins[at] as [number, number])[1]++
      continue
    }
    bins.splice(at, 0, [v, 1])
    if (bins.length <= most) continue
    let nearest = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i + 1 < bins.length; i++) {
      const gap = (bins[i + 1]?.[0] ?? 0) - (bins[i]?.[0] ?? 0)
      if (gap < least) [least, nearest] = [gap, i]
    }
    const [x1, y1] = bins[nearest] as [number, number]
    const [x2, y2] = bins[nearest + 1] as [number, number]
    bins.splice(nearest, 2, [(x1 * y1 + x2 * y2) / (y1 + y2), y1 + y2])
  }
  return bins
}

export const histogramFunctions: readonly JsFunction[] = [
  strict('spk_histogram', (values, most) => JSON.stringify(histogram(values.split(',').map(Number), Number(most)))),
]
