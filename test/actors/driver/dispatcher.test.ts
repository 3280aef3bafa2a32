import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bind } from '#src/actors/bind.js'
import type { ExecutorInfo } from '#src/actors/driver/application-state.js'
import { dispatcher } from '#src/actors/driver/dispatcher.js'
import { pendingQueues } from '#src/actors/driver/pending.js'
import { stageMachine } from '#src/actors/driver/stage.js'
import type { StageCommand } from '#src/actors/driver/stage-state.js'
import type { Clock } from '#src/core/clock.js'
import { silentLogger } from '#src/core/log.js'

const test = suite('actors/driver/dispatcher')

const executor: ExecutorInfo = {
  executorId: 'a',
  workerId: 'w',
  host: 'w',
  cores: 1,
  memory: 1,
  resources: {},
  registered: { hostId: 'w', pid: 1, lastSeen: 0 },
}

test('an executor that was avoided gets tasks again, also when the timer fires a little before the clock says so', async () => {
  let time = 0
  const timers: { at: number; fn: () => void }[] = []
  const clock: Clock = {
    now: () => Math.floor(time),
    monotonic: () => time,
    after(ms, fn) {
      const timer = { at: time + ms, fn }
      timers.push(timer)
      return { cancel: () => void timers.splice(timers.indexOf(timer), 1) }
    },
  }
  const launched: string[] = []
  const look = dispatcher({ clock, localityWaitMs: 0, executors: () => [executor], room: () => Number.POSITIVE_INFINITY, takeTaskIds: () => 0 })
  const stage = bind({
    machine: stageMachine(),
    input: { job: 0, stage: 0, name: 's', tasks: 1, queues: pendingQueues([[]]), kind: 'result', maxFailures: 4, maxResultSize: 0, now: 0 },
    effects: () => ({
      launch: ({ executorId }: Extract<StageCommand, { type: 'launch' }>['params']) => void launched.push(executorId),
    }),
    clock,
    log: silentLogger(),
  })
  look.avoid('a', 1000)
  look.add(0, stage)
  stage.send({ type: 'resume', attempt: 0, now: 0 })
  await Promise.resolve()
  assert.equal(launched, [])
  time = 999.6
  for (const { fn } of timers.splice(0)) fn()
  await Promise.resolve()
  assert.equal(launched, ['a'])
})

test.run()
