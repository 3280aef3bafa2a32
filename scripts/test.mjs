/** `npm test [-- FILTER …]`: set-up, then the compiled test runner. */
import { runBuilt, setup } from './setup.mjs'

setup()
runBuilt('scripts/run-tests.js')
