/** Who may say and hear what: the rules that docs/deploy.md promises, on the permissions as data. test/cluster/permissions.nats.test.ts asks a real server. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { requests } from '#src/actors/master/messages.js'
import type { AppId, ExecutorId, WorkerId } from '#src/core/ids.js'
import {
  executorPassword,
  executorUrl,
  natsUsers,
  newPasswords,
  type Permissions,
  passwordsConf,
  permissionsOf,
  usersConf,
} from '#src/protocol/permissions.js'
import { LANES, laneOf, subjects } from '#src/protocol/subjects.js'

const test = suite('protocol/permissions')
const names = subjects('spk')
const app = 'app-20260131120000-0300' as AppId
const other = 'app-20260131120000-0301' as AppId
const [w, x] = ['worker-1' as WorkerId, '0' as ExecutorId]

/** Whether a subject falls under a pattern, by NATS's rules. */
function matches(pattern: string, subject: string): boolean {
  const [p, s] = [pattern.split('.'), subject.split('.')]
  for (const [i, token] of p.entries()) {
    if (token === '>') return s.length > i
    if (s[i] === undefined || (token !== '*' && token !== s[i])) return false
  }
  return p.length === s.length
}
const users: Readonly<Record<string, Permissions>> = {
  ...Object.fromEntries((['master', 'worker', 'driver', 'observer'] as const).map(role => [role, permissionsOf(names, role)])),
  executor: permissionsOf(names, { lane: laneOf(app) }),
}
const who = (kind: 'publish' | 'subscribe', subject: string): string =>
  Object.entries(users)
    .filter(([, permissions]) => permissions[kind].some(pattern => matches(pattern, subject)))
    .map(([name]) => name)
    .join(' ')

for (const [subject, publish, subscribe] of [
  [names.worker(w, 'launchExecutor'), 'master', 'worker'],
  [names.driver(app, 'executorAdded'), 'master', 'driver'],
  [names.executor(app, x, 'launchTasks'), 'driver', 'executor'],
  [names.executor(other, x, 'launchTasks'), 'driver', ''],
  [names.report(app, 'statusUpdate'), 'executor', 'driver'],
  [names.report(other, 'statusUpdate'), '', 'driver'],
  [names.master('registerWorker'), 'worker', 'master'],
  [names.master('registerApplication'), 'driver', 'master'],
  [names.master('requestKillApplication'), 'driver', 'master'],
  [names.master('requestMasterState'), 'driver observer', 'master'],
  [names.event(app, 'JobStart'), 'driver', 'observer'],
  ['$KV.spk_leader.lease', 'master', ''],
  ['$KV.spk_state.app.x', 'master', ''],
  ['$KV.spk_catalog.x', 'master driver', ''],
  ['$JS.API.STREAM.DELETE.KV_spk_state', '', ''],
  ['$JS.API.STREAM.PURGE.spk_events', '', ''],
  ['$JS.API.STREAM.MSG.DELETE.spk_events', '', ''],
  ['$JS.API.STREAM.UPDATE.spk_events', 'master', ''],
  ['$JS.API.STREAM.MSG.GET.KV_spk_state', 'master observer', ''],
  ['$JS.API.CONSUMER.CREATE.spk_events.c', 'observer', ''],
  ['$JS.API.CONSUMER.DURABLE.CREATE.spk_events.c', '', ''],
  ['$SYS.REQ.SERVER.PING', '', ''],
  ['other.master.registerWorker', '', ''],
] as const) {
  test(`${subject}: said by ${publish || 'nobody'}, heard by ${subscribe || 'nobody'}`, () => {
    assert.is(who('publish', subject), publish)
    assert.is(who('subscribe', subject), subscribe)
  })
}

test('every request to the master may be sent by some role, and none by all', () => {
  for (const name of Object.keys(requests)) {
    const senders = who('publish', names.master(name))
    assert.ok(senders !== '', name)
    assert.not.match(senders, /executor/, name)
  }
})

test('each user hears answers to itself alone', () => {
  for (const name of ['master', 'worker', 'driver', 'observer']) assert.is(who('subscribe', `_INBOX_${name}.abc.1`), name)
  assert.is(who('subscribe', `_INBOX_executor-${laneOf(app)}.abc.1`), 'executor')
  assert.is(who('subscribe', `_INBOX_executor-${laneOf(other)}.abc.1`), '')
  assert.is(who('subscribe', '_INBOX.abc.1'), 'observer')
})

test('an executor gets the user of its application’s lane, with a password that only its secret gives', () => {
  const lane = laneOf(app)
  assert.is(lane, '2c')
  assert.is(
    executorUrl('nats://executor:s1@a:1,nats://executor:s1@b:2', app),
    `nats://executor-2c:${executorPassword('s1', lane)}@a:1,nats://executor-2c:${executorPassword('s1', lane)}@b:2`,
  )
  assert.not(executorPassword('s1', lane) === executorPassword('s1', laneOf(other)))
  for (const url of ['nats://a:1', 'nats://me:pw@a:1', 'nats://executor-aa:pw@a:1']) assert.is(executorUrl(url, app), url)
})

test('every user has a password in its file, and none in the other', () => {
  let n = 0
  const passwords = newPasswords(bytes => `${++n}`.repeat(bytes * 2))
  const conf = usersConf('spk', 'pw.conf')
  const secrets = passwordsConf(passwords)
  const wanted = [...conf.matchAll(/password: \$(\w+)/g)].map(([, name]) => name)
  assert.is(wanted.length, LANES + 4)
  assert.equal(
    [...secrets.matchAll(/^(\w+): /gm)].map(([, name]) => name),
    wanted,
  )
  assert.is(new Set([...secrets.matchAll(/: "(\w+)"/g)].map(([, password]) => password)).size, LANES + 4)
  assert.not.match(conf, passwords.master)
  assert.not.match(secrets, passwords.executor, 'the secret itself is for workers')
  assert.is(natsUsers('spk').length, LANES + 4)
})

test.run()
