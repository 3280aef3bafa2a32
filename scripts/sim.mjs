/** `npm run sim -- --seed N` or `-- [--from N] --count M`: set-up, then the simulator (docs/simulator.md). */
import { runBuilt, setup } from './setup.mjs'

setup()
runBuilt('test/sim/main.js')
