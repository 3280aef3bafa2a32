/** One thread of `pool.ts`: runs the seeds it is given, one at a time. */
import { parentPort } from 'node:worker_threads'
import { must } from '#src/core/errors.js'
import { plantedBug } from './planted-bugs.js'
import type { SeedOrder, SeedSummary } from './pool.js'
import { runSeed } from './run.js'

const port = must(parentPort ?? undefined, 'a thread of the pool')

port.on('message', ({ seed, plant, stopEarly }: SeedOrder) => {
  const options = {
    ...(plant === undefined ? {} : { plant: plantedBug(plant).plant }),
    ...(stopEarly === undefined ? {} : { stopEarly }),
  }
  void runSeed(seed, options).then(({ scenario, lines: _lines, ...rest }) => {
    const summary: SeedSummary = { ...rest, script: scenario.script }
    port.postMessage(summary)
  })
})
