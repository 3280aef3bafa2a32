/** `npm run quickstart`: set-up, then the compiled quickstart. */
import { runBuilt, setup } from './setup.mjs'

setup()
runBuilt('scripts/quickstart.js')
