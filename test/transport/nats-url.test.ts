import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNatsServers } from '#src/transport/nats-url.js'

const test = suite('transport/nats-url')

for (const url of [
  'nats://me:p/hidden@host',
  'me:hidden@host:99999',
  'http://me:hidden@host',
  'nats://me:hid@den@host:x',
  'nats://a:1,nats://me:hidden@:1',
]) {
  test(`a wrong URL is told without its password: ${url}`, () => {
    try {
      parseNatsServers(url)
      assert.unreachable()
    } catch (error) {
      assert.match(String(error), /SPK_NATS_URL/)
      assert.not.match(String(error), /hid|den|p\//)
    }
  })
}

const passwords: readonly [string, string][] = [
  ['p%40ss', 'p@ss'],
  ['50%', '50%'],
  ['a%zz', 'a%zz'],
]
for (const [written, meant] of passwords) {
  test(`password ${written} is ${meant}`, () => {
    const { credentials, shown } = parseNatsServers(`nats://me:${written}@host`)
    assert.equal(credentials, { user: 'me', pass: meant })
    assert.is(shown, 'nats://host:4222')
  })
}

test.run()
