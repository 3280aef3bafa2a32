/** Reads JSON as Spark's parser does by default: single quotes and NaN are taken, numbers keep their text. Pure. */

export type JsonNode =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, JsonNode])[] }

/** The document of a text, or undefined when it is none. */
export function readJson(text: string): JsonNode | undefined {
  const reader = new Reader(text)
  try {
    const node = reader.value()
    return reader.atEnd() ? node : undefined
  } catch (error) {
    if (error instanceof NotJson) return undefined
    throw error
  }
}

class NotJson extends Error {}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

class Reader {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  atEnd(): boolean {
    this.#blanks()
    return this.#at >= this.#text.length
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #take(c: string): boolean {
    this.#blanks()
    if (this.#text[this.#at] !== c) return false
    this.#at++
    return true
  }

  value(): JsonNode {
    this.#blanks()
    const c = this.#text[this.#at]
    if (c === '{') return this.#object()
    if (c === '[') return this.#array()
    if (c === '"' || c === "'") return { kind: 'string', value: this.#string() }
    const word = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|-?Infinity|NaN|[+-]?INF)(?![\w.])/.exec(
      this.#text.slice(this.#at),
    )?.[0]
    if (word === undefined) throw new NotJson()
    this.#at += word.length
    if (word === 'null') return { kind: 'null' }
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' }
    return { kind: 'number', text: word }
  }

  #object(): JsonNode {
    this.#at++
    const entries: [string, JsonNode][] = []
    if (this.#take('}')) return { kind: 'object', entries }
    do {
      this.#blanks()
      const c = this.#text[this.#at]
      if (c !== '"' && c !== "'") throw new NotJson()
      const key = this.#string()
      if (!this.#take(':')) throw new NotJson()
      entries.push([key, this.value()])
    } while (this.#take(','))
    if (!this.#take('}')) throw new NotJson()
    return { kind: 'object', entries }
  }

  #array(): JsonNode {
    this.#at++
    const items: JsonNode[] = []
    if (this.#take(']')) return { kind: 'array', items }
    do items.push(this.value())
    while (this.#take(','))
    if (!this.#take(']')) throw new NotJson()
    return { kind: 'array', items }
  }

  #string(): string {
    const quote = this.#text[this.#at++]
    let out = ''
    for (;;) {
      const c = this.#text[this.#at++]
      if (c === undefined) throw new NotJson()
      if (c === quote) return out
      if (c !== '\\') {
        out += c
        continue
      }
      const e = this.#text[this.#at++] ?? ''
      if (e === 'u') {
        const hex = this.#text.slice(this.#at, this.#at + 4)
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new NotJson()
        out += String.fromCharCode(Number.parseInt(hex, 16))
        this.#at += 4
      } else if (e in escapes || '"\'\\/'.includes(e)) out += escapes[e] ?? e
      else throw new NotJson()
    }
  }
}

/** Compact text of a document, numbers as they were written. */
export function jsonText(node: JsonNode): string {
  switch (node.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(node.value)
    case 'number':
      return node.text
    case 'string':
      return JSON.stringify(node.value)
    case 'array':
      return `[${node.items.map(jsonText).join(',')}]`
    default:
      return `{${node.entries.map(([k, v]) => `${JSON.stringify(k)}:${jsonText(v)}`).join(',')}}`
  }
}
