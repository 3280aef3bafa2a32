/** `npm run conform:spark`: builds, then runs Spark's golden suite (`test/conformance/main.ts`). */
import { runBuilt, setup } from './setup.mjs'

setup()
runBuilt('test/conformance/main.js')
