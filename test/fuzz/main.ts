/** `npm run fuzz:sql -- --seed N --count M [--keep-going]`: `fuzzer.ts` from the command line. A difference is printed reduced, and ends the run with code 1. */
import { parseArgs } from 'node:util'
import { Fuzzer } from './fuzzer.js'

const { values: flags } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '200' }, 'keep-going': { type: 'boolean', default: false } },
})
const [seed, count] = [Number(flags.seed), Number(flags.count)]
if (!Number.isSafeInteger(seed) || !(count > 0)) {
  process.stderr.write('Usage: npm run fuzz:sql -- --seed N --count M [--keep-going]\n')
  process.exit(2)
}
const fuzzer = await Fuzzer.start()
try {
  const { queries, finds, failing } = await fuzzer.run(seed, count, text => process.stdout.write(text), !flags['keep-going'])
  process.stdout.write(`${queries} queries from seed ${seed}: ${finds.length} differ, ${failing} fail on both sides\n`)
  process.exitCode = finds.length === 0 ? 0 : 1
} finally {
  await fuzzer.stop()
}
