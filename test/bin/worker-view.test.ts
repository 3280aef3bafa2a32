import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { workerView } from '#src/bin/worker-view.js'
import { workerJson } from '#src/ui/worker-page.js'
import { activeWorker, launchDriver, launchExecutor } from '../actors/worker/worker-fixture.js'

const test = suite('bin/worker-view')

test('what runs and what ran, and no token of an application', () => {
  const worker = activeWorker()
  worker.order(launchExecutor({ gpus: ['1'], cores: 2 }))
  worker.send({ type: 'childStarted', key: 'app-1/0', run: 1, pid: 77 })
  worker.order(launchExecutor({ id: '1' }))
  worker.order(launchDriver())
  worker.send({ type: 'childExited', key: 'app-1/1', run: 1, exit: { code: 1, signal: null }, ranMs: 1 })
  const view = workerView(worker.state(), 'active', 'nats://bus:4222', 'http://blocks')
  assert.equal(
    view.executors.map(e => [e.executorId, e.state, e.pid]),
    [['0', 'RUNNING', 77]],
  )
  assert.equal(
    view.finishedExecutors.map(e => [e.executorId, e.state, e.message]),
    [['1', 'EXITED', 'Command exited with code 1']],
  )
  assert.equal(
    view.drivers.map(d => [d.driverId, d.script]),
    [['driver-1', '/job.js']],
  )
  const json = workerJson(view)
  assert.equal([json.cores, json.coresused, json.memory, json.memoryused], [4, 3, 4096, 2048])
  assert.not.ok(JSON.stringify(view).includes('secret'))
})

test.run()
