/** `npm run fuzz:sql -- --seed N --count M`: builds, then random queries against DuckDB alone (`test/fuzz/main.ts`). */
import { runBuilt, setup } from './setup.mjs'

setup()
runBuilt('test/fuzz/main.js')
