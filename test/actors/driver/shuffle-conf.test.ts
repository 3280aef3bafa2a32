import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { shuffleConf } from '#src/actors/driver/shuffle-conf.js'
import { Conf } from '#src/core/config.js'

const test = suite('actors/driver/shuffle-conf')
const on = (...hosts: string[]) => hosts.map(hostId => ({ registered: { hostId } }))

test('shuffles are compressed unless all executors are on one host, or as the user says', () => {
  const compress = (settings: Record<string, string>, executors: Parameters<typeof shuffleConf>[1]) =>
    shuffleConf(new Conf(settings), executors)['spark.shuffle.compress']
  assert.is(compress({}, on('a', 'a')), 'false')
  assert.is(compress({}, on('a', 'b')), undefined)
  assert.is(compress({}, []), undefined)
  // One that has not registered yet says nothing of its host.
  assert.is(compress({}, [...on('a'), {}]), 'false')
  assert.is(compress({ 'spark.shuffle.compress': 'true' }, on('a')), 'true')
  assert.is(compress({ 'spark.shuffle.compress': 'false' }, on('a', 'b')), 'false')
})

test.run()
