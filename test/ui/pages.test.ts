import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { MasterStatus } from '#src/protocol/status.js'
import { dateText, WorkerStatus } from '#src/protocol/status.js'
import { decodeRecord } from '#src/protocol/wire.js'
import { clusterUtilization, type MasterView, masterPage } from '#src/ui/master-page.js'
import { type WorkerView, workerJson, workerPage } from '#src/ui/worker-page.js'

const test = suite('ui/pages')
const GIB = 2 ** 30

const status: MasterStatus = {
  url: 'nats://bus:4222',
  workers: [
    {
      id: 'worker-1',
      host: 'h1',
      port: 7000,
      webuiaddress: 'http://h1:8081',
      cores: 4,
      coresused: 3,
      coresfree: 1,
      memory: 4096,
      memoryused: 1024,
      memoryfree: 3072,
      resources: { gpu: { name: 'gpu', addresses: ['0', '1'] } },
      resourcesused: { gpu: { name: 'gpu', addresses: ['1'] } },
      resourcesfree: { gpu: { name: 'gpu', addresses: ['0'] } },
      state: 'ALIVE',
      lastheartbeat: 1_000_000,
    },
  ],
  aliveworkers: 1,
  cores: 4,
  coresused: 3,
  memory: 4096,
  memoryused: 1024,
  resources: [],
  resourcesused: [],
  activeapps: [
    {
      id: 'app-1',
      starttime: 0,
      name: '<script>alert(1)</script>',
      cores: 0,
      user: 'ann',
      memoryperexecutor: 1024,
      memoryperslave: 1024,
      resourcesperexecutor: [],
      resourcesperslave: [],
      submitdate: dateText(0),
      state: 'WAITING',
      duration: 61_000,
    },
  ],
  completedapps: [],
  activedrivers: [],
  completeddrivers: [],
  status: 'ALIVE',
}
const view: MasterView = {
  status,
  masterId: 'master-1',
  epoch: 7,
  leader: undefined,
  waiting: { 'app-1': 'no worker has 8 cores' },
  now: 1_002_300,
}

async function textOf(page: ReturnType<typeof masterPage>): Promise<string> {
  return String(await page)
}

test('the master page says how the cluster is, what waits and for what', async () => {
  const text = await textOf(masterPage(view))
  for (const part of ['It leads the cluster', '3 of 4 in use', 'gpu 1', '2.3 s ago', 'no worker has 8 cores', '1.0 min', 'href="http://h1:8081"']) {
    assert.ok(text.includes(part), `${part} is not in\n${text}`)
  }
})

test('nothing that a user names becomes markup', async () => {
  const text = await textOf(masterPage(view))
  assert.not(text.includes('<script>'))
  assert.ok(text.includes('&lt;script&gt;'))
  const worker = { ...(status.workers[0] as (typeof status.workers)[0]), webuiaddress: 'javascript:alert(1)' }
  assert.not((await textOf(masterPage({ ...view, status: { ...status, workers: [worker] } }))).includes('href="javascript'))
})

test('a standby shows who leads, and no lists', async () => {
  const leader = { masterId: 'master-2', host: 'h2', ui: 'http://h2:8080' }
  const text = await textOf(masterPage({ ...view, status: { ...status, status: 'STANDBY', workers: [] }, epoch: 0, leader }))
  assert.match(text, /Standing by.*master-2 on h2 leads.*href="http:\/\/h2:8080"/s)
  assert.not(text.includes('<table'))
})

test('utilization is in whole percent, and 100 of nothing', () => {
  const expected = { waitingDrivers: 0, cores: 4, coresused: 3, coresutilization: 75, memory: 4096, memoryused: 1024, memoryutilization: 25 }
  assert.equal(clusterUtilization(status), expected)
  assert.is(clusterUtilization({ ...status, cores: 0 }).coresutilization, 100)
})

const workerView: WorkerView = {
  workerId: 'worker-1',
  host: 'h1',
  state: 'active',
  masterUrl: 'nats://bus:4222',
  masterUi: 'http://h2:8080',
  masterId: 'master-2',
  cores: 8,
  memory: 8 * GIB,
  resources: { gpu: ['0', '1'] },
  blockUrl: 'http://h1:7000',
  executors: [
    {
      appId: 'app-1',
      appName: 'report',
      user: 'ann',
      executorId: '3',
      coresMax: 6,
      cores: 2,
      memory: GIB,
      resources: { gpu: ['1'] },
      state: 'RUNNING',
      command: 'node executor.js',
      pid: 77,
    },
  ],
  finishedExecutors: [],
  drivers: [{ driverId: 'driver-1', name: 'd', cores: 1, memory: GIB, resources: {}, state: 'RUNNING', script: '/x.js' }],
  finishedDrivers: [],
}

test("the worker's JSON has Spark's fields, memory in MiB, and counts drivers as used", () => {
  const json = workerJson(workerView)
  decodeRecord(WorkerStatus, JSON.stringify(json), 'worker status')
  assert.equal(
    { ...json, executors: json.executors.map(e => ({ id: e.id, memory: e.memory, appid: e.appid, name: e.appdesc.name, cap: e.appdesc.cores })) },
    {
      id: 'worker-1',
      masterurl: 'nats://bus:4222',
      masterwebuiurl: 'http://h2:8080',
      cores: 8,
      coresused: 3,
      memory: 8192,
      memoryused: 2048,
      resources: { gpu: { name: 'gpu', addresses: ['0', '1'] } },
      resourcesused: { gpu: { name: 'gpu', addresses: ['1'] } },
      executors: [{ id: 3, memory: 1024, appid: 'app-1', name: 'report', cap: 6 }],
      finishedexecutors: [],
    },
  )
})

test('the worker page lists what runs', async () => {
  const text = await textOf(workerPage(workerView))
  for (const part of ['app-1/3', 'report', '77', 'driver-1', '3 of 8 in use', '2.0 GiB of 8.0 GiB']) assert.ok(text.includes(part), part)
})

for (const [epochMs, expected] of [
  [0, 'Thu Jan 01 00:00:00 UTC 1970'],
  [Date.UTC(2026, 0, 31, 12, 0, 5), 'Sat Jan 31 12:00:05 UTC 2026'],
] as const) {
  test(`date ${expected}`, () => assert.is(dateText(epochMs), expected))
}

test.run()
