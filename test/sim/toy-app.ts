/** An application without jobs: registers, keeps the executors it gets, says goodbye after a while. Tries masters and workers without a driver. */
import { delay } from '#src/core/clock.js'
import { SpkError } from '#src/core/errors.js'
import type { AppId } from '#src/core/ids.js'
import { ApplicationHeartbeat, ExecutorAdded, ExecutorUpdated, RegisterApplication, UnregisterApplication } from '#src/protocol/application.js'
import type { Subjects } from '#src/protocol/subjects.js'
import { decode, decodeReply, encode, encodeReply, type Message, type Static, type TSchema } from '#src/protocol/wire.js'
import type { Life, SimNode } from './node.js'
import type { World } from './world.js'

export interface ToyApp {
  readonly executors: Set<string>
  ended: boolean
  /** It has lived long enough, and ends when it is told to. */
  over: boolean
  stopping: boolean
}

export function startToyApp(
  world: World,
  node: SimNode,
  life: Life,
  names: Subjects,
  options: { coresMax: number; executorCores?: number; livesMs: number },
): ToyApp {
  const transport = world.net.connect(node, life)
  const { clock } = life
  const appId = `app-20260131120000-${node.name.slice(1).padStart(4, '0')}` as AppId
  const app: ToyApp = { executors: new Set(), ended: false, over: false, stopping: false }

  async function ask<S extends TSchema, R extends TSchema>(type: Message<S, R>, value: Static<S>): Promise<Static<R>> {
    return decodeReply(type, await transport.request(names.master(type.name), encode(type, value), { timeoutMs: 2000 }))
  }
  const listen = <S extends TSchema>(type: Message<S>, act: (body: Static<S>) => void) =>
    transport.subscribe(names.driver(appId, type.name), m => {
      act(decode(type, m.data))
      m.respond(encodeReply(type, {}))
    })
  listen(ExecutorAdded, body => void app.executors.add(body.executorId))
  listen(ExecutorUpdated, body => {
    if (body.state !== 'RUNNING' && body.state !== 'LAUNCHING') app.executors.delete(body.executorId)
  })

  const register = () =>
    ask(RegisterApplication, {
      description: {
        appId,
        name: node.name,
        user: 'sim',
        host: node.host,
        coresMax: options.coresMax,
        ...(options.executorCores === undefined ? {} : { executorCores: options.executorCores }),
        executorMemory: 1,
        executorResources: {},
        token: 't',
        uiUrl: '',
        conf: {},
        startedAt: clock.now(),
      },
      executors: [...app.executors],
    })

  async function untilAnswered<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof SpkError) || !error.retryable) throw error
        await delay(clock, 300)
      }
    }
  }

  async function live(): Promise<void> {
    const until = clock.monotonic() + options.livesMs
    await untilAnswered(register)
    while (!app.stopping) {
      await delay(clock, 1000)
      if (clock.monotonic() >= until) app.over = true
      const beat = await untilAnswered(() => ask(ApplicationHeartbeat, { appId }))
      if (beat.kind === 'ended') app.ended = true
      if (beat.kind === 'ended') break
      if (beat.kind === 'reregister') await untilAnswered(register)
    }
    if (!app.ended) await untilAnswered(() => ask(UnregisterApplication, { appId, state: 'FINISHED', reason: 'done' }))
    app.over = true
  }
  live().catch(error => {
    if (life.alive()) world.violate('toy', String(error))
  })
  return app
}
