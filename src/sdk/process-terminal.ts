/** This process's standard streams as a `Terminal`. */
import type { Terminal } from '../sql/services.js'

export const processTerminal: Terminal = {
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  get errIsTerminal() {
    return process.stderr.isTTY === true
  },
  get errColumns() {
    return process.stderr.columns || 80
  },
}
