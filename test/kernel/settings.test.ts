import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Connection } from '#src/kernel/duckdb.js'
import { Settings, timeZoneId } from '#src/kernel/settings.js'

const test = suite('kernel/settings')

/** A connection that notes statements, and fails when told to. */
function fake() {
  const statements: string[] = []
  const state = { fails: false }
  const run = (sql: string): Promise<void> => {
    statements.push(sql)
    return state.fails ? Promise.reject(new Error('interrupted')) : Promise.resolve()
  }
  return { connection: { run } as unknown as Connection, statements, state }
}

test('only differences are applied, and what is not asked for any more is reset', async () => {
  const { connection, statements } = fake()
  const settings = new Settings()
  assert.is(await settings.apply(connection, { 'spark.sql.session.timeZone': '+02:00' }, { threads: '1' }), true)
  assert.is(await settings.apply(connection, { 'spark.sql.session.timeZone': '+02:00' }, { threads: '1' }), false)
  assert.is(await settings.apply(connection, {}, { threads: '1' }), true)
  assert.equal(statements, ["SET GLOBAL threads = '1'", "SET GLOBAL TimeZone = 'Etc/GMT-2'", 'RESET GLOBAL TimeZone'])
})

test('after a statement that failed the value counts as unknown: it may have been applied or not', async () => {
  const { connection, statements, state } = fake()
  const settings = new Settings()
  await settings.apply(connection, {}, { threads: '1' })
  state.fails = true
  await settings.apply(connection, {}, {}).then(
    () => assert.unreachable(),
    () => undefined,
  )
  state.fails = false
  assert.is(await settings.apply(connection, {}, { threads: '1' }), true)
  assert.equal(statements, ["SET GLOBAL threads = '1'", 'RESET GLOBAL threads', "SET GLOBAL threads = '1'"])
})

test('zones in every form', () => {
  assert.equal(['Z', 'GMT+1', 'UTC-3', '+00:00', 'Europe/Paris', ' UTC '].map(timeZoneId), [
    'UTC',
    'Etc/GMT-1',
    'Etc/GMT+3',
    'UTC',
    'Europe/Paris',
    'UTC',
  ])
  assert.throws(() => timeZoneId('+05:30'), /whole hours/)
})

test.run()
