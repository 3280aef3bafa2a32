/** `npm run sim -- --seed N [--count M] [--trace]`: set-up, then the simulator. */
import { runBuilt, setup } from './setup.mjs'

setup()
runBuilt('test/sim/main.js')
