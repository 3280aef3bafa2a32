/** The real task runner on real DuckDB, without machine and bus: one folder, stages run task after task. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskEnd, TaskRunner } from '#src/actors/executor/ports.js'
import { startTaskRunner } from '#src/actors/executor/task-runner.js'
import { type BlockServer, startBlockServer } from '#src/blockstore/server.js'
import { decodeStream } from '#src/core/arrow/decode.js'
import { systemClock, systemRng } from '#src/core/clock.js'
import { silentLogger } from '#src/core/log.js'
import type { StructType } from '#src/core/types.js'
import type { ExecutorLaunch } from '#src/protocol/executor-launch.js'
import type { MapOutputs, StagePlan } from '#src/protocol/stage-plan.js'
import type { TaskFailure, TaskInput, TaskLaunch, TaskOutput } from '#src/protocol/tasks.js'
import { withFolder } from '../../blockstore/block-files.js'
import { type Plain, plainColumn } from '../../core/arrow/plain-value.js'

export interface RunnerWorld {
  readonly runner: TaskRunner
  readonly launch: ExecutorLaunch
  readonly server: BlockServer
  readonly stuck: string[]
  /** Runs every task of a stage; fails unless all finish. */
  stage(plan: StagePlan, tasks: readonly (readonly TaskInput[])[]): Promise<TaskOutput[]>
  /** Where the outputs of a stage lie, as another worker's when `remote`. */
  outputs(stage: number, outputs: readonly TaskOutput[], remote?: boolean): MapOutputs
}

export async function withRunner(
  options: { cores?: number; conf?: Record<string, string>; memory?: number },
  use: (world: RunnerWorld) => Promise<void>,
): Promise<void> {
  await withFolder(async dir => {
    const blocksDir = join(dir, 'blocks', 'app-1')
    mkdirSync(blocksDir, { recursive: true })
    const server = await startBlockServer({ rootDir: join(dir, 'blocks'), host: '127.0.0.1', port: 0, log: silentLogger() })
    server.admit('app-1', 'token')
    const launch: ExecutorLaunch = {
      natsUrl: '',
      cluster: 'spk',
      appId: 'app-1',
      executorId: '0',
      workerId: 'worker-1',
      host: 'h',
      hostId: 'here',
      cores: options.cores ?? 1,
      memory: options.memory ?? 2 ** 30,
      resources: {},
      token: 'token',
      conf: { 'spark.shuffle.io.maxRetries': '1', 'spark.shuffle.io.retryWait': '1ms', ...options.conf },
      blockUrl: server.url,
      blocksDir,
      scratchDir: join(dir, 'scratch'),
    }
    const stuck: string[] = []
    const runner = startTaskRunner({ launch, clock: systemClock, rng: systemRng, log: silentLogger(), onStuck: slot => void stuck.push(slot) })
    try {
      await use({
        runner,
        launch,
        server,
        stuck,
        stage: (plan, tasks) =>
          Promise.all(
            tasks.map(async (inputs, partition) => {
              const end = await runner.run(plan, taskOf(plan, partition, inputs))
              if (end.kind === 'failed') throw new Error(`task ${partition} failed: ${JSON.stringify(end.failure)}`)
              return end.output
            }),
          ),
        outputs: (stage, outputs, remote = false) => ({
          stage,
          partitions: Math.max(...outputs.map(o => (o.kind === 'shuffle' ? o.bytes.length : 0))),
          workers: [{ workerId: 'worker-1', hostId: remote ? 'there' : 'here', blockUrl: server.url, blocksDir }],
          maps: outputs.map(o => ({
            worker: 0,
            attempt: 0,
            bytes: o.kind === 'shuffle' ? sum(o.bytes) : 0,
            rows: o.kind === 'shuffle' ? sum(o.rows) : 0,
          })),
        }),
      })
    } finally {
      await runner.close()
      await server.close()
    }
  })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

export function taskOf(plan: StagePlan, partition: number, inputs: readonly TaskInput[], attempt = 0): TaskLaunch {
  const { job, stage, stageAttempt } = plan
  return { key: { job, stage, stageAttempt, partition, attempt }, fragment: 0, inputs: [...inputs], resources: {} }
}

export function plan(
  stage: number,
  sql: string,
  schema: StructType,
  output: StagePlan['output'],
  inputs: StagePlan['fragments'][number]['inputs'],
): StagePlan {
  return { job: 0, stage, stageAttempt: 0, fragments: [{ sql, settings: {}, inputs }], schema, output, conf: { 'spark.sql.session.timeZone': 'UTC' } }
}

/** Rows of results, each as its columns' plain values, sorted: the order of tasks and rows is free. */
export function rows(ipcs: readonly Uint8Array[]): Plain[][] {
  const all = ipcs.flatMap(ipc =>
    [...decodeStream(ipc)].flatMap(batch => {
      const columns = batch.columns.map(plainColumn)
      return Array.from({ length: batch.rows }, (_, i) => columns.map(c => c[i] ?? null))
    }),
  )
  return all.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

export function inline(output: TaskOutput): Uint8Array {
  if (output.kind !== 'result') throw new Error(`a result was expected, not ${output.kind}`)
  return output.ipc
}

export function failureOf(end: TaskEnd): TaskFailure {
  if (end.kind === 'failed') return end.failure
  throw new Error(`the task finished: ${JSON.stringify(end.output).slice(0, 100)}`)
}
