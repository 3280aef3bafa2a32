/**
 * What happened, as a hash that grows with every event and, when asked for, as lines to read. Two runs of one seed must end with the same hash; the hash
 * of a prefix is the same too, which is how the first difference of two runs is found.
 */
import { mix } from './seed.js'

export interface TraceLine {
  readonly time: number
  readonly node: string
  readonly text: string
}

export class Trace {
  readonly lines: TraceLine[] = []
  readonly #keep: boolean
  #low = 1
  #high = 2

  constructor(keep = false) {
    this.#keep = keep
  }

  event(time: number, node: string, text: string): void {
    this.#low = mix(this.#low, (time * 1000) | 0)
    let h = this.#high
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
    for (let i = 0; i < node.length; i++) h = Math.imul(h ^ node.charCodeAt(i), 0x01000193)
    this.#high = mix(h, this.#low)
    if (this.#keep) this.lines.push({ time, node, text })
  }

  /** Bytes that travelled. */
  data(bytes: Uint8Array): void {
    let h = this.#low ^ bytes.length
    for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193)
    this.#low = h >>> 0
  }

  /** Only for the reader: what an actor says of itself. */
  note(time: number, node: string, text: string): void {
    if (this.#keep) this.lines.push({ time, node, text })
  }

  get keeps(): boolean {
    return this.#keep
  }

  hash(): string {
    return (mix(this.#high, this.#low) >>> 0).toString(16).padStart(8, '0') + (mix(this.#low, this.#high) >>> 0).toString(16).padStart(8, '0')
  }
}

export function formatLine({ time, node, text }: TraceLine): string {
  return `${(time / 1000).toFixed(6).padStart(11)}  ${node.padEnd(10)} ${text}`
}
